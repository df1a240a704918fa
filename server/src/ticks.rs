//! What happens by the clock: heartbeat, sweep of expired attempts, partitions, old sessions. Many replicas may tick; each statement takes
//! the advisory lock or row lock that makes one of them the leader for that moment.

use std::time::Duration;

use gateway::Gateway;
use store::pool::Pools;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

const HEARTBEAT_AND_SWEEP: Duration = Duration::from_secs(5);
/// This many heartbeats make an hour.
const HOURLY: u32 = 720;

/// Ticks until `stop`. A failed tick is logged and tried again at the next one.
pub async fn run(gateway: Gateway, control: control::Context, pools: Pools, stop: CancellationToken) {
    let mut ticks = interval(HEARTBEAT_AND_SWEEP);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut count: u32 = 0;
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
            if let Err(error) = control::sessions::prune(&control).await {
                tracing::warn!(%error, "old sessions could not be removed");
            }
        }
        count = count.wrapping_add(1);
    }
}

async fn make_partitions(pools: &Pools) -> Result<(), store::Error> {
    let mut connection = pools.dashboard.acquire().await?;
    store::attempts::make_partitions(&mut connection).await
}
