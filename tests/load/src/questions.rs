//! What is asked of a long history: the pages as people open them, with values that are in it.
//!
//! Values come from the instance's own facets, the most and the least frequent of each field, so that this fits any history.
//! One more question: a line in one of the lists below.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::{asker::Asker, history::body};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A plain address.
    Address,
    /// An operation that reads next to nothing: the way to any of them.
    Baseline,
    List,
    Search,
}

/// One line of the report. Its bodies are asked in turn.
pub struct Question {
    pub name: String,
    pub kind: Kind,
    pub operation: String,
    pub bodies: Vec<Value>,
    pub may_be_empty: bool,
}

/// Words of `xtask`'s seed: everybody's, a few people's, one call's, nobody's.
const SEARCHES: &[(&str, &str)] = &[
    ("a frequent word", "function"),
    ("a rare word", "vaquuast"),
    ("two words", "error review"),
    ("three words", "the function returns"),
    ("one call's word", "777777"),
    ("nobody's word", "supercalifragilistic"),
];
/// Sizes, with the values that many and few requests reach.
const SIZES: &[&str] = &[
    "cost:gte:1000000",
    "cost:gte:100000000",
    "cost:lt:500000",
    "latency:gte:10000",
    "latency:gte:45000",
    "tokens:gte:30000",
    "tokens:lt:300",
];
const MONTH: &str = "now-30d";

pub async fn all(asker: &mut Asker, team: &str) -> Result<Vec<Question>> {
    let query = |filters: &[&str], q: &str, from: &str| json!({"team": team, "filters": filters, "q": q, "from": from});
    let facets = asker.ask("history/facets", &body(query(&[], "", MONTH))).await?.value;
    let mut all = vec![
        one("health", Kind::Address, "/health", Vec::new()),
        one("ready, which asks the database", Kind::Address, "/ready", Vec::new()),
        one("who am I, a small read", Kind::Baseline, "teams/me", vec![json!({})]),
    ];
    let mut list = |name: &str, filters: &[&str]| {
        let mut question = one(name, Kind::List, "history/list", vec![body(query(filters, "", MONTH))]);
        // What is rare in the newest may be absent; what is not rare must be found.
        question.may_be_empty = name.starts_with("list, nothing");
        all.push(question);
    };
    list("list", &[]);
    for (field, filters) in fields(&facets) {
        for (which, filter) in filters {
            list(&format!("list, {field} {which}"), &[&filter]);
        }
    }
    for size in SIZES {
        list(&format!("list, {size}"), &[size]);
    }
    list("list, failed model and task", &["status:in:provider_fault,capacity", "task:in:review,tests"]);
    list("list, key, model and verdict", &[&first(&facets, "key")?, &first(&facets, "model")?, "verdict:in:accepted"]);
    list("list, not this model and dear", &["model:not:seed-ada,seed-babbage", "cost:gte:100000000"]);
    list("list, nothing", &["model:in:no-such-model"]);

    all.extend(deep(asker, team).await?);
    let common = first(&facets, "model")?;
    let narrow = ["status:in:timeout", &*common];
    all.push(one("facets", Kind::List, "history/facets", vec![body(query(&[], "", MONTH))]));
    all.push(one("facets, model", Kind::List, "history/facets", vec![body(query(&[&common], "", MONTH))]));
    all.push(one("facets, model and status", Kind::List, "history/facets", vec![body(query(&narrow, "", MONTH))]));
    for (what, word) in SEARCHES {
        for (span, from) in [("7 days", ""), ("30 days", MONTH)] {
            let mut question = one(
                &format!("search, {what}, {span}"),
                Kind::Search,
                "history/list",
                vec![body(query(&[], word, from))],
            );
            question.may_be_empty = matches!(*what, "nobody's word" | "one call's word");
            all.push(question);
        }
    }
    let both = body(query(&[&common, "status:in:success"], "function", MONTH));
    all.push(one("search, a frequent word, model and status", Kind::Search, "history/list", vec![both]));
    let counted = body(query(&[], "review", MONTH));
    all.push(one("facets, a frequent word", Kind::Search, "history/facets", vec![counted]));
    Ok(all)
}

fn one(name: &str, kind: Kind, operation: &str, bodies: Vec<Value>) -> Question {
    Question { name: name.into(), kind, operation: operation.into(), bodies, may_be_empty: false }
}

/// Pages that begin far back, and the neighbours of requests there.
async fn deep(asker: &mut Asker, team: &str) -> Result<Vec<Question>> {
    let (mut pages, mut around, mut filtered) = (Vec::new(), Vec::new(), Vec::new());
    for days in [3, 10, 17, 24, 29] {
        let query = json!({"team": team, "from": MONTH, "to": format!("now-{days}d"), "limit": 50});
        let page = asker.ask("history/list", &body(query)).await?.value;
        let next = page["next"].as_str().with_context(|| format!("no page behind {days} days"))?;
        pages.push(body(json!({"team": team, "from": MONTH, "before": next})));
        let request = &page["rows"][25]["request"];
        around.push(json!({"query": {"team": team, "from": MONTH}, "request": request}));
        let filters = [format!("model:in:{}", page["rows"][25]["model"].as_str().unwrap_or_default())];
        filtered.push(json!({"query": {"team": team, "from": MONTH, "filters": filters}, "request": request}));
    }
    Ok(vec![
        one("list, deep page", Kind::List, "history/list", pages),
        one("around", Kind::List, "history/around", around),
        one("around, model", Kind::List, "history/around", filtered),
    ])
}

/// A filter for the most and one for the least frequent value of every field that has some.
fn fields(facets: &Value) -> Vec<(String, Vec<(&'static str, String)>)> {
    let all = facets["facets"].as_array().map(Vec::as_slice).unwrap_or_default();
    let of_one = |facet: &Value| {
        let field = facet["field"].as_str()?;
        let values: Vec<&str> =
            facet["values"].as_array()?.iter().filter_map(|value| value["value"].as_str()).collect();
        let filter = |value: &str| format!("{field}:in:{}", escaped(value));
        let mut filters = vec![("most", filter(values.first()?))];
        if values.len() > 1 {
            filters.push(("least", filter(values.last()?)));
        }
        Some((field.to_owned(), filters))
    };
    all.iter().filter_map(of_one).collect()
}

fn first(facets: &Value, field: &str) -> Result<String> {
    let found = fields(facets).into_iter().find(|(name, _)| name == field);
    let filter = found.and_then(|(_, filters)| filters.into_iter().next()).map(|(_, filter)| filter);
    filter.with_context(|| format!("no {field} in the facets"))
}

/// As a filter in the address writes a value.
fn escaped(value: &str) -> String {
    value.replace('%', "%25").replace(',', "%2C").replace(':', "%3A")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_are_made_of_the_most_and_the_least_frequent_value() {
        let values = json!([{"value": "a,b", "count": 9}, {"value": "c", "count": 2}, {"value": "d", "count": 1}]);
        let facets = json!({"facets": [{"field": "tag", "values": values}, {"field": "task", "values": []}]});
        let filters = fields(&facets);
        assert_eq!(filters.len(), 1);
        assert_eq!(filters[0].1, [("most", "tag:in:a%2Cb".to_owned()), ("least", "tag:in:d".to_owned())]);
        assert_eq!(first(&facets, "tag").unwrap(), "tag:in:a%2Cb");
        assert!(first(&facets, "task").is_err());
    }
}
