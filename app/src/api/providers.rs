//! Providers and their credentials.

use domain::provider::{NewProvider, ProviderKind, ProviderSummary};
use leptos::prelude::*;

use super::{Failure, protocol::JsonPost};
#[cfg(feature = "ssr")]
use super::{actor, context, respond};

#[server(prefix = "/ui", endpoint = "providers/kinds", protocol = JsonPost)]
pub async fn kinds() -> Result<Vec<ProviderKind>, Failure> {
    respond(control::providers::kinds(&context()?, &actor()?).await)
}

#[server(prefix = "/ui", endpoint = "providers/list", protocol = JsonPost)]
pub async fn list(team: String) -> Result<Vec<ProviderSummary>, Failure> {
    respond(control::providers::list(&context()?, &actor()?, &team).await)
}

#[server(prefix = "/ui", endpoint = "providers/create", protocol = JsonPost)]
pub async fn create(input: NewProvider) -> Result<ProviderSummary, Failure> {
    respond(control::providers::create(&context()?, &actor()?, input).await)
}

/// Connects the demo provider and adds its models with their prices.
#[server(prefix = "/ui", endpoint = "providers/connect_demo", protocol = JsonPost)]
pub async fn connect_demo(team: String) -> Result<ProviderSummary, Failure> {
    respond(control::providers::connect_demo(&context()?, &actor()?, &team).await)
}
