//! Migrations: forward-only, embedded in the binary, checked at start.

use std::str::FromStr;

use sqlx::{Connection, PgConnection, migrate::Migrator, postgres::PgConnectOptions};

use crate::Error;

/// All migrations, from `/migrations`.
pub static MIGRATOR: Migrator = sqlx::migrate!("../../migrations");

/// Applies what is missing. Safe to repeat and to race: sqlx holds an advisory lock.
pub async fn run(database_url: &str) -> Result<(), Error> {
    let options = PgConnectOptions::from_str(database_url)?.options([("client_min_messages", "warning")]);
    let mut connection = PgConnection::connect_with(&options).await?;
    MIGRATOR.run(&mut connection).await?;
    connection.close().await?;
    Ok(())
}

/// How the database's schema compares with this binary's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schema {
    Current,
    /// `tallygate migrate` is due.
    Older,
    /// A newer binary was here.
    Newer,
}

/// Compares versions without changing anything. A database without our tables is [`Schema::Older`].
pub async fn schema(database_url: &str) -> Result<Schema, Error> {
    let mut connection = PgConnection::connect(database_url).await?;
    let applied = sqlx::query_scalar!("SELECT to_regclass('public._sqlx_migrations') IS NOT NULL")
        .fetch_one(&mut connection)
        .await?;
    let newest = match applied {
        Some(true) => {
            sqlx::query_scalar::<_, Option<i64>>("SELECT max(version) FROM _sqlx_migrations WHERE success")
                .fetch_one(&mut connection)
                .await?
        }
        _ => None,
    };
    connection.close().await?;
    let ours = MIGRATOR.iter().map(|migration| migration.version).max();
    Ok(match newest.cmp(&ours) {
        std::cmp::Ordering::Less => Schema::Older,
        std::cmp::Ordering::Equal => Schema::Current,
        std::cmp::Ordering::Greater => Schema::Newer,
    })
}
