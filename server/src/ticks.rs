//! What happens by the clock: heartbeat, sweep of expired attempts, partitions, what has expired, old text of calls, secrets that
//! an older master key sealed. Many replicas may tick; each statement takes the advisory lock or row lock that makes one of them
//! the leader for that moment, or changes a row only if it is still as it was read.

use std::time::Duration;

use domain::history::CONTENT_DAYS;
use gateway::Gateway;
use store::pool::{self, Pools};
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::foundation::rotation;

const HEARTBEAT_AND_SWEEP: Duration = Duration::from_secs(5);
/// This many heartbeats make an hour.
const HOURLY: u32 = 720;
/// Texts that one tick removes: few enough for the time limit of a statement, and the heartbeat waits behind it.
const TEXTS_AT_ONCE: u32 = 2_000;
/// Secrets that one tick seals again.
const SECRETS_AT_ONCE: u32 = 200;

/// Ticks until `stop`. A failed tick is logged and tried again at the next one.
pub async fn run(gateway: Gateway, control: control::Context, pools: Pools, stop: CancellationToken) {
    let mut ticks = interval(HEARTBEAT_AND_SWEEP);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut count: u32 = 0;
    let (mut has_more_text, mut has_more_secrets) = (false, false);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = stop.cancelled() => return,
        }
        if let Err(error) = gateway.heartbeat().await {
            tracing::warn!(%error, "no heartbeat this time");
        }
        match gateway.sweep().await {
            Ok(0) => {}
            Ok(swept) => tracing::warn!(swept, "attempts without an owner became uncertain"),
            Err(error) => tracing::warn!(%error, "no sweep this time"),
        }
        if count.is_multiple_of(HOURLY) {
            if let Err(error) = make_partitions(&pools).await {
                tracing::warn!(%error, "partitions could not be made");
            }
            prune(&control).await;
        }
        if has_more_secrets || count.is_multiple_of(HOURLY) {
            has_more_secrets = rewrap(&control).await.unwrap_or_else(|error| {
                tracing::warn!(%error, "stored secrets could not be sealed again");
                false
            });
        }
        if has_more_text || count.is_multiple_of(HOURLY) {
            has_more_text = expire_content(&pools).await.unwrap_or_else(|error| {
                tracing::warn!(%error, "old text of calls could not be removed");
                false
            });
        }
        count = count.wrapping_add(1);
    }
}

/// Removes what has expired and is of no more use.
async fn prune(control: &control::Context) {
    if let Err(error) = control::sessions::prune(control).await {
        tracing::warn!(%error, "what has expired could not be removed");
    }
}

/// After a change of the master key, moves what the older one sealed. Tells whether there is more of it.
async fn rewrap(control: &control::Context) -> Result<bool, control::Error> {
    // During a rotation a server with the older settings would move everything back, and the next one forth again.
    if rotation::sealing(&control.pools).await? != Some(control.vault.newest_id()) {
        return Ok(false);
    }
    let moved = control::vault::rewrap(control, SECRETS_AT_ONCE).await?;
    if moved.done > 0 {
        tracing::info!(done = moved.done, left = moved.left, "stored secrets are sealed under the newest master key");
    }
    Ok(moved.left > 0)
}

async fn make_partitions(pools: &Pools) -> Result<(), store::Error> {
    let mut connection = pools.dashboard.acquire().await?;
    store::attempts::make_partitions(&mut connection).await
}

/// What was said in calls goes after its time; their numbers stay. Tells whether there is more of it.
async fn expire_content(pools: &Pools) -> Result<bool, store::Error> {
    let mut connection = pool::connection(&pools.dashboard).await?;
    let removed = store::bodies::expire(&mut connection, CONTENT_DAYS, TEXTS_AT_ONCE).await?;
    if removed > 0 {
        tracing::info!(removed, "old text of calls is gone");
    }
    Ok(removed == u64::from(TEXTS_AT_ONCE))
}
