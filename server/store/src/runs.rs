//! Runs: the grid (`runs variants cases cells samples`) and its append-only log (`run_events`).
//!
//! Here: what pages start, read and stop, team first. `cells` below is the executor's side: queue, leases, log, endings.
//! Events are numbered densely per run: who writes one takes its number by updating the run's row, so commit order is
//! sequence order and no reader can skip an event. Never here: what to run, how to call a model, who may look.

use chrono::{DateTime, Utc};
use domain::{
    event::{RunEvent, RunEventKind},
    id::{CaseId, CellId, RunId, SampleId, TeamId, UserId, VariantId},
    money::Money,
    run::{CellMetrics, CellState, CellView},
};
use sqlx::{Connection, PgConnection};

use crate::Error;

mod cells;
mod signals;

pub use cells::{ClaimedCell, End, LEASE_SECONDS, Lease, Renewed, append, claim, events_of_cell_after, finish, renew};
pub use signals::{Signal, Signals};

/// A run as it is inserted: every variant meets every case in one cell.
#[derive(Clone, Debug)]
pub struct NewGrid {
    pub run: RunId,
    pub starter: UserId,
    pub variants: Vec<NewVariant>,
    pub cases: Vec<NewCase>,
    pub cells: Vec<NewCell>,
}

#[derive(Clone, Debug)]
pub struct NewVariant {
    pub id: VariantId,
    pub model: String,
    pub system: String,
    pub max_output: Option<i32>,
    pub temperature: String,
}

#[derive(Clone, Debug)]
pub struct NewCase {
    pub id: CaseId,
    pub user: String,
}

#[derive(Clone, Copy, Debug)]
pub struct NewCell {
    pub id: CellId,
    pub variant: VariantId,
    pub case: CaseId,
}

/// Inserts a run with its queue of cells and wakes the executors at commit. `db` is a transaction of the caller.
pub async fn insert(db: &mut PgConnection, team: TeamId, grid: &NewGrid) -> Result<(), Error> {
    let NewGrid { run, starter, variants, cases, cells } = grid;
    sqlx::query!(
        "INSERT INTO runs (id, team_id, started_by, kind) VALUES ($1, $2, $3, 'playground')",
        run.0,
        team.0,
        starter.0
    )
    .execute(&mut *db)
    .await?;
    sqlx::query_file!(
        "queries/runs_insert_variants.sql",
        run.0,
        &variants.iter().map(|v| v.id.0).collect::<Vec<_>>(),
        &variants.iter().map(|v| v.model.clone()).collect::<Vec<_>>(),
        &variants.iter().map(|v| v.system.clone()).collect::<Vec<_>>(),
        &variants.iter().map(|v| v.max_output).collect::<Vec<_>>() as &[Option<i32>],
        &variants.iter().map(|v| v.temperature.clone()).collect::<Vec<_>>()
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        r#"INSERT INTO cases (id, run_id, position, "user")
           SELECT c.id, $1, (c.nr - 1)::integer, c.text
             FROM unnest($2::uuid[], $3::text[]) WITH ORDINALITY AS c (id, text, nr)"#,
        run.0,
        &cases.iter().map(|c| c.id.0).collect::<Vec<_>>(),
        &cases.iter().map(|c| c.user.clone()).collect::<Vec<_>>()
    )
    .execute(&mut *db)
    .await?;
    sqlx::query_file!(
        "queries/runs_insert_cells.sql",
        run.0,
        &cells.iter().map(|c| c.id.0).collect::<Vec<_>>(),
        &cells.iter().map(|c| c.variant.0).collect::<Vec<_>>(),
        &cells.iter().map(|c| c.case.0).collect::<Vec<_>>()
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!("SELECT pg_notify('run_queue', '') AS queued").execute(&mut *db).await?;
    Ok(())
}

/// A run as of `cursor`. Text of running cells is what their events up to `cursor` add up to.
#[derive(Clone, Debug)]
pub struct View {
    pub team: String,
    pub starter: String,
    pub created_at: DateTime<Utc>,
    pub system: String,
    pub user: String,
    pub max_output: Option<i32>,
    pub temperature: String,
    pub is_finished: bool,
    pub cursor: i64,
    pub cells: Vec<CellView>,
}

/// One run of the team with its cells; `None` when it is missing or another team's.
pub async fn view(db: &mut PgConnection, team: TeamId, run: RunId) -> Result<Option<View>, Error> {
    let rows = sqlx::query_file!("queries/runs_view.sql", team.0, run.0).fetch_all(db).await?;
    let mut view: Option<View> = None;
    for row in rows {
        let cell = CellView {
            id: CellId(row.cell),
            model: row.model,
            state: cell_state(&row.state)?,
            text: row.text,
            error: row.error,
            metrics: row.metrics.map(metrics).transpose()?.unwrap_or_default(),
        };
        let view = view.get_or_insert_with(|| View {
            team: row.team,
            starter: row.starter,
            created_at: row.created_at,
            system: row.system,
            user: row.user,
            max_output: row.max_output,
            temperature: row.temperature,
            is_finished: row.is_finished,
            cursor: row.seq,
            cells: Vec::new(),
        });
        view.cells.push(cell);
    }
    Ok(view)
}

fn cell_state(text: &str) -> Result<CellState, Error> {
    CellState::parse(text).ok_or_else(|| Error::Unknown { column: "cells.state", value: text.to_owned() })
}

fn metrics(value: serde_json::Value) -> Result<CellMetrics, Error> {
    serde_json::from_value(value)
        .map_err(|error| Error::Unknown { column: "samples.metrics", value: error.to_string() })
}

/// A run in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    pub id: RunId,
    pub created_at: DateTime<Utc>,
    pub is_finished: bool,
    pub starter: String,
    /// The beginning of the first case, at most 200 characters.
    pub prompt: String,
    pub models: Vec<String>,
    pub cost: Option<Money>,
}

