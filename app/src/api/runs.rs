//! Runs of the playground.

use domain::{
    grid::Grid,
    id::{CellId, RunId},
    run::{CellDiff, Continue, DiffMode, Exact, Forecast, NewRun, Place, RunAgain, RunPage, RunQuery, RunView},
};
use leptos::prelude::*;

use super::{Failure, protocol::JsonPost};
#[cfg(feature = "ssr")]
use super::{actor, context, respond};

#[server(prefix = "/ui", endpoint = "runs/start", protocol = JsonPost)]
pub async fn start(input: NewRun) -> Result<RunId, Failure> {
    respond(control::runs::start(&context()?, &actor()?, input)).await
}

/// Queues cells of a run once more, and says how many samples that are.
#[server(prefix = "/ui", endpoint = "runs/again", protocol = JsonPost)]
pub async fn again(input: RunAgain) -> Result<u32, Failure> {
    respond(control::runs::again(&context()?, &actor()?, input)).await
}

/// Goes on with the results of tools that a person typed.
#[server(prefix = "/ui", endpoint = "runs/continue", protocol = JsonPost)]
pub async fn continue_turn(input: Continue) -> Result<(), Failure> {
    respond(control::runs::continue_turn(&context()?, &actor()?, input)).await
}

/// With the cells of its first `rows` cases.
#[server(prefix = "/ui", endpoint = "runs/get", protocol = JsonPost)]
pub async fn get(team: String, run: RunId, #[server(default)] rows: Option<u32>) -> Result<RunView, Failure> {
    respond(control::runs::get(&context()?, &actor()?, &team, run, rows)).await
}

#[server(prefix = "/ui", endpoint = "runs/list", protocol = JsonPost)]
pub async fn list(query: RunQuery) -> Result<RunPage, Failure> {
    respond(control::runs::list(&context()?, &actor()?, query)).await
}

#[server(prefix = "/ui", endpoint = "runs/rename", protocol = JsonPost)]
pub async fn rename(team: String, run: RunId, name: String) -> Result<(), Failure> {
    respond(control::runs::rename(&context()?, &actor()?, &team, run, &name)).await
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

/// One sample as it went over the wire, and the same call in other languages.
#[server(name = AskExact, prefix = "/ui", endpoint = "runs/exact", protocol = JsonPost)]
pub async fn exact(team: String, run: RunId, cell: CellId, sample: u16) -> Result<Exact, Failure> {
    respond(control::runs::exact(&context()?, &actor()?, &team, run, cell, sample)).await
}

/// Every answer against that of the column `base` in the same row.
#[server(prefix = "/ui", endpoint = "runs/diff", protocol = JsonPost)]
pub async fn diff(team: String, run: RunId, base: u16, mode: DiffMode) -> Result<Vec<CellDiff>, Failure> {
    respond(control::runs::diff(&context()?, &actor()?, &team, run, base, mode)).await
}

/// What a grid would cost and what is wrong with it. `only`: those cells; empty: all.
#[server(name = AskForecast, prefix = "/ui", endpoint = "runs/forecast", protocol = JsonPost)]
pub async fn forecast(team: String, grid: Grid, #[server(default)] only: Vec<Place>) -> Result<Forecast, Failure> {
    respond(control::runs::forecast(&context()?, &actor()?, &team, grid, only)).await
}
