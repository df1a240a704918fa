//! The sweep: rows that nobody will resolve any more become `uncertain`, charged as they were reserved (`ledger.md` 9).

use sqlx::PgConnection;

use crate::Error;

/// Names the sweep among advisory locks: one replica sweeps at a time.
const SWEEP_LOCK: i64 = 0x7467_5f73_7765_6570;

/// Resolves at most 500 rows that expired or whose owner is silent for 30 s, and tells how many. In a transaction of its
/// own; 0 when another replica is at it.
pub async fn sweep(tx: &mut PgConnection) -> Result<u64, Error> {
    let is_ours = sqlx::query_scalar!("SELECT pg_try_advisory_xact_lock($1) AS \"locked!\"", SWEEP_LOCK);
    if !is_ours.fetch_one(&mut *tx).await? {
        return Ok(0);
    }
    let done = sqlx::query_file!("queries/attempts_sweep.sql").execute(tx).await?;
    Ok(done.rows_affected())
}
