//! Connection pools: authentication, admission, settlement and dashboard each have their own, with hard caps, so that a slow
//! page cannot starve a model call (`security.md` DB-4).

use std::{str::FromStr, time::Duration};

use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};

use crate::Error;

/// The pools of one server process. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Pools {
    /// Sessions and sign-in.
    pub auth: PgPool,
    /// The admission writer: one connection, one to spare.
    pub admission: PgPool,
    /// The settlement writer.
    pub settlement: PgPool,
    /// Pages, runs, ticks.
    pub dashboard: PgPool,
}

impl Pools {
    /// Opens lazily; every connection has a statement timeout and reads committed rows.
    pub fn connect(database_url: &str) -> Result<Self, Error> {
        let options = PgConnectOptions::from_str(database_url)?.application_name("tallygate");
        let pool = |size: u32, statement_timeout: &str| {
            let options = options.clone().options([
                ("statement_timeout", statement_timeout),
                ("lock_timeout", "1s"),
                ("idle_in_transaction_session_timeout", "5s"),
                ("timezone", "UTC"),
                // Notices such as "already exists, skipping" are no news to anybody.
                ("client_min_messages", "warning"),
                // A plan made for an empty month reads the whole partition when the month is full.
                ("plan_cache_mode", "force_custom_plan"),
            ]);
            PgPoolOptions::new()
                .max_connections(size)
                .acquire_timeout(Duration::from_secs(1))
                .connect_lazy_with(options)
        };
        Ok(Self { auth: pool(4, "3s"), admission: pool(2, "3s"), settlement: pool(2, "5s"), dashboard: pool(10, "5s") })
    }

    pub async fn close(&self) {
        for pool in [&self.auth, &self.admission, &self.settlement, &self.dashboard] {
            pool.close().await;
        }
    }
}

/// A transaction that its owner commits; dropped, it rolls back. `&mut *tx` is the connection that store functions take.
pub type Tx = sqlx::Transaction<'static, sqlx::Postgres>;

/// What statements run on: a loan or a transaction.
pub type Connection = sqlx::PgConnection;

/// A connection on loan from a pool.
pub type Loan = sqlx::pool::PoolConnection<sqlx::Postgres>;

pub async fn begin(pool: &PgPool) -> Result<Tx, Error> {
    Ok(pool.begin().await?)
}

pub async fn commit(tx: Tx) -> Result<(), Error> {
    Ok(tx.commit().await?)
}

pub async fn connection(pool: &PgPool) -> Result<Loan, Error> {
    Ok(pool.acquire().await?)
}
