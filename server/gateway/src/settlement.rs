//! The settlement writer: one task that ends attempts, many in one transaction, and never drops one (`ledger.md` 8).
//!
//! The queue has no bound of its own: it holds at most one entry for each live attempt. Forward moves only, so repeating a
//! batch after a lost COMMIT changes nothing. Windows and rollups will be booked here, for rows that really moved.

use std::{collections::HashSet, sync::Arc, time::Duration};

use domain::{
    Money,
    id::{AttemptId, ReplicaId},
    ledger::{AttemptState, Outcome},
    usage::UsageSource,
};
use store::{
    attempts::{self, Locked, NewAttempt, Resolution},
    pool::{self, Pools},
};
use tokio::{
    sync::{mpsc, oneshot},
    time::{Instant, sleep},
};
use tokio_util::sync::CancellationToken;

const BATCH: usize = 256;
const BACKOFF_FIRST: Duration = Duration::from_millis(50);
const BACKOFF_LONGEST: Duration = Duration::from_secs(5);
/// How long a dead database is waited for at shutdown. What is left then is resolved by the sweep.
const LAST_WAIT: Duration = Duration::from_secs(5);
/// Tries of one row that the database refuses for its content.
const REFUSALS: u32 = 5;

#[derive(Debug)]
struct Entry {
    attempt: Arc<NewAttempt>,
    resolution: Resolution,
    /// Insert the row when it is missing: the request was sent, so it must be in the books.
    is_owed: bool,
    refusals: u32,
    committed: Option<oneshot::Sender<()>>,
}

/// The door to the writer.
#[derive(Clone)]
pub(crate) struct Settlement {
    queue: mpsc::UnboundedSender<Entry>,
}

/// The task.
pub(crate) struct Writer {
    queue: mpsc::UnboundedReceiver<Entry>,
    pools: Pools,
    owner: ReplicaId,
}

pub(crate) fn new(pools: Pools, owner: ReplicaId) -> (Settlement, Writer) {
    let (sender, receiver) = mpsc::unbounded_channel();
    (Settlement { queue: sender }, Writer { queue: receiver, pools, owner })
}

impl Settlement {
    /// Queues the end of an attempt. The channel fires when it is committed; nobody has to listen.
    pub(crate) fn settle(&self, attempt: Arc<NewAttempt>, resolution: Resolution) -> oneshot::Receiver<()> {
        let (committed, receiver) = oneshot::channel();
        self.push(Entry { attempt, resolution, is_owed: true, refusals: 0, committed: Some(committed) });
        receiver
    }

    /// Gives back an attempt whose caller never heard of its admission, if it was admitted at all.
    pub(crate) fn release_unsent(&self, attempt: Arc<NewAttempt>) {
        let resolution = Resolution {
            id: attempt.id,
            state: AttemptState::Released,
            outcome: Outcome::Abandoned,
            http_status: None,
            upstream_id: None,
            finish_reason: None,
            model_served: None,
            usage: None,
            usage_source: UsageSource::None,
            usage_raw: None,
            cost: Some(Money::ZERO),
            charged: Money::ZERO,
            flags: Vec::new(),
            first_byte_ms: None,
            total_ms: 0,
            bytes_out: 0,
            client_aborted: false,
        };
        self.push(Entry { attempt, resolution, is_owed: false, refusals: 0, committed: None });
    }

    fn push(&self, entry: Entry) {
        if let Err(error) = self.queue.send(entry) {
            // Only after the writer ended, which is after the last call: the sweep will resolve the row.
            tracing::error!(attempt = %error.0.attempt.id, "an attempt ended after the settlement writer");
        }
    }
}

impl Writer {
    /// Writes until `stop`, then what is left.
    pub(crate) async fn run(mut self, stop: &CancellationToken) {
        loop {
            let first = tokio::select! {
                biased;
                entry = self.queue.recv() => entry,
                () = stop.cancelled() => None,
            };
            let Some(first) = first else { return };
            let mut batch = vec![first];
            while batch.len() < BATCH
                && let Ok(entry) = self.queue.try_recv()
            {
                batch.push(entry);
            }
            if !self.write(batch, stop).await {
                return;
            }
        }
    }

