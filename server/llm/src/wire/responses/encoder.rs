//! A streamed answer for a client.
//!
//! Text and reasoning are one open item at a time. Calls stay open until the end, each at its own `output_index`, since nobody
//! can know earlier that an upstream has no more of one: however the pieces of several interleave, each item gets its own.

use serde_json::{Value, json};

use super::{
    encode::{self, Ending},
    usage,
};
use crate::{
    chat::Seal,
    event::ChatEvent,
    frame::{Envelope, EventEncoder},
};

/// Writes a streamed answer.
#[derive(Debug)]
pub struct StreamEncoder {
    envelope: Envelope,
    sequence: u64,
    has_started: bool,
    /// By `output_index`; null while it is open.
    output: Vec<Value>,
    open: Option<Open>,
    calls: Vec<Call>,
    reason: Option<String>,
    usage: Value,
}

/// The item that grows.
#[derive(Debug)]
struct Open {
    is_reasoning: bool,
    at: usize,
    id: String,
    text: String,
}

#[derive(Debug)]
struct Call {
    slot: u32,
    at: usize,
    item_id: String,
    id: String,
    name: String,
    arguments: String,
}

impl StreamEncoder {
    pub fn new(envelope: Envelope) -> Self {
        Self {
            envelope,
            sequence: 0,
            has_started: false,
            output: Vec::new(),
            open: None,
            calls: Vec::new(),
            reason: None,
            usage: Value::Null,
        }
    }

    fn send(&mut self, kind: &str, mut fields: Value, out: &mut Vec<u8>) {
        let mut event = json!({"type": kind, "sequence_number": self.sequence});
        self.sequence += 1;
        if let (Some(event), Some(fields)) = (event.as_object_mut(), fields.as_object_mut()) {
            event.append(fields);
        }
        out.extend_from_slice(format!("event: {kind}\ndata: {event}\n\n").as_bytes());
    }

    fn start(&mut self, out: &mut Vec<u8>) {
        if self.has_started {
            return;
        }
        self.has_started = true;
        let response = encode::object(&self.envelope, &Ending::InProgress, Vec::new(), Value::Null);
        self.send("response.created", json!({"response": response}), out);
        self.send("response.in_progress", json!({"response": response}), out);
    }

    /// The place of a new item.
    fn place(&mut self) -> usize {
        self.output.push(Value::Null);
        self.output.len() - 1
    }

    fn item_done(&mut self, at: usize, item: Value, out: &mut Vec<u8>) {
        self.send("response.output_item.done", json!({"output_index": at, "item": item}), out);
        self.output[at] = item;
    }

    fn text(&mut self, text: &str, out: &mut Vec<u8>) {
        if self.open.as_ref().is_none_or(|open| open.is_reasoning) {
            self.close(false, None, out);
            let at = self.place();
            let id = encode::item_id("msg", &self.envelope, at);
            let item = encode::message(&id, "in_progress", Vec::new());
            self.send("response.output_item.added", json!({"output_index": at, "item": item}), out);
            let part = json!({"item_id": id, "output_index": at, "content_index": 0, "part": encode::text_part("")});
            self.send("response.content_part.added", part, out);
            self.open = Some(Open { is_reasoning: false, at, id, text: String::new() });
        }
        if let Some(open) = &mut self.open {
            open.text.push_str(text);
            let delta =
                json!({"item_id": open.id, "output_index": open.at, "content_index": 0, "delta": text, "logprobs": []});
            self.send("response.output_text.delta", delta, out);
        }
    }

    fn reasoning(&mut self, text: &str, out: &mut Vec<u8>) {
        if self.open.as_ref().is_none_or(|open| !open.is_reasoning) {
            self.close(false, None, out);
            let at = self.place();
            let id = self.reasoning_added(at, out);
            let part = json!({"item_id": id, "output_index": at, "summary_index": 0, "part": encode::summary_part("")});
            self.send("response.reasoning_summary_part.added", part, out);
            self.open = Some(Open { is_reasoning: true, at, id, text: String::new() });
        }
        if let Some(open) = &mut self.open {
            open.text.push_str(text);
            let delta = json!({"item_id": open.id, "output_index": open.at, "summary_index": 0, "delta": text});
            self.send("response.reasoning_summary_text.delta", delta, out);
        }
    }

    fn reasoning_added(&mut self, at: usize, out: &mut Vec<u8>) -> String {
        let id = encode::reasoning_id(&self.envelope, at);
        let item = encode::reasoning(&id, "", None);
        self.send("response.output_item.added", json!({"output_index": at, "item": item}), out);
        id
    }

    fn seal(&mut self, seal: &Seal, out: &mut Vec<u8>) {
        if self.open.as_ref().is_some_and(|open| open.is_reasoning) {
            self.close(false, Some(seal), out);
            return;
        }
        self.close(false, None, out);
        let at = self.place();
        let id = self.reasoning_added(at, out);
        self.item_done(at, encode::reasoning(&id, "", Some(seal)), out);
    }

