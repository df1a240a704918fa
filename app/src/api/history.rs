//! Requests and their receipts.

use domain::{
    history::{HistoryPage, HistoryQuery, RequestDetail},
    id::RequestId,
};
use leptos::{prelude::*, server_fn::codec::Json};

use super::Failure;
#[cfg(feature = "ssr")]
use super::{actor, context, respond};

#[server(prefix = "/ui", endpoint = "history/list", input = Json)]
pub async fn list(query: HistoryQuery) -> Result<HistoryPage, Failure> {
    respond(control::history::list(&context()?, &actor()?, query).await)
}

#[server(prefix = "/ui", endpoint = "history/get", input = Json)]
pub async fn get(team: String, request: RequestId) -> Result<RequestDetail, Failure> {
    respond(control::history::get(&context()?, &actor()?, &team, request).await)
}
