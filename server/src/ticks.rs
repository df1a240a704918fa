//! What happens by the clock: heartbeat, sweep of expired attempts, partitions. Many replicas may tick; each statement takes
//! the advisory lock or row lock that makes one of them the leader for that moment.

use std::time::Duration;

use gateway::Gateway;
use store::pool::Pools;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

const HEARTBEAT_AND_SWEEP: Duration = Duration::from_secs(5);
/// Every this many heartbeats the partitions are looked after: hourly.
const PARTITIONS_EVERY: u32 = 720;

/// Ticks until `stop`. A failed tick is logged and tried again at the next one.
pub async fn run(gateway: Gateway, pools: Pools, stop: CancellationToken) {
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
        if count.is_multiple_of(PARTITIONS_EVERY)
            && let Err(error) = make_partitions(&pools).await
        {
            tracing::warn!(%error, "partitions could not be made");
        }
        count = count.wrapping_add(1);
    }
}

async fn make_partitions(pools: &Pools) -> Result<(), store::Error> {
    let mut connection = pools.dashboard.acquire().await?;
    store::attempts::make_partitions(&mut connection).await
}
