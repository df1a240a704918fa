//! Virtual keys of a team.

use domain::{
    id::KeyId,
    key::{CreatedKey, KeySummary, NewKey},
};
use leptos::{prelude::*, server_fn::codec::Json};

use super::Failure;
#[cfg(feature = "ssr")]
use super::{actor, context, respond};

#[server(prefix = "/ui", endpoint = "keys/list", input = Json)]
pub async fn list(team: String) -> Result<Vec<KeySummary>, Failure> {
    respond(control::keys::list(&context()?, &actor()?, &team).await)
}

#[server(prefix = "/ui", endpoint = "keys/create", input = Json)]
pub async fn create(input: NewKey) -> Result<CreatedKey, Failure> {
    respond(control::keys::create(&context()?, &actor()?, input).await)
}

#[server(prefix = "/ui", endpoint = "keys/revoke", input = Json)]
pub async fn revoke(team: String, key: KeyId) -> Result<(), Failure> {
    respond(control::keys::revoke(&context()?, &actor()?, &team, key).await)
}
