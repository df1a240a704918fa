//! The reader's own sign-in sessions. Signing in and out are plain routes of the server, which alone writes the cookie.

use domain::{id::SessionId, session::SessionSummary};
use leptos::prelude::*;

use super::{Failure, protocol::JsonPost};
#[cfg(feature = "ssr")]
use super::{actor, context, respond};

#[server(prefix = "/ui", endpoint = "sessions/list", protocol = JsonPost)]
pub async fn list() -> Result<Vec<SessionSummary>, Failure> {
    respond(control::sessions::list(&context()?, &actor()?).await)
}

#[server(prefix = "/ui", endpoint = "sessions/revoke", protocol = JsonPost)]
pub async fn revoke(session: SessionId) -> Result<(), Failure> {
    respond(control::sessions::revoke(&context()?, &actor()?, session).await)
}

/// Ends all sessions of the reader but this one.
#[server(prefix = "/ui", endpoint = "sessions/revoke_others", protocol = JsonPost)]
pub async fn revoke_others() -> Result<(), Failure> {
    respond(control::sessions::revoke_others(&context()?, &actor()?).await)
}
