//! Usage and cost of a team over days of a zone, counted from the ledger itself.

use chrono::NaiveDate;
use domain::{
    Money,
    id::{TeamId, UserId},
    report::ReportBy,
};
use sqlx::PgConnection;

use crate::Error;

/// What is counted. `until` is the day after the last.
#[derive(Clone, Copy, Debug)]
pub struct Span<'a> {
    /// IANA zone.
    pub zone: &'a str,
    pub from: NaiveDate,
    pub until: NaiveDate,
    pub by: ReportBy,
    /// Only what this person called or their keys did.
    pub user: Option<UserId>,
}

/// One day, of one model, key or task where that is asked for.
#[derive(Clone, Debug)]
pub struct Row {
    pub day: NaiveDate,
    pub of: String,
    pub requests: i64,
    pub errors: i64,
    pub input_tokens: i64,
    pub cache_read_tokens: i64,
    pub cache_write_tokens: i64,
    pub output_tokens: i64,
    pub cost: Money,
    pub unpriced: i64,
}

pub async fn report(db: &mut PgConnection, team: TeamId, span: Span<'_>) -> Result<Vec<Row>, Error> {
    let by = match span.by {
        ReportBy::Day => "day",
        ReportBy::Model => "model",
        ReportBy::Key => "key",
        ReportBy::Task => "task",
    };
    let user = span.user.map(|user| user.0);
    let rows = sqlx::query_file!("queries/usage_report.sql", team.0, span.zone, span.from, span.until, by, user)
        .fetch_all(db)
        .await?;
    let rows = rows.into_iter().map(|row| Row {
        day: row.day,
        of: row.of,
        requests: row.requests,
        errors: row.errors,
        input_tokens: row.input_tokens,
        cache_read_tokens: row.cache_read_tokens,
        cache_write_tokens: row.cache_write_tokens,
        output_tokens: row.output_tokens,
        cost: Money(row.cost_nano),
        unpriced: row.unpriced,
    });
    Ok(rows.collect())
}