/// The newest runs of the team, at most `limit`.
pub async fn list(db: &mut PgConnection, team: TeamId, limit: i64) -> Result<Vec<Summary>, Error> {
    let rows = sqlx::query_file!("queries/runs_list.sql", team.0, limit).fetch_all(db).await?;
    let summaries = rows.into_iter().map(|row| Summary {
        id: RunId(row.id),
        created_at: row.created_at,
        is_finished: row.is_finished,
        starter: row.starter,
        prompt: row.prompt,
        models: row.models,
        cost: row.cost.map(Money),
    });
    Ok(summaries.collect())
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
    rows.into_iter().map(|row| Ok(RunEvent { run, seq: row.seq, what: event(row.payload)? })).collect()
}

fn event(payload: serde_json::Value) -> Result<RunEventKind, Error> {
    serde_json::from_value(payload)
        .map_err(|error| Error::Unknown { column: "run_events.payload", value: error.to_string() })
}

/// Asks one cell, or with `None` every cell, of a run to stop. Queued cells end at once; for a running one its executor
/// is told and ends it. `false` when the team has no such run or cell. `sample` makes ids for the endings.
///
/// Asking twice, or asking a cell that has ended, changes nothing.
pub async fn request_stop(
    db: &mut PgConnection,
    team: TeamId,
    run: RunId,
    cell: Option<CellId>,
    sample: impl Fn() -> SampleId,
) -> Result<bool, Error> {
    let mut tx = db.begin().await?;
    // The run's row is locked first, as every writer of its log does: nobody waits for anybody in a circle.
    let found = sqlx::query_scalar!(
        "SELECT r.seq FROM runs r
          WHERE r.team_id = $1 AND r.id = $2
            AND ($3::uuid IS NULL OR EXISTS (SELECT FROM cells c WHERE c.run_id = r.id AND c.id = $3)) FOR UPDATE",
        team.0,
        run.0,
        cell.map(|cell| cell.0)
    )
    .fetch_optional(&mut *tx)
    .await?;
    if found.is_none() {
        return Ok(false);
    }
    let asked = sqlx::query_file!(
        "queries/runs_request_stop.sql",
        team.0,
        run.0,
        cell.map(|cell| cell.0) as Option<uuid::Uuid>
    )
    .fetch_all(&mut *tx)
    .await?;
    for row in asked {
        if row.state == CellState::Queued.as_str() {
            let lease = Lease { run, cell: CellId(row.id), epoch: row.epoch };
            cells::end(&mut tx, lease, sample(), &End::Stopped(CellMetrics::default())).await?;
        }
    }
    sqlx::query!("SELECT pg_notify('run_stop', $1) AS asked", run.to_string()).execute(&mut *tx).await?;
    tx.commit().await?;
    Ok(true)
}
