//! Settings of the instance.

use domain::settings::InstanceSettings;
use leptos::prelude::*;

use super::{Failure, protocol::JsonPost};
#[cfg(feature = "ssr")]
use super::{actor, context, respond};

#[server(prefix = "/ui", endpoint = "settings/get", protocol = JsonPost)]
pub async fn get() -> Result<InstanceSettings, Failure> {
    respond(control::settings::get(&context()?, &actor()?).await)
}

#[server(prefix = "/ui", endpoint = "settings/update", protocol = JsonPost)]
pub async fn update(input: InstanceSettings) -> Result<InstanceSettings, Failure> {
    respond(control::settings::update(&context()?, &actor()?, input).await)
}
