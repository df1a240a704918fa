//! Who may do what.

use leptos::prelude::*;

use super::{Failure, protocol::JsonPost};
#[cfg(feature = "ssr")]
use super::{actor, context, respond};
use crate::components::sheet::{Ask, Sheet};
#[cfg(feature = "ssr")]
use crate::sheets;

/// The table of operations and roles, with the reader's own roles marked. Any signed-in person may read it.
#[server(prefix = "/ui", endpoint = "permissions/table", protocol = JsonPost)]
pub async fn table(#[server(default)] ask: Ask) -> Result<Sheet, Failure> {
    respond(sheets::permissions::page(&context()?, &actor()?, ask)).await
}
