//! The executor's side of a run: claim a sample, keep its lease, append to the log, end the sample.
//!
//! A [`Lease`] is the right to write to one sample. Another claim raises the epoch and so ends that right: writes with an
//! older epoch change nothing and say so. These functions work for all teams at once, because the queue is one table.
//! Every writer locks the run's row before it looks at the sample.

use domain::{
    event::RunEventKind,
    id::{CellId, ReplicaId, RequestId, RunId, SampleId, TeamId, UserId},
    run::{CellMetrics, CellState, Place, ToolCall, Wire},
};
use sqlx::{Connection, PgConnection};

use super::{Step, place, small};
use crate::{Error, storable, words};

/// How long a lease holds without being renewed, by the database clock.
pub const LEASE_SECONDS: f64 = 15.0;

/// The right to write to one sample until somebody else claims it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    pub run: RunId,
    pub cell: CellId,
    pub sample: SampleId,
    /// In the cell; events name it.
    pub position: u16,
    pub take: u16,
    pub epoch: i32,
}

/// A sample that is now ours, with all that is needed to run it.
#[derive(Clone, Debug)]
pub struct ClaimedSample {
    pub lease: Lease,
    pub team: TeamId,
    /// Who asked for this take.
    pub starter: UserId,
    /// It was running under a lease that expired: its executor is gone, and what it called may have been paid.
    pub is_lost: bool,
    pub stop_requested: bool,
    /// In the grid of the run, which is read once for all samples: it may be large.
    pub place: Place,
    /// The turn so far, when it goes on where an earlier take ended.
    pub prior: Vec<Step>,
}

/// Takes the sample that is due first and that nobody holds, if there is one. Those that others are taking at this moment
/// are passed over.
pub async fn claim(db: &mut PgConnection, owner: ReplicaId) -> Result<Option<ClaimedSample>, Error> {
    let row = sqlx::query_file!("queries/runs_claim.sql", owner.0, LEASE_SECONDS).fetch_optional(db).await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(ClaimedSample {
        lease: Lease {
            run: RunId(row.run),
            cell: CellId(row.cell),
            sample: SampleId(row.sample),
            position: small("samples.position", row.position)?,
            take: small("samples.take", row.take)?,
            epoch: row.epoch,
        },
        team: TeamId(row.team),
        starter: UserId(row.starter),
        is_lost: row.is_lost,
        stop_requested: row.stop_requested,
        place: place(row.variant, row.case)?,
        prior: storable::parsed("samples.prior", row.prior)?,
    }))
}

/// A sample that is still ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Renewed {
    pub lease: Lease,
    pub stop_requested: bool,
}

/// Renews all leases of one executor and tells which samples were asked to stop. A sample missing from the answer is no
/// longer held.
pub async fn renew(db: &mut PgConnection, owner: ReplicaId) -> Result<Vec<Renewed>, Error> {
    let rows = sqlx::query_file!("queries/runs_renew.sql", owner.0, LEASE_SECONDS).fetch_all(db).await?;
    let renewed = rows.into_iter().map(|row| {
        let lease = Lease {
            run: RunId(row.run_id),
            cell: CellId(row.cell_id),
            sample: SampleId(row.id),
            position: small("samples.position", row.position)?,
            take: small("samples.take", row.take)?,
            epoch: row.epoch,
        };
        Ok(Renewed { lease, stop_requested: row.stop_requested })
    });
    renewed.collect()
}

/// Appends one event of a running sample; its number, or `None` when the lease has passed to somebody else.
pub async fn append(db: &mut PgConnection, lease: Lease, event: &RunEventKind) -> Result<Option<i64>, Error> {
    let mut tx = db.begin().await?;
    let seq = next_seq(&mut tx, lease.run).await?;
    // A second statement, so that it sees every claim committed while the first one waited for the run's row.
    let written = sqlx::query_file_scalar!(
        "queries/runs_log.sql",
        lease.run.0,
        seq,
        lease.cell.0,
        lease.sample.0,
        lease.epoch,
        event.name(),
        storable::json("run_events.payload", event)?
    )
    .fetch_optional(&mut *tx)
    .await?;
    match written {
        Some(_) => tx.commit().await?,
        None => tx.rollback().await?,
    }
    Ok(written)
}

/// Numbers of a sample's own events above `after`. A writer whose commit got no answer learns here whether it held.
pub async fn events_of_sample_after(db: &mut PgConnection, lease: Lease, after: i64) -> Result<Vec<i64>, Error> {
    let seqs = sqlx::query_scalar!(
        "SELECT seq FROM run_events WHERE sample_id = $1 AND seq > $2 ORDER BY seq",
        lease.sample.0,
        after
    );
    Ok(seqs.fetch_all(db).await?)
}

