//! The one-time code that makes the first owner: its hash and the tries of the current minute.

use sqlx::PgConnection;

use crate::Error;

/// Most tries in one minute, right or wrong.
const TRIES: i32 = 5;

/// What a try of the code meets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Try {
    /// No code is stored: an owner exists.
    Closed,
    /// All tries of this minute are used.
    Throttled,
    /// The hash to compare with; the try is counted.
    Hash(Vec<u8>),
}

/// Replaces the code; its tries start anew.
pub async fn put_code(db: &mut PgConnection, code_hash: &[u8]) -> Result<(), Error> {
    sqlx::query!(
        "INSERT INTO setup_code (code_hash) VALUES ($1)
         ON CONFLICT (only_row) DO UPDATE SET code_hash = excluded.code_hash, window_started_at = clock_timestamp(), tries = 0",
        code_hash
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Counts one try by the database clock. Commit it before comparing, so that no failure gives it back.
pub async fn take_try(db: &mut PgConnection) -> Result<Try, Error> {
    let hash = sqlx::query_scalar!(
        "UPDATE setup_code
            SET tries = CASE WHEN window_started_at < clock_timestamp() - interval '1 minute' THEN 1 ELSE tries + 1 END,
                window_started_at = CASE WHEN window_started_at < clock_timestamp() - interval '1 minute'
                                         THEN clock_timestamp() ELSE window_started_at END
          WHERE tries < $1 OR window_started_at < clock_timestamp() - interval '1 minute'
         RETURNING code_hash",
        TRIES
    )
    .fetch_optional(&mut *db)
    .await?;
    if let Some(hash) = hash {
        return Ok(Try::Hash(hash));
    }
    let open = sqlx::query_scalar!(r#"SELECT EXISTS (SELECT FROM setup_code) AS "open!""#).fetch_one(db).await?;
    Ok(if open { Try::Throttled } else { Try::Closed })
}

/// Forgets the code: set-up is closed.
pub async fn delete_code(db: &mut PgConnection) -> Result<(), Error> {
    sqlx::query!("DELETE FROM setup_code").execute(db).await?;
    Ok(())
}
