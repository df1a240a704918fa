//! Runs of the playground.

use domain::{
    id::{CellId, RunId},
    run::{NewRun, RunSummary, RunView},
};
use leptos::prelude::*;

use super::{Failure, protocol::JsonPost};
#[cfg(feature = "ssr")]
use super::{actor, context, respond};

#[server(prefix = "/ui", endpoint = "runs/start", protocol = JsonPost)]
pub async fn start(input: NewRun) -> Result<RunId, Failure> {
    respond(control::runs::start(&context()?, &actor()?, input)).await
}

#[server(prefix = "/ui", endpoint = "runs/get", protocol = JsonPost)]
pub async fn get(team: String, run: RunId) -> Result<RunView, Failure> {
    respond(control::runs::get(&context()?, &actor()?, &team, run)).await
}

/// The newest runs of the team, at most 50.
#[server(prefix = "/ui", endpoint = "runs/list", protocol = JsonPost)]
pub async fn list(team: String) -> Result<Vec<RunSummary>, Failure> {
    respond(control::runs::list(&context()?, &actor()?, &team)).await
}

/// Stops one cell; its text so far stays.
#[server(prefix = "/ui", endpoint = "runs/stop_cell", protocol = JsonPost)]
pub async fn stop_cell(team: String, run: RunId, cell: CellId) -> Result<(), Failure> {
    respond(control::runs::stop_cell(&context()?, &actor()?, &team, run, cell)).await
}

/// Stops every cell of the run.
#[server(prefix = "/ui", endpoint = "runs/cancel", protocol = JsonPost)]
pub async fn cancel(team: String, run: RunId) -> Result<(), Failure> {
    respond(control::runs::cancel(&context()?, &actor()?, &team, run)).await
}
