//! Writes what a sample says: merged, numbered, and at most 20 times a second.
//!
//! Text waits here until it is due, so a fast model costs no more commits than a slow one. A write that meets a database
//! that is away is repeated for a while; whether a commit without an answer held is looked up, so no text is written twice.

use std::time::Duration;

use domain::{
    clock::Entropy,
    event::RunEventKind,
    id::{RequestId, TeamId},
    run::{CellMetrics, ToolCall, Wire},
};
use store::{
    pool::Pools,
    runs::{End, Lease},
};
use tokio::time::Instant;

use crate::turn::{Turn, storable};

/// Time between two events of one sample.
const INTERVAL: Duration = Duration::from_millis(50);
/// How long a write is repeated: less than a lease holds, so that the right to write is still there.
const PATIENCE: Duration = Duration::from_secs(10);
const FIRST_PAUSE_MS: u64 = 100;
const LONGEST_PAUSE_MS: u64 = 2_000;

/// Why nothing more can be written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("the lease has passed to another executor")]
    Lost,
    #[error("the run's log could not be written")]
    Database(#[source] store::Error),
}

/// Between what is said before and after a tool was called.
const PAUSE: &str = "\n\n";

/// The writing end of one sample's log.
pub(crate) struct Log<'a> {
    pools: &'a Pools,
    entropy: &'a dyn Entropy,
    lease: Lease,
    /// Text that is not written yet.
    pending: String,
    /// Number of this sample's newest event.
    newest: i64,
    due: Instant,
    /// Was anything said yet?
    has_spoken: bool,
    /// The next words do not follow the last ones directly.
    is_paused: bool,
}

impl<'a> Log<'a> {
    pub fn new(pools: &'a Pools, entropy: &'a dyn Entropy, lease: Lease) -> Self {
        Self {
            pools,
            entropy,
            lease,
            pending: String::new(),
            newest: 0,
            due: Instant::now(),
            has_spoken: false,
            is_paused: false,
        }
    }

    /// Takes text that will be written when it is due.
    pub fn say(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        if std::mem::take(&mut self.is_paused) && self.has_spoken {
            self.pending.push_str(PAUSE);
        }
        self.has_spoken = true;
        self.pending.push_str(&storable(text));
    }

    /// What is said next is another message.
    pub fn pause(&mut self) {
        self.is_paused = true;
    }

    /// When waiting text should be written; `None` when there is none.
    pub fn due(&self) -> Option<Instant> {
        (!self.pending.is_empty()).then_some(self.due)
    }

