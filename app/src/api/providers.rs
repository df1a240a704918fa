//! Providers and their credentials, which go in and never come out.

use domain::{
    id::ProviderId,
    model::ModelSummary,
    provider::{ImportModels, NewProvider, OfferedModel, ProbeVerdict, ProviderChange, ProviderKind, ProviderSummary},
};
use leptos::prelude::*;

use super::{Failure, protocol::JsonPost};
#[cfg(feature = "ssr")]
use super::{actor, context, respond};
use crate::components::sheet::{Ask, Sheet};
#[cfg(feature = "ssr")]
use crate::sheets;

/// The providers of the team, or the form for what is to be done with one.
#[server(prefix = "/ui", endpoint = "providers/page", protocol = JsonPost)]
pub async fn page(ask: Ask) -> Result<Sheet, Failure> {
    respond(sheets::providers::page(&context()?, &actor()?, ask)).await
}

#[server(prefix = "/ui", endpoint = "providers/kinds", protocol = JsonPost)]
pub async fn kinds() -> Result<Vec<ProviderKind>, Failure> {
    respond(control::providers::kinds(&context()?, &actor()?)).await
}

#[server(prefix = "/ui", endpoint = "providers/list", protocol = JsonPost)]
pub async fn list(team: String) -> Result<Vec<ProviderSummary>, Failure> {
    respond(control::providers::list(&context()?, &actor()?, &team)).await
}

#[server(prefix = "/ui", endpoint = "providers/create", protocol = JsonPost)]
pub async fn create(input: NewProvider) -> Result<ProviderSummary, Failure> {
    respond(control::providers::create(&context()?, &actor()?, input)).await
}

#[server(prefix = "/ui", endpoint = "providers/update", protocol = JsonPost)]
pub async fn update(input: ProviderChange) -> Result<ProviderSummary, Failure> {
    respond(control::providers::update(&context()?, &actor()?, input)).await
}

#[server(prefix = "/ui", endpoint = "providers/archive", protocol = JsonPost)]
pub async fn archive(team: String, provider: ProviderId) -> Result<(), Failure> {
    respond(control::providers::archive(&context()?, &actor()?, &team, provider)).await
}

/// Asks the address before anything is stored.
#[server(prefix = "/ui", endpoint = "providers/test", protocol = JsonPost)]
pub async fn test(input: NewProvider) -> Result<ProbeVerdict, Failure> {
    respond(control::providers::test(&context()?, &actor()?, input)).await
}

#[server(prefix = "/ui", endpoint = "providers/test_stored", protocol = JsonPost)]
pub async fn test_stored(team: String, provider: ProviderId) -> Result<ProbeVerdict, Failure> {
    respond(control::providers::test_stored(&context()?, &actor()?, &team, provider)).await
}

/// The models that it says it has.
#[server(prefix = "/ui", endpoint = "providers/offered", protocol = JsonPost)]
pub async fn offered(team: String, provider: ProviderId) -> Result<Vec<OfferedModel>, Failure> {
    respond(control::providers::offered(&context()?, &actor()?, &team, provider)).await
}

#[server(prefix = "/ui", endpoint = "providers/import", protocol = JsonPost)]
pub async fn import(input: ImportModels) -> Result<Vec<ModelSummary>, Failure> {
    respond(control::providers::import(&context()?, &actor()?, input)).await
}

/// Connects the demo provider and adds its models with their prices.
#[server(prefix = "/ui", endpoint = "providers/connect_demo", protocol = JsonPost)]
pub async fn connect_demo(team: String) -> Result<ProviderSummary, Failure> {
    respond(control::providers::connect_demo(&context()?, &actor()?, &team)).await
}
