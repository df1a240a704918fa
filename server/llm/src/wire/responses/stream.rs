//! A streamed answer of an upstream.
//!
//! The `type` inside the data decides; `event:` lines may be missing. What was not sent in pieces is taken from whatever
//! says it later (`….done`, the item, the final response), never twice (`pieces.rs`).

mod pieces;

use serde_json::Value;

use self::pieces::{Class, Items};
use super::{
    answer::{Kind, finish_reason},
    item::said,
    usage,
};
use crate::{
    event::ChatEvent,
    frame::{EventReader, FrameKind},
    sse,
};

/// Reads a streamed answer.
#[derive(Debug, Default)]
pub struct StreamDecoder {
    sse: sse::Decoder,
    has_started: bool,
    items: Items,
}

impl StreamDecoder {
    pub fn new() -> Self {
        Self::default()
    }

    fn kind(&mut self, data: &[u8]) -> FrameKind {
        let Ok(event @ Value::Object(_)) = serde_json::from_slice::<Value>(data) else { return FrameKind::Bad };
        let mut events = Vec::new();
        let response = event.get("response").unwrap_or(&Value::Null);
        match said(&event, "type") {
            Some("response.created" | "response.in_progress" | "response.queued") => {
                self.start(response, &mut events);
                let usage = response.get("usage").and_then(|value| usage::report(value, false));
                events.extend(usage.map(ChatEvent::Usage));
            }
            Some("response.completed" | "response.incomplete" | "response.failed" | "response.cancelled") => {
                self.end(&event, response, &mut events);
                return FrameKind::End(events);
            }
            Some("error") => events.push(failed(&event)),
            Some(kind) => self.content(kind, &event, &mut events),
            // A failure outside any event, as other wires and proxies report it.
            None if event.get("error").is_some_and(|error| !error.is_null()) => events.push(failed(&event)),
            None => {}
        }
        FrameKind::Events(events)
    }

    fn start(&mut self, response: &Value, events: &mut Vec<ChatEvent>) {
        if self.has_started {
            return;
        }
        let text = |name: &str| said(response, name).map(str::to_owned);
        let (id, model) = (text("id"), text("model"));
        self.has_started = id.is_some() || model.is_some();
        if self.has_started {
            events.push(ChatEvent::Start { id, model });
        }
    }

    fn content(&mut self, kind: &str, event: &Value, events: &mut Vec<ChatEvent>) {
        let at = |name: &str| event.get(name).and_then(Value::as_u64).unwrap_or(0);
        let text = |name: &str| said(event, name).unwrap_or_default();
        let (output, content, summary) = (at("output_index"), at("content_index"), at("summary_index"));
        let items = &mut self.items;
        let item = event.get("item").unwrap_or(&Value::Null);
        let part = event.get("part").unwrap_or(&Value::Null);
        match kind {
            "response.output_item.added" => items.open(output, item, events),
            "response.output_item.done" => items.close(output, item, events),
            "response.content_part.added" => items.announce(output, content, part),
            "response.content_part.done" => items.part_done(output, content, part, events),
            "response.output_text.delta" | "response.refusal.delta" => {
                items.delta(output, Class::Text(content), text("delta"), events);
            }
            "response.output_text.done" => items.done(output, Class::Text(content), text("text"), events),
            "response.refusal.done" => items.done(output, Class::Text(content), text("refusal"), events),
            "response.reasoning_summary_text.delta" => {
                items.delta(output, Class::Summary(summary), text("delta"), events);
            }
            "response.reasoning_summary_text.done" => {
                items.done(output, Class::Summary(summary), text("text"), events);
            }
            "response.reasoning_summary_part.done" => {
                let text = super::item::part_text(part);
                items.done(output, Class::Summary(summary), text, events);
            }
            "response.reasoning_text.delta" => items.delta(output, Class::Thought(content), text("delta"), events),
            "response.reasoning_text.done" => items.done(output, Class::Thought(content), text("text"), events),
            "response.function_call_arguments.delta" | "response.custom_tool_call_input.delta" => {
                items.delta(output, Class::Arguments, text("delta"), events);
            }
            "response.function_call_arguments.done" => items.done(output, Class::Arguments, text("arguments"), events),
            "response.custom_tool_call_input.done" => items.done(output, Class::Arguments, text("input"), events),
            _ => {}
        }
    }

    /// The terminal event: what nobody said before, how it ended, what it cost.
    fn end(&mut self, event: &Value, response: &Value, events: &mut Vec<ChatEvent>) {
        self.start(response, events);
        let output = response.get("output").and_then(Value::as_array);
        self.items.finish(output.map_or(&[], Vec::as_slice), events);
        let usage = response.get("usage").and_then(|value| usage::report(value, true)).map(ChatEvent::Usage);
        match said(event, "type") {
            Some("response.failed") => {
                events.extend(usage);
                events.push(failed(response));
            }
            Some("response.cancelled") => {
                events.extend(usage);
                events.push(ChatEvent::Failed { message: "the provider cancelled the answer".to_owned() });
            }
            kind => {
                let is_cut = kind == Some("response.incomplete") || said(response, "status") == Some("incomplete");
                let status = if is_cut { "incomplete" } else { "completed" };
                let has_calls = self.items.has(Kind::Call);
                let reason = finish_reason(response, status, has_calls);
                events.extend(reason.map(|reason| ChatEvent::Finish { index: 0, reason }));
                events.extend(usage);
            }
        }
    }
}

/// The error is a member, or the event itself.
fn failed(event: &Value) -> ChatEvent {
    let error = event.get("error").filter(|error| !error.is_null()).unwrap_or(event);
    let message = said(error, "message").or(error.as_str()).or_else(|| said(error, "code"));
    ChatEvent::Failed { message: message.unwrap_or("the provider reported an error").to_owned() }
}

impl EventReader for StreamDecoder {
    fn sse(&mut self) -> &mut sse::Decoder {
        &mut self.sse
    }

    fn read(&mut self, data: &[u8]) -> FrameKind {
        // Some proxies add the end marker of another wire: it says nothing here.
        if data.trim_ascii() == b"[DONE]" {
            return FrameKind::Comment;
        }
        self.kind(data)
    }
}

#[cfg(test)]
mod tests;
