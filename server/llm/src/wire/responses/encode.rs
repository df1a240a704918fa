//! A complete answer for a client, and the objects that streams are made of too.

use bytes::Bytes;
use serde_json::{Value, json};

use super::{item, usage};
use crate::{
    chat::{Origin, Part, Seal},
    event::Response,
    frame::Envelope,
};

/// A complete answer. Only one is ever asked for on this wire, so only the first is told.
pub fn encode_whole(response: &Response, envelope: &Envelope) -> Bytes {
    let answer = response.answers.first();
    let reason = answer.and_then(|answer| answer.finish_reason.as_deref());
    let mut output = Vec::new();
    answer.into_iter().flat_map(|answer| &answer.parts).for_each(|part| append(part, envelope, &mut output));
    let ending = Ending::of(reason);
    if let Some(last) = output.last_mut().filter(|_| ending.is_cut()) {
        cut(last);
    }
    let usage = response.usage.as_ref().map_or(Value::Null, usage::object);
    Bytes::from(object(envelope, &ending, output, usage).to_string())
}

/// Texts that follow each other are parts of one message.
fn append(part: &Part, envelope: &Envelope, output: &mut Vec<Value>) {
    let n = output.len();
    match part {
        Part::Text { text, .. } => {
            let last = output.last_mut().filter(|last| last["type"] == "message");
            match last.and_then(|last| last["content"].as_array_mut()) {
                Some(content) => content.push(text_part(text)),
                None => output.push(message(&item_id("msg", envelope, n), "completed", vec![text_part(text)])),
            }
        }
        Part::Reasoning { text, seal } if !text.is_empty() || seal.is_some() => {
            output.push(reasoning(&reasoning_id(envelope, n), text, seal.as_ref()));
        }
        Part::ToolCall { id, name, arguments, .. } => {
            let arguments = if arguments.is_empty() { "{}" } else { arguments };
            output.push(call(&item_id("fc", envelope, n), "completed", id, name, arguments));
        }
        // Reasoning that says nothing; an answer holds no images or results.
        Part::Reasoning { .. } | Part::Image { .. } | Part::ToolResult { .. } => {}
    }
}

/// How an answer ended, in this wire's words.
pub enum Ending {
    InProgress,
    Completed,
    /// With the reason, where this wire has a word for it.
    Incomplete(Option<&'static str>),
}

/// The only reasons that typed readers of this wire accept; `length` is the first of them.
const REASONS: [&str; 4] = ["max_output_tokens", "content_filter", "max_messages", "steered"];

impl Ending {
    pub fn of(reason: Option<&str>) -> Self {
        match reason {
            None | Some("stop" | "tool_calls") => Self::Completed,
            Some("length") => Self::Incomplete(Some(REASONS[0])),
            Some(other) => Self::Incomplete(REASONS.into_iter().find(|known| *known == other)),
        }
    }

    pub fn is_cut(&self) -> bool {
        matches!(self, Self::Incomplete(_))
    }

    pub fn status(&self) -> &'static str {
        match self {
            Self::InProgress => "in_progress",
            Self::Completed => "completed",
            Self::Incomplete(_) => "incomplete",
        }
    }
}

/// The response itself. Every field that the vendor's libraries require is here; what echoes the request and is not known
/// any more has its default.
pub fn object(envelope: &Envelope, ending: &Ending, output: Vec<Value>, usage: Value) -> Value {
    let incomplete = match ending {
        Ending::Incomplete(Some(reason)) => json!({"reason": reason}),
        Ending::Incomplete(None) | Ending::InProgress | Ending::Completed => Value::Null,
    };
    json!({
        "id": format!("resp_{}", envelope.id),
        "object": "response",
        "created_at": envelope.created,
        "status": ending.status(),
        "background": false,
        "error": null,
        "incomplete_details": incomplete,
        "instructions": null,
        "max_output_tokens": null,
        "max_tool_calls": null,
        "metadata": {},
        "model": envelope.model,
        "output": output,
        "parallel_tool_calls": true,
        "previous_response_id": null,
        "reasoning": {"effort": null, "summary": null},
        "service_tier": "default",
        "store": false,
        "temperature": null,
        "text": {"format": {"type": "text"}},
        "tool_choice": "auto",
        "tools": [],
        "top_logprobs": 0,
        "top_p": null,
        "truncation": "disabled",
        "usage": usage,
        "user": null,
    })
}

pub fn item_id(prefix: &str, envelope: &Envelope, n: usize) -> String {
    format!("{prefix}_{}_{n}", envelope.id)
}

pub fn reasoning_id(envelope: &Envelope, n: usize) -> String {
    format!("{}{}_{n}", item::OUR_REASONING, envelope.id)
}

pub fn text_part(text: &str) -> Value {
    json!({"type": "output_text", "text": text, "annotations": [], "logprobs": []})
}

pub fn message(id: &str, status: &str, content: Vec<Value>) -> Value {
    json!({"id": id, "type": "message", "status": status, "role": "assistant", "content": content})
}

pub fn call(id: &str, status: &str, call_id: &str, name: &str, arguments: &str) -> Value {
    json!({
        "id": id,
        "type": "function_call",
        "status": status,
        "call_id": call_id,
        "name": name,
        "arguments": arguments,
    })
}

/// The id is ours, so the seal stands here as it is, with the id that its origin gave.
pub fn reasoning(id: &str, text: &str, seal: Option<&Seal>) -> Value {
    let summary = if text.is_empty() { Vec::new() } else { vec![summary_part(text)] };
    let mut item = json!({"id": id, "type": "reasoning", "summary": summary});
    if let Some(seal) = seal {
        item["encrypted_content"] = seal.for_client(Some(Origin::OpenAi)).into();
    }
    item
}

pub fn summary_part(text: &str) -> Value {
    json!({"type": "summary_text", "text": text})
}

/// The last item of an answer that was cut is itself not whole.
pub fn cut(item: &mut Value) {
    if item.get("status").is_some() {
        item["status"] = "incomplete".into();
    }
}