    /// Writes a batch, however long the database is away. False when it was given up at shutdown.
    async fn write(&self, mut batch: Vec<Entry>, stop: &CancellationToken) -> bool {
        let mut backoff = BACKOFF_FIRST;
        let mut last_chance: Option<Instant> = None;
        while !batch.is_empty() {
            let error = match self.commit(&mut batch).await {
                Ok(()) => return true,
                Err(error) => error,
            };
            let is_content = !attempts::is_connection_lost(&error)
                && matches!(error, store::Error::Statement(_))
                && !error.is_transient();
            if is_content {
                self.write_one_by_one(&mut batch).await;
            }
            if batch.is_empty() {
                return true;
            }
            if stop.is_cancelled() && *last_chance.get_or_insert_with(|| Instant::now() + LAST_WAIT) < Instant::now() {
                tracing::error!(%error, left = batch.len(), "settlements given up at shutdown: the sweep will resolve them");
                return false;
            }
            tracing::warn!(%error, waiting = batch.len(), "settling again");
            sleep(backoff).await;
            backoff = (backoff * 2).min(BACKOFF_LONGEST);
        }
        true
    }

    /// One row that the database refuses must not hold up its neighbours.
    async fn write_one_by_one(&self, batch: &mut Vec<Entry>) {
        let mut left = Vec::new();
        for entry in batch.drain(..) {
            let mut alone = vec![entry];
            let Err(error) = self.commit(&mut alone).await else { continue };
            for mut entry in alone {
                entry.refusals += 1;
                if entry.refusals < REFUSALS {
                    left.push(entry);
                } else {
                    tracing::error!(attempt = %entry.attempt.id, source = ?std::error::Error::source(&error), "a settlement is refused: the sweep will resolve its row");
                }
            }
        }
        *batch = left;
    }

    /// One transaction: lock, decide, move. Empties the batch when it held.
    async fn commit(&self, batch: &mut Vec<Entry>) -> Result<(), store::Error> {
        let mut tx = pool::begin(&self.pools.settlement).await?;
        let ids: Vec<AttemptId> = batch.iter().map(|entry| entry.attempt.id).collect();
        let mut locked = attempts::lock(&mut tx, &ids).await?;
        let present: HashSet<AttemptId> = locked.iter().map(|row| row.id).collect();
        let missing: Vec<&mut Entry> =
            batch.iter_mut().filter(|entry| entry.is_owed && !present.contains(&entry.attempt.id)).collect();
        if !missing.is_empty() {
            // A committed row cannot be missing unless the database lost it; the money was spent all the same.
            tracing::error!(
                rows = missing.len(),
                "admitted attempts are missing from the ledger and are written again"
            );
            let rows: Vec<NewAttempt> = missing.iter().map(|entry| (*entry.attempt).clone()).collect();
            attempts::insert(&mut tx, self.owner, &rows).await?;
            for entry in missing {
                if !entry.resolution.flags.contains(&"recreated") {
                    entry.resolution.flags.push("recreated");
                }
                locked.push(Locked {
                    id: entry.attempt.id,
                    state: AttemptState::Reserved,
                    reserved: entry.attempt.reserved,
                    charged: Money::ZERO,
                });
            }
        }
        let moves: Vec<Resolution> = locked.iter().filter_map(|row| decide(row, batch)).collect();
        if !moves.is_empty() {
            attempts::resolve(&mut tx, &moves).await?;
        }
        pool::commit(tx).await?;
        for entry in batch.drain(..) {
            if let Some(committed) = entry.committed {
                // Most callers do not wait for this.
                let _ = committed.send(());
            }
        }
        Ok(())
    }
}

/// The move of one row, if it may still move. The first entry of an attempt decides.
fn decide(row: &Locked, batch: &[Entry]) -> Option<Resolution> {
    let resolution = &batch.iter().find(|entry| entry.attempt.id == row.id)?.resolution;
    if row.state.may_become(resolution.state) {
        return Some(resolution.clone());
    }
    // The sweep came first, and now it is known that nothing was charged: late truth settles at zero.
    let is_late_release = row.state == AttemptState::Uncertain && resolution.state == AttemptState::Released;
    is_late_release.then(|| Resolution { state: AttemptState::Settled, cost: Some(Money::ZERO), ..resolution.clone() })
}

#[cfg(test)]
mod tests;
