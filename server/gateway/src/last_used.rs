//! When keys were last used: gathered in memory, written at most once a minute. Losing a minute of it is allowed.

use std::{
    collections::HashSet,
    mem,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use domain::id::KeyId;
use store::pool::{self, Pools};
use tokio_util::sync::CancellationToken;

const EVERY: Duration = Duration::from_secs(60);

#[derive(Debug, Default)]
pub(crate) struct LastUsed(Mutex<HashSet<KeyId>>);

impl LastUsed {
    pub(crate) fn note(&self, key: KeyId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key);
    }

    /// Writes what was noted, once a minute and at the end.
    pub(crate) async fn run(&self, pools: &Pools, stop: &CancellationToken) {
        loop {
            let is_over = tokio::select! {
                () = tokio::time::sleep(EVERY) => false,
                () = stop.cancelled() => true,
            };
            if let Err(error) = self.write(pools).await {
                tracing::warn!(%error, "last use of keys was not noted");
            }
            if is_over {
                return;
            }
        }
    }

    async fn write(&self, pools: &Pools) -> Result<(), store::Error> {
        let keys: Vec<KeyId> =
            mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner)).into_iter().collect();
        if keys.is_empty() {
            return Ok(());
        }
        let mut connection = pool::connection(&pools.dashboard).await?;
        store::attempts::touch_keys(&mut connection, &keys).await
    }
}
