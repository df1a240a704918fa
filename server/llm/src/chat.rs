//! The neutral chat request: what callers inside the product (runs, probes) ask for, in no vendor's spelling.

use serde::{Deserialize, Serialize};

/// Who said a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    System,
    User,
    Assistant,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    pub role: Role,
    pub content: String,
}

/// One question to one model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChatRequest {
    /// Public model name.
    pub model: String,
    pub messages: Vec<Message>,
    /// Most tokens of the answer; `None` leaves the model's own limit.
    pub max_output_tokens: Option<u32>,
    pub temperature: Option<Decimal>,
    pub stream: bool,
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
    }
}
