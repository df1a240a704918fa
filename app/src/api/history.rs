//! Requests and their receipts.

use domain::{
    history::{
        Around, Compared, Facets, HistoryPage, HistoryQuery, NewView, Replay, RequestContent, RequestDetail, SavedView,
    },
    id::{RequestId, ViewId},
    run::DiffMode,
    task::TaskClass,
};
use leptos::prelude::*;

use super::{Failure, protocol::JsonPost};
#[cfg(feature = "ssr")]
use super::{actor, context, respond};

#[server(prefix = "/ui", endpoint = "history/list", protocol = JsonPost)]
pub async fn list(query: HistoryQuery) -> Result<HistoryPage, Failure> {
    respond(control::history::list(&context()?, &actor()?, query)).await
}

/// How many requests have which value. Slower than the list, so it is asked for after it.
#[server(name = AskFacets, prefix = "/ui", endpoint = "history/facets", protocol = JsonPost)]
pub async fn facets(query: HistoryQuery) -> Result<Facets, Failure> {
    respond(control::history::facets(&context()?, &actor()?, query)).await
}

/// What stands before and after a request under the same filters.
#[server(name = AskAround, prefix = "/ui", endpoint = "history/around", protocol = JsonPost)]
pub async fn around(query: HistoryQuery, request: RequestId) -> Result<Around, Failure> {
    respond(control::history::around(&context()?, &actor()?, query, request)).await
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

#[server(prefix = "/ui", endpoint = "history/set_task", protocol = JsonPost)]
pub async fn set_task(
    team: String,
    request: RequestId,
    #[server(default)] task: Option<TaskClass>,
) -> Result<(), Failure> {
    respond(control::history::set_task(&context()?, &actor()?, &team, request, task)).await
}

/// The request as the playground would run it again.
#[server(name = AskReplay, prefix = "/ui", endpoint = "history/replay", protocol = JsonPost)]
pub async fn replay(team: String, request: RequestId) -> Result<Replay, Failure> {
    respond(control::history::replay(&context()?, &actor()?, &team, request)).await
}

/// Two to four requests side by side.
#[server(prefix = "/ui", endpoint = "history/compare", protocol = JsonPost)]
pub async fn compare(
    team: String,
    requests: Vec<RequestId>,
    #[server(default)] mode: DiffMode,
) -> Result<Vec<Compared>, Failure> {
    respond(control::history::compare(&context()?, &actor()?, &team, requests, mode)).await
}

#[server(prefix = "/ui", endpoint = "history/views", protocol = JsonPost)]
pub async fn views(team: String) -> Result<Vec<SavedView>, Failure> {
    respond(control::history::views(&context()?, &actor()?, &team)).await
}

#[server(prefix = "/ui", endpoint = "history/save_view", protocol = JsonPost)]
pub async fn save_view(input: NewView) -> Result<ViewId, Failure> {
    respond(control::history::save_view(&context()?, &actor()?, input)).await
}

#[server(prefix = "/ui", endpoint = "history/remove_view", protocol = JsonPost)]
pub async fn remove_view(team: String, id: ViewId) -> Result<(), Failure> {
    respond(control::history::remove_view(&context()?, &actor()?, &team, id)).await
}
