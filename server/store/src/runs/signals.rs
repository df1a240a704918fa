//! What executors and event streams listen to: something was queued, stopped or logged.
//!
//! Notifications carry ids and numbers, never content, and may be lost with their connection; whoever waits for them also
//! reads the tables.

use domain::id::RunId;
use sqlx::postgres::{PgListener, PgPool};

use crate::Error;

/// One thing that happened somewhere in the cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// A run's log grew up to `seq`.
    Logged { run: RunId, seq: i64 },
    /// There may be a cell to claim.
    Queued,
    /// Somebody asked cells to stop.
    StopAsked,
    /// The connection was lost and is back: anything may have happened meanwhile.
    Missed,
}

/// One connection that listens for as long as it lives. It comes back by itself after a loss.
pub struct Signals(PgListener);

impl Signals {
    pub async fn listen(pool: &PgPool) -> Result<Self, Error> {
        let mut listener = PgListener::connect_with(pool).await?;
        listener.listen_all(["run", "run_queue", "run_stop"]).await?;
        Ok(Self(listener))
    }

    /// Waits for the next signal. After an error, listen anew.
    pub async fn next(&mut self) -> Result<Signal, Error> {
        let Some(notification) = self.0.try_recv().await? else { return Ok(Signal::Missed) };
        Ok(match notification.channel() {
            "run_queue" => Signal::Queued,
            "run_stop" => Signal::StopAsked,
            _ => logged(notification.payload()).unwrap_or(Signal::Missed),
        })
    }
}

fn logged(payload: &str) -> Option<Signal> {
    let (run, seq) = payload.split_once(':')?;
    Some(Signal::Logged { run: run.parse().ok()?, seq: seq.parse().ok()? })
}
