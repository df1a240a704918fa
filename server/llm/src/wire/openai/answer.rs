//! Answers of the OpenAI wire: whole bodies and error bodies here, streams below.
//!
//! Reading is lenient: what a compatible server adds or leaves out must not break an answer that can be understood.

mod calls;
mod stream;

pub use stream::StreamDecoder;

use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use super::{Quirks, UsageAt, details, usage};
use crate::{
    Error,
    chat::Part,
    event::{Answer, Response},
    tally::UsageReport,
};

#[derive(Deserialize)]
struct Whole {
    id: Option<String>,
    model: Option<String>,
    choices: Vec<WholeChoice>,
    usage: Option<Value>,
    x_groq: Option<Value>,
}

#[derive(Deserialize)]
struct WholeChoice {
    index: Option<u32>,
    message: Option<Said>,
    finish_reason: Option<String>,
    usage: Option<Value>,
}

/// A message, or a piece of one.
#[derive(Default, Deserialize)]
struct Said {
    content: Option<Content>,
    /// What the model declines to say is visible text as well.
    refusal: Option<String>,
    reasoning_content: Option<String>,
    reasoning: Option<Value>,
    reasoning_details: Option<Value>,
    tool_calls: Option<Vec<ToolCall>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Content {
    Text(String),
    /// Mistral's reasoning models answer in pieces.
    Pieces(Vec<Value>),
    Other(serde::de::IgnoredAny),
}

#[derive(Deserialize)]
struct ToolCall {
    index: Option<Value>,
    id: Option<String>,
    function: Option<Function>,
}

#[derive(Deserialize)]
struct Function {
    name: Option<String>,
    /// A string; from some servers the object itself.
    arguments: Option<Box<RawValue>>,
}

/// A [`Said`] in one shape, whatever the server's own was. Empty means not said.
#[derive(Default)]
struct Heard {
    reasoning: String,
    details: Vec<Value>,
    texts: Vec<String>,
    calls: Vec<ToolCall>,
}

impl Said {
    fn heard(self) -> Heard {
        let copy = self.reasoning.as_ref().and_then(Value::as_str).map(str::to_owned);
        let mut heard = Heard {
            reasoning: self.reasoning_content.filter(|text| !text.is_empty()).or(copy).unwrap_or_default(),
            calls: self.tool_calls.unwrap_or_default(),
            ..Heard::default()
        };
        if let Some(Value::Array(details)) = self.reasoning_details {
            heard.details = details;
        }
        match self.content {
            Some(Content::Text(text)) => heard.texts.push(text),
            Some(Content::Pieces(pieces)) => pieces.iter().for_each(|piece| heard.take(piece)),
            Some(Content::Other(_)) | None => {}
        }
        heard.texts.extend(self.refusal);
        heard.texts.retain(|text| !text.is_empty());
        heard
    }
}

impl Heard {
    fn take(&mut self, piece: &Value) {
        let text = |piece: &Value, name: &str| piece.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        match piece.get("type").and_then(Value::as_str) {
            Some("text") => self.texts.push(text(piece, "text")),
            Some("refusal") => self.texts.push(text(piece, "refusal")),
            Some("thinking") => match piece.get("thinking") {
                Some(Value::Array(pieces)) => pieces.iter().for_each(|piece| self.reasoning += &text(piece, "text")),
                _ => self.reasoning += &text(piece, "thinking"),
            },
            _ => {}
        }
    }
}

impl ToolCall {
    fn name(&self) -> &str {
        self.function.as_ref().and_then(|function| function.name.as_deref()).unwrap_or_default()
    }

    /// `None` when nothing was said, or nothing but an empty id.
    fn id(&self) -> Option<&str> {
        self.id.as_deref().filter(|id| !id.is_empty())
    }