    /// Writes the text that waits.
    pub async fn flush(&mut self) -> Result<(), Error> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let event = RunEventKind::Delta {
            cell: self.lease.cell,
            sample: self.lease.position,
            text: std::mem::take(&mut self.pending),
        };
        self.append(&event).await?;
        self.due = Instant::now() + INTERVAL;
        Ok(())
    }

    pub async fn start(&mut self) -> Result<(), Error> {
        let Lease { cell, position, take, .. } = self.lease;
        self.append(&RunEventKind::Start { cell, sample: position, take }).await
    }

    /// Writes a call, behind the text before it.
    pub async fn tool(&mut self, call: &ToolCall) -> Result<(), Error> {
        self.flush().await?;
        let Lease { cell, position, .. } = self.lease;
        self.append(&RunEventKind::Tool { cell, sample: position, call: call.clone() }).await
    }

    /// Notes which request is made for this sample.
    pub async fn note(&self, request: RequestId) -> Result<(), Error> {
        let mut retry = Retry::new();
        loop {
            let noting = async {
                let mut db = store::pool::connection(&self.pools.dashboard).await?;
                store::runs::note_request(&mut db, self.lease, request).await
            };
            match noting.await {
                Ok(true) => return Ok(()),
                Ok(false) => return Err(Error::Lost),
                Err(error) => retry.pause(error, self.entropy).await?,
            }
        }
    }

    /// What was called for this sample under earlier leases.
    pub async fn called(&self, team: TeamId) -> Result<CellMetrics, Error> {
        let mut retry = Retry::new();
        loop {
            let looking = async {
                let mut db = store::pool::connection(&self.pools.dashboard).await?;
                store::runs::called(&mut db, team, self.lease.sample).await
            };
            match looking.await {
                Ok(metrics) => return Ok(metrics),
                Err(error) => retry.pause(error, self.entropy).await?,
            }
        }
    }

    /// Keeps what went over the wire. It is for looking at: when the database is away, the answer is worth more.
    pub async fn keep(&self, wires: &[Wire]) -> Result<(), Error> {
        for wire in wires {
            let keeping = async {
                let mut db = store::pool::connection(&self.pools.dashboard).await?;
                store::runs::add_wire(&mut db, self.lease, wire).await
            };
            match keeping.await {
                Ok(true) => {}
                Ok(false) => return Err(Error::Lost),
                Err(error) => {
                    let cause = &error as &dyn std::error::Error;
                    tracing::warn!(sample = %self.lease.sample, error = cause, "an exchange is not kept");
                }
            }
        }
        Ok(())
    }

    async fn append(&mut self, event: &RunEventKind) -> Result<(), Error> {
        let mut retry = Retry::new();
        loop {
            match self.try_append(event, retry.is_first()).await {
                Ok(Some(seq)) => {
                    self.newest = seq;
                    return Ok(());
                }
                Ok(None) => return Err(Error::Lost),
                Err(error) => retry.pause(error, self.entropy).await?,
            }
        }
    }

    async fn try_append(&self, event: &RunEventKind, is_first: bool) -> Result<Option<i64>, store::Error> {
        let mut db = store::pool::connection(&self.pools.dashboard).await?;
        if !is_first {
            let written = store::runs::events_of_sample_after(&mut db, self.lease, self.newest).await?;
            if let Some(seq) = written.last() {
                return Ok(Some(*seq));
            }
        }
        store::runs::append(&mut db, self.lease, event).await
    }

    /// Writes the remaining text and ends the sample.
    pub async fn end(&mut self, end: &End, turn: &Turn) -> Result<(), Error> {
        self.flush().await?;
        let mut retry = Retry::new();
        loop {
            let is_first = retry.is_first();
            match self.try_end(end, turn).await {
                Ok(true) => return Ok(()),
                // A repeated ending that finds the sample ended has most likely found its own work; either way it is over.
                Ok(false) if !is_first => return Ok(()),
                Ok(false) => return Err(Error::Lost),
                Err(error) => retry.pause(error, self.entropy).await?,
            }
        }
    }

    async fn try_end(&self, end: &End, turn: &Turn) -> Result<bool, store::Error> {
        let mut db = store::pool::connection(&self.pools.dashboard).await?;
        store::runs::finish(&mut db, self.lease, end, &turn.calls(), turn.steps()).await
    }
}

/// Pauses that double, with jitter, until patience ends.
struct Retry {
    until: Instant,
    pause_ms: u64,
}

impl Retry {
    fn new() -> Self {
        Self { until: Instant::now() + PATIENCE, pause_ms: 0 }
    }

    fn is_first(&self) -> bool {
        self.pause_ms == 0
    }

    /// Waits before the next try, or gives up with the error of this one.
    async fn pause(&mut self, error: store::Error, entropy: &dyn Entropy) -> Result<(), Error> {
        if Instant::now() >= self.until {
            return Err(Error::Database(error));
        }
        self.pause_ms = (self.pause_ms * 2).clamp(FIRST_PAUSE_MS, LONGEST_PAUSE_MS);
        let mut draw = [0u8];
        entropy.fill(&mut draw);
        let jitter_ms = self.pause_ms * u64::from(draw[0]) / 512;
        tokio::time::sleep(Duration::from_millis(self.pause_ms + jitter_ms)).await;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use domain::id::{CellId, RunId, SampleId};
    use uuid::Uuid;

    use super::*;

    struct Fixed;

    impl Entropy for Fixed {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(7);
        }
    }

    fn log(pools: &Pools) -> Log<'_> {
        let nil = Uuid::nil();
        let (run, cell, sample) = (RunId(nil), CellId(nil), SampleId(nil));
        Log::new(pools, &Fixed, Lease { run, cell, sample, position: 0, take: 1, epoch: 1 })
    }

    fn nowhere() -> Pools {
        Pools::connect("postgres://nobody@127.0.0.1:1/none").unwrap()
    }

    #[tokio::test]
    async fn what_postgres_cannot_store_is_replaced_and_the_rest_is_kept() {
        let pools = nowhere();
        let mut log = log(&pools);
        assert!(log.due().is_none());
        log.say("a\0é");
        log.say("🦀");
        assert_eq!(log.pending, "a\u{fffd}é🦀");
        assert!(log.due().is_some());
    }

    #[tokio::test]
    async fn pg_6_words_after_a_call_stand_apart_from_those_before_it() {
        let pools = nowhere();
        let mut log = log(&pools);
        log.pause();
        log.say("one");
        log.pause();
        log.say("");
        log.pause();
        log.say("two");
        log.say(" more");
        assert_eq!(log.pending, "one\n\ntwo more");
    }
}
