//! A database per test: one embedded cluster per test binary, one migrated template, one copy for each test.
//!
//! The cluster ends and its folder goes when the test process does, however that ends. Only for tests: a failure here panics
//! with its reason.

#![expect(clippy::expect_used, reason = "a test without its database has nothing to say but why")]

use std::sync::atomic::{AtomicU32, Ordering};

use domain::id::{TeamId, UserId};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tokio::sync::OnceCell;
use uuid::Uuid;

use crate::{
    embedded::{Embedded, Options},
    migrate,
    pool::{self, Pools},
};

const TEMPLATE: &str = "template_tallygate";

static CLUSTER: OnceCell<Embedded> = OnceCell::const_new();
static NUMBER: AtomicU32 = AtomicU32::new(1);

/// An empty, migrated database of one test.
pub struct TestDatabase {
    pub url: String,
    pub pools: Pools,
}

/// Makes one. The first call in a test binary starts the cluster and migrates the template.
pub async fn database() -> TestDatabase {
    let cluster = CLUSTER.get_or_init(start).await;
    let name = format!("test_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
    let mut admin =
        PgConnection::connect(&cluster.database_url("postgres")).await.expect("connect to the test cluster");
    create(&mut admin, format!("CREATE DATABASE {name} TEMPLATE {TEMPLATE}")).await;
    let url = cluster.database_url(&name);
    let pools = Pools::connect(&url).expect("pools of the test database");
    TestDatabase { url, pools }
}

/// The address of a database without any of our tables, for what migrations do.
pub async fn unmigrated() -> String {
    let cluster = CLUSTER.get_or_init(start).await;
    let name = format!("test_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
    let mut admin =
        PgConnection::connect(&cluster.database_url("postgres")).await.expect("connect to the test cluster");
    create(&mut admin, format!("CREATE DATABASE {name}")).await;
    cluster.database_url(&name)
}

impl TestDatabase {
    /// Runs one statement that no product function offers, such as moving a time stamp; how many rows it changed.
    pub async fn execute(&self, sql: &'static str) -> u64 {
        let mut db = pool::connection(&self.pools.dashboard).await.expect("connection");
        sqlx::query(sql).execute(&mut *db).await.expect(sql).rows_affected()
    }

    /// A team and a person in it, made from a number.
    pub async fn team(&self, nr: u128) -> (TeamId, UserId) {
        let (team, user) = (Uuid::from_u128(0x7000 + nr), Uuid::from_u128(0x8000 + nr));
        let mut db = pool::connection(&self.pools.dashboard).await.expect("connection");
        let insert = "WITH t AS (INSERT INTO teams (id, slug, name, store_content) VALUES ($1, $3, $3, 'full'))
                      INSERT INTO users (id, email, name, role, password_hash) VALUES ($2, $3 || '@example.com', 'Person ' || $3, 'user', '')";
        let made = sqlx::query(insert).bind(team).bind(user).bind(format!("team-{nr}")).execute(&mut *db).await;
        made.expect("a team and a person");
        (TeamId(team), UserId(user))
    }

    /// The one number that a query gives.
    pub async fn number(&self, sql: &'static str) -> i64 {
        let mut db = pool::connection(&self.pools.dashboard).await.expect("connection");
        sqlx::query_scalar(sql).fetch_one(&mut *db).await.expect(sql)
    }

    /// The one text that a query gives.
    pub async fn text(&self, sql: &'static str) -> String {
        let mut db = pool::connection(&self.pools.dashboard).await.expect("connection");
        sqlx::query_scalar(sql).fetch_one(&mut *db).await.expect(sql)
    }
}

async fn start() -> Embedded {
    let started = tokio::task::spawn_blocking(|| Embedded::start(&Options::temporary()));
    let cluster = started.await.expect("thread").expect("embedded PostgreSQL for tests");
    let mut admin =
        PgConnection::connect(&cluster.database_url("postgres")).await.expect("connect to the test cluster");
    create(&mut admin, format!("CREATE DATABASE {TEMPLATE}")).await;
    migrate::run(&cluster.database_url(TEMPLATE)).await.expect("migrations");
    cluster
}

/// Database names cannot be bound parameters; these are made here from a constant and a number.
async fn create(admin: &mut PgConnection, statement: String) {
    sqlx::query(AssertSqlSafe(statement)).execute(admin).await.expect("create a test database");
}
