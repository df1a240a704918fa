//! Writes what a cell says: merged, numbered, and at most 20 times a second.
//!
//! Text waits here until it is due, so a fast model costs no more commits than a slow one. A write that meets a database
//! that is away is repeated for a while; whether a commit without an answer held is looked up, so no text is written twice.

use std::time::Duration;

use domain::{
    clock::{Clock, Entropy},
    event::RunEventKind,
    id::SampleId,
};
use store::{
    pool::Pools,
    runs::{End, Lease},
};
use tokio::time::Instant;

/// Time between two events of one cell.
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

/// The writing end of one cell's log.
pub(crate) struct Log<'a> {
    pools: &'a Pools,
    clock: &'a dyn Clock,
    entropy: &'a dyn Entropy,
    lease: Lease,
    /// Text that is not written yet.
    pending: String,
    /// Number of this cell's newest event.
    newest: i64,
    due: Instant,
}

impl<'a> Log<'a> {
    pub fn new(pools: &'a Pools, clock: &'a dyn Clock, entropy: &'a dyn Entropy, lease: Lease) -> Self {
        Self { pools, clock, entropy, lease, pending: String::new(), newest: 0, due: Instant::now() }
    }

    /// Takes text that will be written when it is due. Postgres stores no NUL, so it becomes the replacement character.
    pub fn say(&mut self, text: &str) {
        self.pending.extend(text.chars().map(|c| if c == '\0' { char::REPLACEMENT_CHARACTER } else { c }));
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
        let event = RunEventKind::Delta { cell: self.lease.cell, text: std::mem::take(&mut self.pending) };
        self.append(&event).await?;
        self.due = Instant::now() + INTERVAL;
        Ok(())
    }

    pub async fn start(&mut self) -> Result<(), Error> {
        self.append(&RunEventKind::Start { cell: self.lease.cell }).await
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
            let written = store::runs::events_of_cell_after(&mut db, self.lease, self.newest).await?;
            if let Some(seq) = written.last() {
                return Ok(Some(*seq));
            }
        }
        store::runs::append(&mut db, self.lease, event).await
    }

    /// Writes the remaining text and ends the cell.
    pub async fn end(mut self, end: &End) -> Result<(), Error> {
        self.flush().await?;
        let sample = SampleId::new(self.clock, self.entropy);
        let mut retry = Retry::new();
        loop {
            let is_first = retry.is_first();
            match self.try_end(sample, end).await {
                Ok(true) => return Ok(()),
                // A repeated ending that finds the cell ended has most likely found its own work; either way it is over.
                Ok(false) if !is_first => return Ok(()),
                Ok(false) => return Err(Error::Lost),
                Err(error) => retry.pause(error, self.entropy).await?,
            }
        }
    }

    async fn try_end(&self, sample: SampleId, end: &End) -> Result<bool, store::Error> {
        let mut db = store::pool::connection(&self.pools.dashboard).await?;
        store::runs::finish(&mut db, self.lease, sample, end).await
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
    use chrono::{DateTime, Utc};
    use domain::id::{CellId, RunId};

    use super::*;

    struct Fixed;

    impl Clock for Fixed {
        fn now(&self) -> DateTime<Utc> {
            DateTime::UNIX_EPOCH
        }
    }

    impl Entropy for Fixed {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(7);
        }
    }

    #[tokio::test]
    async fn what_postgres_cannot_store_is_replaced_and_the_rest_is_kept() {
        let pools = Pools::connect("postgres://nobody@127.0.0.1:1/none").unwrap();
        let lease = Lease { run: RunId(uuid::Uuid::nil()), cell: CellId(uuid::Uuid::nil()), epoch: 1 };
        let mut log = Log::new(&pools, &Fixed, &Fixed, lease);
        assert!(log.due().is_none());
        log.say("a\0é");
        log.say("🦀");
        assert_eq!(log.pending, "a\u{fffd}é🦀");
        assert!(log.due().is_some());
    }
}
