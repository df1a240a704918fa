//! The one row of instance settings, and the check value of the master key.

use chrono::{DateTime, Utc};
use domain::team::StoreContent;
use sqlx::PgConnection;

use crate::Error;

/// Settings of the whole instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instance {
    pub revision: i64,
    pub name: String,
    /// IANA zone.
    pub reporting_zone: String,
    /// What new teams start with.
    pub store_content: StoreContent,
    /// Private upstream addresses: address or network, with or without port.
    pub allow_private: Vec<String>,
}

/// Key of the advisory lock that set-up, bundles and other instance-wide changes take.
const LOCK: i64 = 0x7461_6c6c_7901;

/// Makes instance-wide changes wait for each other until the end of the transaction.
pub async fn lock(db: &mut PgConnection) -> Result<(), Error> {
    // The cast drops the function's `void`, which is no type of ours.
    sqlx::query_scalar!("SELECT pg_advisory_xact_lock($1)::text", LOCK).fetch_one(db).await?;
    Ok(())
}

/// `None` before the first set-up.
pub async fn load(db: &mut PgConnection) -> Result<Option<Instance>, Error> {
    let row = sqlx::query!("SELECT revision, name, reporting_zone, store_content, allow_private FROM instance")
        .fetch_optional(db)
        .await?;
    row.map(|row| {
        let store_content = StoreContent::parse(&row.store_content)
            .ok_or(Error::Unknown { column: "instance.store_content", value: row.store_content })?;
        Ok(Instance {
            revision: row.revision,
            name: row.name,
            reporting_zone: row.reporting_zone,
            store_content,
            allow_private: row.allow_private,
        })
    })
    .transpose()
}

/// The database's clock, which decides what has expired.
pub async fn now(db: &mut PgConnection) -> Result<DateTime<Utc>, Error> {
    Ok(sqlx::query_scalar!(r#"SELECT clock_timestamp() AS "now!""#).fetch_one(db).await?)
}

/// Writes all settings, whether or not there were some before; the revision is counted by itself.
pub async fn put(db: &mut PgConnection, instance: &Instance) -> Result<(), Error> {
    let Instance { revision: _, name, reporting_zone, store_content, allow_private: private_addresses } = instance;
    sqlx::query!(
        "INSERT INTO instance (name, reporting_zone, store_content, allow_private) VALUES ($1, $2, $3, $4)
         ON CONFLICT (only_row) DO UPDATE SET name = excluded.name, reporting_zone = excluded.reporting_zone,
             store_content = excluded.store_content, allow_private = excluded.allow_private, revision = instance.revision + 1",
        name,
        reporting_zone,
        store_content.as_str(),
        private_addresses
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The stored check value; keeps `fresh` when there was none. Two first starts agree on one.
pub async fn check_value(db: &mut PgConnection, fresh: &[u8]) -> Result<Vec<u8>, Error> {
    sqlx::query!("INSERT INTO vault_check (sealed) VALUES ($1) ON CONFLICT DO NOTHING", fresh)
        .execute(&mut *db)
        .await?;
    Ok(sqlx::query_scalar!("SELECT sealed FROM vault_check").fetch_one(db).await?)
}

pub async fn stored_check_value(db: &mut PgConnection) -> Result<Option<Vec<u8>>, Error> {
    Ok(sqlx::query_scalar!("SELECT sealed FROM vault_check").fetch_optional(db).await?)
}

/// Replaces the check value by the same one under another master key, unless it has changed meanwhile.
pub async fn replace_check_value(db: &mut PgConnection, old: &[u8], new: &[u8]) -> Result<(), Error> {
    sqlx::query!("UPDATE vault_check SET sealed = $2 WHERE sealed = $1", old, new).execute(db).await?;
    Ok(())
}
