//! Models. Their prices are in `prices.rs`.

use domain::model::NewModel;
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
    respond(control::models::list(&context()?, &actor()?, &team).await).map(models::choices)
}

/// The same as the page of models shows it.
#[server(prefix = "/ui", endpoint = "models/page", protocol = JsonPost)]
pub async fn page(ask: Ask) -> Result<Sheet, Failure> {
    respond(control::models::list(&context()?, &actor()?, &ask.team).await).map(|all| models::sheet(all, &ask.team))
}

#[server(prefix = "/ui", endpoint = "models/create", protocol = JsonPost)]
pub async fn create(input: NewModel) -> Result<String, Failure> {
    respond(control::models::create(&context()?, &actor()?, input).await).map(|it| format!("{} added", it.name))
}
