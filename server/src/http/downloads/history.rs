//! The history of a team as CSV or JSON lines: what the page shows under the same address, read while it is sent
//! (`product.md` HI-8).

use std::io;

use axum::{
    Extension,
    body::Body,
    extract::{Path, RawQuery, State},
    response::{IntoResponse, Response},
};
use control::{Actor, Context, Error, history};
use domain::{
    Money,
    history::{HistoryPage, HistoryQuery, HistoryRow},
    ledger::Outcome,
};
use futures_util::stream;
use http::Uri;
use serde_json::{Map, Value, json};

use super::{super::csv, AppState, attachment, refuse};

/// Rows that are read at a time.
const PAGE: u32 = 200;
const COLUMNS: [&str; 24] = [
    "time",
    "request_id",
    "model",
    "provider",
    "caller",
    "origin",
    "task",
    "tags",
    "state",
    "outcome",
    "input_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "output_tokens",
    "reasoning_tokens",
    "usage_source",
    "cost_usd",
    "unpriced",
    "first_byte_ms",
    "total_ms",
    "attempts",
    "verdict",
    "run",
    "attempt_id",
];

/// How rows are written.
#[derive(Clone, Copy)]
enum Form {
    Csv,
    JsonLines,
}

pub async fn as_csv(
    state: State<AppState>,
    actor: Extension<Actor>,
    team: Path<String>,
    query: RawQuery,
    uri: Uri,
) -> Response {
    export(Form::Csv, state, actor, team, query, uri).await
}

pub async fn as_json_lines(
    state: State<AppState>,
    actor: Extension<Actor>,
    team: Path<String>,
    query: RawQuery,
    uri: Uri,
) -> Response {
    export(Form::JsonLines, state, actor, team, query, uri).await
}

async fn export(
    form: Form,
    State(state): State<AppState>,
    Extension(actor): Extension<Actor>,
    Path(team): Path<String>,
    RawQuery(query): RawQuery,
    uri: Uri,
) -> Response {
    let ctx = state.control.clone();
    let query = HistoryQuery { limit: Some(PAGE), before: None, ..asked(team, query.as_deref().unwrap_or_default()) };
    // The first page comes before the answer begins, so that a refusal is an ordinary one.
    let first = async {
        let page = history::list(&ctx, &actor, query.clone()).await?;
        history::exported(&ctx, &actor, &query.team).await?;
        Ok::<_, Error>(page)
    };
    let page = match first.await {
        Ok(page) => page,
        Err(error) => return refuse(&ctx, &actor, &uri, error).await,
    };
    let next = Next { ctx, actor, query, form, page: Some(page), is_first: true };
    let body = Body::from_stream(stream::try_unfold(next, |next| next.chunk()));
    let (media, name) = match form {
        Form::Csv => ("text/csv; charset=utf-8", "history.csv"),
        Form::JsonLines => ("application/jsonl; charset=utf-8", "history.jsonl"),
    };
    (attachment(media, name), body).into_response()
}

/// The question that the address of the page asks. What it does not know it leaves out, as the page does.
pub fn asked(team: String, text: &str) -> HistoryQuery {
    let mut query = HistoryQuery { team, ..HistoryQuery::default() };
    for (name, value) in url::form_urlencoded::parse(text.as_bytes()).into_owned() {
        match &*name {
            "f" => query.filters.push(value),
            "q" => query.q = value,
            "from" => query.from = value,
            "to" => query.to = value,
            _ => {}
        }
    }
    query
}

/// Where the export stands.
struct Next {
    ctx: Context,
    actor: Actor,
    query: HistoryQuery,
    form: Form,
    /// Read and not yet sent.
    page: Option<HistoryPage>,
    is_first: bool,
}

