//! Runs: the grid with its cells, the samples that are its queue, and its append-only log (`run_events`).
//!
//! Here: starting, naming and finding runs, team first, and what all parts share. `queue` runs cells again and stops them,
//! `read` is what pages show, `samples` is the executor's side: claims, leases, log, endings. Events are numbered densely
//! per run: who writes one takes its number by updating the run's row, so commit order is sequence order and no reader can
//! skip an event. Never here: what to run, how to call a model, who may look.

use domain::{
    event::{RunEvent, RunEventKind},
    grid::Grid,
    id::{CellId, RunId, SampleId, TeamId, UserId},
    run::{CellState, Place},
};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

use crate::{Error, storable};

mod queue;
mod read;
mod samples;
mod signals;
#[cfg(test)]
mod tests;

pub use queue::{Again, Continued, NewTake, queue_again, queue_continued, request_stop};
pub use read::{Filter, InRun, Sample, Summary, View, called, exact, grid, list, of_request, sample, texts, view};
pub use samples::{
    ClaimedSample, End, LEASE_SECONDS, Lease, Renewed, add_wire, append, claim, events_of_sample_after, finish,
    note_request, renew,
};
pub use signals::{Signal, Signals};

/// A run as it is inserted: all its cells, and the samples that wait to be run now.
#[derive(Clone, Copy, Debug)]
pub struct NewGrid<'a> {
    pub run: RunId,
    pub starter: UserId,
    pub name: &'a str,
    /// Of the variants, for lists.
    pub models: &'a [String],
    pub grid: &'a Grid,
    pub cells: &'a [NewCell],
    pub samples: &'a [NewSample],
}

#[derive(Clone, Copy, Debug)]
pub struct NewCell {
    pub id: CellId,
    pub place: Place,
}

#[derive(Clone, Copy, Debug)]
pub struct NewSample {
    pub id: SampleId,
    pub cell: CellId,
    pub position: u16,
}

/// A step of a turn: what the model said and called, and what it was told.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Step {
    pub text: String,
    pub calls: Vec<domain::run::ToolCall>,
    /// The message in the words of the executor, which alone reads it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<serde_json::Value>,
}

/// Inserts a run with its queue of samples and wakes the executors at commit. `db` is a transaction of the caller.
pub async fn insert(db: &mut PgConnection, team: TeamId, new: &NewGrid<'_>) -> Result<(), Error> {
    let NewGrid { run, starter, name, models, grid, cells, samples } = new;
    sqlx::query!(
        "INSERT INTO runs (id, team_id, started_by, kind, name, models, grid) VALUES ($1, $2, $3, 'playground', $4, $5, $6)",
        run.0,
        team.0,
        starter.0,
        storable::text(name),
        &models.iter().map(|model| storable::text(model)).collect::<Vec<_>>(),
        storable::json("runs.grid", grid)?
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        r#"INSERT INTO cells (id, run_id, variant, "case")
           SELECT c.id, $1, c.variant, c.nr FROM unnest($2::uuid[], $3::integer[], $4::integer[]) AS c (id, variant, nr)"#,
        run.0,
        &cells.iter().map(|cell| cell.id.0).collect::<Vec<_>>(),
        &cells.iter().map(|cell| i32::from(cell.place.variant)).collect::<Vec<_>>(),
        &cells.iter().map(|cell| i32::from(cell.place.case)).collect::<Vec<_>>()
    )
    .execute(&mut *db)
    .await?;
    let takes: Vec<queue::Take> = samples
        .iter()
        .map(|sample| queue::Take { id: sample.id, cell: sample.cell, position: i32::from(sample.position), take: 1 })
        .collect();
    if takes.is_empty() {
        return samples::close(db, *run).await;
    }
    queue::insert(db, *run, *starter, &takes).await
}

/// Gives a run another name; `false` when the team has no such run.
pub async fn rename(db: &mut PgConnection, team: TeamId, run: RunId, name: &str) -> Result<bool, Error> {
    let done =
        sqlx::query!("UPDATE runs SET name = $3 WHERE team_id = $1 AND id = $2", team.0, run.0, storable::text(name))
            .execute(db)
            .await?;
    Ok(done.rows_affected() == 1)
}

/// The slug of the team whose run it is. For streams that name only the run; rights are checked against the answer.
pub async fn team_of(db: &mut PgConnection, run: RunId) -> Result<Option<String>, Error> {
    let slug = sqlx::query_scalar!("SELECT t.slug FROM runs r JOIN teams t ON t.id = r.team_id WHERE r.id = $1", run.0);
    Ok(slug.fetch_optional(db).await?)
}

/// Events of a run of the team with a number above `after`, in order, at most `limit`.
pub async fn events(
    db: &mut PgConnection,
    team: TeamId,
    run: RunId,
    after: i64,
    limit: i64,
) -> Result<Vec<RunEvent>, Error> {
    let rows = sqlx::query!(
        "SELECT e.seq, e.payload FROM run_events e JOIN runs r ON r.id = e.run_id
          WHERE r.team_id = $1 AND e.run_id = $2 AND e.seq > $3 ORDER BY e.seq LIMIT $4",
        team.0,
        run.0,
        after,
        limit
    )
    .fetch_all(db)
    .await?;
    let event = |payload| storable::parsed::<RunEventKind>("run_events.payload", payload);
    rows.into_iter().map(|row| Ok(RunEvent { run, seq: row.seq, what: event(row.payload)? })).collect()
}

fn cell_state(text: &str) -> Result<CellState, Error> {
    CellState::parse(text).ok_or_else(|| Error::Unknown { column: "samples.state", value: text.to_owned() })
}

fn place(variant: i32, case: i32) -> Result<Place, Error> {
    Ok(Place { variant: small("cells.variant", variant)?, case: small("cells.case", case)? })
}

fn small(column: &'static str, value: i32) -> Result<u16, Error> {
    u16::try_from(value).map_err(|_| Error::Unknown { column, value: value.to_string() })
}
