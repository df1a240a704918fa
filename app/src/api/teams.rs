//! The reader and their teams.

use domain::team::TeamHome;
use leptos::prelude::*;

use super::{Failure, protocol::JsonPost};
#[cfg(feature = "ssr")]
use super::{actor, context, respond};

/// Who is signed in, and what the shell needs to know. The type is spelled out: the macro names its own struct `Me` as well.
#[server(prefix = "/ui", endpoint = "teams/me", protocol = JsonPost)]
pub async fn me() -> Result<domain::team::Me, Failure> {
    respond(control::teams::me(&context()?, &actor()?).await)
}

#[server(prefix = "/ui", endpoint = "teams/home", protocol = JsonPost)]
pub async fn home(team: String) -> Result<TeamHome, Failure> {
    respond(control::teams::home(&context()?, &actor()?, &team).await)
}
