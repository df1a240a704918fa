//! The file that describes an instance. The export is a plain download of `server`, which also provides the secrets that a file
//! may refer to.

use domain::bundle::{BundleText, PlannedChange};
use leptos::prelude::*;

use super::{Failure, protocol::JsonPost};
#[cfg(feature = "ssr")]
use super::{actor, context, respond, secrets};
use crate::components::sheet::{Ask, Sheet};
#[cfg(feature = "ssr")]
use crate::sheets;

/// What the file would change.
#[server(prefix = "/ui", endpoint = "bundle/page", protocol = JsonPost)]
pub async fn page(ask: Ask) -> Result<Sheet, Failure> {
    respond(sheets::bundle::page(&context()?, &actor()?, &*secrets()?, ask)).await
}

#[server(prefix = "/ui", endpoint = "bundle/plan", protocol = JsonPost)]
pub async fn plan(input: BundleText) -> Result<Vec<PlannedChange>, Failure> {
    respond(control::bundle::plan(&context()?, &actor()?, &input.text, &*secrets()?)).await
}

#[server(prefix = "/ui", endpoint = "bundle/apply", protocol = JsonPost)]
pub async fn apply(input: BundleText) -> Result<Vec<PlannedChange>, Failure> {
    respond(control::bundle::apply(&context()?, &actor()?, &input.text, &*secrets()?)).await
}

/// Does what the page has planned, and shows what was done: keys that were made are in it, once.
#[server(prefix = "/ui", endpoint = "bundle/apply_file", protocol = JsonPost)]
pub async fn apply_file(ask: Ask) -> Result<Sheet, Failure> {
    respond(sheets::bundle::apply(&context()?, &actor()?, &*secrets()?, ask)).await
}

#[server(prefix = "/ui", endpoint = "bundle/export", protocol = JsonPost)]
pub async fn export() -> Result<String, Failure> {
    respond(control::bundle::export(&context()?, &actor()?)).await
}
