//! Streamed answers: the events of `message_start` to `message_stop`.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::{
    answer::{Block, finish_reason},
    block::{redacted_seal, signature_seal},
    usage::Meter,
};
use crate::{
    event::ChatEvent,
    frame::{EventReader, FrameKind},
    sse,
};

#[derive(Deserialize)]
struct Event {
    #[serde(rename = "type")]
    kind: String,
    message: Option<Start>,
    #[serde(default)]
    index: u32,
    content_block: Option<Block>,
    delta: Option<Delta>,
    usage: Option<Value>,
    error: Option<Value>,
}

#[derive(Deserialize)]
struct Start {
    id: Option<String>,
    model: Option<String>,
    usage: Option<Value>,
}

#[derive(Default, Deserialize)]
struct Delta {
    /// Of a block's delta; the message's own delta has none.
    #[serde(rename = "type")]
    kind: Option<String>,
    text: Option<String>,
    thinking: Option<String>,
    signature: Option<String>,
    partial_json: Option<String>,
    stop_reason: Option<String>,
}

/// A block that is being read.
#[derive(Debug)]
enum Open {
    Text,
    Thinking {
        signature: String,
    },
    Tool {
        slot: u32,
        /// What the start brought already; some compatible servers send no pieces after it.
        input: Option<String>,
    },
}

/// Reads a streamed answer.
#[derive(Debug, Default)]
pub struct StreamDecoder {
    sse: sse::Decoder,
    meter: Meter,
    open: BTreeMap<u32, Open>,
    next_slot: u32,
    has_finished: bool,
}

impl StreamDecoder {
    pub fn new(long_cache: bool) -> Self {
        Self { meter: Meter::new(long_cache), ..Self::default() }
    }

    fn kind(&mut self, data: &[u8]) -> FrameKind {
        let event = match serde_json::from_slice::<Event>(data) {
            Ok(event) => event,
            Err(_) if is_unknown_event(data) => return FrameKind::Events(Vec::new()),
            Err(_) => return FrameKind::Bad,
        };
        let mut events = Vec::new();
        match event.kind.as_str() {
            "message_start" => self.start(event.message, &mut events),
            "content_block_start" => self.block_start(event.index, event.content_block, &mut events),
            "content_block_delta" => self.block_delta(event.index, event.delta.unwrap_or_default(), &mut events),
            "content_block_stop" => self.block_stop(event.index, &mut events),
            "message_delta" => self.message_delta(event.delta.unwrap_or_default(), event.usage, &mut events),
            "message_stop" => return FrameKind::End(events),
            "ping" => return FrameKind::Comment,
            "error" => {
                // The vendor's own has no usage; servers that speak its wire sometimes tell it here.
                if event.usage.is_some_and(|usage| self.meter.update(&usage)) {
                    events.push(ChatEvent::Usage(self.meter.report(true)));
                }
                events.push(ChatEvent::Failed { message: error_message(event.error.as_ref()) });
            }
            _ => {}
        }
        FrameKind::Events(events)
    }

    fn start(&mut self, message: Option<Start>, events: &mut Vec<ChatEvent>) {
        let Some(message) = message else { return };
        let text = |text: Option<String>| text.filter(|text| !text.is_empty());
        events.push(ChatEvent::Start { id: text(message.id), model: text(message.model) });
        if message.usage.is_some_and(|usage| self.meter.start(&usage)) {
            events.push(ChatEvent::Usage(self.meter.report(false)));
        }
    }

    fn block_start(&mut self, index: u32, block: Option<Block>, events: &mut Vec<ChatEvent>) {
        let Some(block) = block else { return };
        let open = match block.kind.as_str() {
            "text" => {
                push_text(block.text, events);
                Open::Text
            }
            "thinking" => {
                push_reasoning(block.thinking, events);
                Open::Thinking { signature: block.signature.unwrap_or_default() }
            }
            "redacted_thinking" => {
                let seal = redacted_seal(&block.data.unwrap_or_default());
                events.extend(seal.map(|seal| ChatEvent::Seal { index: 0, seal }));
                return;
            }
            "tool_use" => {
                let slot = self.next_slot;
                self.next_slot += 1;
                events.push(ChatEvent::ToolCall {
                    index: 0,
                    slot,
                    id: block.id,
                    name: block.name,
                    arguments: String::new(),
                });
                let input = block.input.map(|input| input.get().to_owned());
                let is_empty = |input: &String| {
                    input.bytes().all(|byte| matches!(byte, b'{' | b'}') || byte.is_ascii_whitespace())
                };
                Open::Tool { slot, input: input.filter(|input| input != "null" && !is_empty(input)) }
            }
            // Work of the vendor's own tools: its pieces are nobody's arguments.
            _ => return,
        };
        self.open.insert(index, open);
    }

