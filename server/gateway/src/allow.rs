//! May this caller make this call? In memory; rate limits will join here.

use std::sync::Arc;

use crate::{
    caller::Caller,
    error::Error,
    snapshot::{Model, Snapshot},
};

/// The model that the name means for this caller. Unknown and forbidden get the same answer.
pub(crate) fn model(snapshot: &Snapshot, caller: &Caller, name: &str) -> Result<Arc<Model>, Error> {
    snapshot
        .model(caller.team, name)
        .filter(|model| caller.models.allows(&model.name) && !model.deployments.is_empty())
        .cloned()
        .ok_or_else(|| Error::ModelNotFound(name.chars().take(200).collect()))
}
