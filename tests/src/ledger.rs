//! The attempt rows as they stand in the database, read past the product: what a test compares with the journal.
//!
//! Reading only. A test waits for rows here, never for a time.

use std::time::Duration;

use anyhow::{Result, anyhow};
use sqlx::PgPool;
use uuid::Uuid;

const PATIENCE: Duration = Duration::from_secs(20);
/// The ledger tells nobody outside when a row moves, so a waiting test looks this often.
const LOOK: Duration = Duration::from_millis(10);

/// One row of `attempts`, reduced to what tests speak about. Enum columns are text.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Attempt {
    pub id: Uuid,
    pub request_id: Uuid,
    pub state: String,
    pub origin: String,
    pub model: String,
    pub stream: bool,
    pub reserved_nano: i64,
    pub outcome: Option<String>,
    pub http_status: Option<i16>,
    pub finish_reason: Option<String>,
    pub model_served: Option<String>,
    pub usage_source: Option<String>,
    pub input_tokens: Option<i64>,
    pub cache_read_tokens: Option<i64>,
    pub cache_write_short_tokens: Option<i64>,
    pub cache_write_long_tokens: Option<i64>,
    pub output_tokens: Option<i64>,
    pub reasoning_tokens: Option<i64>,
    pub cost_nano: Option<i64>,
    pub charged_nano: i64,
    pub flags: Vec<String>,
    pub client_aborted: bool,
}

/// A read-only view of one database.
pub struct Ledger {
    pool: PgPool,
}

impl Ledger {
    pub async fn connect(url: &str) -> Result<Self> {
        Ok(Self { pool: PgPool::connect(url).await? })
    }

    /// Every attempt, oldest first.
    pub async fn attempts(&self) -> Result<Vec<Attempt>> {
        let statement = "SELECT id, request_id, state::text AS state, origin, model, stream, reserved_nano, outcome,
                                http_status, finish_reason, model_served, usage_source::text AS usage_source, input_tokens,
                                cache_read_tokens, cache_write_short_tokens, cache_write_long_tokens, output_tokens, reasoning_tokens, cost_nano, charged_nano, flags,
                                client_aborted
                           FROM attempts ORDER BY id";
        Ok(sqlx::query_as(statement).fetch_all(&self.pool).await?)
    }

    /// Waits until the rows satisfy `is_there`; the error says what was there instead.
    pub async fn until(&self, is_there: impl Fn(&[Attempt]) -> bool) -> Result<Vec<Attempt>> {
        self.until_within(PATIENCE, is_there).await
    }

    /// `until` for what the product itself takes longer to do.
    pub async fn until_within(
        &self,
        patience: Duration,
        is_there: impl Fn(&[Attempt]) -> bool,
    ) -> Result<Vec<Attempt>> {
        let wait = async {
            loop {
                let attempts = self.attempts().await?;
                if is_there(&attempts) {
                    return Ok(attempts);
                }
                tokio::time::sleep(LOOK).await;
            }
        };
        match tokio::time::timeout(patience, wait).await {
            Ok(found) => found,
            Err(_) => Err(anyhow!("the ledger never got there: {:#?}", self.attempts().await?)),
        }
    }

    /// Waits until `count` attempts exist and none is open.
    pub async fn at_rest(&self, count: usize) -> Result<Vec<Attempt>> {
        self.until(|all| all.len() == count && all.iter().all(|one| one.state != "reserved")).await
    }

    /// The one attempt of a test that makes one call, at rest.
    pub async fn only(&self) -> Result<Attempt> {
        self.at_rest(1).await?.pop().ok_or_else(|| anyhow!("no attempt"))
    }
}
