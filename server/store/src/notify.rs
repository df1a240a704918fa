//! Telling every replica that something changed. A notification is a hint: it can be lost with its connection, so whoever
//! listens also polls.

use sqlx::{
    PgConnection,
    postgres::{PgListener, PgPool},
};

use crate::Error;

/// Configuration changed: raises its version and notifies, both with the caller's transaction. Returns the new version.
pub async fn config(tx: &mut PgConnection) -> Result<i64, Error> {
    let version = sqlx::query_scalar!("UPDATE config_version SET version = version + 1 RETURNING version")
        .fetch_one(&mut *tx)
        .await?;
    sqlx::query!("SELECT pg_notify('config', $1) AS sent", version.to_string()).execute(tx).await?;
    Ok(version)
}

/// The version of the configuration as committed.
pub async fn config_version(db: &mut PgConnection) -> Result<i64, Error> {
    Ok(sqlx::query_scalar!("SELECT version FROM config_version").fetch_one(db).await?)
}

/// One connection that hears of new configuration for as long as it lives.
pub struct ConfigListener(PgListener);

impl ConfigListener {
    pub async fn listen(pool: &PgPool) -> Result<Self, Error> {
        let mut listener = PgListener::connect_with(pool).await?;
        listener.listen("config").await?;
        Ok(Self(listener))
    }

    /// Returns when something changed, or may have while the connection was away.
    pub async fn changed(&mut self) -> Result<(), Error> {
        self.0.try_recv().await?;
        Ok(())
    }
}
