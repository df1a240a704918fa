//! One authenticated call of the public API, and the strict reading of its parts.

use std::str::FromStr;

use bytes::Bytes;
use control::{Actor, Context, Error, strict};
use domain::{ApiError, error::FieldErrors};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;
use uuid::Uuid;

use super::endpoint::{Endpoint, Example, Parameter, shown};

const USUAL_PAGE: usize = 50;
const LARGEST_PAGE: usize = 200;

/// The parameters of every list.
pub const PAGE: &[Parameter] = &[
    Parameter { name: "limit", about: "1 to 200; absent: 50", required: false, example: "50" },
    Parameter { name: "after", about: "`next` of the page before", required: false, example: "" },
];

/// What a handler works with. The actor is the token's owner within the token's scopes.
pub struct Asked {
    pub ctx: Context,
    pub actor: Actor,
    pub path: Vec<(String, String)>,
    pub query: Vec<(String, String)>,
    pub body: Bytes,
}

impl Asked {
    /// The team of the path.
    pub fn team(&self) -> &str {
        self.named("team")
    }

    /// An id of the path. What cannot be one is an object that does not exist.
    pub fn id<T: FromStr>(&self, name: &str) -> Result<T, Error> {
        self.named(name).parse().map_err(|_| Error::NotFound)
    }

    fn named(&self, name: &str) -> &str {
        self.path.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }

    /// What stands behind the question mark; empty where nothing does.
    pub fn query(&self, name: &str) -> &str {
        self.query.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }

    pub fn body<T: DeserializeOwned>(&self) -> Result<T, ApiError> {
        strict::read(&self.body)
    }

    /// For what takes no body: none, or an empty object.
    pub fn no_body(&self) -> Result<(), ApiError> {
        if self.body.is_empty() { Ok(()) } else { strict::read::<Nothing>(&self.body).map(drop) }
    }

    /// The page that was asked for of a whole list. Pages go by id, so what comes and goes in between moves nothing.
    pub fn page<T: Serialize>(&self, mut all: Vec<(Uuid, T)>) -> Result<Value, Error> {
        let mut errors = FieldErrors::default();
        let limit = errors.check("limit", limit(self.query("limit"))).unwrap_or(USUAL_PAGE);
        let after = errors.check("after", after(self.query("after"))).flatten();
        errors.finish()?;
        all.sort_unstable_by_key(|(id, _)| *id);
        let rest = all.into_iter().filter(|(id, _)| after.is_none_or(|after| *id > after));
        let mut data: Vec<(Uuid, T)> = rest.take(limit + 1).collect();
        let has_more = data.len() > limit;
        data.truncate(limit);
        let next = data.last().filter(|_| has_more).map(|(id, _)| *id);
        Ok(shown(&Page { data: data.into_iter().map(|(_, item)| item).collect(), next }))
    }
}

/// A body that must say nothing.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

/// A page of a list, in the order in which its items were made.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "{T}Page")]
pub struct Page<T> {
    pub data: Vec<T>,
    /// For `after`; null: this was the last page.
    pub next: Option<Uuid>,
}

impl<T: Example> Example for Page<T> {
    fn example() -> Self {
        Self { data: vec![T::example()], next: None }
    }
}

/// A limit out of range is refused, not cut in silence.
fn limit(text: &str) -> Result<usize, String> {
    let wrong = || format!("must be a whole number from 1 to {LARGEST_PAGE}, such as {USUAL_PAGE}");
    match text {
        "" => Ok(USUAL_PAGE),
        text => text.parse().ok().filter(|limit| (1..=LARGEST_PAGE).contains(limit)).ok_or_else(wrong),
    }
}

fn after(text: &str) -> Result<Option<Uuid>, String> {
    match text {
        "" => Ok(None),
        text => Uuid::parse_str(text).map(Some).map_err(|_| "must be `next` of the page before".to_owned()),
    }
}

/// The parameters of an address. What the endpoint does not know, and what stands there twice, is refused by name.
pub fn query(endpoint: &Endpoint, text: &str) -> Result<Vec<(String, String)>, ApiError> {
    let mut errors = FieldErrors::default();
    let mut found: Vec<(String, String)> = Vec::new();
    for (name, value) in url::form_urlencoded::parse(text.as_bytes()).into_owned() {
        if !endpoint.query.iter().any(|parameter| parameter.name == name) {
            let known: Vec<&str> = endpoint.query.iter().map(|parameter| parameter.name).collect();
            let takes = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
            errors.add(&name, format!("unknown parameter: this path takes {takes}"));
        } else if found.iter().any(|(other, _)| *other == name) {
            errors.add(&name, "stands in the address twice");
        } else {
            found.push((name, value));
        }
    }
    for parameter in endpoint.query.iter().filter(|parameter| parameter.required) {
        if !found.iter().any(|(name, value)| name == parameter.name && !value.is_empty()) {
            errors.add(parameter.name, format!("is required, such as {}", parameter.example));
        }
    }
    errors.finish()?;
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_out_of_range_is_refused() {
        assert_eq!(limit(""), Ok(50));
        assert_eq!(limit("1"), Ok(1));
        assert_eq!(limit("200"), Ok(200));
        for wrong in ["0", "201", "-1", "1.5", "many", " 5", "99999999999999999999"] {
            assert!(limit(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn parameters_that_are_unknown_doubled_or_missing_are_named() {
        let list = super::super::endpoints().find(|endpoint| endpoint.id == "listKeys").unwrap();
        let report = super::super::endpoints().find(|endpoint| endpoint.id == "usage").unwrap();
        let fields = |endpoint, text| {
            let error = query(endpoint, text).unwrap_err();
            error.fields.into_iter().map(|field| field.field).collect::<Vec<_>>()
        };
        assert_eq!(fields(list, "limit=1&limit=2&colour=red"), ["limit", "colour"]);
        assert_eq!(fields(report, ""), ["from", "to"]);
        assert_eq!(query(list, "limit=5&after=x").unwrap().len(), 2);
    }
}
