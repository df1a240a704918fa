//! The executor's side of a run: claim a cell, keep its lease, append to the log, end the cell.
//!
//! A [`Lease`] is the right to write to one cell. Another claim raises the epoch and so ends that right: writes with an
//! older epoch change nothing and say so. These functions work for all teams at once, because the queue is one table.
//! Every writer locks the run's row before it looks at the cell.

use domain::{
    event::RunEventKind,
    id::{CellId, ReplicaId, RunId, SampleId, TeamId, UserId},
    run::{CellMetrics, CellState},
};
use sqlx::{Connection, PgConnection};

use crate::Error;

/// How long a lease holds without being renewed, by the database clock.
pub const LEASE_SECONDS: f64 = 15.0;

/// The right to write to one cell until somebody else claims it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    pub run: RunId,
    pub cell: CellId,
    pub epoch: i32,
}

/// A cell that is now ours, with all that is needed to run it.
#[derive(Clone, Debug)]
pub struct ClaimedCell {
    pub lease: Lease,
    pub team: TeamId,
    pub starter: UserId,
    /// It was running under a lease that expired: its executor is gone, and what it called may have been paid.
    pub is_lost: bool,
    pub stop_requested: bool,
    pub model: String,
    pub system: String,
    pub user: String,
    pub max_output: Option<i32>,
    pub temperature: String,
}

/// Takes the oldest cell that nobody holds, if there is one. Cells that others are taking at this moment are passed over.
pub async fn claim(db: &mut PgConnection, owner: ReplicaId) -> Result<Option<ClaimedCell>, Error> {
    let row = sqlx::query_file!("queries/runs_claim.sql", owner.0, LEASE_SECONDS).fetch_optional(db).await?;
    Ok(row.map(|row| ClaimedCell {
        lease: Lease { run: RunId(row.run), cell: CellId(row.cell), epoch: row.epoch },
        team: TeamId(row.team),
        starter: UserId(row.starter),
        is_lost: row.is_lost,
        stop_requested: row.stop_requested,
        model: row.model,
        system: row.system,
        user: row.user,
        max_output: row.max_output,
        temperature: row.temperature,
    }))
}

/// A cell that is still ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Renewed {
    pub lease: Lease,
    pub stop_requested: bool,
}

/// Renews all leases of one executor and tells which cells were asked to stop. A cell missing from the answer is no longer
/// held.
pub async fn renew(db: &mut PgConnection, owner: ReplicaId) -> Result<Vec<Renewed>, Error> {
    let rows = sqlx::query!(
        "UPDATE cells SET lease_until = clock_timestamp() + make_interval(secs => $2)
          WHERE owner = $1 AND state = 'running' RETURNING id, run_id, epoch, stop_requested",
        owner.0,
        LEASE_SECONDS
    )
    .fetch_all(db)
    .await?;
    let renewed = rows.into_iter().map(|row| Renewed {
        lease: Lease { run: RunId(row.run_id), cell: CellId(row.id), epoch: row.epoch },
        stop_requested: row.stop_requested,
    });
    Ok(renewed.collect())
}

/// Appends one event of a running cell; its number, or `None` when the lease has passed to somebody else.
pub async fn append(db: &mut PgConnection, lease: Lease, event: &RunEventKind) -> Result<Option<i64>, Error> {
    let mut tx = db.begin().await?;
    let seq = next_seq(&mut tx, lease.run).await?;
    // A second statement, so that it sees every claim committed while the first one waited for the run's row.
    let written = sqlx::query_file_scalar!(
        "queries/runs_log.sql",
        lease.run.0,
        seq,
        lease.cell.0,
        lease.epoch,
        event.name(),
        payload(event)?
    )
    .fetch_optional(&mut *tx)
    .await?;
    if written.is_some() {
        tx.commit().await?;
    }
    Ok(written)
}

/// Numbers of a cell's own events above `after`. A writer whose commit got no answer learns here whether it held.
pub async fn events_of_cell_after(db: &mut PgConnection, lease: Lease, after: i64) -> Result<Vec<i64>, Error> {
    let seqs = sqlx::query_scalar!(
        "SELECT seq FROM run_events WHERE run_id = $1 AND cell_id = $2 AND seq > $3 ORDER BY seq",
        lease.run.0,
        lease.cell.0,
        after
    );
    Ok(seqs.fetch_all(db).await?)
}