    /// Ends the item that grows, if there is one.
    fn close(&mut self, is_cut: bool, seal: Option<&Seal>, out: &mut Vec<u8>) {
        let Some(Open { is_reasoning, at, id, text }) = self.open.take() else { return };
        if is_reasoning {
            let place = json!({"item_id": id, "output_index": at, "summary_index": 0});
            self.send("response.reasoning_summary_text.done", with(&place, "text", text.as_str().into()), out);
            let part = with(&place, "part", encode::summary_part(&text));
            self.send("response.reasoning_summary_part.done", part, out);
            self.item_done(at, encode::reasoning(&id, &text, seal), out);
            return;
        }
        let place = json!({"item_id": id, "output_index": at, "content_index": 0});
        let done = with(&with(&place, "text", text.as_str().into()), "logprobs", json!([]));
        self.send("response.output_text.done", done, out);
        let part = encode::text_part(&text);
        self.send("response.content_part.done", with(&place, "part", part.clone()), out);
        let status = if is_cut { "incomplete" } else { "completed" };
        self.item_done(at, encode::message(&id, status, vec![part]), out);
    }

    fn call(&mut self, slot: u32, id: Option<&str>, name: Option<&str>, arguments: &str, out: &mut Vec<u8>) {
        let known = self.calls.iter().position(|call| call.slot == slot);
        let n = known.unwrap_or_else(|| {
            self.close(false, None, out);
            let at = self.place();
            let item_id = encode::item_id("fc", &self.envelope, at);
            let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
            let call = Call { slot, at, item_id, id: text(id), name: text(name), arguments: String::new() };
            let item = encode::call(&call.item_id, "in_progress", &call.id, &call.name, "");
            self.calls.push(call);
            self.send("response.output_item.added", json!({"output_index": at, "item": item}), out);
            self.calls.len() - 1
        });
        if arguments.is_empty() {
            return;
        }
        let call = &mut self.calls[n];
        call.arguments.push_str(arguments);
        let delta = json!({"item_id": call.item_id, "output_index": call.at, "delta": arguments});
        self.send("response.function_call_arguments.delta", delta, out);
    }

    fn close_call(&mut self, mut call: Call, is_cut: bool, out: &mut Vec<u8>) {
        if call.arguments.is_empty() && !is_cut {
            call.arguments.push_str("{}");
            let delta = json!({"item_id": call.item_id, "output_index": call.at, "delta": "{}"});
            self.send("response.function_call_arguments.delta", delta, out);
        }
        let done =
            json!({"item_id": call.item_id, "output_index": call.at, "name": call.name, "arguments": call.arguments});
        self.send("response.function_call_arguments.done", done, out);
        let status = if is_cut { "incomplete" } else { "completed" };
        let item = encode::call(&call.item_id, status, &call.id, &call.name, &call.arguments);
        self.item_done(call.at, item, out);
    }
}

impl EventEncoder for StreamEncoder {
    fn push(&mut self, event: &ChatEvent, out: &mut Vec<u8>) {
        if matches!(event, ChatEvent::Failed { .. }) {
            return;
        }
        self.start(out);
        match event {
            ChatEvent::Text { index: 0, text } if !text.is_empty() => self.text(text, out),
            ChatEvent::Reasoning { index: 0, text } if !text.is_empty() => self.reasoning(text, out),
            ChatEvent::Seal { index: 0, seal } => self.seal(seal, out),
            ChatEvent::ToolCall { index: 0, slot, id, name, arguments } => {
                self.call(*slot, id.as_deref(), name.as_deref(), arguments, out);
            }
            ChatEvent::Finish { index: 0, reason } => self.reason = Some(reason.clone()),
            ChatEvent::Usage(report) => {
                // A report of one side alone does not undo a whole one.
                let usage = usage::object(report);
                self.usage = if usage.is_null() { self.usage.take() } else { usage };
            }
            // Only one answer is ever asked for on this wire.
            _ => {}
        }
    }

    fn finish(&mut self, out: &mut Vec<u8>) {
        self.start(out);
        let ending = Ending::of(self.reason.as_deref());
        let last = self.output.len().saturating_sub(1);
        let is_cut = |at: usize| ending.is_cut() && at == last;
        let cuts_open = self.open.as_ref().is_some_and(|open| is_cut(open.at));
        self.close(cuts_open, None, out);
        for call in std::mem::take(&mut self.calls) {
            let cuts_call = is_cut(call.at);
            self.close_call(call, cuts_call, out);
        }
        let output = std::mem::take(&mut self.output);
        let response = encode::object(&self.envelope, &ending, output, std::mem::take(&mut self.usage));
        let kind = format!("response.{}", ending.status());
        self.send(&kind, json!({"response": response}), out);
    }
}

/// The object with one field more.
fn with(object: &Value, name: &str, value: Value) -> Value {
    let mut object = object.clone();
    object[name] = value;
    object
}

#[cfg(test)]
mod tests;
