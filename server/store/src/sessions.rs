//! Sign-in sessions: only SHA-256 of the id is stored, so a dump of the table signs nobody in.
//!
//! [`create`] inserts, [`save`] updates a live row and nothing else, so a session that was ended cannot come back. The
//! database clock decides expiry. `failures` below slows down guessing. Never here: cookies, passwords.

use chrono::{DateTime, Utc};
use domain::id::{SessionId, UserId};
use serde_json::Value;
use sqlx::PgConnection;

use crate::Error;

pub mod failures;

/// A session ends this long after its last use, and this long after its start (`security.md` SS-5).
pub const IDLE_HOURS: i32 = 8;
pub const ABSOLUTE_HOURS: i32 = 7 * 24;

/// A live session of an enabled user.
#[derive(Clone, Debug, PartialEq)]
pub struct Loaded {
    pub id: SessionId,
    pub user: UserId,
    pub data: Value,
}

/// A live session as its owner sees it.
#[derive(Clone, Debug)]
pub struct Listed {
    pub id: SessionId,
    pub device: String,
    pub address: String,
    pub created_at: DateTime<Utc>,
    pub last_seen_at: DateTime<Utc>,
}

#[derive(Clone, Copy, Debug)]
pub struct NewSession<'a> {
    pub id: SessionId,
    pub token_hash: &'a [u8],
    pub user: UserId,
    pub data: &'a Value,
    pub device: &'a str,
    pub address: &'a str,
}

pub async fn create(db: &mut PgConnection, session: &NewSession<'_>) -> Result<(), Error> {
    let NewSession { id, token_hash, user, data, device, address } = *session;
    sqlx::query!(
        "INSERT INTO sessions (id, token_hash, user_id, data, device, address) VALUES ($1, $2, $3, $4, $5, $6)",
        id.0,
        token_hash,
        user.0,
        data,
        device,
        address
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The live session with this hash. Notes its use, at most once a minute.
pub async fn load(db: &mut PgConnection, token_hash: &[u8]) -> Result<Option<Loaded>, Error> {
    let row = sqlx::query_file!("queries/sessions_load.sql", token_hash, IDLE_HOURS, ABSOLUTE_HOURS)
        .fetch_optional(db)
        .await?;
    Ok(row.map(|row| Loaded { id: SessionId(row.id), user: UserId(row.user_id), data: row.data }))
}

/// Replaces the data of a live session. `false`: it was ended or has expired, and nothing was written.
pub async fn save(db: &mut PgConnection, token_hash: &[u8], data: &Value) -> Result<bool, Error> {
    let done = sqlx::query!(
        "UPDATE sessions SET data = $2
          WHERE token_hash = $1 AND revoked_at IS NULL
            AND last_seen_at > clock_timestamp() - make_interval(hours => $3)
            AND created_at > clock_timestamp() - make_interval(hours => $4)",
        token_hash,
        data,
        IDLE_HOURS,
        ABSOLUTE_HOURS
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Ends the session with this hash. The owner, if one was live.
pub async fn end(db: &mut PgConnection, token_hash: &[u8]) -> Result<Option<(SessionId, UserId)>, Error> {
    let row = sqlx::query!(
        "UPDATE sessions SET revoked_at = clock_timestamp(), data = '{}'
          WHERE token_hash = $1 AND revoked_at IS NULL RETURNING id, user_id",
        token_hash
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| (SessionId(row.id), UserId(row.user_id))))
}

/// The live sessions of one person, last used first.
pub async fn list(db: &mut PgConnection, user: UserId) -> Result<Vec<Listed>, Error> {
    let rows = sqlx::query!(
        "SELECT id, device, address, created_at, last_seen_at FROM sessions
          WHERE user_id = $1 AND revoked_at IS NULL
            AND last_seen_at > clock_timestamp() - make_interval(hours => $2)
            AND created_at > clock_timestamp() - make_interval(hours => $3)
          ORDER BY last_seen_at DESC, id DESC LIMIT 200",
        user.0,
        IDLE_HOURS,
        ABSOLUTE_HOURS
    )
    .fetch_all(db)
    .await?;
    let listed = rows.into_iter().map(|row| Listed {
        id: SessionId(row.id),
        device: row.device,
        address: row.address,
        created_at: row.created_at,
        last_seen_at: row.last_seen_at,
    });
    Ok(listed.collect())
}

/// Ends one session of this person. `false`: it is not theirs, or had ended.
pub async fn revoke(db: &mut PgConnection, user: UserId, session: SessionId) -> Result<bool, Error> {
    let done = sqlx::query!(
        "UPDATE sessions SET revoked_at = clock_timestamp(), data = '{}'
          WHERE id = $1 AND user_id = $2 AND revoked_at IS NULL",
        session.0,
        user.0
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Ends all sessions of this person but `keep`; how many.
pub async fn revoke_all(db: &mut PgConnection, user: UserId, keep: Option<SessionId>) -> Result<u64, Error> {
    let done = sqlx::query!(
        "UPDATE sessions SET revoked_at = clock_timestamp(), data = '{}'
          WHERE user_id = $1 AND revoked_at IS NULL AND id IS DISTINCT FROM $2",
        user.0,
        keep.map(|session| session.0)
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

/// Deletes sessions that nobody could use for a month.
pub async fn prune(db: &mut PgConnection) -> Result<(), Error> {
    sqlx::query!(
        "DELETE FROM sessions WHERE created_at < clock_timestamp() - make_interval(hours => $1) - interval '30 days'",
        ABSOLUTE_HOURS
    )
    .execute(db)
    .await?;
    Ok(())
}
