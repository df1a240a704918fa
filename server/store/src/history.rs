//! The ledger as people read it: pages of requests, one request in full, the sums of a day. Reads only, team first.
//!
//! `attempts.rs` writes these rows. Pages go by `(admitted_at, id)`, never by offset. Never here: who may see which row.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::{
    id::{AttemptId, KeyId, PriceVersionId, RequestId, RunId, TeamId, UserId},
    ledger::{AttemptState, Outcome},
    money::Money,
    price::{Pico, PriceClass, PriceComponent, Variant},
    task::TaskClass,
    usage::{Usage, UsageSource},
};
use sqlx::{PgConnection, types::Json};
use uuid::Uuid;

use crate::{Error, attempts::Labels};

/// One attempt with the names of what it points to.
#[derive(Clone, Debug)]
pub struct Attempt {
    pub id: AttemptId,
    pub request: RequestId,
    pub number: u32,
    pub admitted_at: DateTime<Utc>,
    pub resolved_at: Option<DateTime<Utc>>,
    pub origin: String,
    pub dialect: String,
    pub stream: bool,
    pub run: Option<RunId>,
    pub key: Option<KeyId>,
    pub key_name: Option<String>,
    pub user_name: Option<String>,
    pub provider: Option<String>,
    pub model: String,
    pub model_asked: String,
    pub model_served: Option<String>,
    pub upstream_model: Option<String>,
    pub upstream_id: Option<String>,
    pub state: AttemptState,
    pub outcome: Option<Outcome>,
    pub http_status: Option<u16>,
    pub finish_reason: Option<String>,
    pub usage: Option<Usage>,
    pub usage_source: Option<UsageSource>,
    pub reserved: Money,
    pub charged: Money,
    pub cost: Option<Money>,
    pub flags: Vec<String>,
    pub input_bound: u64,
    pub output_cap: u64,
    pub price_version: Option<PriceVersionId>,
    pub first_byte_ms: Option<u32>,
    pub total_ms: Option<u32>,
    pub client_aborted: bool,
}

/// Which rows a page holds.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Older than this attempt of the same team.
    pub before: Option<AttemptId>,
    pub limit: u32,
    pub model: Option<String>,
    /// Only requests that failed: a client that left is no failure.
    pub failed: bool,
    /// Only what this person called or their keys did.
    pub user: Option<UserId>,
    /// Only what this key did.
    pub key: Option<KeyId>,
}

/// What a team did in the last 24 hours, and what it has.
#[derive(Clone, Copy, Debug)]
pub struct Totals {
    pub requests: u64,
    pub errors: u64,
    pub cost: Money,
    pub unpriced: u64,
    pub providers: u64,
    pub models: u64,
    pub unpriced_models: u64,
    pub keys: u64,
    pub runs: u64,
}

struct Row {
    id: Uuid,
    request_id: Uuid,
    attempt_no: i16,
    admitted_at: DateTime<Utc>,
    resolved_at: Option<DateTime<Utc>>,
    origin: String,
    dialect: String,
    stream: bool,
    run_id: Option<Uuid>,
    key_id: Option<Uuid>,
    key_name: Option<String>,
    user_name: Option<String>,
    provider: Option<String>,
    model: String,
    model_asked: String,
    model_served: Option<String>,
    upstream_model: Option<String>,
    upstream_id: Option<String>,
    state: String,
    outcome: Option<String>,
    http_status: Option<i16>,
    finish_reason: Option<String>,
    usage_source: Option<String>,
    input_tokens: Option<i64>,
    cache_read_tokens: Option<i64>,
    cache_write_short_tokens: Option<i64>,
    cache_write_long_tokens: Option<i64>,
    output_tokens: Option<i64>,
    reasoning_tokens: Option<i64>,
    reserved_nano: i64,
    charged_nano: i64,
    cost_nano: Option<i64>,
    flags: Vec<String>,
    input_bound: i64,
    output_cap: i64,
    price_version_id: Option<Uuid>,
    first_byte_ms: Option<i32>,
    total_ms: Option<i32>,
    client_aborted: bool,
}

impl TryFrom<Row> for Attempt {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        Ok(Self {
            usage: usage(&row)?,
            id: AttemptId(row.id),
            request: RequestId(row.request_id),
            number: number("attempts.attempt_no", row.attempt_no)?,
            admitted_at: row.admitted_at,
            resolved_at: row.resolved_at,
            origin: row.origin,
            dialect: row.dialect,
            stream: row.stream,
            run: row.run_id.map(RunId),
            key: row.key_id.map(KeyId),
            key_name: row.key_name,
            user_name: row.user_name,
            provider: row.provider,
            model: row.model,
            model_asked: row.model_asked,
            model_served: row.model_served,
            upstream_model: row.upstream_model,
            upstream_id: row.upstream_id,
            state: word("attempts.state", row.state, AttemptState::parse)?,
            outcome: row.outcome.map(|text| word("attempts.outcome", text, Outcome::parse)).transpose()?,
            http_status: row.http_status.map(|status| number("attempts.http_status", status)).transpose()?,
            finish_reason: row.finish_reason,
            usage_source: row
                .usage_source
                .map(|text| word("attempts.usage_source", text, UsageSource::parse))
                .transpose()?,
            reserved: Money(row.reserved_nano),
            charged: Money(row.charged_nano),
            cost: row.cost_nano.map(Money),
            flags: row.flags,
            input_bound: number("attempts.input_bound", row.input_bound)?,
            output_cap: number("attempts.output_cap", row.output_cap)?,
            price_version: row.price_version_id.map(PriceVersionId),
            first_byte_ms: row.first_byte_ms.map(|ms| number("attempts.first_byte_ms", ms)).transpose()?,
            total_ms: row.total_ms.map(|ms| number("attempts.total_ms", ms)).transpose()?,
            client_aborted: row.client_aborted,
        })
    }
}

