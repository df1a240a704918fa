//! The built-in catalogue of models.

use leptos::prelude::*;

use super::{Failure, protocol::JsonPost};
#[cfg(feature = "ssr")]
use super::{actor, context, respond};
use crate::components::sheet::{Ask, Sheet};
#[cfg(feature = "ssr")]
use crate::sheets::catalog;

#[server(prefix = "/ui", endpoint = "catalog/search", protocol = JsonPost)]
pub async fn search(ask: Ask) -> Result<Sheet, Failure> {
    respond(catalog::page(&context()?, &actor()?, ask)).await
}

/// Adds a model of the catalogue, its price unconfirmed.
#[server(prefix = "/ui", endpoint = "catalog/add", protocol = JsonPost)]
pub async fn add(ask: Ask) -> Result<String, Failure> {
    respond(catalog::add(&context()?, &actor()?, ask)).await
}
