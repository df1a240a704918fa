//! Requests and their receipts.

use domain::{
    history::{HistoryPage, HistoryQuery, RequestContent, RequestDetail},
    id::RequestId,
};
use leptos::prelude::*;

use super::{Failure, protocol::JsonPost};
#[cfg(feature = "ssr")]
use super::{actor, context, respond};

#[server(prefix = "/ui", endpoint = "history/list", protocol = JsonPost)]
pub async fn list(query: HistoryQuery) -> Result<HistoryPage, Failure> {
    respond(control::history::list(&context()?, &actor()?, query)).await
}

#[server(prefix = "/ui", endpoint = "history/get", protocol = JsonPost)]
pub async fn get(team: String, request: RequestId) -> Result<RequestDetail, Failure> {
    respond(control::history::get(&context()?, &actor()?, &team, request)).await
}

/// What was said, asked for only when somebody opens it.
#[server(prefix = "/ui", endpoint = "history/content", protocol = JsonPost)]
pub async fn content(team: String, request: RequestId) -> Result<RequestContent, Failure> {
    respond(control::history::content(&context()?, &actor()?, &team, request)).await
}
