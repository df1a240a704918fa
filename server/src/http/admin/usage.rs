//! `/api/v1/teams/{team}/usage`: what was used and what it cost, by day. Money is dollars as decimal text, exact to the
//! nano-dollar.

use domain::{
    ApiError,
    report::{ReportBy, ReportQuery, ReportRow},
    token::TokenScope::UsageRead,
};
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    asked::Asked,
    endpoint::{Answer, Content, Endpoint, Example, Group, Parameter, shown},
    shapes,
};

pub static GROUP: Group = Group {
    name: "Usage",
    about: "What was used and what it cost. Days are those of the instance's zone; money is dollars as decimal text.",
    endpoints: &[Endpoint {
        route: "GET /api/v1/teams/{team}/usage",
        id: "usage",
        summary: "Read usage and cost",
        about: "Everybody's for who may read the team's history, otherwise one's own. At most 366 days.",
        scope: Some(UsageRead),
        query: &[
            Parameter { name: "from", about: "First day", required: true, example: "2026-11-01" },
            Parameter { name: "to", about: "Last day; it counts", required: true, example: "2026-11-30" },
            Parameter {
                name: "by",
                about: "`day`, `model`, `key` or `task`; absent: `day`",
                required: false,
                example: "model",
            },
        ],
        body: None,
        answer: Some(Content::of::<Report>()),
        run: report,
    }],
};

/// Usage of a team, a row for each day and, where asked for, model, key or task class.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "UsageReport")]
struct Report {
    from: String,
    to: String,
    #[schemars(schema_with = "shapes::report_by")]
    by: ReportBy,
    data: Vec<Row>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "UsageRow")]
struct Row {
    day: String,
    /// Public name of the model, name of the key, or task class; empty: all, or calls without one.
    of: String,
    requests: u64,
    errors: u64,
    input_tokens: u64,
    cache_read_tokens: u64,
    cache_write_tokens: u64,
    output_tokens: u64,
    /// Of the attempts whose price is known: dollars, exact.
    cost_usd: String,
    /// Attempts whose price is not known: their cost is not in `cost_usd`.
    unpriced: u64,
}

impl From<ReportRow> for Row {
    fn from(row: ReportRow) -> Self {
        let ReportRow { day, of, requests, errors, input_tokens, cache_read_tokens, cache_write_tokens, .. } = row;
        Self {
            day,
            of,
            requests,
            errors,
            input_tokens,
            cache_read_tokens,
            cache_write_tokens,
            output_tokens: row.output_tokens,
            cost_usd: row.cost.exact(),
            unpriced: row.unpriced,
        }
    }
}

impl Example for Report {
    fn example() -> Self {
        let row = Row {
            day: "2026-11-21".to_owned(),
            of: "gpt-4o".to_owned(),
            requests: 128,
            errors: 2,
            input_tokens: 410_233,
            cache_read_tokens: 96_000,
            cache_write_tokens: 0,
            output_tokens: 51_870,
            cost_usd: "1.664282500".to_owned(),
            unpriced: 0,
        };
        Self { from: "2026-11-01".to_owned(), to: "2026-11-30".to_owned(), by: ReportBy::Model, data: vec![row] }
    }
}

fn report(asked: &Asked) -> Answer<'_> {
    Box::pin(async {
        asked.no_body()?;
        let by = match asked.query("by") {
            "" => ReportBy::default(),
            text => ReportBy::parse(text).ok_or_else(|| ApiError::field("by", "must be day, model, key or task"))?,
        };
        let (from, to) = (asked.query("from").to_owned(), asked.query("to").to_owned());
        let query = ReportQuery { team: asked.team().to_owned(), from: from.clone(), to: to.clone(), by };
        let rows = control::usage::report(&asked.ctx, &asked.actor, query).await?;
        Ok(shown(&Report { from, to, by, data: rows.into_iter().map(Row::from).collect() }))
    })
}
