//! Which master key seals: the one that sealed the stored check value. A new key takes its place, and from then on seals, when a
//! server starts with it, or by the operator's step while no server runs. Until then everybody can read with it who has it, and
//! nobody writes with it: no command can seal what a running server could not open.
//!
//! So the check value is the proof: a process that does not hold its key does not start.

use chrono::{DateTime, Utc};
use control::{Actor, Error, audit, vault};
use domain::audit::AuditQuery;
use store::{
    pool::{self, Pools},
    replicas,
};

use super::Foundation;

/// What the audit log says of a rotation: a key was made, it began to seal, the older ones are gone.
pub const BEGUN: &str = "master_key.rotate";
pub const PROMOTED: &str = "master_key.promote";
pub const FORGOTTEN: &str = "master_key.forget";

/// The id of the key that seals; `None` before the first start.
pub async fn sealing(pools: &Pools) -> Result<Option<[u8; 8]>, store::Error> {
    let mut db = pool::connection(&pools.dashboard).await?;
    Ok(store::instance::stored_check_value(&mut db).await?.as_deref().and_then(auth::vault::key_id))
}

/// When each running server was started.
pub async fn live(pools: &Pools) -> Result<Vec<DateTime<Utc>>, store::Error> {
    let mut db = pool::connection(&pools.dashboard).await?;
    replicas::live(&mut db).await
}

/// Makes the newest key the one that seals. What older ones sealed moves with the ticks of the server.
pub async fn promote(foundation: &Foundation) -> Result<(), Error> {
    // Noted first: whoever starts after the check value has moved has proven their key, and nobody who started before the note.
    note(foundation, PROMOTED).await?;
    vault::rewrap(&foundation.control, 0).await?;
    tracing::info!("a new master key seals from now on");
    Ok(())
}

/// Notes an act of the operator.
pub async fn note(foundation: &Foundation, action: &str) -> Result<(), control::Error> {
    control::vault::note(&foundation.control, &Actor::operator(), action).await
}

/// The running servers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Servers {
    pub running: usize,
    /// Started before the key that seals began to, so they may not hold it.
    pub unproven: usize,
}

impl Servers {
    pub fn new(started: &[DateTime<Utc>], promoted: Option<DateTime<Utc>>) -> Self {
        let unproven = started.iter().filter(|at| promoted.is_some_and(|promoted| **at < promoted)).count();
        Self { running: started.len(), unproven }
    }

    pub async fn of(foundation: &Foundation) -> Result<Self, Error> {
        // Who has just started the database knows that nobody else uses it, however fresh the heartbeats of the killed are.
        if foundation.is_alone() {
            return Ok(Self::default());
        }
        let started = live(&foundation.pools).await?;
        let query = AuditQuery { action: PROMOTED.to_owned(), limit: Some(1), ..AuditQuery::default() };
        let page = audit::list(&foundation.control, &Actor::operator(), query).await?;
        let promoted = page.rows.first().and_then(|row| DateTime::parse_from_rfc3339(&row.at.iso).ok());
        Ok(Self::new(&started, promoted.map(|at| at.to_utc())))
    }
}

#[cfg(test)]
mod tests;
