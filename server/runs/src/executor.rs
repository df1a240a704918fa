//! Claims samples from the queue and runs a bounded number of them at once; every replica has one executor.
//!
//! Two loops: one claims (woken by a notification, else once a second), one renews the leases of what is running and hands
//! on requests to stop (woken by a notification, else twice a second). A sample is a tracked task; what it does is in `cell`.
//! Shutdown stops claiming and lets running samples go on; the gateway, which cuts its calls when the grace is over, ends them.

use std::{
    collections::HashMap,
    num::NonZeroUsize,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use domain::{
    clock::{Clock, Entropy},
    id::{ReplicaId, SampleId},
};
use gateway::Gateway;
use store::{
    pool::Pools,
    runs::{ClaimedSample, Lease, Renewed},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{Error, Watch, cell, material::Materials};

/// How many samples one replica runs at once, unless it is told otherwise.
const CONCURRENT: NonZeroUsize = NonZeroUsize::MIN.saturating_add(15);
const POLL: Duration = Duration::from_secs(1);
const RENEW: Duration = Duration::from_millis(500);

/// What an executor works with.
pub struct Parts {
    pub pools: Pools,
    pub gateway: Gateway,
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
    /// Everything here runs in this tracker: wait for it before the gateway's own core ends.
    pub tasks: TaskTracker,
    /// From its cancellation on nothing is claimed; running samples go on until they end or their calls are cut.
    pub stop: CancellationToken,
}

/// What a running sample is told from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    GoOn,
    /// A person asked it to stop.
    Stop,
    /// Another executor holds it now.
    Lost,
}

/// The work of one replica. It has no handle: `Parts::stop` ends it, `Parts::tasks` tells when it has ended.
pub struct Executor {
    pub(crate) parts: Parts,
    watch: Watch,
    /// Owner of the leases: this start of this process.
    replica: ReplicaId,
    slots: Arc<Semaphore>,
    held: Mutex<HashMap<SampleId, Held>>,
    materials: Materials,
}

struct Held {
    epoch: i32,
    order: watch::Sender<Order>,
}

/// Waits for `news`, but not longer than `limit`.
async fn at_most(limit: Duration, news: impl Future<Output = ()>) {
    tokio::select! {
        () = news => {}
        () = tokio::time::sleep(limit) => {}
    }
}

impl Executor {
    /// Starts listening, claiming and renewing. The answer tells event streams what happens to runs.
    pub async fn start(parts: Parts) -> Result<Watch, Error> {
        Self::start_with(parts, CONCURRENT).await
    }

    /// The same with another number of samples at once.
    pub async fn start_with(parts: Parts, concurrent: NonZeroUsize) -> Result<Watch, Error> {
        let watch = Watch::start(&parts.pools, &parts.tasks, parts.stop.clone()).await?;
        let tasks = parts.tasks.clone();
        let executor = Arc::new(Self {
            replica: ReplicaId::new(&*parts.clock, &*parts.entropy),
            watch: watch.clone(),
            slots: Arc::new(Semaphore::new(concurrent.get())),
            held: Mutex::default(),
            materials: Materials::default(),
            parts,
        });
        tasks.spawn(Arc::clone(&executor).claim_samples());
        tasks.spawn(executor.renew_leases());
        Ok(watch)
    }

    async fn claim_samples(self: Arc<Self>) {
        let stop = &self.parts.stop;
        while let Some(Ok(slot)) = stop.run_until_cancelled(Arc::clone(&self.slots).acquire_owned()).await {
            match self.claim().await {
                Ok(Some(sample)) => {
                    // Held before the task starts, so that a renewal never misses it.
                    let orders = self.hold(sample.lease);
                    self.parts.tasks.spawn(Arc::clone(&self).run(sample, orders, slot));
                }
                Ok(None) => {
                    drop(slot);
                    stop.run_until_cancelled(at_most(POLL, self.watch.queued())).await;
                }
                Err(error) => {
                    drop(slot);
                    tracing::warn!(error = &error as &dyn std::error::Error, "cannot claim a sample");
                    stop.run_until_cancelled(tokio::time::sleep(POLL)).await;
                }
            }
        }
        self.watch.look_at_samples();
    }

    /// Goes on after `stop` until the last sample has ended: a lease that runs out meanwhile would end a living one.
    async fn renew_leases(self: Arc<Self>) {
        loop {
            at_most(RENEW, self.watch.stops()).await;
            // Samples claimed after this line are not in the answer below and must not be taken for lost.
            let asked: Vec<(SampleId, i32)> = self.held().iter().map(|(sample, held)| (*sample, held.epoch)).collect();
            if asked.is_empty() {
                if self.parts.stop.is_cancelled() {
                    return;
                }
                continue;
            }
            match self.renew().await {
                Ok(renewed) => asked.into_iter().for_each(|(sample, epoch)| self.apply(sample, epoch, &renewed)),
                Err(error) => tracing::warn!(error = &error as &dyn std::error::Error, "cannot renew leases"),
            }
        }
    }

    async fn claim(&self) -> Result<Option<ClaimedSample>, store::Error> {
        let mut db = store::pool::connection(&self.parts.pools.dashboard).await?;
        store::runs::claim(&mut db, self.replica).await
    }

    async fn renew(&self) -> Result<Vec<Renewed>, store::Error> {
        let mut db = store::pool::connection(&self.parts.pools.dashboard).await?;
        store::runs::renew(&mut db, self.replica).await
    }

    async fn run(self: Arc<Self>, sample: ClaimedSample, orders: watch::Receiver<Order>, slot: OwnedSemaphorePermit) {
        let lease = sample.lease;
        cell::run(&self.parts, &self.materials, sample, orders).await;
        self.let_go(lease);
        drop(slot);
    }

    fn hold(&self, lease: Lease) -> watch::Receiver<Order> {
        let (order, orders) = watch::channel(Order::GoOn);
        self.held().insert(lease.sample, Held { epoch: lease.epoch, order });
        orders
    }

    fn let_go(&self, lease: Lease) {
        let mut held = self.held();
        // After a lost lease the same executor may already hold the sample again.
        if held.get(&lease.sample).is_some_and(|held| held.epoch == lease.epoch) {
            held.remove(&lease.sample);
        }
        if held.is_empty() {
            self.watch.look_at_samples();
        }
    }

    fn apply(&self, sample: SampleId, epoch: i32, renewed: &[Renewed]) {
        let mine = renewed.iter().find(|renewed| renewed.lease.sample == sample && renewed.lease.epoch == epoch);
        let order = match mine {
            None => Order::Lost,
            Some(renewed) if renewed.stop_requested => Order::Stop,
            Some(_) => return,
        };
        if let Some(held) = self.held().get(&sample).filter(|held| held.epoch == epoch) {
            held.order.send_if_modified(|now| std::mem::replace(now, order) != order);
        }
    }

    fn held(&self) -> MutexGuard<'_, HashMap<SampleId, Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
