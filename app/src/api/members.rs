//! Members of a team.

use domain::{id::UserId, person::Member, role::TeamRole};
use leptos::prelude::*;

use super::{Failure, protocol::JsonPost};
#[cfg(feature = "ssr")]
use super::{actor, context, respond};
use crate::components::sheet::{Ask, Sheet};
#[cfg(feature = "ssr")]
use crate::sheets;

/// Members and invitations, or the form for what is to be done with one.
#[server(prefix = "/ui", endpoint = "members/page", protocol = JsonPost)]
pub async fn page(ask: Ask) -> Result<Sheet, Failure> {
    respond(sheets::members::page(&context()?, &actor()?, ask)).await
}

#[server(prefix = "/ui", endpoint = "members/list", protocol = JsonPost)]
pub async fn list(team: String) -> Result<Vec<Member>, Failure> {
    respond(control::members::list(&context()?, &actor()?, &team)).await
}

#[server(prefix = "/ui", endpoint = "members/set_role", protocol = JsonPost)]
pub async fn set_role(team: String, user: UserId, role: TeamRole) -> Result<(), Failure> {
    respond(control::members::set_role(&context()?, &actor()?, &team, user, role)).await
}

#[server(prefix = "/ui", endpoint = "members/remove", protocol = JsonPost)]
pub async fn remove(team: String, user: UserId) -> Result<(), Failure> {
    respond(control::members::remove(&context()?, &actor()?, &team, user)).await
}

#[server(prefix = "/ui", endpoint = "members/leave", protocol = JsonPost)]
pub async fn leave(team: String) -> Result<(), Failure> {
    respond(control::members::leave(&context()?, &actor()?, &team)).await
}

#[server(prefix = "/ui", endpoint = "members/join", protocol = JsonPost)]
pub async fn join(team: String, role: TeamRole) -> Result<(), Failure> {
    respond(control::members::join(&context()?, &actor()?, &team, role)).await
}
