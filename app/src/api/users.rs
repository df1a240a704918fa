//! Accounts of the instance.

use domain::{
    id::UserId,
    person::{NewLink, Person},
    role::InstanceRole,
};
use leptos::prelude::*;

use super::{Failure, protocol::JsonPost};
#[cfg(feature = "ssr")]
use super::{actor, context, respond};
use crate::components::sheet::{Ask, Sheet};
#[cfg(feature = "ssr")]
use crate::sheets;

/// The people of the instance, or the form for what is to be done with one.
#[server(prefix = "/ui", endpoint = "users/page", protocol = JsonPost)]
pub async fn page(ask: Ask) -> Result<Sheet, Failure> {
    respond(sheets::users::page(&context()?, &actor()?, ask)).await
}

#[server(prefix = "/ui", endpoint = "users/list", protocol = JsonPost)]
pub async fn list() -> Result<Vec<Person>, Failure> {
    respond(control::users::list(&context()?, &actor()?)).await
}

#[server(prefix = "/ui", endpoint = "users/set_role", protocol = JsonPost)]
pub async fn set_role(user: UserId, role: InstanceRole) -> Result<(), Failure> {
    respond(control::users::set_role(&context()?, &actor()?, user, role)).await
}

#[server(prefix = "/ui", endpoint = "users/disable", protocol = JsonPost)]
pub async fn disable(user: UserId) -> Result<(), Failure> {
    respond(control::users::disable(&context()?, &actor()?, user)).await
}

#[server(prefix = "/ui", endpoint = "users/enable", protocol = JsonPost)]
pub async fn enable(user: UserId) -> Result<(), Failure> {
    respond(control::users::enable(&context()?, &actor()?, user)).await
}

/// A link that is shown once.
#[server(prefix = "/ui", endpoint = "users/reset_link", protocol = JsonPost)]
pub async fn reset_link(user: UserId) -> Result<NewLink, Failure> {
    respond(control::users::reset_link(&context()?, &actor()?, user)).await
}

#[server(prefix = "/ui", endpoint = "users/end_sessions", protocol = JsonPost)]
pub async fn end_sessions(user: UserId) -> Result<(), Failure> {
    respond(control::users::end_sessions(&context()?, &actor()?, user)).await
}
