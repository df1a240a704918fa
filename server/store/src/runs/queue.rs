//! What people do to the queue: run cells again, go on with a turn, stop.
//!
//! Each of these locks the run's row first, as every writer of its log does: nobody waits for anybody in a circle.

use domain::{
    event::RunEventKind,
    id::{CellId, RunId, SampleId, TeamId, UserId},
    run::{CellMetrics, ToolCall},
};
use sqlx::{Connection, PgConnection};

use super::{Step, samples};
use crate::{Error, storable};

/// How much later than the one before it a sample of the same run counts as queued: about what a sample takes.
const STEP_SECONDS: f64 = 10.0;

/// A take that is to be queued.
#[derive(Clone, Copy, Debug)]
pub(super) struct Take {
    pub id: SampleId,
    pub cell: CellId,
    pub position: i32,
    pub take: i32,
}

/// Queues takes, by row, position and column, and wakes the executors at commit. Nothing older of the same positions is
/// current.
pub(super) async fn insert(tx: &mut PgConnection, run: RunId, by: UserId, takes: &[Take]) -> Result<(), Error> {
    sqlx::query_file!(
        "queries/runs_queue.sql",
        run.0,
        by.0,
        STEP_SECONDS,
        &takes.iter().map(|take| take.id.0).collect::<Vec<_>>(),
        &takes.iter().map(|take| take.cell.0).collect::<Vec<_>>(),
        &takes.iter().map(|take| take.position).collect::<Vec<_>>(),
        &takes.iter().map(|take| take.take).collect::<Vec<_>>()
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!("SELECT pg_notify('run_queue', '') AS queued").execute(tx).await?;
    Ok(())
}

/// Which cells run again.
#[derive(Clone, Copy, Debug)]
pub struct Again<'a> {
    /// Empty: all.
    pub cells: &'a [CellId],
    /// Only samples that failed or were stopped, each by itself.
    pub failed_only: bool,
    pub samples_per_cell: u8,
    pub by: UserId,
}

/// Queues new takes and tells how many; `None`: the team has no such run. Cells with samples that wait or run are passed
/// over. `id` makes the ids of the takes.
pub async fn queue_again(
    db: &mut PgConnection,
    team: TeamId,
    run: RunId,
    again: Again<'_>,
    mut id: impl FnMut() -> SampleId,
) -> Result<Option<u32>, Error> {
    let mut tx = db.begin().await?;
    if !lock(&mut tx, team, run).await? {
        return Ok(None);
    }
    let cells: Vec<_> = again.cells.iter().map(|cell| cell.0).collect();
    let samples = i32::from(again.samples_per_cell);
    let found = sqlx::query_file!("queries/runs_again.sql", run.0, &cells, again.failed_only, samples)
        .fetch_all(&mut *tx)
        .await?;
    let takes: Vec<Take> = found
        .into_iter()
        .map(|row| Take { id: id(), cell: CellId(row.cell), position: row.position, take: row.take })
        .collect();
    if takes.is_empty() {
        // Said here and now: a transaction that is only dropped holds its locks until somebody uses the connection again.
        tx.rollback().await?;
        return Ok(Some(0));
    }
    supersede(&mut tx, run, &takes).await?;
    insert(&mut tx, run, again.by, &takes).await?;
    if again.failed_only {
        let ids: Vec<_> = takes.iter().map(|take| take.id.0).collect();
        sqlx::query_file!("queries/runs_resume.sql", &ids).execute(&mut *tx).await?;
    }
    reopen(&mut tx, run).await?;
    tx.commit().await?;
    Ok(Some(u32::try_from(takes.len()).unwrap_or(u32::MAX)))
}

/// A take that goes on where the one before it ended.
#[derive(Clone, Copy, Debug)]
pub struct NewTake<'a> {
    pub id: SampleId,
    pub cell: CellId,
    pub position: u16,
    /// The take it follows. When that is no longer the newest, somebody was faster.
    pub after: u16,
    pub by: UserId,
    pub prior: &'a [Step],
    /// What it shows before it has begun; empty: the calls of the take it follows.
    pub calls: &'a [ToolCall],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Continued {
    Queued,
    /// The team has no such run or sample.
    NoSuch,
    /// Another take is the newest by now, or the take has not ended.
    Changed,
}

