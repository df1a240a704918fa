//! Models. Their prices are in `prices.rs`.

use domain::{
    id::ModelId,
    model::{ModelChange, ModelSummary, NewModel},
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Failure, protocol::JsonPost};
#[cfg(feature = "ssr")]
use super::{actor, context, respond};
use crate::components::sheet::{Ask, Sheet};
#[cfg(feature = "ssr")]
use crate::sheets::models;

/// A model that somebody can choose: all that the browser needs of one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelChoice {
    pub name: String,
    /// `$2.50 in · $10.00 out`; empty: unpriced.
    pub price: String,
}

#[server(prefix = "/ui", endpoint = "models/list", protocol = JsonPost)]
pub async fn list(team: String) -> Result<Vec<ModelChoice>, Failure> {
    respond(control::models::list(&context()?, &actor()?, &team)).await.map(models::choices)
}

/// The same as the page of models shows it, or the form for what is to be done with one.
#[server(prefix = "/ui", endpoint = "models/page", protocol = JsonPost)]
pub async fn page(ask: Ask) -> Result<Sheet, Failure> {
    respond(models::page(&context()?, &actor()?, ask)).await
}

#[server(prefix = "/ui", endpoint = "models/get", protocol = JsonPost)]
pub async fn get(team: String, model: ModelId) -> Result<ModelSummary, Failure> {
    respond(control::models::get(&context()?, &actor()?, &team, model)).await
}

#[server(prefix = "/ui", endpoint = "models/create", protocol = JsonPost)]
pub async fn create(input: NewModel) -> Result<String, Failure> {
    respond(control::models::create(&context()?, &actor()?, input)).await.map(|it| format!("{} added", it.name))
}

#[server(prefix = "/ui", endpoint = "models/update", protocol = JsonPost)]
pub async fn update(input: ModelChange) -> Result<ModelSummary, Failure> {
    respond(control::models::update(&context()?, &actor()?, input)).await
}

#[server(prefix = "/ui", endpoint = "models/archive", protocol = JsonPost)]
pub async fn archive(team: String, model: ModelId) -> Result<(), Failure> {
    respond(control::models::archive(&context()?, &actor()?, &team, model)).await
}
