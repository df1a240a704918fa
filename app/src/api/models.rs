//! Models and their prices.

use domain::model::{ModelSummary, NewModel, NewPrice};
use leptos::{prelude::*, server_fn::codec::Json};

use super::Failure;
#[cfg(feature = "ssr")]
use super::{actor, context, respond};

#[server(prefix = "/ui", endpoint = "models/list", input = Json)]
pub async fn list(team: String) -> Result<Vec<ModelSummary>, Failure> {
    respond(control::models::list(&context()?, &actor()?, &team).await)
}

#[server(prefix = "/ui", endpoint = "models/create", input = Json)]
pub async fn create(input: NewModel) -> Result<ModelSummary, Failure> {
    respond(control::models::create(&context()?, &actor()?, input).await)
}

/// Adds a price version that is in force from now on.
#[server(prefix = "/ui", endpoint = "models/set_price", input = Json)]
pub async fn set_price(input: NewPrice) -> Result<ModelSummary, Failure> {
    respond(control::models::set_price(&context()?, &actor()?, input).await)
}
