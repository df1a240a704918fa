//! Secrets that a rotation replaced: they work until their overlap ends, and are remembered for ever, so that nobody brings
//! one back.

use chrono::{DateTime, Utc};
use domain::id::{KeyId, TeamId};
use sqlx::PgConnection;

use super::Key;
use crate::Error;

/// A secret that still works.
#[derive(Clone, Debug)]
pub struct Retired {
    pub key: KeyId,
    pub public: String,
    pub last_four: String,
    pub valid_until: DateTime<Utc>,
}

/// Keeps the present secret of a key for some hours, by the database's clock. No other secret of the key outlives it: whoever
/// shortens the overlap means all of them. After its time the row stays as a mark that this secret is a former one.
pub async fn keep(db: &mut PgConnection, team: TeamId, key: &Key, hours: u32) -> Result<(), Error> {
    let hours = i32::try_from(hours).unwrap_or(i32::MAX);
    sqlx::query!(
        "UPDATE retired_secrets SET valid_until = least(valid_until, clock_timestamp() + make_interval(hours => $3))
          WHERE team_id = $1 AND key_id = $2",
        team.0,
        key.id.0,
        hours
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "INSERT INTO retired_secrets (public, key_id, team_id, digest, last_four, valid_until)
         VALUES ($1, $2, $3, $4, $5, clock_timestamp() + make_interval(hours => $6))",
        key.public,
        key.id.0,
        team.0,
        key.digest,
        key.last_four,
        hours
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Whose former secret this is, by its public part, whatever the team: for who brings secrets in.
pub async fn former(db: &mut PgConnection, public: &str) -> Result<Option<KeyId>, Error> {
    let id = sqlx::query_scalar!("SELECT key_id FROM retired_secrets WHERE public = $1", public);
    Ok(id.fetch_optional(db).await?.map(KeyId))
}

/// Those of a team that still work, the longest-lived first.
pub async fn list(db: &mut PgConnection, team: TeamId) -> Result<Vec<Retired>, Error> {
    let rows = sqlx::query!(
        "SELECT key_id, public, last_four, valid_until FROM retired_secrets
          WHERE team_id = $1 AND valid_until > clock_timestamp() ORDER BY valid_until DESC, public",
        team.0
    )
    .fetch_all(db)
    .await?;
    let retired = rows.into_iter().map(|row| Retired {
        key: KeyId(row.key_id),
        public: row.public,
        last_four: row.last_four,
        valid_until: row.valid_until,
    });
    Ok(retired.collect())
}

/// Ends the overlap of a key now; tells how many secrets that ended.
pub async fn end(db: &mut PgConnection, team: TeamId, key: KeyId) -> Result<u64, Error> {
    let done = sqlx::query!(
        "UPDATE retired_secrets SET valid_until = clock_timestamp()
          WHERE team_id = $1 AND key_id = $2 AND valid_until > clock_timestamp()",
        team.0,
        key.0
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}