/// Notes that a request is made for this sample, before it is made. `false` when the lease has passed to somebody else.
/// Noting it again changes nothing.
pub async fn note_request(db: &mut PgConnection, lease: Lease, request: RequestId) -> Result<bool, Error> {
    let done = sqlx::query!(
        "INSERT INTO sample_requests (request_id, sample_id)
         SELECT $1, id FROM samples WHERE id = $2 AND epoch = $3 AND state = 'running'
             ON CONFLICT (request_id) DO UPDATE SET sample_id = excluded.sample_id",
        request.0,
        lease.sample.0,
        lease.epoch
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Keeps what went over the wire, behind what is kept already. `false` when the lease has passed to somebody else.
pub async fn add_wire(db: &mut PgConnection, lease: Lease, wire: &Wire) -> Result<bool, Error> {
    let Wire { url, headers, body, status, answer, is_cut } = wire;
    let done = sqlx::query_file!(
        "queries/runs_add_wire.sql",
        lease.sample.0,
        lease.epoch,
        storable::text(url),
        storable::json("sample_wires.headers", headers)?,
        storable::text(body),
        status.map(i32::from),
        storable::text(answer),
        is_cut
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// How a sample ended.
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

    fn event(&self, lease: Lease) -> RunEventKind {
        let (cell, sample) = (lease.cell, lease.position);
        match self.clone() {
            Self::Done(metrics) => RunEventKind::Done { cell, sample, metrics },
            Self::Stopped(metrics) => RunEventKind::Stopped { cell, sample, metrics },
            Self::Failed { message, metrics } => RunEventKind::Error { cell, sample, message, metrics },
        }
    }
}

/// Ends a sample: its state, text and calls, its last event, the run's cost, and `run.done` when it was the last open one of
/// the run. `turn` is the whole turn up to here, for a take that goes on with it. `false` when the lease has passed to
/// somebody else or the sample has ended already.
pub async fn finish(
    db: &mut PgConnection,
    lease: Lease,
    end: &End,
    calls: &[ToolCall],
    turn: &[Step],
) -> Result<bool, Error> {
    let mut tx = db.begin().await?;
    let seq = next_seq(&mut tx, lease.run).await?;
    let metrics = end.metrics();
    let ended = sqlx::query_file!(
        "queries/runs_end_sample.sql",
        lease.run.0,
        lease.sample.0,
        lease.epoch,
        end.state().as_str(),
        storable::json("samples.calls", calls)?,
        end.error().map(storable::text),
        storable::json("samples.metrics", metrics)?,
        storable::json("samples.prior", turn)?
    )
    .fetch_optional(&mut *tx)
    .await?;
    let Some(ended) = ended else {
        tx.rollback().await?;
        return Ok(false);
    };
    if let Some(request) = metrics.request {
        note_ended(&mut tx, lease, request).await?;
    }
    log(&mut tx, lease.run, seq, Some(lease), &end.event(lease)).await?;
    // A call that was made and whose cost nobody knows is not free.
    sqlx::query!(
        "UPDATE runs SET cost_nano = cost_nano + $2,
                unpriced = unpriced OR $3 OR $4 AND EXISTS (SELECT FROM sample_requests WHERE sample_id = $5)
          WHERE id = $1",
        lease.run.0,
        metrics.cost.map_or(0, |cost| cost.0),
        metrics.unpriced,
        metrics.cost.is_none(),
        lease.sample.0
    )
    .execute(&mut *tx)
    .await?;
    let said = words::of(&[ended.text.as_str(), ended.asked.as_deref().unwrap_or_default()]);
    sqlx::query_file!("queries/runs_words.sql", lease.sample.0, said).execute(&mut *tx).await?;
    close_if_done(&mut tx, lease.run).await?;
    tx.commit().await?;
    Ok(true)
}

/// The last request of a sample, should it not be noted yet.
async fn note_ended(tx: &mut PgConnection, lease: Lease, request: RequestId) -> Result<(), Error> {
    sqlx::query!(
        "INSERT INTO sample_requests (request_id, sample_id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        request.0,
        lease.sample.0
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// When nothing of the run waits or runs any more: logs that, and notes when it was.
pub(super) async fn close_if_done(tx: &mut PgConnection, run: RunId) -> Result<(), Error> {
    let is_open = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM samples WHERE run_id = $1 AND state IN ('queued', 'running')) AS "is_open!""#,
        run.0
    );
    if is_open.fetch_one(&mut *tx).await? {
        return Ok(());
    }
    let seq = next_seq(tx, run).await?;
    log(tx, run, seq, None, &RunEventKind::RunDone).await?;
    close(tx, run).await
}

/// Notes that the run rests, and how far it is.
pub(super) async fn close(tx: &mut PgConnection, run: RunId) -> Result<(), Error> {
    sqlx::query!("UPDATE runs SET finished_at = clock_timestamp(), progress = run_progress(id) WHERE id = $1", run.0)
        .execute(tx)
        .await?;
    Ok(())
}

/// The next number of a run's log. The row stays locked until the caller's transaction ends, which makes numbers dense.
pub(super) async fn next_seq(tx: &mut PgConnection, run: RunId) -> Result<i64, Error> {
    let seq = sqlx::query_scalar!("UPDATE runs SET seq = seq + 1 WHERE id = $1 RETURNING seq", run.0);
    Ok(seq.fetch_one(tx).await?)
}

/// Writes an event of the run, or of one sample, under a number that was taken before.
pub(super) async fn log(
    tx: &mut PgConnection,
    run: RunId,
    seq: i64,
    of: Option<Lease>,
    event: &RunEventKind,
) -> Result<(), Error> {
    let payload = storable::json("run_events.payload", event)?;
    let (cell, sample) = (of.map(|lease| lease.cell.0), of.map(|lease| lease.sample.0));
    sqlx::query_file!("queries/runs_event.sql", run.0, seq, cell, sample, event.name(), payload).fetch_one(tx).await?;
    Ok(())
}
