//! The log of who did what. Its file is a plain download of `server`.

use domain::audit::{AuditPage, AuditQuery};
use leptos::prelude::*;

use super::{Failure, protocol::JsonPost};
#[cfg(feature = "ssr")]
use super::{actor, context, respond};
use crate::components::sheet::{Ask, Sheet};
#[cfg(feature = "ssr")]
use crate::sheets;

#[server(prefix = "/ui", endpoint = "audit/page", protocol = JsonPost)]
pub async fn page(ask: Ask) -> Result<Sheet, Failure> {
    respond(sheets::audit::page(&context()?, &actor()?, ask)).await
}

#[server(prefix = "/ui", endpoint = "audit/list", protocol = JsonPost)]
pub async fn list(query: AuditQuery) -> Result<AuditPage, Failure> {
    respond(control::audit::list(&context()?, &actor()?, query)).await
}
