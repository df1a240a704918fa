//! The reader and their teams.

use domain::team::TeamHome;
use leptos::{prelude::*, server_fn::codec::Json};

use super::Failure;
#[cfg(feature = "ssr")]
use super::{actor, context, respond};

/// Who is signed in, and what the shell needs to know. The type is spelled out: the macro names its own struct `Me` as well.
#[server(prefix = "/ui", endpoint = "teams/me", input = Json)]
pub async fn me() -> Result<domain::team::Me, Failure> {
    respond(control::teams::me(&context()?, &actor()?).await)
}

#[server(prefix = "/ui", endpoint = "teams/home", input = Json)]
pub async fn home(team: String) -> Result<TeamHome, Failure> {
    respond(control::teams::home(&context()?, &actor()?, &team).await)
}
