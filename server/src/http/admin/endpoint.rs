//! What an endpoint of the public API is: one value, read by the router, the document, the page and the inventory.

use std::pin::Pin;

use control::Error;
use domain::token::TokenScope;
use http::StatusCode;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;
use serde_json::Value;

use super::asked::Asked;

/// The endpoints of one resource.
pub struct Group {
    pub name: &'static str,
    pub about: &'static str,
    pub endpoints: &'static [Endpoint],
}

pub struct Endpoint {
    /// `GET /api/v1/teams/{team}/keys`.
    pub route: &'static str,
    /// `listKeys`: unique, for generated clients.
    pub id: &'static str,
    pub summary: &'static str,
    /// More than the summary says; may be empty.
    pub about: &'static str,
    /// `None`: any token.
    pub scope: Option<TokenScope>,
    /// What may stand in the address. Everything else is refused by name.
    pub query: &'static [Parameter],
    pub body: Option<Content>,
    /// `None`: 204 without a body.
    pub answer: Option<Content>,
    pub run: Run,
}

/// What stands in a path or behind its question mark.
pub struct Parameter {
    pub name: &'static str,
    pub about: &'static str,
    pub required: bool,
    pub example: &'static str,
}

/// What travels: its schema and an example of it, both of the very type that is read or written.
#[derive(Clone, Copy)]
pub struct Content {
    pub schema: fn(&mut SchemaGenerator) -> Schema,
    pub example: fn() -> Value,
}

pub type Answer<'a> = Pin<Box<dyn Future<Output = Result<Value, Error>> + Send + 'a>>;
pub type Run = for<'a> fn(&'a Asked) -> Answer<'a>;

/// A type of the public API that can show itself.
pub trait Example: JsonSchema + Serialize {
    fn example() -> Self;
}

impl Content {
    pub const fn of<T: Example>() -> Self {
        Self { schema: |generator| generator.subschema_for::<T>(), example: || shown(&T::example()) }
    }
}

/// A value of ours as JSON. Our types have no maps with strange keys, so nothing can fail.
pub fn shown<T: Serialize>(value: &T) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}

impl Endpoint {
    pub fn method(&self) -> &'static str {
        self.route.split_once(' ').map_or("GET", |(method, _)| method)
    }

    pub fn path(&self) -> &'static str {
        self.route.split_once(' ').map_or(self.route, |(_, path)| path)
    }

    /// The status when all went well: 201 for what makes something, and 204 for what has nothing to say.
    pub fn status(&self) -> StatusCode {
        match (self.answer, self.id.starts_with("create")) {
            (None, _) => StatusCode::NO_CONTENT,
            (Some(_), true) => StatusCode::CREATED,
            (Some(_), false) => StatusCode::OK,
        }
    }

    /// The names between braces in the path.
    pub fn path_parameters(&self) -> impl Iterator<Item = &'static str> {
        self.path().split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
    }
}
