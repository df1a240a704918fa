//! Complete answers: messages, token counts and errors.
//!
//! Reading is lenient: what a compatible server adds or leaves out must not break an answer that can be understood.

use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use super::{
    block::{redacted_seal, signature_seal},
    usage::Meter,
};
use crate::{
    Error,
    chat::Part,
    event::{Answer, Response},
    tally::{InputTokens, OutputTokens, UsageReport},
    wire::count::count,
};

#[derive(Deserialize)]
struct Whole {
    id: Option<String>,
    model: Option<String>,
    content: Vec<Block>,
    stop_reason: Option<String>,
    usage: Option<Value>,
}

/// A content block of an answer, or its beginning.
#[derive(Deserialize)]
pub(super) struct Block {
    #[serde(rename = "type")]
    pub kind: String,
    pub text: Option<String>,
    pub thinking: Option<String>,
    pub signature: Option<String>,
    pub data: Option<String>,
    pub id: Option<String>,
    pub name: Option<String>,
    pub input: Option<Box<RawValue>>,
}

/// Reads a complete answer. A body that is not one (a web page, half a document) is [`Error::Foreign`].
pub fn decode_whole(body: &[u8], long_cache: bool) -> Result<Response, Error> {
    let whole: Whole = serde_json::from_slice(body).map_err(|_| Error::Foreign { expected: "a message" })?;
    let mut meter = Meter::new(long_cache);
    let has_usage = whole.usage.as_ref().is_some_and(|usage| meter.update(usage));
    let parts = whole.content.into_iter().filter_map(part).collect();
    let finish_reason = whole.stop_reason.map(finish_reason);
    Ok(Response {
        id: whole.id,
        model: whole.model,
        answers: vec![Answer { parts, finish_reason }],
        usage: has_usage.then(|| meter.report(true)),
        ..Response::default()
    })
}

/// `None` for what says nothing, and for the work of the vendor's own tools.
fn part(block: Block) -> Option<Part> {
    match block.kind.as_str() {
        "text" => block.text.filter(|text| !text.is_empty()).map(Part::text),
        "thinking" => {
            let text = block.thinking.unwrap_or_default();
            let seal = signature_seal(&block.signature.unwrap_or_default());
            (!text.is_empty() || seal.is_some()).then_some(Part::Reasoning { text, seal })
        }
        "redacted_thinking" => {
            let seal = redacted_seal(&block.data?)?;
            Some(Part::Reasoning { text: String::new(), seal: Some(seal) })
        }
        "tool_use" => Some(Part::ToolCall {
            id: block.id.unwrap_or_default(),
            name: block.name.unwrap_or_default(),
            arguments: block.input.map_or_else(String::new, |input| input.get().to_owned()),
            cache: None,
        }),
        _ => None,
    }
}

/// Reads the answer of a token count.
pub fn decode_count(body: &[u8]) -> Result<Response, Error> {
    #[derive(Deserialize)]
    struct Counted {
        input_tokens: Value,
    }
    let foreign = Error::Foreign { expected: "a token count" };
    let counted: Counted = serde_json::from_slice(body).map_err(|_| foreign.clone())?;
    let counted = count(Some(&counted.input_tokens)).value().ok_or(foreign)?;
    // Counting is free.
    let usage = UsageReport {
        input: Some(InputTokens::default()),
        output: Some(OutputTokens::default()),
        is_final: true,
        ..UsageReport::default()
    };
    Ok(Response { counted: Some(counted), usage: Some(usage), ..Response::default() })
}

/// The neutral word for a stop reason; those without one stay as they are.
pub(super) fn finish_reason(reason: String) -> String {
    match reason.as_str() {
        "end_turn" | "stop_sequence" => "stop".to_owned(),
        "max_tokens" | "model_context_window_exceeded" => "length".to_owned(),
        "tool_use" => "tool_calls".to_owned(),
        "refusal" => "content_filter".to_owned(),
        _ => reason,
    }
}

/// The type of the wire's own error object; `None` for some proxy's page.
pub fn error_type(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct ErrorBody {
        error: ErrorObject,
    }
    #[derive(Deserialize)]
    struct ErrorObject {
        #[serde(rename = "type")]
        kind: String,
    }
    serde_json::from_slice::<ErrorBody>(body).ok().map(|body| body.error.kind)
}

#[cfg(test)]
mod tests;
