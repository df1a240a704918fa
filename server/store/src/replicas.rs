//! Server processes and their heartbeats: the sweep takes over what a silent one left open.

use chrono::{DateTime, Utc};
use domain::id::ReplicaId;
use sqlx::PgConnection;

use crate::Error;

/// Says that this process lives. The first call makes its row.
pub async fn heartbeat(db: &mut PgConnection, replica: ReplicaId) -> Result<(), Error> {
    sqlx::query!(
        "INSERT INTO replicas (id) VALUES ($1) ON CONFLICT (id) DO UPDATE SET heartbeat_at = clock_timestamp()",
        replica.0
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Takes the row of a process that ends in good order, and rows of processes that are silent for a day.
pub async fn leave(db: &mut PgConnection, replica: ReplicaId) -> Result<(), Error> {
    sqlx::query!(
        "DELETE FROM replicas WHERE id = $1 OR heartbeat_at < clock_timestamp() - interval '1 day'",
        replica.0
    )
    .execute(db)
    .await?;
    Ok(())
}

/// When each process that lives was started. One that was killed still counts for 30 seconds, as it does for the sweep.
pub async fn live(db: &mut PgConnection) -> Result<Vec<DateTime<Utc>>, Error> {
    let query = sqlx::query_scalar!(
        "SELECT started_at FROM replicas WHERE heartbeat_at > clock_timestamp() - interval '30 seconds'"
    );
    Ok(query.fetch_all(db).await?)
}
