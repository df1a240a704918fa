//! Clients of three dialects, as far as the grid needs them: a request for each scenario, and what an answer says.
//!
//! Written against the vendors' documentation and without the product's own code: two readings that agree are evidence.

use serde_json::Value;

use crate::Answer;

mod chat;
mod messages;
mod responses;

/// What a request exercises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scenario {
    Plain,
    Tools,
    /// The second turn of a tool loop: calls and their results.
    Results,
    Schema,
    Image,
    Reasoning,
    Cached,
}

impl Scenario {
    pub const ALL: [Self; 7] =
        [Self::Plain, Self::Tools, Self::Results, Self::Schema, Self::Image, Self::Reasoning, Self::Cached];
}

/// A client's language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    Chat,
    Responses,
    Messages,
}

/// What an answer says, whatever the dialect.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Said {
    pub text: String,
    pub reasoning: String,
    /// Signatures and encrypted reasoning.
    pub seals: Vec<String>,
    /// Name, id and parsed arguments.
    pub calls: Vec<(String, String, Value)>,
    pub finish: String,
    /// As the dialect counts them: input (all of it), output (all of it), read from a cache.
    pub usage: Option<[u64; 3]>,
}

/// A small PNG, one red pixel.
pub const PIXEL: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==";
pub const SYSTEM: &str = "Answer briefly, and mention größere Zahlen.";
pub const QUESTION: &str = "What is the weather in 東京 and in Genève?";
/// What the tools answered, in the second turn.
pub const RESULTS: [&str; 2] = ["{\"celsius\": 21, \"sky\": \"clear\"}", "rain, 9 °C"];

impl Dialect {
    pub const ALL: [Self; 3] = [Self::Chat, Self::Responses, Self::Messages];

    pub fn path(self) -> &'static str {
        match self {
            Self::Chat => "/v1/chat/completions",
            Self::Responses => "/v1/responses",
            Self::Messages => "/v1/messages",
        }
    }

    /// A request. `before` is the answer of the first turn, for [`Scenario::Results`].
    pub fn request(self, scenario: Scenario, model: &str, stream: bool, before: Option<&Said>) -> Value {
        match self {
            Self::Chat => chat::request(scenario, model, stream, before),
            Self::Responses => responses::request(scenario, model, stream, before),
            Self::Messages => messages::request(scenario, model, stream, before),
        }
    }

    /// Reads an answer; whatever breaks the dialect's grammar is an error.
    pub fn read(self, answer: &Answer, stream: bool) -> anyhow::Result<Said> {
        match self {
            Self::Chat => chat::read(answer, stream),
            Self::Responses => responses::read(answer, stream),
            Self::Messages => messages::read(answer, stream),
        }
    }
}

/// The tool all requests offer.
fn parameters() -> Value {
    serde_json::json!({
        "type": "object",
        "properties": {"city": {"type": "string"}, "unit": {"type": "string", "enum": ["c", "f"]}},
        "required": ["city"],
        "additionalProperties": false
    })
}

/// The form of [`Scenario::Schema`]; members in an order that sorting would change.
fn schema() -> Value {
    serde_json::json!({
        "type": "object",
        "properties": {"verdict": {"type": "string"}, "reason": {"type": "string"}, "count": {"type": "integer"}},
        "required": ["verdict", "reason", "count"],
        "additionalProperties": false
    })
}

/// The named events of a stream with their data, comments left out.
fn events(answer: &Answer) -> anyhow::Result<Vec<(Option<String>, String)>> {
    let mut events = Vec::new();
    for block in answer.text().split("\n\n").filter(|block| !block.trim().is_empty()) {
        let field =
            |name: &str| block.lines().find_map(|line| line.strip_prefix(name)).map(|text| text.trim().to_owned());
        if let Some(data) = field("data:") {
            events.push((field("event:"), data));
        } else {
            anyhow::ensure!(block.lines().all(|line| line.starts_with(':')), "a block without data: {block:?}");
        }
    }
    Ok(events)
}