fn word<T>(column: &'static str, text: String, parse: fn(&str) -> Option<T>) -> Result<T, Error> {
    parse(&text).ok_or(Error::Unknown { column, value: text })
}

fn number<From: Copy + ToString, To: TryFrom<From>>(column: &'static str, value: From) -> Result<To, Error> {
    To::try_from(value).map_err(|_| Error::Unknown { column, value: value.to_string() })
}

/// `None` until both sides are known.
fn usage(row: &Row) -> Result<Option<Usage>, Error> {
    let (Some(input), Some(output)) = (row.input_tokens, row.output_tokens) else { return Ok(None) };
    let count = |tokens: Option<i64>| number("attempts.*_tokens", tokens.unwrap_or(0));
    Ok(Some(Usage {
        input: number("attempts.input_tokens", input)?,
        cache_read: count(row.cache_read_tokens)?,
        cache_write_short: count(row.cache_write_short_tokens)?,
        cache_write_long: count(row.cache_write_long_tokens)?,
        output: number("attempts.output_tokens", output)?,
        reasoning: count(row.reasoning_tokens)?,
    }))
}

/// The last attempt of each request, newest first.
pub async fn list(db: &mut PgConnection, team: TeamId, filter: &Filter) -> Result<Vec<Attempt>, Error> {
    let rows = sqlx::query_file_as!(
        Row,
        "queries/history_list.sql",
        team.0,
        filter.before.map(|attempt| attempt.0),
        i64::from(filter.limit),
        filter.model,
        filter.failed,
        filter.user.map(|user| user.0),
        filter.key.map(|key| key.0)
    )
    .fetch_all(db)
    .await?;
    rows.into_iter().map(Attempt::try_from).collect()
}

/// All attempts of one request, first to last; of one person only when `user` is given.
pub async fn get(
    db: &mut PgConnection,
    team: TeamId,
    request: RequestId,
    user: Option<UserId>,
) -> Result<Vec<Attempt>, Error> {
    let rows = sqlx::query_file_as!(Row, "queries/history_get.sql", team.0, request.0, user.map(|user| user.0))
        .fetch_all(db)
        .await?;
    rows.into_iter().map(Attempt::try_from).collect()
}

/// What the client said about a request. It says it once, so its first attempt tells.
pub async fn labels(db: &mut PgConnection, team: TeamId, request: RequestId) -> Result<Labels, Error> {
    let row = sqlx::query!(
        r#"SELECT task, tags AS "tags: Json<BTreeMap<String, String>>", conversation FROM attempts
            WHERE team_id = $1 AND request_id = $2 ORDER BY attempt_no LIMIT 1"#,
        team.0,
        request.0
    )
    .fetch_optional(db)
    .await?;
    let Some(row) = row else { return Ok(Labels::default()) };
    Ok(Labels {
        task: row.task.map(|task| word("attempts.task", task, TaskClass::parse)).transpose()?,
        tags: row.tags.map(|Json(tags)| tags.into_iter().collect()).unwrap_or_default(),
        conversation: row.conversation,
    })
}

/// The rates of a price version in a tier, standard where it has none, and since when they are in force. No team: versions of shared deployments
/// belong to nobody, and the id comes from an attempt that was read with its team.
pub async fn price(
    db: &mut PgConnection,
    version: PriceVersionId,
    variant: Variant,
) -> Result<Option<(DateTime<Utc>, Vec<PriceComponent>)>, Error> {
    let since = sqlx::query_scalar!("SELECT effective_from FROM price_versions WHERE id = $1", version.0);
    let Some(since) = since.fetch_optional(&mut *db).await? else { return Ok(None) };
    let rows = sqlx::query!(
        "SELECT DISTINCT ON (above_input_tokens, class) class, above_input_tokens, pico FROM price_components
          WHERE version_id = $1 AND variant IN ('standard', $2) AND schedule = ''
          ORDER BY above_input_tokens, class, variant = 'standard'",
        version.0,
        variant.as_str()
    )
    .fetch_all(db)
    .await?;
    let components = rows.into_iter().map(|row| {
        Ok(PriceComponent {
            class: word("price_components.class", row.class, PriceClass::parse)?,
            variant: Variant::Standard,
            above_input_tokens: number("price_components.above_input_tokens", row.above_input_tokens)?,
            rate: Pico(row.pico),
        })
    });
    Ok(Some((since, components.collect::<Result<_, Error>>()?)))
}

/// Sums of the last 24 hours by the database clock, and what the team has. Unpriced requests are counted, not summed.
pub async fn totals(db: &mut PgConnection, team: TeamId) -> Result<Totals, Error> {
    let row = sqlx::query_file!("queries/history_totals.sql", team.0).fetch_one(db).await?;
    let count = |n: i64| number("totals", n);
    Ok(Totals {
        requests: count(row.requests)?,
        errors: count(row.errors)?,
        cost: Money(row.cost_nano),
        unpriced: count(row.unpriced)?,
        providers: count(row.providers)?,
        models: count(row.models)?,
        unpriced_models: count(row.unpriced_models)?,
        keys: count(row.keys)?,
        runs: count(row.runs)?,
    })
}
