//! Invitations into a team. Accepting one is a plain form post of `server`.

use domain::{
    id::InvitationId,
    person::{Invitation, NewInvitation, NewLink},
};
use leptos::prelude::*;

use super::{Failure, protocol::JsonPost};
#[cfg(feature = "ssr")]
use super::{actor, context, respond};

#[server(prefix = "/ui", endpoint = "invitations/list", protocol = JsonPost)]
pub async fn list(team: String) -> Result<Vec<Invitation>, Failure> {
    respond(control::invitations::list(&context()?, &actor()?, &team)).await
}

/// A link that is shown once.
#[server(prefix = "/ui", endpoint = "invitations/create", protocol = JsonPost)]
pub async fn create(input: NewInvitation) -> Result<NewLink, Failure> {
    respond(control::invitations::create(&context()?, &actor()?, input)).await
}

#[server(prefix = "/ui", endpoint = "invitations/revoke", protocol = JsonPost)]
pub async fn revoke(team: String, id: InvitationId) -> Result<(), Failure> {
    respond(control::invitations::revoke(&context()?, &actor()?, &team, id)).await
}
