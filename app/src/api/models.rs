//! Models and their prices.

use domain::model::{ModelSummary, NewModel, NewPrice};
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

/// Adds a price version that is in force from now on.
#[server(prefix = "/ui", endpoint = "models/set_price", protocol = JsonPost)]
pub async fn set_price(input: NewPrice) -> Result<ModelSummary, Failure> {
    respond(control::models::set_price(&context()?, &actor()?, input).await)
}
