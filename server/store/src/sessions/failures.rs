//! Tries to sign in, counted in Postgres so that every replica sees the same (`security.md` LG-2).
//!
//! A try is counted before the password is checked, so parallel tries cannot slip past the count; a success gives its try
//! back. An account is counted per network: guessing from one place never locks out its owner elsewhere.

use sqlx::PgConnection;

use crate::Error;

/// Tries of one account from one network that cost no waiting.
const FREE_TRIES: i32 = 5;
/// Tries of one network in a burst; one comes back every three seconds, which makes 20 a minute.
const NETWORK_TRIES: i32 = 20;

/// Takes one try for an account from a network. After the free ones each waits twice as long as the one before, up to
/// 15 minutes. `false`: the wait is not over, and nothing was counted.
pub async fn take_account(db: &mut PgConnection, subject: &str) -> Result<bool, Error> {
    let taken = sqlx::query_scalar!(
        "INSERT INTO sign_in_failures AS f (subject, failures) VALUES ($1, 1)
         ON CONFLICT (subject) DO UPDATE
            SET failures = CASE WHEN f.last_failed_at < clock_timestamp() - interval '1 day' THEN 1 ELSE f.failures + 1 END,
                last_failed_at = clock_timestamp()
          WHERE f.failures < $2
             OR f.last_failed_at
                + least(interval '15 minutes', interval '1 second' * power(2, least(f.failures - $2, 12)))
                <= clock_timestamp()
         RETURNING failures",
        subject,
        FREE_TRIES
    );
    Ok(taken.fetch_optional(db).await?.is_some())
}

/// Takes one try for a whole network.
pub async fn take_network(db: &mut PgConnection, subject: &str) -> Result<bool, Error> {
    let taken = sqlx::query_scalar!(
        "INSERT INTO sign_in_failures AS f (subject, failures) VALUES ($1, 1)
         ON CONFLICT (subject) DO UPDATE
            SET failures = 1 + greatest(0, f.failures
                               - floor(least(extract(epoch FROM clock_timestamp() - f.last_failed_at), 3600) / 3)::integer),
                last_failed_at = clock_timestamp()
          WHERE f.failures - floor(least(extract(epoch FROM clock_timestamp() - f.last_failed_at), 3600) / 3)::integer < $2
         RETURNING failures",
        subject,
        NETWORK_TRIES
    );
    Ok(taken.fetch_optional(db).await?.is_some())
}

/// A success: the account starts anew from there, the network gets its try back.
pub async fn give_back(db: &mut PgConnection, account: &str, network: &str) -> Result<(), Error> {
    sqlx::query!("DELETE FROM sign_in_failures WHERE subject = $1", account).execute(&mut *db).await?;
    give_back_network(db, network).await
}

/// A success that belongs to no account yet: the network gets its try back.
pub async fn give_back_network(db: &mut PgConnection, network: &str) -> Result<(), Error> {
    sqlx::query!("UPDATE sign_in_failures SET failures = greatest(0, failures - 1) WHERE subject = $1", network)
        .execute(db)
        .await?;
    Ok(())
}

/// Forgets counters that slow nobody down any more.
pub async fn prune(db: &mut PgConnection) -> Result<(), Error> {
    sqlx::query!("DELETE FROM sign_in_failures WHERE last_failed_at < clock_timestamp() - interval '1 day'")
        .execute(db)
        .await?;
    Ok(())
}
