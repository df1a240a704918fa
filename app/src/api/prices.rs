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
    let model = respond(prices::model(&ask))?;
    respond(control::prices::list(&context()?, &actor()?, &ask.team, model).await).map(|it| prices::sheet(it, model))
}

/// Adds a version.
#[server(prefix = "/ui", endpoint = "prices/create", protocol = JsonPost)]
pub async fn create(ask: Ask) -> Result<String, Failure> {
    let input = respond(prices::new_version(ask))?;
    respond(control::prices::create(&context()?, &actor()?, input).await)
        .map(|it| format!("Price of {} added", it.name))
}

/// Stands behind a version that came from the catalogue or a file.
#[server(prefix = "/ui", endpoint = "prices/confirm", protocol = JsonPost)]
pub async fn confirm(ask: Ask) -> Result<String, Failure> {
    let input = respond(prices::confirmation(ask))?;
    respond(control::prices::confirm(&context()?, &actor()?, input).await)
        .map(|it| format!("Price of {} confirmed", it.name))
}

/// What a price file would change.
#[server(prefix = "/ui", endpoint = "prices/import/preview", protocol = JsonPost)]
pub async fn preview(ask: Ask) -> Result<Sheet, Failure> {
    respond(control::prices::import::preview(&context()?, &actor()?, ask.file.as_bytes()).await).map(imports::sheet)
}

/// Takes over what was ticked of the same file.
#[server(prefix = "/ui", endpoint = "prices/import/accept", protocol = JsonPost)]
pub async fn accept(ask: Ask) -> Result<String, Failure> {
    let input = respond(imports::choices(&ask))?;
    respond(control::prices::import::accept(&context()?, &actor()?, ask.file.as_bytes(), input).await)
        .map(imports::done)
}
