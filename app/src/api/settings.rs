//! Settings of the instance.

use domain::settings::InstanceSettings;
use leptos::prelude::*;

use super::{Failure, protocol::JsonPost};
#[cfg(feature = "ssr")]
use super::{actor, context, respond};
use crate::components::sheet::{Ask, Sheet};
#[cfg(feature = "ssr")]
use crate::sheets;

#[server(prefix = "/ui", endpoint = "settings/page", protocol = JsonPost)]
pub async fn page(ask: Ask) -> Result<Sheet, Failure> {
    respond(sheets::settings::page(&context()?, &actor()?, ask)).await
}

#[server(prefix = "/ui", endpoint = "settings/get", protocol = JsonPost)]
pub async fn get() -> Result<InstanceSettings, Failure> {
    respond(control::settings::get(&context()?, &actor()?)).await
}

#[server(prefix = "/ui", endpoint = "settings/update", protocol = JsonPost)]
pub async fn update(input: InstanceSettings) -> Result<InstanceSettings, Failure> {
    respond(control::settings::update(&context()?, &actor()?, input)).await
}
