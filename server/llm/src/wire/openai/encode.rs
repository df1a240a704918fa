//! Answers written for clients of the chat wire: whole here, streams below.

mod stream;

pub use stream::StreamEncoder;

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::details;
use crate::{
    chat::Part,
    event::{Answer, Response},
    frame::Envelope,
    tally::UsageReport,
};

/// A complete answer.
pub fn encode_whole(response: &Response, envelope: &Envelope) -> Bytes {
    let nothing = [Answer::default()];
    let answers = if response.answers.is_empty() { nothing.as_slice() } else { &response.answers };
    let choices: Vec<Value> = (0..).zip(answers).map(|(index, answer)| choice(index, answer)).collect();
    let mut body = json!({
        "id": id(envelope),
        "object": "chat.completion",
        "created": envelope.created,
        "model": envelope.model,
        "choices": choices,
    });
    if let Some(usage) = response.usage.as_ref().and_then(usage) {
        body["usage"] = usage;
    }
    Bytes::from(body.to_string())
}

fn id(envelope: &Envelope) -> String {
    format!("chatcmpl-{}", envelope.id)
}

fn choice(index: u32, answer: &Answer) -> Value {
    let has_calls = answer.parts.iter().any(|part| matches!(part, Part::ToolCall { .. }));
    let reason = answer.finish_reason.as_deref().unwrap_or(default_reason(has_calls));
    json!({"index": index, "message": message(&answer.parts), "logprobs": null, "finish_reason": reason})
}

/// What an assistant said, as a client reads it and sends it back in its next request.
pub fn message(parts: &[Part]) -> Value {
    let (mut text, mut thoughts, mut calls) = (String::new(), String::new(), Vec::new());
    for part in parts {
        match part {
            Part::Text { text: more, .. } => text.push_str(more),
            Part::Reasoning { text: more, .. } => thoughts.push_str(more),
            Part::ToolCall { id, name, arguments, .. } => {
                calls.push(json!({"id": id, "type": "function", "function": {"name": name, "arguments": arguments}}));
            }
            // No answer of any wire holds these.
            Part::Image { .. } | Part::ToolResult { .. } => {}
        }
    }
    let content = if text.is_empty() && !calls.is_empty() { Value::Null } else { text.into() };
    let mut message = Map::new();
    let mut set = |name: &str, value: Value| message.insert(name.to_owned(), value);
    set("role", "assistant".into());
    set("content", content);
    set("refusal", Value::Null);
    if !thoughts.is_empty() {
        set("reasoning_content", thoughts.into());
    }
    let details = details::of_parts(parts);
    if !details.is_empty() {
        set("reasoning_details", details.into());
    }
    if !calls.is_empty() {
        set("tool_calls", calls.into());
    }
    Value::Object(message)
}

/// What the end of a complete answer means when nobody said it.
fn default_reason(has_calls: bool) -> &'static str {
    if has_calls { "tool_calls" } else { "stop" }
}

/// The usage object: totals that include their parts. `None` unless both sides are known, since a made-up zero is a lie.
fn usage(report: &UsageReport) -> Option<Value> {
    let (input, output) = (report.input?, report.output?);
    let written = u64::from(input.cache_write_short) + u64::from(input.cache_write_long);
    let prompt = u64::from(input.input) + u64::from(input.cache_read) + written;
    let completion = u64::from(output.output) + u64::from(output.reasoning);
    Some(json!({
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": input.cache_read, "cache_write_tokens": written},
        "completion_tokens_details": {"reasoning_tokens": output.reasoning},
    }))
}

#[cfg(test)]
mod tests;
