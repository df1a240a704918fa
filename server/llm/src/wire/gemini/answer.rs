//! Complete answers and error bodies. What both kinds of answer share is read here as well.

use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use super::{Calls, usage};
use crate::{
    Error,
    chat::{Origin, Part, Seal},
    event::{Answer, Response},
};

/// A whole answer, or one chunk of a stream: the API has one type for both.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Body {
    pub(super) candidates: Option<Vec<Candidate>>,
    pub(super) prompt_feedback: Option<PromptFeedback>,
    pub(super) usage_metadata: Option<Value>,
    pub(super) model_version: Option<String>,
    pub(super) response_id: Option<String>,
    pub(super) error: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Candidate {
    /// Left out for the first one.
    pub(super) index: Option<u32>,
    content: Option<Content>,
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct Content {
    parts: Option<Vec<Piece>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Piece {
    text: Option<String>,
    thought: Option<bool>,
    thought_signature: Option<String>,
    function_call: Option<FunctionCall>,
}

#[derive(Deserialize)]
struct FunctionCall {
    id: Option<String>,
    name: Option<String>,
    args: Option<Box<RawValue>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PromptFeedback {
    block_reason: Option<String>,
}

/// One thing a part says.
pub(super) enum Said {
    Reasoning(String),
    /// Ends the reasoning before it, and belongs to what follows.
    Seal(Seal),
    Text(String),
    Call {
        id: String,
        name: String,
        arguments: String,
    },
}

impl Body {
    /// The question itself was refused.
    pub(super) fn is_blocked(&self) -> bool {
        let reason = self.prompt_feedback.as_ref().and_then(|feedback| feedback.block_reason.as_deref());
        reason.is_some_and(|reason| !reason.is_empty() && reason != "BLOCK_REASON_UNSPECIFIED")
    }
}

impl Candidate {
    /// What the candidate says, in order. `calls` names the calls of the response.
    pub(super) fn say(&mut self, calls: &mut Calls, mut say: impl FnMut(Said)) {
        let parts = self.content.take().and_then(|content| content.parts).unwrap_or_default();
        for piece in parts {
            let text = piece.text.filter(|text| !text.is_empty());
            let signature = piece.thought_signature.filter(|signature| !signature.is_empty());
            let seal = signature.map(|data| Said::Seal(Seal { origin: Origin::Gemini, data }));
            if piece.thought == Some(true) {
                text.map(Said::Reasoning).into_iter().chain(seal).for_each(&mut say);
            } else {
                seal.into_iter().chain(text.map(Said::Text)).for_each(&mut say);
            }
            if let Some(call) = piece.function_call {
                let made = calls.id();
                let id = call.id.filter(|id| !id.is_empty()).unwrap_or(made);
                let arguments = call.args.map_or_else(|| "{}".to_owned(), |args| compact(args.get()));
                say(Said::Call { id, name: call.name.unwrap_or_default(), arguments });
            }
        }
    }

    /// The neutral word for the end of the candidate, once it has ended.
    pub(super) fn finish_reason(&self, has_calls: bool) -> Option<String> {
        let word = self.finish_reason.as_deref()?;
        let known = match word {
            "" | "FINISH_REASON_UNSPECIFIED" => return None,
            "STOP" if has_calls => "tool_calls",
            "STOP" => "stop",
            "MAX_TOKENS" => "length",
            "SAFETY"
            | "RECITATION"
            | "BLOCKLIST"
            | "PROHIBITED_CONTENT"
            | "SPII"
            | "MODEL_ARMOR"
            | "IMAGE_SAFETY"
            | "IMAGE_PROHIBITED_CONTENT"
            | "IMAGE_RECITATION" => CONTENT_FILTER,
            other => return Some(other.to_ascii_lowercase()),
        };
        Some(known.to_owned())
    }
}

pub(super) const CONTENT_FILTER: &str = "content_filter";

/// Reads a complete answer. A body that is not one (a web page, half a document, an error) is [`Error::Foreign`].
pub fn decode_whole(body: &[u8]) -> Result<Response, Error> {
    const FOREIGN: Error = Error::Foreign { expected: "an answer of generateContent" };
    let body: Body = serde_json::from_slice(body).map_err(|_| FOREIGN)?;
    let is_blocked = body.is_blocked();
    let candidates = body.candidates.unwrap_or_default();
    if body.error.is_some() || (candidates.is_empty() && !is_blocked && body.usage_metadata.is_none()) {
        return Err(FOREIGN);
    }
    let usage = body.usage_metadata.as_ref().and_then(|value| usage::report(value, true));
    let mut calls = Calls::of(body.response_id.as_deref());
    let mut answers: Vec<Answer> = candidates.into_iter().map(|candidate| answer(candidate, &mut calls)).collect();
    if answers.is_empty() {
        // Nothing was said, but the question was read and counted.
        let finish_reason = is_blocked.then(|| CONTENT_FILTER.to_owned());
        answers.push(Answer { parts: Vec::new(), finish_reason });
    }
    Ok(Response { id: body.response_id, model: body.model_version, answers, usage, ..Response::default() })
}

fn answer(mut candidate: Candidate, calls: &mut Calls) -> Answer {
    let mut parts = Vec::new();
    candidate.say(calls, |said| append(&mut parts, said));
    let has_calls = parts.iter().any(|part| matches!(part, Part::ToolCall { .. }));
    Answer { finish_reason: candidate.finish_reason(has_calls), parts }
}

/// As the events of a stream add up: pieces of one kind in a row belong together, a seal ends the reasoning before it.
fn append(parts: &mut Vec<Part>, said: Said) {
    match (said, parts.last_mut()) {
        (Said::Text(more), Some(Part::Text { text, .. })) => text.push_str(&more),
        (Said::Text(text), _) => parts.push(Part::text(text)),
        (Said::Reasoning(more), Some(Part::Reasoning { text, seal: None })) => text.push_str(&more),
        (Said::Reasoning(text), _) => parts.push(Part::Reasoning { text, seal: None }),
        (Said::Seal(seal), Some(Part::Reasoning { seal: open @ None, .. })) => *open = Some(seal),
        (Said::Seal(seal), _) => parts.push(Part::Reasoning { text: String::new(), seal: Some(seal) }),
        (Said::Call { id, name, arguments }, _) => parts.push(Part::ToolCall { id, name, arguments, cache: None }),
    }
}

/// JSON without the white space that whole answers are laid out with; numbers and strings keep their spelling.
fn compact(json: &str) -> String {
    let (mut in_string, mut escaped) = (false, false);
    let keeps = |c: &char| {
        match c {
            _ if escaped => escaped = false,
            '\\' if in_string => escaped = true,
            '"' => in_string = !in_string,
            _ => {}
        }
        in_string || !c.is_ascii_whitespace()
    };
    json.chars().filter(keeps).collect()
}

/// An error object of the API. A stream without `alt=sse` puts it into a list.
fn error(body: &[u8]) -> Option<Value> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let holder = if let Value::Array(list) = &body { list.first()? } else { &body };
    holder.get("error").filter(|error| error.is_object()).cloned()
}

/// Is this the wire's own error object, and not some proxy's page?
pub fn is_error_body(body: &[u8]) -> bool {
    error(body).is_some()
}

/// The reason an error body gives beside its status, such as `API_KEY_INVALID`; else its status, such as `INVALID_ARGUMENT`.
pub fn error_reason(body: &[u8]) -> Option<String> {
    let error = error(body)?;
    let details = error.get("details").and_then(Value::as_array);
    let reason = details.and_then(|details| details.iter().find_map(|detail| detail.get("reason")));
    reason.or_else(|| error.get("status")).and_then(Value::as_str).map(str::to_owned)
}

#[cfg(test)]
mod tests;
