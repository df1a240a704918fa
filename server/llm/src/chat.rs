//! The neutral chat: what any client dialect can ask and any provider may be asked, in no vendor's spelling.
//!
//! Every wire translates to and from these types; N wires need N translations each way, never N × M. What a wire cannot
//! say is an error that names the field, except what [`crate::wire::DROPPABLE`] lists.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Who said a message. OpenAI's `developer` is `System`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    System,
    User,
    Assistant,
    /// Holds exactly one [`Part::ToolResult`].
    Tool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    pub role: Role,
    pub parts: Vec<Part>,
}

impl Message {
    pub fn text(role: Role, text: impl Into<String>) -> Self {
        Self { role, parts: vec![Part::text(text)] }
    }
}

/// One piece of a message, of a request or of an answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    Text {
        text: String,
        cache: Option<Cache>,
    },
    Image {
        image: Image,
        /// `low`, `high`, `auto`, where the wire has it.
        detail: Option<String>,
        cache: Option<Cache>,
    },
    /// What the model thought. An empty text with a seal is reasoning that only its origin can read; it stands before the
    /// part it belongs to.
    Reasoning {
        text: String,
        seal: Option<Seal>,
    },
    ToolCall {
        id: String,
        name: String,
        /// JSON text, as the model wrote it; empty means no arguments.
        arguments: String,
        cache: Option<Cache>,
    },
    ToolResult {
        /// Of the call that this answers.
        id: String,
        /// Text and images.
        content: Vec<Part>,
        is_error: bool,
        cache: Option<Cache>,
    },
}

impl Part {
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text { text: text.into(), cache: None }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Image {
    Url(String),
    /// Base64 text, unchanged.
    Inline {
        media_type: String,
        data: String,
    },
}

/// How long a prompt up to and including this part is worth keeping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cache {
    /// The provider's cheap lifetime, such as five minutes.
    Short,
    /// The dear one, such as an hour.
    Long,
}

/// Whose reasoning it is: signed blocks go back only where they came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    OpenAi,
    Anthropic,
    Gemini,
}

impl Origin {
    const ALL: [(Self, &'static str); 3] =
        [(Self::OpenAi, "openai"), (Self::Anthropic, "anthropic"), (Self::Gemini, "gemini")];
}

/// A signature or an encrypted block of reasoning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seal {
    pub origin: Origin,
    pub data: String,
}

/// Marks a seal that crosses a dialect other than its own, so that it finds its way back.
const FOREIGN: &str = "tg1.";

impl Seal {
    /// As a client of `dialect` keeps it: bare where the dialect is the origin's own, else with its origin in front.
    pub fn for_client(&self, dialect: Option<Origin>) -> String {
        if dialect == Some(self.origin) {
            return self.data.clone();
        }
        let name = Origin::ALL.iter().find(|(origin, _)| *origin == self.origin).map_or("", |(_, name)| *name);
        format!("{FOREIGN}{name}.{}", self.data)
    }

