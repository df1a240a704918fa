//! Settings of the instance.

use domain::settings::InstanceSettings;
use leptos::{prelude::*, server_fn::codec::Json};

use super::Failure;
#[cfg(feature = "ssr")]
use super::{actor, context, respond};

#[server(prefix = "/ui", endpoint = "settings/get", input = Json)]
pub async fn get() -> Result<InstanceSettings, Failure> {
    respond(control::settings::get(&context()?, &actor()?).await)
}

#[server(prefix = "/ui", endpoint = "settings/update", input = Json)]
pub async fn update(input: InstanceSettings) -> Result<InstanceSettings, Failure> {
    respond(control::settings::update(&context()?, &actor()?, input).await)
}