/// How a cell ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    Done(CellMetrics),
    Stopped(CellMetrics),
    /// `message` is for people.
    Failed {
        message: String,
        metrics: CellMetrics,
    },
}

impl End {
    pub fn state(&self) -> CellState {
        match self {
            Self::Done(_) => CellState::Done,
            Self::Stopped(_) => CellState::Stopped,
            Self::Failed { .. } => CellState::Failed,
        }
    }

    fn metrics(&self) -> &CellMetrics {
        match self {
            Self::Done(metrics) | Self::Stopped(metrics) | Self::Failed { metrics, .. } => metrics,
        }
    }

    fn error(&self) -> Option<&str> {
        match self {
            Self::Done(_) | Self::Stopped(_) => None,
            Self::Failed { message, .. } => Some(message),
        }
    }

    fn event(&self, cell: CellId) -> RunEventKind {
        match self.clone() {
            Self::Done(metrics) => RunEventKind::Done { cell, metrics },
            Self::Stopped(metrics) => RunEventKind::Stopped { cell, metrics },
            Self::Failed { message, metrics } => RunEventKind::Error { cell, message, metrics },
        }
    }
}

/// Ends a cell: its state, its sample, its last event, and `run.done` when it was the last open cell of the run. `false`
/// when the lease has passed to somebody else or the cell has ended already.
pub async fn finish(db: &mut PgConnection, lease: Lease, sample: SampleId, end: &End) -> Result<bool, Error> {
    let mut tx = db.begin().await?;
    let was_ours = self::end(&mut tx, lease, sample, end).await?;
    if was_ours {
        tx.commit().await?;
    }
    Ok(was_ours)
}

/// [`finish`] inside a transaction of the caller, who rolls back when the answer is `false`.
pub(super) async fn end(tx: &mut PgConnection, lease: Lease, sample: SampleId, end: &End) -> Result<bool, Error> {
    let seq = next_seq(tx, lease.run).await?;
    let metrics = end.metrics();
    let ended = sqlx::query_file!(
        "queries/runs_end_cell.sql",
        lease.run.0,
        lease.cell.0,
        lease.epoch,
        end.state().as_str(),
        sample.0,
        metrics.request.map(|request| request.0),
        end.error(),
        serde_json::to_value(metrics).map_err(unwritable)?
    )
    .execute(&mut *tx)
    .await?;
    if ended.rows_affected() == 0 {
        return Ok(false);
    }
    log(tx, lease.run, seq, Some(lease.cell), &end.event(lease.cell)).await?;
    let is_open = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM cells WHERE run_id = $1 AND state IN ('queued', 'running')) AS "is_open!""#,
        lease.run.0
    );
    if is_open.fetch_one(&mut *tx).await? {
        return Ok(true);
    }
    let seq = next_seq(tx, lease.run).await?;
    log(tx, lease.run, seq, None, &RunEventKind::RunDone).await?;
    sqlx::query!("UPDATE runs SET finished_at = clock_timestamp() WHERE id = $1", lease.run.0).execute(tx).await?;
    Ok(true)
}

/// The next number of a run's log. The row stays locked until the caller's transaction ends, which makes numbers dense.
async fn next_seq(tx: &mut PgConnection, run: RunId) -> Result<i64, Error> {
    let seq = sqlx::query_scalar!("UPDATE runs SET seq = seq + 1 WHERE id = $1 RETURNING seq", run.0);
    Ok(seq.fetch_one(tx).await?)
}

async fn log(
    tx: &mut PgConnection,
    run: RunId,
    seq: i64,
    cell: Option<CellId>,
    event: &RunEventKind,
) -> Result<(), Error> {
    let cell = cell.map(|cell| cell.0);
    sqlx::query_file!("queries/runs_event.sql", run.0, seq, cell, event.name(), payload(event)?).fetch_one(tx).await?;
    Ok(())
}

fn payload(event: &RunEventKind) -> Result<serde_json::Value, Error> {
    serde_json::to_value(event).map_err(unwritable)
}

fn unwritable(error: serde_json::Error) -> Error {
    Error::Unknown { column: "run_events.payload", value: error.to_string() }
}
