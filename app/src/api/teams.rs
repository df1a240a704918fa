//! The reader and their teams; all teams of the instance.

use domain::team::{self, NewTeam, TeamHome, TeamSettings, TeamSummary};
use leptos::prelude::*;

use super::{Failure, protocol::JsonPost};
#[cfg(feature = "ssr")]
use super::{actor, context, respond, signed_in};
use crate::components::sheet::{Ask, Sheet};
#[cfg(feature = "ssr")]
use crate::sheets;

#[server(prefix = "/ui", endpoint = "teams/me", protocol = JsonPost)]
pub async fn me() -> Result<team::Me, Failure> {
    respond(control::teams::me(&context()?, &actor()?)).await
}

/// The same for pages that strangers see too: nobody is no refusal.
#[server(prefix = "/ui", endpoint = "teams/reader", protocol = JsonPost)]
pub async fn reader() -> Result<Option<team::Me>, Failure> {
    let Some(actor) = signed_in() else { return Ok(None) };
    respond(control::teams::me(&context()?, &actor)).await.map(Some)
}

#[server(prefix = "/ui", endpoint = "teams/home", protocol = JsonPost)]
pub async fn home(team: String) -> Result<TeamHome, Failure> {
    respond(control::teams::home(&context()?, &actor()?, &team)).await
}

/// All teams of the instance.
#[server(prefix = "/ui", endpoint = "teams/page", protocol = JsonPost)]
pub async fn page(ask: Ask) -> Result<Sheet, Failure> {
    respond(sheets::teams::page(&context()?, &actor()?, ask)).await
}

#[server(prefix = "/ui", endpoint = "teams/list", protocol = JsonPost)]
pub async fn list() -> Result<Vec<TeamSummary>, Failure> {
    respond(control::teams::list(&context()?, &actor()?)).await
}

#[server(prefix = "/ui", endpoint = "teams/create", protocol = JsonPost)]
pub async fn create(input: NewTeam) -> Result<TeamSummary, Failure> {
    respond(control::teams::create(&context()?, &actor()?, input)).await
}

/// The settings of one team.
#[server(prefix = "/ui", endpoint = "teams/settings_page", protocol = JsonPost)]
pub async fn settings_page(ask: Ask) -> Result<Sheet, Failure> {
    respond(sheets::teams::settings_page(&context()?, &actor()?, ask)).await
}

#[server(prefix = "/ui", endpoint = "teams/settings", protocol = JsonPost)]
pub async fn settings(team: String) -> Result<TeamSettings, Failure> {
    respond(control::teams::settings(&context()?, &actor()?, &team)).await
}

#[server(prefix = "/ui", endpoint = "teams/update", protocol = JsonPost)]
pub async fn update(input: TeamSettings) -> Result<TeamSettings, Failure> {
    respond(control::teams::update(&context()?, &actor()?, input)).await
}
