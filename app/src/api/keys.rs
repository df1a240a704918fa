//! Virtual keys of a team.

use domain::{
    id::KeyId,
    key::{CreatedKey, KeyChange, KeyDetail, KeySummary, NewKey},
};
use leptos::prelude::*;

use super::{Failure, protocol::JsonPost};
#[cfg(feature = "ssr")]
use super::{actor, context, respond};
use crate::components::sheet::{Ask, Sheet};
#[cfg(feature = "ssr")]
use crate::sheets;

/// The keys of the team, one of them, or the form for what is to be done with it.
#[server(prefix = "/ui", endpoint = "keys/page", protocol = JsonPost)]
pub async fn page(ask: Ask) -> Result<Sheet, Failure> {
    respond(sheets::keys::page(&context()?, &actor()?, ask)).await
}

#[server(prefix = "/ui", endpoint = "keys/list", protocol = JsonPost)]
pub async fn list(team: String) -> Result<Vec<KeySummary>, Failure> {
    respond(control::keys::list(&context()?, &actor()?, &team)).await
}

#[server(prefix = "/ui", endpoint = "keys/get", protocol = JsonPost)]
pub async fn get(team: String, key: KeyId) -> Result<KeyDetail, Failure> {
    respond(control::keys::get(&context()?, &actor()?, &team, key)).await
}

#[server(prefix = "/ui", endpoint = "keys/create", protocol = JsonPost)]
pub async fn create(input: NewKey) -> Result<CreatedKey, Failure> {
    respond(control::keys::create(&context()?, &actor()?, input)).await
}

#[server(prefix = "/ui", endpoint = "keys/update", protocol = JsonPost)]
pub async fn update(input: KeyChange) -> Result<KeySummary, Failure> {
    respond(control::keys::update(&context()?, &actor()?, input)).await
}

#[server(prefix = "/ui", endpoint = "keys/rotate", protocol = JsonPost)]
pub async fn rotate(team: String, key: KeyId, overlap_hours: u32) -> Result<CreatedKey, Failure> {
    respond(control::keys::rotate(&context()?, &actor()?, &team, key, overlap_hours)).await
}

#[server(prefix = "/ui", endpoint = "keys/pause", protocol = JsonPost)]
pub async fn pause(team: String, key: KeyId) -> Result<KeySummary, Failure> {
    respond(control::keys::pause(&context()?, &actor()?, &team, key)).await
}

#[server(prefix = "/ui", endpoint = "keys/resume", protocol = JsonPost)]
pub async fn resume(team: String, key: KeyId) -> Result<KeySummary, Failure> {
    respond(control::keys::resume(&context()?, &actor()?, &team, key)).await
}

#[server(prefix = "/ui", endpoint = "keys/revoke", protocol = JsonPost)]
pub async fn revoke(team: String, key: KeyId) -> Result<(), Failure> {
    respond(control::keys::revoke(&context()?, &actor()?, &team, key)).await
}
