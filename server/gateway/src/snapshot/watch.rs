//! Keeps the snapshot fresh: notifications merged for 100 ms, and a poll every second because a notification can be lost.
//! There is one load path: start, change and recovery are the same code. Each poll also reads the database's clock: ours only
//! counts on from there, and a machine that slept has counted too little.

use std::{sync::Arc, time::Duration};

use arc_swap::ArcSwap;
use auth::Vault;
use chrono::{DateTime, Utc};
use store::{instance, notify, pool, pool::Pools};
use tokio::{
    sync::watch,
    time::{Instant, sleep},
};
use tokio_util::sync::CancellationToken;

use super::{Snapshot, clock::DatabaseClock};

const MERGE: Duration = Duration::from_millis(100);
const POLL: Duration = Duration::from_secs(1);

/// The snapshot in force, and who looks after it.
pub(crate) struct Watch {
    current: ArcSwap<Snapshot>,
    version: watch::Sender<i64>,
    clock: ArcSwap<DatabaseClock>,
    pools: Pools,
    vault: Arc<Vault>,
}

impl Watch {
    /// Loads the first snapshot.
    pub(crate) async fn start(pools: Pools, vault: Arc<Vault>) -> Result<Self, store::Error> {
        let (snapshot, clock) = load(&pools, &vault).await?;
        let version = watch::Sender::new(snapshot.version);
        let clock = ArcSwap::from_pointee(clock);
        Ok(Self { current: ArcSwap::from_pointee(snapshot), version, clock, pools, vault })
    }

    pub(crate) fn current(&self) -> Arc<Snapshot> {
        self.current.load_full()
    }

    /// The database's clock, as of its last reading and counted on from there.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.clock.load().now()
    }

    /// Waits until a snapshot of at least this version is in force.
    pub(crate) async fn wait_for(&self, version: i64) {
        // The sender lives as long as `self`, so this cannot fail.
        let _ = self.version.subscribe().wait_for(|current| *current >= version).await;
    }

    /// Watches until `stop`.
    pub(crate) async fn run(&self, stop: &CancellationToken) {
        let mut listener = None;
        loop {
            if listener.is_none() {
                listener = notify::ConfigListener::listen(&self.pools.dashboard).await.ok();
            }
            let is_notified = tokio::select! {
                () = stop.cancelled() => return,
                () = sleep(POLL) => false,
                heard = changed(&mut listener) => heard,
            };
            if is_notified {
                sleep(MERGE).await;
            }
            if let Err(error) = self.refresh().await {
                tracing::warn!(%error, "the configuration could not be read again; the last one stays in force");
            }
        }
    }

    /// Loads when the version is another one.
    async fn refresh(&self) -> Result<(), store::Error> {
        let mut connection = pool::connection(&self.pools.auth).await?;
        let version = notify::config_version(&mut connection).await?;
        let asked = Instant::now();
        self.clock.store(Arc::new(DatabaseClock::new(instance::now(&mut connection).await?, asked)));
        drop(connection);
        if version == self.current.load().version {
            return Ok(());
        }
        let (snapshot, clock) = load(&self.pools, &self.vault).await?;
        self.clock.store(Arc::new(clock));
        let version = snapshot.version;
        self.current.store(Arc::new(snapshot));
        self.version.send_replace(version);
        Ok(())
    }
}

/// Waits for a notification. A lost connection gives the listener up; without one this never returns, and the poll goes on.
async fn changed(listener: &mut Option<notify::ConfigListener>) -> bool {
    let Some(connected) = listener else { return std::future::pending().await };
    if connected.changed().await.is_err() {
        *listener = None;
    }
    true
}

async fn load(pools: &Pools, vault: &Vault) -> Result<(Snapshot, DatabaseClock), store::Error> {
    let mut tx = store::snapshot::begin(&pools.auth).await?;
    let asked = Instant::now();
    let rows = store::snapshot::load(&mut tx).await?;
    pool::commit(tx).await?;
    let clock = DatabaseClock::new(rows.now, asked);
    Ok((Snapshot::new(rows, vault), clock))
}
