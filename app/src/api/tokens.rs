//! The reader's own management tokens.

use domain::{
    id::TokenId,
    token::{CreatedToken, NewToken, TokenSummary},
};
use leptos::prelude::*;

use super::{Failure, protocol::JsonPost};
#[cfg(feature = "ssr")]
use super::{actor, context, respond};
use crate::components::sheet::{Ask, Sheet};
#[cfg(feature = "ssr")]
use crate::sheets;

#[server(prefix = "/ui", endpoint = "tokens/page", protocol = JsonPost)]
pub async fn page(ask: Ask) -> Result<Sheet, Failure> {
    respond(sheets::tokens::page(&context()?, &actor()?, ask)).await
}

#[server(prefix = "/ui", endpoint = "tokens/list", protocol = JsonPost)]
pub async fn list() -> Result<Vec<TokenSummary>, Failure> {
    respond(control::tokens::list(&context()?, &actor()?)).await
}

#[server(prefix = "/ui", endpoint = "tokens/create", protocol = JsonPost)]
pub async fn create(input: NewToken) -> Result<CreatedToken, Failure> {
    respond(control::tokens::create(&context()?, &actor()?, input)).await
}

#[server(prefix = "/ui", endpoint = "tokens/revoke", protocol = JsonPost)]
pub async fn revoke(token: TokenId) -> Result<(), Failure> {
    respond(control::tokens::revoke(&context()?, &actor()?, token)).await
}
