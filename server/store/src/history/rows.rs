//! A row of the ledger with the names of what it points to, as history's statements fetch it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::{
    feedback::Acceptance,
    id::{AttemptId, KeyId, PriceVersionId, RequestId, RunId, UserId},
    ledger::{AttemptState, Outcome},
    money::Money,
    task::TaskClass,
    usage::{Usage, UsageSource},
};
use uuid::Uuid;

use super::Attempt;
use crate::{Error, storable};

pub(super) struct Row {
    pub id: Uuid,
    pub request_id: Uuid,
    pub attempt_no: i16,
    pub admitted_at: DateTime<Utc>,
    pub resolved_at: Option<DateTime<Utc>>,
    pub origin: String,
    pub dialect: String,
    pub stream: bool,
    pub run_id: Option<Uuid>,
    pub key_id: Option<Uuid>,
    pub key_name: Option<String>,
    pub user_id: Option<Uuid>,
    pub user_name: Option<String>,
    pub provider: Option<String>,
    pub model: String,
    pub model_asked: String,
    pub model_served: Option<String>,
    pub upstream_model: Option<String>,
    pub upstream_id: Option<String>,
    pub state: String,
    pub outcome: Option<String>,
    pub http_status: Option<i16>,
    pub finish_reason: Option<String>,
    pub usage_source: Option<String>,
    pub input_tokens: Option<i64>,
    pub cache_read_tokens: Option<i64>,
    pub cache_write_short_tokens: Option<i64>,
    pub cache_write_long_tokens: Option<i64>,
    pub output_tokens: Option<i64>,
    pub reasoning_tokens: Option<i64>,
    pub reserved_nano: i64,
    pub charged_nano: i64,
    pub cost_nano: Option<i64>,
    pub flags: Vec<String>,
    pub input_bound: i64,
    pub output_cap: i64,
    pub price_version_id: Option<Uuid>,
    pub first_byte_ms: Option<i32>,
    pub total_ms: Option<i32>,
    pub client_aborted: bool,
    pub task: Option<String>,
    pub tags: Option<serde_json::Value>,
    pub verdict: Option<String>,
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
            user: row.user_id.map(UserId),
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
            task: row.task.map(|task| word("attempts.task", task, TaskClass::parse)).transpose()?,
            tags: row.tags.map(tags).transpose()?.unwrap_or_default(),
            verdict: row.verdict.map(|text| word("feedback.outcome", text, Acceptance::parse)).transpose()?,
        })
    }
}

pub(super) fn word<T>(column: &'static str, text: String, parse: fn(&str) -> Option<T>) -> Result<T, Error> {
    parse(&text).ok_or(Error::Unknown { column, value: text })
}

pub(super) fn number<From: Copy + ToString, To: TryFrom<From>>(column: &'static str, value: From) -> Result<To, Error> {
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

fn tags(value: serde_json::Value) -> Result<Vec<(String, String)>, Error> {
    let tags: BTreeMap<String, String> = storable::parsed("attempts.tags", value)?;
    Ok(tags.into_iter().collect())
}