    fn block_delta(&mut self, index: u32, delta: Delta, events: &mut Vec<ChatEvent>) {
        match (delta.kind.as_deref(), self.open.get_mut(&index)) {
            (Some("text_delta"), _) => push_text(delta.text, events),
            (Some("thinking_delta"), _) => push_reasoning(delta.thinking, events),
            (Some("signature_delta"), Some(Open::Thinking { signature })) => {
                *signature = delta.signature.unwrap_or_default();
            }
            (Some("input_json_delta"), Some(Open::Tool { slot, input })) => {
                let arguments = delta.partial_json.filter(|piece| !piece.is_empty());
                events.extend(arguments.map(|arguments| {
                    *input = None;
                    piece(*slot, arguments)
                }));
            }
            // Citations, and what is newer than this version.
            _ => {}
        }
    }

    fn block_stop(&mut self, index: u32, events: &mut Vec<ChatEvent>) {
        match self.open.remove(&index) {
            Some(Open::Thinking { signature }) => {
                events.extend(signature_seal(&signature).map(|seal| ChatEvent::Seal { index: 0, seal }));
            }
            Some(Open::Tool { slot, input }) => events.extend(input.map(|input| piece(slot, input))),
            Some(Open::Text) | None => {}
        }
    }

    fn message_delta(&mut self, delta: Delta, usage: Option<Value>, events: &mut Vec<ChatEvent>) {
        if let Some(reason) = delta.stop_reason.filter(|reason| !reason.is_empty()) {
            self.has_finished = true;
            events.push(ChatEvent::Finish { index: 0, reason: finish_reason(reason) });
        }
        if usage.is_some_and(|usage| self.meter.update(&usage)) {
            events.push(ChatEvent::Usage(self.meter.report(self.has_finished)));
        }
    }
}

impl EventReader for StreamDecoder {
    fn sse(&mut self) -> &mut sse::Decoder {
        &mut self.sse
    }

    fn read(&mut self, data: &[u8]) -> FrameKind {
        // Servers that speak this wire beside OpenAI's sometimes end with its marker as well.
        if data.trim_ascii() == b"[DONE]" {
            return FrameKind::Comment;
        }
        self.kind(data)
    }
}

fn push_text(text: Option<String>, events: &mut Vec<ChatEvent>) {
    let text = text.filter(|text| !text.is_empty());
    events.extend(text.map(|text| ChatEvent::Text { index: 0, text }));
}

fn push_reasoning(text: Option<String>, events: &mut Vec<ChatEvent>) {
    let text = text.filter(|text| !text.is_empty());
    events.extend(text.map(|text| ChatEvent::Reasoning { index: 0, text }));
}

fn piece(slot: u32, arguments: String) -> ChatEvent {
    ChatEvent::ToolCall { index: 0, slot, id: None, name: None, arguments }
}

/// An event of a kind that is newer than this version may have any shape.
fn is_unknown_event(data: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Kind {
        #[serde(rename = "type")]
        kind: String,
    }
    const KNOWN: [&str; 8] = [
        "message_start",
        "content_block_start",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop",
        "ping",
        "error",
    ];
    serde_json::from_slice::<Kind>(data).is_ok_and(|event| !KNOWN.contains(&event.kind.as_str()))
}

fn error_message(error: Option<&Value>) -> String {
    let message = error.and_then(|error| error.get("message").and_then(Value::as_str).or(error.as_str()));
    message.unwrap_or("the provider reported an error").to_owned()
}

#[cfg(test)]
mod tests;
