//! Virtual keys of a team.

use domain::{
    id::KeyId,
    key::{CreatedKey, KeySummary, NewKey},
};
use leptos::prelude::*;

use super::{Failure, protocol::JsonPost};
#[cfg(feature = "ssr")]
use super::{actor, context, respond};

#[server(prefix = "/ui", endpoint = "keys/list", protocol = JsonPost)]
pub async fn list(team: String) -> Result<Vec<KeySummary>, Failure> {
    respond(control::keys::list(&context()?, &actor()?, &team).await)
}

#[server(prefix = "/ui", endpoint = "keys/create", protocol = JsonPost)]
pub async fn create(input: NewKey) -> Result<CreatedKey, Failure> {
    respond(control::keys::create(&context()?, &actor()?, input).await)
}

#[server(prefix = "/ui", endpoint = "keys/revoke", protocol = JsonPost)]
pub async fn revoke(team: String, key: KeyId) -> Result<(), Failure> {
    respond(control::keys::revoke(&context()?, &actor()?, &team, key).await)
}
