//! Models. Their prices are in `prices.rs`.

use domain::model::{ModelSummary, NewModel};
use leptos::prelude::*;

use super::{Failure, protocol::JsonPost};
#[cfg(feature = "ssr")]
use super::{actor, context, respond};

#[server(prefix = "/ui", endpoint = "models/list", protocol = JsonPost)]
pub async fn list(team: String) -> Result<Vec<ModelSummary>, Failure> {
    respond(control::models::list(&context()?, &actor()?, &team).await)
}

#[server(prefix = "/ui", endpoint = "models/create", protocol = JsonPost)]
pub async fn create(input: NewModel) -> Result<ModelSummary, Failure> {
    respond(control::models::create(&context()?, &actor()?, input).await)
}