    /// Reads what [`Seal::for_client`] wrote. Bare text belongs to the dialect's own origin, if it has one.
    pub fn from_client(text: &str, dialect: Option<Origin>) -> Option<Self> {
        let Some((name, data)) = text.strip_prefix(FOREIGN).and_then(|rest| rest.split_once('.')) else {
            return dialect.map(|origin| Self { origin, data: text.to_owned() });
        };
        let origin = Origin::ALL.iter().find(|(_, known)| *known == name)?.0;
        Some(Self { origin, data: data.to_owned() })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Tool {
    pub name: String,
    pub description: Option<String>,
    /// JSON schema of the arguments, members in the client's order.
    pub schema: Value,
    pub strict: Option<bool>,
    pub cache: Option<Cache>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ToolChoice {
    Auto,
    None,
    /// Some tool must be called.
    Required,
    /// This tool must be called.
    Named(String),
}

/// The form an answer must have.
#[derive(Clone, Debug, PartialEq)]
pub enum Format {
    Text,
    /// Any JSON object.
    Object,
    Schema {
        name: String,
        description: Option<String>,
        schema: Value,
        strict: Option<bool>,
    },
}

/// How much thought is asked for. At least one field is set, or the request would have none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reasoning {
    pub effort: Option<Effort>,
    /// Most tokens of thought.
    pub budget: Option<u32>,
    /// The client wants to read the thoughts, or a summary of them.
    pub show: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effort {
    /// No thought at all.
    Off,
    Minimal,
    Low,
    Medium,
    High,
    /// OpenAI `xhigh`, Anthropic `max`.
    Max,
}

/// One question to one model.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ChatRequest {
    /// Public model name.
    pub model: String,
    pub messages: Vec<Message>,
    pub tools: Vec<Tool>,
    pub tool_choice: Option<ToolChoice>,
    /// `Some(false)`: at most one tool call in an answer.
    pub parallel_tool_calls: Option<bool>,
    pub format: Option<Format>,
    pub reasoning: Option<Reasoning>,
    /// Most tokens of the answer; `None` leaves the model's own limit.
    pub max_output_tokens: Option<u32>,
    pub stop: Vec<String>,
    /// How many answers; `None` is one.
    pub answers: Option<u32>,
    pub temperature: Option<Decimal>,
    pub top_p: Option<Decimal>,
    pub top_k: Option<u32>,
    pub frequency_penalty: Option<Decimal>,
    pub presence_penalty: Option<Decimal>,
    pub seed: Option<i64>,
    /// The client's name for its end user.
    pub user: Option<String>,
    pub stream: bool,
    /// Fields that the reading wire left out because [`crate::wire::DROPPABLE`] allows it, for a response header.
    pub dropped: Vec<String>,
}

/// A number in decimal text, sent as it was typed: `0.30` stays `0.30`, no float in between.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decimal(String);

impl Decimal {
    /// Reads a plain JSON number. Empty text is `Ok(None)`: the provider's default.
    pub fn parse(text: &str) -> Result<Option<Self>, String> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(None);
        }
        match serde_json::from_str::<&serde_json::value::RawValue>(text) {
            Ok(raw) if serde_json::from_str::<serde_json::Number>(raw.get()).is_ok() => Ok(Some(Self(text.to_owned()))),
            _ => Err("enter a number such as 0.3".to_owned()),
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Written as the number it is, in its own spelling; needs a serializer that knows raw JSON (`serde_json` to text).
impl Serialize for Decimal {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serde_json::from_str::<&serde_json::value::RawValue>(&self.0)
            .map_err(serde::ser::Error::custom)?
            .serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decimal_keeps_its_spelling() {
        assert_eq!(Decimal::parse(" 0.30 ").map(|d| d.map(|d| d.as_str().to_owned())), Ok(Some("0.30".to_owned())));
        assert_eq!(Decimal::parse(""), Ok(None));
        for wrong in ["hot", "0,3", "\"1\"", "null", "1 2", ".5", "NaN", "[1]"] {
            assert!(Decimal::parse(wrong).is_err(), "{wrong}");
        }
        let number = Decimal::parse("0.30").unwrap();
        assert_eq!(serde_json::to_string(&number).unwrap(), "0.30");
    }

    #[test]
    fn a_seal_finds_its_way_back_through_any_dialect() {
        for (origin, _) in Origin::ALL {
            let seal = Seal { origin, data: "a.b/c+d==".to_owned() };
            for dialect in [None, Some(Origin::OpenAi), Some(Origin::Anthropic), Some(Origin::Gemini)] {
                assert_eq!(Seal::from_client(&seal.for_client(dialect), dialect), Some(seal.clone()));
            }
        }
        assert_eq!(Seal::from_client("bare", None), None);
        assert_eq!(Seal::from_client("tg1.nobody.x", Some(Origin::OpenAi)), None);
    }
}