/// Queues a take that goes on with a turn.
pub async fn queue_continued(
    db: &mut PgConnection,
    team: TeamId,
    run: RunId,
    new: &NewTake<'_>,
) -> Result<Continued, Error> {
    let mut tx = db.begin().await?;
    if !lock(&mut tx, team, run).await? {
        return Ok(Continued::NoSuch);
    }
    let position = i32::from(new.position);
    let found = sqlx::query!(
        "SELECT take, state FROM samples WHERE run_id = $1 AND cell_id = $2 AND position = $3 AND is_current",
        run.0,
        new.cell.0,
        position
    );
    let found = found.fetch_optional(&mut *tx).await?;
    let refused = match &found {
        None => Some(Continued::NoSuch),
        Some(found) => {
            let is_same = found.take == i32::from(new.after) && super::cell_state(&found.state)?.is_final();
            (!is_same).then_some(Continued::Changed)
        }
    };
    let (Some(found), None) = (found, refused) else {
        tx.rollback().await?;
        return Ok(refused.unwrap_or(Continued::NoSuch));
    };
    let take = Take { id: new.id, cell: new.cell, position, take: found.take + 1 };
    supersede(&mut tx, run, &[take]).await?;
    insert(&mut tx, run, new.by, &[take]).await?;
    let (prior, calls) = (storable::json("samples.prior", new.prior)?, storable::json("samples.calls", new.calls)?);
    sqlx::query_file!("queries/runs_continued.sql", new.id.0, prior, calls).execute(&mut *tx).await?;
    reopen(&mut tx, run).await?;
    tx.commit().await?;
    Ok(Continued::Queued)
}

/// Asks one cell, or with `None` every cell, of a run to stop. Samples that wait end at once; for a running one its executor
/// is told and ends it. `false` when the team has no such run or cell.
///
/// Asking twice, or asking a cell that has ended, changes nothing.
pub async fn request_stop(
    db: &mut PgConnection,
    team: TeamId,
    run: RunId,
    cell: Option<CellId>,
) -> Result<bool, Error> {
    let mut tx = db.begin().await?;
    let cell = cell.map(|cell| cell.0);
    let is_there = lock(&mut tx, team, run).await?
        && sqlx::query_scalar!(
            r#"SELECT $2::uuid IS NULL OR EXISTS (SELECT FROM cells WHERE run_id = $1 AND id = $2) AS "is_there!""#,
            run.0,
            cell
        )
        .fetch_one(&mut *tx)
        .await?;
    if !is_there {
        tx.rollback().await?;
        return Ok(false);
    }
    let metrics = storable::json("samples.metrics", &CellMetrics::default())?;
    let ended = sqlx::query_file!("queries/runs_stop_queued.sql", run.0, cell, metrics).execute(&mut *tx).await?;
    sqlx::query_file!("queries/runs_stop_running.sql", run.0, cell).execute(&mut *tx).await?;
    if ended.rows_affected() > 0 {
        samples::close_if_done(&mut tx, run).await?;
        sqlx::query!("SELECT pg_notify('run', id || ':' || seq) AS logged FROM runs WHERE id = $1", run.0)
            .execute(&mut *tx)
            .await?;
    }
    sqlx::query!("SELECT pg_notify('run_stop', $1) AS asked", run.to_string()).execute(&mut *tx).await?;
    tx.commit().await?;
    Ok(true)
}

/// Locks the run's row; `false` when the team has no such run.
async fn lock(tx: &mut PgConnection, team: TeamId, run: RunId) -> Result<bool, Error> {
    let found =
        sqlx::query_scalar!("SELECT id FROM runs WHERE team_id = $1 AND id = $2 FOR NO KEY UPDATE", team.0, run.0);
    Ok(found.fetch_optional(tx).await?.is_some())
}

/// The takes before these are no longer the newest.
async fn supersede(tx: &mut PgConnection, run: RunId, takes: &[Take]) -> Result<(), Error> {
    sqlx::query!(
        "UPDATE samples s SET is_current = false
           FROM unnest($2::uuid[], $3::integer[]) AS n (cell_id, position)
          WHERE s.run_id = $1 AND s.cell_id = n.cell_id AND s.position = n.position AND s.is_current",
        run.0,
        &takes.iter().map(|take| take.cell.0).collect::<Vec<_>>(),
        &takes.iter().map(|take| take.position).collect::<Vec<_>>()
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// The run goes on.
async fn reopen(tx: &mut PgConnection, run: RunId) -> Result<(), Error> {
    let seq = samples::next_seq(tx, run).await?;
    samples::log(tx, run, seq, None, &RunEventKind::RunChanged).await?;
    sqlx::query!("UPDATE runs SET finished_at = NULL, progress = NULL WHERE id = $1", run.0).execute(tx).await?;
    Ok(())
}
