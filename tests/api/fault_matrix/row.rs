//! A line of the matrix: what the provider does, what the client must see, what the books must say.
//!
//! Data only: `stage` runs lines, `client` and `books` check them. One more thing to see is a variant of `Sees` and its
//! arm in `client::check`; one more rule of charging is a variant of `Charge` and its arm in `books::check`.

use serde_json::Value;
use tests::{dialect::Dialect, fake_upstream::Script};

/// A client's language and the kind of provider behind the gateway.
pub type Route = (Dialect, &'static str);

/// The same words on both sides: bytes pass.
pub const OWN: Route = (Dialect::Chat, "openai-compatible");
pub const FROM_MESSAGES: Route = (Dialect::Messages, "openai-compatible");
pub const TO_ANTHROPIC: Route = (Dialect::Chat, "anthropic");
pub const MESSAGES: Route = (Dialect::Messages, "anthropic");
pub const RESPONSES: Route = (Dialect::Responses, "openai");
pub const TO_GEMINI: Route = (Dialect::Chat, "gemini");
/// Requests, answers and faults are translated, once in each direction.
pub const TRANSLATED: &[Route] = &[FROM_MESSAGES, TO_ANTHROPIC];
pub const EVERYWHERE: &[Route] = &[OWN, FROM_MESSAGES, TO_ANTHROPIC];
/// The four routes between the wires that have an end marker of their own.
pub const MARKED: &[Route] = &[OWN, FROM_MESSAGES, TO_ANTHROPIC, MESSAGES];

/// A call that a script stalls ends with this. Long enough for the first content on a busy machine.
pub const DEADLINE_MS: u32 = 2_500;

pub struct Row {
    /// As in the matrix; several lines may share one.
    pub id: &'static str,
    pub name: &'static str,
    pub script: Script,
    pub routes: &'static [Route],
    /// Fields of the request that the usual one does not have.
    pub body: Vec<(&'static str, Value)>,
    pub deadline_ms: Option<u32>,
    /// The provider has far more to say than the gateway may take.
    pub is_endless: bool,
    /// Absent where the misbehaviour does not exist.
    pub stream: Option<Cell>,
    pub whole: Option<Cell>,
}

#[derive(Clone, Debug)]
pub struct Cell {
    pub sees: Sees,
    pub books: Books,
}

/// What the client gets.
#[derive(Clone, Copy, Debug)]
pub enum Sees {
    /// A complete answer that ended so.
    Complete(Finish),
    /// The same, and not one byte differs from what the provider sent.
    Verbatim,
    /// An error of ours, as a whole answer.
    Refused(Problem),
    /// The provider's own refusal with its status and its words.
    Passed(u16),
    /// Content, then an error event of ours, then nothing.
    Broken(Problem),
    /// Content, then the provider's own error event, then nothing.
    BrokenByUpstream,
}

#[derive(Clone, Copy, Debug)]
pub enum Finish {
    Stop,
    Length,
    Failed,
}

/// What kind of error, whatever the dialect calls it.
#[derive(Clone, Copy, Debug)]
pub enum Problem {
    Unreachable,
    Blocked,
    Account,
    /// With the wait in seconds.
    RateLimited(&'static str),
    Provider,
    NoRoom,
    Deadline,
    Caller,
}

/// The only row of a call.
#[derive(Clone, Debug)]
pub struct Books {
    pub state: &'static str,
    pub outcome: &'static str,
    pub source: Option<&'static str>,
    pub flags: Vec<&'static str>,
    pub charge: Charge,
    pub model_served: Option<&'static str>,
}

#[derive(Clone, Copy, Debug)]
pub enum Charge {
    Nothing,
    /// Nobody can know: what was reserved, so that a hard limit stays true.
    Reserved,
    /// What the provider reported, to the last nano-dollar.
    Reported,
    /// More than nothing, less than reserved.
    Estimated,
    /// The input as reported, the output estimated from what was seen.
    InputReported,
}

pub fn row(id: &'static str, name: &'static str, script: Script) -> Row {
    Row {
        id,
        name,
        script,
        routes: &[OWN],
        body: Vec::new(),
        deadline_ms: None,
        is_endless: false,
        stream: None,
        whole: None,
    }
}

impl Row {
    pub fn on(self, routes: &'static [Route]) -> Self {
        Self { routes, ..self }
    }

    pub fn stream(self, sees: Sees, books: Books) -> Self {
        Self { stream: Some(Cell { sees, books }), ..self }
    }

    pub fn whole(self, sees: Sees, books: Books) -> Self {
        Self { whole: Some(Cell { sees, books }), ..self }
    }

    pub fn both(self, sees: Sees, books: Books) -> Self {
        self.stream(sees, books.clone()).whole(sees, books)
    }

    pub fn with_deadline(self) -> Self {
        Self { deadline_ms: Some(DEADLINE_MS), ..self }
    }

    pub fn endless(self) -> Self {
        Self { is_endless: true, ..self }
    }

    pub fn asking(mut self, field: &'static str, value: Value) -> Self {
        self.body.push((field, value));
        self
    }
}

/// Refused without charge, or never sent.
pub fn released(outcome: &'static str) -> Books {
    Books::new("released", outcome, None, Charge::Nothing)
}

/// Nobody can know what was done.
pub fn uncertain(outcome: &'static str) -> Books {
    Books::new("uncertain", outcome, None, Charge::Reserved)
}

/// A good end, and usage from its terminal event or complete body.
pub fn settled() -> Books {
    Books::new("settled", "success", Some("final"), Charge::Reported)
}

/// A good end without usage that one can count with.
pub fn estimated() -> Books {
    Books::new("settled", "success", Some("estimated"), Charge::Estimated)
}

/// A stream that broke after its first content.
pub fn incomplete() -> Books {
    Books::new("settled", "incomplete", Some("estimated"), Charge::Estimated)
}

impl Books {
    fn new(state: &'static str, outcome: &'static str, source: Option<&'static str>, charge: Charge) -> Self {
        Self { state, outcome, source, flags: Vec::new(), charge, model_served: None }
    }

    pub fn flag(mut self, flag: &'static str) -> Self {
        self.flags.push(flag);
        self
    }

    pub fn source(self, source: &'static str, charge: Charge) -> Self {
        Self { source: Some(source), charge, ..self }
    }

    pub fn outcome(self, outcome: &'static str) -> Self {
        Self { outcome, ..self }
    }

    pub fn served_by(self, model: &'static str) -> Self {
        Self { model_served: Some(model), ..self }
    }
}

impl Problem {
    /// Status, `error.type`, `error.code` (absent in Anthropic's dialect) and our own word for it.
    pub fn facts(self, dialect: Dialect) -> (u16, &'static str, Option<&'static str>, &'static str) {
        let (status, kind) = match self {
            Self::Unreachable => (502, "upstream_unreachable"),
            Self::Blocked => (502, "destination_blocked"),
            Self::Account => (502, "upstream_account"),
            Self::RateLimited(_) => (429, "upstream_rate_limited"),
            Self::Provider => (502, "upstream_error"),
            Self::NoRoom => (503, "no_target_available"),
            Self::Deadline => (504, "deadline_exceeded"),
            Self::Caller => (400, "invalid_request"),
        };
        match (dialect, self) {
            (Dialect::Messages, Self::NoRoom) => (529, "overloaded_error", None, kind),
            (Dialect::Messages, Self::RateLimited(_)) => (status, "rate_limit_error", None, kind),
            (Dialect::Messages, Self::Deadline) => (status, "timeout_error", None, kind),
            (Dialect::Messages, Self::Caller) => (status, "invalid_request_error", None, kind),
            (Dialect::Messages, _) => (status, "api_error", None, kind),
            (_, Self::RateLimited(_)) => (status, "rate_limit_error", Some("rate_limit_exceeded"), kind),
            (_, Self::Caller) => (status, "invalid_request_error", None, kind),
            (_, _) => (status, "server_error", Some(kind), kind),
        }
    }

    /// The `retry-after` header.
    pub fn wait(self) -> Option<&'static str> {
        match self {
            Self::RateLimited(seconds) => Some(seconds),
            Self::NoRoom => Some("1"),
            _ => None,
        }
    }
}

impl Finish {
    /// As `Said::finish` has it.
    pub fn word(self, dialect: Dialect) -> &'static str {
        match (self, dialect) {
            (Self::Stop, Dialect::Chat) => "stop",
            (Self::Stop, Dialect::Responses) => "completed",
            (Self::Stop, Dialect::Messages) => "end_turn",
            (Self::Length, Dialect::Chat) => "length",
            (Self::Length, Dialect::Responses) => "incomplete",
            (Self::Length, Dialect::Messages) => "max_tokens",
            (Self::Failed, _) => "failed",
        }
    }
}
