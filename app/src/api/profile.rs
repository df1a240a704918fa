//! What a person changes of themselves.

use domain::person::{PasswordChange, Profile};
use leptos::prelude::*;

use super::{Failure, protocol::JsonPost};
#[cfg(feature = "ssr")]
use super::{actor, context, respond};
use crate::components::sheet::{Ask, Sheet};
#[cfg(feature = "ssr")]
use crate::sheets;

#[server(prefix = "/ui", endpoint = "profile/page", protocol = JsonPost)]
pub async fn page(ask: Ask) -> Result<Sheet, Failure> {
    respond(sheets::profile::page(&context()?, &actor()?, ask)).await
}

#[server(prefix = "/ui", endpoint = "profile/get", protocol = JsonPost)]
pub async fn get() -> Result<Profile, Failure> {
    respond(control::profile::get(&context()?, &actor()?)).await
}

#[server(prefix = "/ui", endpoint = "profile/update", protocol = JsonPost)]
pub async fn update(input: Profile) -> Result<Profile, Failure> {
    respond(control::profile::update(&context()?, &actor()?, input)).await
}

#[server(prefix = "/ui", endpoint = "profile/change_password", protocol = JsonPost)]
pub async fn change_password(input: PasswordChange) -> Result<(), Failure> {
    respond(control::profile::change_password(&context()?, &actor()?, input)).await
}
