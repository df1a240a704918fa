//! May this caller make this call, and how long may its answer be? In memory; rate limits will join here.

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

/// The limit that the caller's key sets on an answer of this model. `None` where the model's own is as small: saying it to the
/// upstream would change nothing, and some refuse a limit that does not fit beside the prompt.
pub(crate) fn output_limit(caller: &Caller, model: &Model) -> Option<u32> {
    caller.max_output.filter(|most| model.max_output.is_none_or(|own| *most < own))
}
