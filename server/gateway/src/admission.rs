//! The admission writer: one task that commits the attempts of many calls in one transaction (`ledger.md` 6).
//!
//! It takes everyone who queued while the previous commit was in flight; there is no timer. Alone in the queue a call pays
//! one commit, under load many share one. Budgets will be decided here, under their locks, before the insert.

use std::{sync::Arc, time::Duration};

use domain::id::ReplicaId;
use store::{
    attempts::{self, NewAttempt},
    pool::{self, Pools},
};
use tokio::{
    sync::{mpsc, oneshot},
    time::Instant,
};
use tokio_util::sync::CancellationToken;

use crate::{error::Error, ledger::Reservation, settlement::Settlement};

const QUEUE: usize = 4_096;
const BATCH: usize = 256;
/// A waiter older than this is told no.
const PATIENCE: Duration = Duration::from_secs(2);
/// Tries of one batch: deadlocks, serialization failures, lost connections.
const TRIES: u32 = 3;

type Answer = Result<Reservation, Error>;

struct Waiter {
    attempt: Arc<NewAttempt>,
    queued: Instant,
    reply: oneshot::Sender<Answer>,
}

/// The door to the writer.
pub(crate) struct Admission {
    queue: mpsc::Sender<Waiter>,
}

/// The task.
pub(crate) struct Writer {
    queue: mpsc::Receiver<Waiter>,
    pools: Pools,
    owner: ReplicaId,
    settlement: Settlement,
}

/// Makes the door and the task.
pub(crate) fn new(pools: Pools, owner: ReplicaId, settlement: Settlement) -> (Admission, Writer) {
    let (sender, receiver) = mpsc::channel(QUEUE);
    (Admission { queue: sender }, Writer { queue: receiver, pools, owner, settlement })
}

impl Admission {
    /// Waits for the commit of one attempt, at most two seconds.
    pub(crate) async fn reserve(&self, attempt: NewAttempt) -> Answer {
        let (reply, mut answer) = oneshot::channel();
        let waiter = Waiter { attempt: Arc::new(attempt), queued: Instant::now(), reply };
        self.queue.try_send(waiter).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => Error::Overloaded,
            mpsc::error::TrySendError::Closed(_) => Error::AdmissionUnavailable,
        })?;
        match tokio::time::timeout(PATIENCE, &mut answer).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(Error::AdmissionUnavailable),
            Err(_) => {
                // After this the writer's reply fails and it releases the row; an answer already here still counts.
                answer.close();
                answer.try_recv().unwrap_or(Err(Error::AdmissionUnavailable))
            }
        }
    }
}

impl Writer {
    /// Writes until `stop`. The gateway stops it only when no call is left.
    pub(crate) async fn run(mut self, stop: &CancellationToken) {
        loop {
            let first = tokio::select! {
                () = stop.cancelled() => return,
                waiter = self.queue.recv() => waiter,
            };
            let Some(first) = first else { return };
            let mut batch = vec![first];
            while batch.len() < BATCH
                && let Ok(waiter) = self.queue.try_recv()
            {
                batch.push(waiter);
            }
            batch.retain(|waiter| !waiter.reply.is_closed());
            let (batch, late): (Vec<_>, Vec<_>) =
                batch.into_iter().partition(|waiter| waiter.queued.elapsed() < PATIENCE);
            for waiter in late {
                // The caller has given up by now as well; whether it hears this does not matter.
                let _ = waiter.reply.send(Err(Error::AdmissionUnavailable));
            }
            if !batch.is_empty() {
                self.decide(batch).await;
            }
        }
    }

    async fn decide(&self, batch: Vec<Waiter>) {
        let attempts: Vec<NewAttempt> = batch.iter().map(|waiter| (*waiter.attempt).clone()).collect();
        let committed = self.commit(&attempts).await;
        for Waiter { attempt, reply, .. } in batch {
            let answer = match committed {
                Committed::Yes => Ok(Reservation { attempt: attempt.clone() }),
                Committed::No | Committed::Unknown => Err(Error::AdmissionUnavailable),
            };
            let was_heard = reply.send(answer).is_ok();
            if matches!(committed, Committed::Unknown) || matches!(committed, Committed::Yes) && !was_heard {
                self.settlement.release_unsent(attempt);
            }
        }
    }

    /// Commits a batch. A lost connection leaves open whether the commit held: the same ids are inserted again, which waits
    /// for the old backend and meets its own rows.
    async fn commit(&self, attempts: &[NewAttempt]) -> Committed {
        let mut result = Committed::No;
        for attempt in 1..=TRIES {
            let error = match self.try_commit(attempts).await {
                Ok(()) => return Committed::Yes,
                Err(error) => error,
            };
            let is_lost = attempts::is_connection_lost(&error);
            if is_lost {
                result = Committed::Unknown;
            }
            if attempt == TRIES || !(is_lost || error.is_transient()) {
                tracing::error!(%error, source = ?std::error::Error::source(&error), batch = attempts.len(), "attempts could not be admitted");
                break;
            }
            tracing::warn!(%error, attempt, "admitting again");
        }
        result
    }

    async fn try_commit(&self, attempts: &[NewAttempt]) -> Result<(), store::Error> {
        // One statement is a transaction of its own: two round trips less for every call. Budgets will need a real one.
        let mut connection = pool::connection(&self.pools.admission).await?;
        attempts::insert(&mut connection, self.owner, attempts).await?;
        Ok(())
    }
}

/// Did a batch hold?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Committed {
    Yes,
    No,
    Unknown,
}

#[cfg(test)]
mod tests;