impl Next {
    /// One page as text. An error cuts the answer short, which its reader can tell from an end.
    async fn chunk(mut self) -> io::Result<Option<(String, Self)>> {
        let page = match (self.page.take(), self.query.before) {
            (Some(page), _) => page,
            (None, None) => return Ok(None),
            (None, Some(_)) => history::list(&self.ctx, &self.actor, self.query.clone()).await.map_err(|error| {
                let error = error.into_api();
                tracing::warn!(%error, "the export of a history ends early");
                io::Error::other("the export ends early")
            })?,
        };
        let mut text = match (self.form, self.is_first) {
            (Form::Csv, true) => csv::row(COLUMNS),
            _ => String::new(),
        };
        for row in &page.rows {
            match self.form {
                Form::Csv => text.push_str(&line(row)),
                Form::JsonLines => {
                    text.push_str(&object(row).to_string());
                    text.push('\n');
                }
            }
        }
        self.query.before = page.next;
        self.is_first = false;
        Ok(Some((text, self)))
    }
}

fn line(row: &HistoryRow) -> String {
    let cells = cells(row);
    csv::row(cells.iter().map(String::as_str))
}

fn cells(row: &HistoryRow) -> [String; 24] {
    let optional = |number: Option<u32>| number.map(|number| number.to_string()).unwrap_or_default();
    let tokens = |of: fn(&domain::usage::Usage) -> u32| optional(row.usage.as_ref().map(of));
    let tags: Vec<String> = row.tags.iter().map(|(key, value)| format!("{key}={value}")).collect();
    [
        row.time.iso.clone(),
        row.request.public(),
        row.model.clone(),
        row.provider.clone(),
        row.caller.clone(),
        row.origin.clone(),
        row.task.map(|task| task.as_str().to_owned()).unwrap_or_default(),
        tags.join(" "),
        row.state.as_str().to_owned(),
        row.outcome.map(Outcome::as_str).unwrap_or_default().to_owned(),
        tokens(|usage| usage.input),
        tokens(|usage| usage.cache_read),
        tokens(|usage| usage.cache_write_short.saturating_add(usage.cache_write_long)),
        tokens(|usage| usage.output),
        tokens(|usage| usage.reasoning),
        row.usage_source.map(|source| source.as_str().to_owned()).unwrap_or_default(),
        row.cost.map(Money::exact).unwrap_or_default(),
        row.unpriced.to_string(),
        optional(row.first_byte_ms),
        optional(row.total_ms),
        row.attempts.to_string(),
        row.verdict.map(|verdict| verdict.as_str().to_owned()).unwrap_or_default(),
        row.run.map(|run| run.to_string()).unwrap_or_default(),
        row.attempt.to_string(),
    ]
}

/// The same columns; numbers as numbers, money as exact decimal text, what is unknown as null.
fn object(row: &HistoryRow) -> Value {
    let mut object = Map::new();
    for (name, cell) in COLUMNS.into_iter().zip(cells(row)) {
        let is_count = name.ends_with("_tokens") || name.ends_with("_ms") || name == "attempts";
        let value = match name {
            _ if cell.is_empty() => Value::Null,
            _ if is_count => cell.parse::<u64>().map_or(Value::Null, Value::from),
            "unpriced" => Value::Bool(row.unpriced),
            _ => cell.into(),
        };
        object.insert(name.to_owned(), value);
    }
    let tags: Map<String, Value> = row.tags.iter().map(|(key, value)| (key.clone(), json!(value))).collect();
    object.insert("tags".to_owned(), Value::Object(tags));
    Value::Object(object)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hi_8_an_export_asks_what_the_page_asks() {
        let query =
            asked("core".into(), "f=status%3Ain%3Aerror&f=model:in:a%252Cb&q=panic&from=now-7d&before=x&limit=3");
        assert_eq!(query.team, "core");
        assert_eq!(query.filters, ["status:in:error", "model:in:a%2Cb"]);
        assert_eq!((&*query.q, &*query.from, &*query.to), ("panic", "now-7d", ""));
        assert_eq!((query.before, query.limit), (None, None));
    }
}
