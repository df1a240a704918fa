//! Usage and cost over days, for scripts. Without the right to read the team's history a person gets their own.

use chrono::Days;
use domain::{
    ApiError,
    error::FieldErrors,
    permission::Permission,
    report::{LONGEST_REPORT, ReportQuery, ReportRow},
};
use store::{
    pool,
    usage::{Row, Span},
};

use crate::{Actor, Context, Error, stamps::day};

/// Rows of one answer.
const MOST_ROWS: usize = 20_000;

/// Days are those of the instance's zone, first and last included.
pub async fn report(ctx: &Context, actor: &Actor, query: ReportQuery) -> Result<Vec<ReportRow>, Error> {
    let team = actor.team(ctx, &query.team).await?;
    actor.require(Permission::ReadTeam, &team)?;
    let user = match actor.may(Permission::ReadTeamHistory, &team) {
        true => None,
        false => Some(actor.user().ok_or(Error::NeedsPerson)?),
    };
    let mut errors = FieldErrors::default();
    let from = errors.check("from", day(&query.from));
    let to = errors.check("to", day(&query.to));
    let until = to.and_then(|to| to.checked_add_days(Days::new(1)));
    if let (Some(from), Some(to)) = (from, to) {
        if to < from {
            errors.add("to", "the last day lies before the first");
        } else if (to - from).num_days() >= LONGEST_REPORT {
            errors.add("to", format!("ask for at most {LONGEST_REPORT} days"));
        }
    }
    errors.finish()?;
    // Both are there when no field was wrong.
    let (Some(from), Some(until)) = (from, until) else { return Err(Error::NotFound) };
    let mut db = pool::connection(&ctx.pools.dashboard).await?;
    let instance = store::instance::load(&mut db).await?;
    let zone = instance.map_or_else(|| "UTC".to_owned(), |instance| instance.reporting_zone);
    let span = Span { zone: &zone, from, until, by: query.by, user };
    let rows = store::usage::report(&mut db, team.id, span).await?;
    if rows.len() > MOST_ROWS {
        let message = format!("this would be more than {MOST_ROWS} rows: ask for fewer days");
        return Err(ApiError::field("to", message).into());
    }
    Ok(rows.into_iter().map(row).collect())
}

fn row(row: Row) -> ReportRow {
    let count = |count: i64| u64::try_from(count).unwrap_or(0);
    ReportRow {
        day: row.day.to_string(),
        of: row.of,
        requests: count(row.requests),
        errors: count(row.errors),
        input_tokens: count(row.input_tokens),
        cache_read_tokens: count(row.cache_read_tokens),
        cache_write_tokens: count(row.cache_write_tokens),
        output_tokens: count(row.output_tokens),
        cost: row.cost,
        unpriced: count(row.unpriced),
    }
}
