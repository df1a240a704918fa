//! The statements of the settlement writer: lock the rows of a batch, then move them forward.

use domain::{
    Money,
    id::AttemptId,
    ledger::{AttemptState, Outcome},
    usage::{Usage, UsageSource},
};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::Error;

/// A row under its lock: what the decision needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Locked {
    pub id: AttemptId,
    pub state: AttemptState,
    pub reserved: Money,
    pub charged: Money,
}

/// How an attempt ended: everything that its row gains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolution {
    pub id: AttemptId,
    pub state: AttemptState,
    pub outcome: Outcome,
    pub http_status: Option<u16>,
    pub upstream_id: Option<String>,
    pub finish_reason: Option<String>,
    pub model_served: Option<String>,
    pub usage: Option<Usage>,
    pub usage_source: UsageSource,
    /// The upstream's own usage object, as JSON text.
    pub usage_raw: Option<String>,
    pub cost: Option<Money>,
    pub charged: Money,
    pub flags: Vec<&'static str>,
    pub first_byte_ms: Option<u32>,
    pub total_ms: u32,
    pub bytes_out: u64,
    pub client_aborted: bool,
}

/// Locks the rows with these ids, in id order. Rows that are not there are left out.
pub async fn lock(db: &mut PgConnection, ids: &[AttemptId]) -> Result<Vec<Locked>, Error> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let rows = sqlx::query_file!("queries/attempts_lock.sql", &ids).fetch_all(db).await?;
    rows.into_iter()
        .map(|row| {
            let state = AttemptState::parse(&row.state);
            Ok(Locked {
                id: AttemptId(row.id),
                state: state.ok_or(Error::Unknown { column: "attempts.state", value: row.state })?,
                reserved: Money(row.reserved_nano),
                charged: Money(row.charged_nano),
            })
        })
        .collect()
}

/// Moves rows forward. The caller holds their locks and has decided that each move is allowed; the trigger agrees or the
/// whole batch is refused.
pub async fn resolve(db: &mut PgConnection, batch: &[Resolution]) -> Result<u64, Error> {
    let mut columns = Columns::default();
    for resolution in batch {
        columns.push(resolution);
    }
    let c = &columns;
    let done = sqlx::query_file!(
        "queries/attempts_resolve.sql",
        &c.ids,
        &c.states,
        &c.outcomes,
        &c.http_statuses as &[Option<i16>],
        &c.upstream_ids as &[Option<String>],
        &c.finish_reasons as &[Option<String>],
        &c.models_served as &[Option<String>],
        &c.usage_sources,
        &c.usages_raw as &[Option<String>],
        &c.tokens[0] as &[Option<i64>],
        &c.tokens[1] as &[Option<i64>],
        &c.tokens[2] as &[Option<i64>],
        &c.tokens[3] as &[Option<i64>],
        &c.tokens[4] as &[Option<i64>],
        &c.tokens[5] as &[Option<i64>],
        &c.costs as &[Option<i64>],
        &c.charges,
        &c.flags,
        &c.first_byte_ms as &[Option<i32>],
        &c.total_ms,
        &c.bytes_out,
        &c.client_aborted,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

/// A batch turned on its side, for UNNEST.
#[derive(Default)]
struct Columns {
    ids: Vec<Uuid>,
    states: Vec<String>,
    outcomes: Vec<String>,
    http_statuses: Vec<Option<i16>>,
    upstream_ids: Vec<Option<String>>,
    finish_reasons: Vec<Option<String>>,
    models_served: Vec<Option<String>>,
    usage_sources: Vec<String>,
    usages_raw: Vec<Option<String>>,
    /// Input, cache read, cache write short and long, output, reasoning.
    tokens: [Vec<Option<i64>>; 6],
    costs: Vec<Option<i64>>,
    charges: Vec<i64>,
    /// Joined by commas: rows of one array cannot have different lengths.
    flags: Vec<String>,
    first_byte_ms: Vec<Option<i32>>,
    total_ms: Vec<i32>,
    bytes_out: Vec<i64>,
    client_aborted: Vec<bool>,
}

impl Columns {
    fn push(&mut self, resolution: &Resolution) {
        let Resolution {
            id,
            state,
            outcome,
            http_status,
            upstream_id,
            finish_reason,
            model_served,
            usage,
            usage_source,
            usage_raw,
            cost,
            charged,
            flags,
            first_byte_ms,
            total_ms,
            bytes_out,
            client_aborted,
        } = resolution;
        self.ids.push(id.0);
        self.states.push(state.as_str().to_owned());
        self.outcomes.push(outcome.as_str().to_owned());
        self.http_statuses.push(http_status.and_then(|status| i16::try_from(status).ok()));
        self.upstream_ids.push(upstream_id.clone());
        self.finish_reasons.push(finish_reason.clone());
        self.models_served.push(model_served.clone());
        self.usage_sources.push(usage_source.as_str().to_owned());
        self.usages_raw.push(usage_raw.clone());
        let tokens = usage.map(|usage| {
            let Usage { input, cache_read, cache_write_short, cache_write_long, output, reasoning } = usage;
            [input, cache_read, cache_write_short, cache_write_long, output, reasoning]
        });
        for (class, column) in self.tokens.iter_mut().enumerate() {
            column.push(tokens.map(|tokens| i64::from(tokens[class])));
        }
        self.costs.push(cost.map(|cost| cost.0));
        self.charges.push(charged.0);
        self.flags.push(flags.join(","));
        self.first_byte_ms.push(first_byte_ms.map(|ms| i32::try_from(ms).unwrap_or(i32::MAX)));
        self.total_ms.push(i32::try_from(*total_ms).unwrap_or(i32::MAX));
        self.bytes_out.push(i64::try_from(*bytes_out).unwrap_or(i64::MAX));
        self.client_aborted.push(*client_aborted);
    }
}
