//! Tells whoever shows a run that its log has grown.
//!
//! One connection per process listens for the whole cluster. A subscriber is only woken, never handed content: it reads
//! the log after its own cursor, with its own rights. A lost connection comes back and wakes everybody, so a notification
//! that went missing costs a moment and never an event.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use domain::id::RunId;
use store::{
    pool::Pools,
    runs::{Signal, Signals},
};
use tokio::sync::{Notify, watch};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::Error;

/// How long to wait before listening anew after the database refused.
const PAUSE: Duration = Duration::from_millis(500);

/// News of one run.
#[derive(Clone, Debug)]
pub struct Subscription(watch::Receiver<i64>);

impl Subscription {
    /// Waits until the run's log may have grown; the newest number heard of, 0 when none was. Cancel safe.
    pub async fn changed(&mut self) -> i64 {
        if self.0.changed().await.is_err() {
            // The hub has ended, and with it this process: nothing will be news any more.
            std::future::pending::<()>().await;
        }
        *self.0.borrow_and_update()
    }
}

/// The one listener of a process. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Watch(Arc<Hub>);

#[derive(Debug, Default)]
struct Hub {
    runs: Mutex<HashMap<RunId, watch::Sender<i64>>>,
    queued: Notify,
    stops: Notify,
}

impl Watch {
    /// Listens from its return on, in a task of `tasks` that ends with `stop`.
    pub async fn start(pools: &Pools, tasks: &TaskTracker, stop: CancellationToken) -> Result<Self, Error> {
        let watch = Self::default();
        let signals = Signals::listen(&pools.dashboard).await?;
        let (mine, pools) = (watch.clone(), pools.clone());
        tasks.spawn(async move {
            stop.run_until_cancelled(mine.listen(pools, signals)).await;
        });
        Ok(watch)
    }

    /// Wakes when the run's log may have grown. Subscribe first, then read the log: what is written in between wakes.
    pub fn subscribe(&self, run: RunId) -> Subscription {
        let mut runs = self.0.runs.lock().unwrap_or_else(PoisonError::into_inner);
        runs.retain(|_, sender| sender.receiver_count() > 0);
        Subscription(runs.entry(run).or_insert_with(|| watch::Sender::new(0)).subscribe())
    }

    /// For the executor: waits until there may be a sample to claim.
    pub(crate) async fn queued(&self) {
        self.0.queued.notified().await;
    }

    /// For the executor: waits until somebody may have asked one to stop, or [`Watch::look_at_samples`] was called.
    pub(crate) async fn stops(&self) {
        self.0.stops.notified().await;
    }

    /// Ends the wait of [`Watch::stops`].
    pub(crate) fn look_at_samples(&self) {
        self.0.stops.notify_one();
    }

    async fn listen(self, pools: Pools, mut signals: Signals) {
        loop {
            let lost = self.hear(signals).await;
            tracing::warn!(error = &lost as &dyn std::error::Error, "run notifications interrupted");
            signals = again(&pools).await;
            // What happened before the new connection listened is unknown.
            self.tell(Signal::Missed);
        }
    }

    async fn hear(&self, mut signals: Signals) -> store::Error {
        loop {
            match signals.next().await {
                Ok(signal) => self.tell(signal),
                Err(error) => return error,
            }
        }
    }

    fn tell(&self, signal: Signal) {
        let runs = self.0.runs.lock().unwrap_or_else(PoisonError::into_inner);
        match signal {
            Signal::Logged { run, seq } => {
                if let Some(sender) = runs.get(&run) {
                    sender.send_modify(|newest| *newest = seq.max(*newest));
                }
            }
            Signal::Queued => self.0.queued.notify_one(),
            Signal::StopAsked => self.0.stops.notify_one(),
            Signal::Missed => {
                runs.values().for_each(|sender| sender.send_modify(|_| {}));
                self.0.queued.notify_one();
                self.0.stops.notify_one();
            }
        }
    }
}

/// Listens anew, however long the database is away. The same pause every time: one connection per process asks.
async fn again(pools: &Pools) -> Signals {
    loop {
        tokio::time::sleep(PAUSE).await;
        if let Ok(signals) = Signals::listen(&pools.dashboard).await {
            return signals;
        }
    }
}
