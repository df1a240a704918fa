//! The reader's own sign-in sessions.

use domain::{id::SessionId, session::SessionSummary};
use leptos::prelude::*;

use super::{Failure, protocol::JsonPost};
#[cfg(feature = "ssr")]
use super::{actor, context, respond};
use crate::components::sheet::{Ask, Sheet};
#[cfg(feature = "ssr")]
use crate::sheets;

#[server(prefix = "/ui", endpoint = "sessions/page", protocol = JsonPost)]
pub async fn page(ask: Ask) -> Result<Sheet, Failure> {
    respond(sheets::sessions::page(&context()?, &actor()?, ask)).await
}

#[server(prefix = "/ui", endpoint = "sessions/list", protocol = JsonPost)]
pub async fn list() -> Result<Vec<SessionSummary>, Failure> {
    respond(control::sessions::list(&context()?, &actor()?)).await
}

#[server(prefix = "/ui", endpoint = "sessions/revoke", protocol = JsonPost)]
pub async fn revoke(session: SessionId) -> Result<(), Failure> {
    respond(control::sessions::revoke(&context()?, &actor()?, session)).await
}

#[server(prefix = "/ui", endpoint = "sessions/revoke_others", protocol = JsonPost)]
pub async fn revoke_others() -> Result<(), Failure> {
    respond(control::sessions::revoke_others(&context()?, &actor()?)).await
}