    fn arguments(&self) -> String {
        let raw = self.function.as_ref().and_then(|function| function.arguments.as_deref());
        match raw.map(RawValue::get) {
            None | Some("null") => String::new(),
            Some(raw) => serde_json::from_str(raw).unwrap_or_else(|_| raw.to_owned()),
        }
    }
}

/// An id for a call that came without: clients and other wires need one. The same answer gives the same ids.
fn made_up_id(answer: Option<&str>, index: u32, slot: u32) -> String {
    let seed = format!("{}/{index}", answer.unwrap_or_default());
    // FNV-1a: a name that differs from answer to answer, not a secret.
    let hash = seed
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    format!("call_{hash:016x}_{slot}")
}

/// The word of the neutral form for an upstream's own.
fn finish_reason(word: String, has_calls: bool) -> String {
    let known = match word.to_ascii_lowercase().as_str() {
        // A forced call ends with `stop`, and so do all calls of some servers.
        "stop" | "end_turn" | "eos" | "eos_token" | "stop_sequence" if has_calls => "tool_calls",
        "stop" | "end_turn" | "eos" | "eos_token" | "stop_sequence" => "stop",
        "length" | "max_tokens" | "model_length" => "length",
        "tool_calls" | "tool_use" | "function_call" => "tool_calls",
        "content_filter" | "sensitive" | "safety" => "content_filter",
        _ => return word,
    };
    known.to_owned()
}

/// The usage object of an answer or a chunk, wherever this vendor puts it.
fn find_usage<'a>(
    usual: Option<&'a Value>,
    in_choice: Option<&'a Value>,
    x_groq: Option<&'a Value>,
    quirks: &Quirks,
) -> Option<&'a Value> {
    let elsewhere = match quirks.usage_at {
        UsageAt::Chunk => None,
        UsageAt::Choice => in_choice,
        UsageAt::XGroq => x_groq.and_then(|own| own.get("usage")),
    };
    usual.filter(|usage| usage.is_object()).or(elsewhere)
}

/// Reads a complete answer. A body that is not one (a web page, half a document) is [`Error::Foreign`].
pub fn decode_whole(body: &[u8], quirks: &Quirks) -> Result<Response, Error> {
    let whole: Whole = serde_json::from_slice(body).map_err(|_| Error::Foreign { expected: "a chat completion" })?;
    let usage = whole_usage(&whole, quirks);
    let mut choices = whole.choices;
    choices.sort_by_key(|choice| choice.index.unwrap_or(0));
    let answers = choices.into_iter().enumerate().map(|(i, choice)| {
        let index = choice.index.or(u32::try_from(i).ok()).unwrap_or(u32::MAX);
        answer(choice, |slot| made_up_id(whole.id.as_deref(), index, slot))
    });
    Ok(Response { answers: answers.collect(), id: whole.id.clone(), model: whole.model, usage, ..Response::default() })
}

fn whole_usage(whole: &Whole, quirks: &Quirks) -> Option<UsageReport> {
    let in_choice = whole.choices.first().and_then(|choice| choice.usage.as_ref());
    let value = find_usage(whole.usage.as_ref(), in_choice, whole.x_groq.as_ref(), quirks)?;
    usage::report(value, true, quirks)
}

fn answer(choice: WholeChoice, make_id: impl Fn(u32) -> String) -> Answer {
    let Heard { reasoning, details, texts, calls } = choice.message.unwrap_or_default().heard();
    let calls: Vec<Part> = (0..)
        .zip(&calls)
        .map(|(slot, call)| Part::ToolCall {
            id: call.id().map_or_else(|| make_id(slot), str::to_owned),
            name: call.name().to_owned(),
            arguments: call.arguments(),
            cache: None,
        })
        .collect();
    let finish_reason = choice.finish_reason.map(|word| finish_reason(word, !calls.is_empty()));
    let texts = texts.into_iter().map(Part::text).collect();
    Answer { parts: details::arrange(reasoning, details::read(&details), texts, calls), finish_reason }
}

/// Is this the wire's own error object, and not some proxy's page?
pub fn is_error_body(body: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct ErrorBody {
        error: Value,
    }
    serde_json::from_slice::<ErrorBody>(body).is_ok_and(|body| body.error.is_object() || body.error.is_string())
}

#[cfg(test)]
mod tests;
