//! Price versions, and importing price files. What they show is arranged on the server (`crate::sheets`), and what they do
//! they tell in a sentence.

use leptos::prelude::*;

use super::{Failure, protocol::JsonPost};
#[cfg(feature = "ssr")]
use super::{actor, context, respond};
use crate::components::sheet::{Ask, Sheet};
#[cfg(feature = "ssr")]
use crate::sheets::{imports, prices};

/// The versions of a model's price, and the form for one more.
#[server(prefix = "/ui", endpoint = "prices/list", protocol = JsonPost)]
pub async fn list(ask: Ask) -> Result<Sheet, Failure> {
    respond(prices::page(&context()?, &actor()?, ask)).await
}

/// Adds a version.
#[server(prefix = "/ui", endpoint = "prices/create", protocol = JsonPost)]
pub async fn create(ask: Ask) -> Result<String, Failure> {
    respond(prices::create(&context()?, &actor()?, ask)).await
}

/// Stands behind a version that came from the catalogue or a file.
#[server(prefix = "/ui", endpoint = "prices/confirm", protocol = JsonPost)]
pub async fn confirm(ask: Ask) -> Result<String, Failure> {
    respond(prices::confirm(&context()?, &actor()?, ask)).await
}

/// What a price file would change.
#[server(prefix = "/ui", endpoint = "prices/import/preview", protocol = JsonPost)]
pub async fn preview(ask: Ask) -> Result<Sheet, Failure> {
    respond(imports::preview(&context()?, &actor()?, ask)).await
}

/// Takes over what was ticked of the same file.
#[server(prefix = "/ui", endpoint = "prices/import/accept", protocol = JsonPost)]
pub async fn accept(ask: Ask) -> Result<String, Failure> {
    respond(imports::accept(&context()?, &actor()?, ask)).await
}
