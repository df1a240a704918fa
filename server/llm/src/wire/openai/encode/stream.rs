//! A streamed answer for a client: role, pieces, and at the end the finish reasons, usage, `[DONE]`.
//!
//! Calls may interleave, since the wire numbers them. A seal waits for the next event of its answer, which says whether it
//! stands before a tool call; its entry repeats the text it signs, so that an entry can be sent back as it came.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{default_reason, details, id, usage};
use crate::{
    chat::Seal,
    event::ChatEvent,
    frame::{Envelope, EventEncoder},
    tally::UsageReport,
    wire::openai::DONE,
};

/// Writes a streamed answer.
#[derive(Debug)]
pub struct StreamEncoder {
    envelope: Envelope,
    answers: BTreeMap<u32, Progress>,
    usage: Option<UsageReport>,
}

/// How far one of the answers is.
#[derive(Debug, Default)]
struct Progress {
    has_role: bool,
    /// The thought that is going on.
    thought: String,
    /// Thoughts that ended, not yet in the details: without a seal they get there only before one with.
    ended: Vec<(String, Option<Seal>)>,
    /// Entries of the details so far.
    entries: u32,
    slots: BTreeSet<u32>,
    finish: Option<String>,
}

impl Progress {
    fn end_thought(&mut self, seal: Option<Seal>) {
        let text = std::mem::take(&mut self.thought);
        if !text.is_empty() || seal.is_some() {
            self.ended.push((text, seal));
        }
    }

    /// Entries that can be written now: as far as the last seal.
    fn entries(&mut self, call: Option<&str>) -> Vec<Value> {
        let Some(last) = self.ended.iter().rposition(|(_, seal)| seal.is_some()) else { return Vec::new() };
        let mut entries = Vec::new();
        for (text, seal) in self.ended.drain(..=last) {
            // A text without a seal ended before something else was said.
            let call = call.filter(|_| seal.is_some());
            entries.push(details::write(&text, seal.as_ref(), call, self.entries));
            self.entries += 1;
        }
        entries
    }
}

impl StreamEncoder {
    pub fn new(envelope: Envelope) -> Self {
        Self { envelope, answers: BTreeMap::new(), usage: None }
    }

    /// One chunk. Chunks have an empty usage where the last one will have it.
    fn chunk(&self, choices: Value, usage: Option<Value>, out: &mut Vec<u8>) {
        let mut chunk = json!({
            "id": id(&self.envelope),
            "object": "chat.completion.chunk",
            "created": self.envelope.created,
            "model": self.envelope.model,
            "choices": choices,
        });
        if self.envelope.wants_usage {
            chunk["usage"] = usage.unwrap_or(Value::Null);
        }
        out.extend_from_slice(format!("data: {chunk}\n\n").as_bytes());
    }

    fn say(&self, index: u32, delta: Value, finish: Option<&str>, out: &mut Vec<u8>) {
        let choice = json!({"index": index, "delta": delta, "logprobs": null, "finish_reason": finish});
        self.chunk(json!([choice]), None, out);
    }

    fn begin(&mut self, index: u32, out: &mut Vec<u8>) {
        let answer = self.answers.entry(index).or_default();
        if !std::mem::replace(&mut answer.has_role, true) {
            self.say(index, json!({"role": "assistant", "content": ""}), None, out);
        }
    }

    fn show_seals(&mut self, index: u32, call: Option<&str>, out: &mut Vec<u8>) {
        let entries = self.answers.entry(index).or_default().entries(call);
        if !entries.is_empty() {
            self.say(index, json!({"reasoning_details": entries}), None, out);
        }
    }

    fn text(&mut self, index: u32, text: &str, out: &mut Vec<u8>) {
        self.begin(index, out);
        self.answers.entry(index).or_default().end_thought(None);
        self.show_seals(index, None, out);
        self.say(index, json!({"content": text}), None, out);
    }

    fn reasoning(&mut self, index: u32, text: &str, out: &mut Vec<u8>) {
        self.begin(index, out);
        self.show_seals(index, None, out);
        self.answers.entry(index).or_default().thought.push_str(text);
        self.say(index, json!({"reasoning_content": text}), None, out);
    }

    fn tool_call(&mut self, index: u32, slot: u32, call: Call<'_>, out: &mut Vec<u8>) {
        self.begin(index, out);
        let answer = self.answers.entry(index).or_default();
        answer.end_thought(None);
        let is_new = answer.slots.insert(slot);
        self.show_seals(index, call.id.filter(|_| is_new), out);
        let mut piece = json!({"index": slot});
        if is_new {
            piece["id"] = call.id.unwrap_or_default().into();
            piece["type"] = "function".into();
            piece["function"]["name"] = call.name.unwrap_or_default().into();
        }
        piece["function"]["arguments"] = call.arguments.into();
        self.say(index, json!({"tool_calls": [piece]}), None, out);
    }
}

/// A piece of a call.
struct Call<'a> {
    id: Option<&'a str>,
    name: Option<&'a str>,
    arguments: &'a str,
}

impl EventEncoder for StreamEncoder {
    fn push(&mut self, event: &ChatEvent, out: &mut Vec<u8>) {
        match event {
            ChatEvent::Text { index, text } if !text.is_empty() => self.text(*index, text, out),
            ChatEvent::Reasoning { index, text } if !text.is_empty() => self.reasoning(*index, text, out),
            ChatEvent::Seal { index, seal } => {
                self.answers.entry(*index).or_default().end_thought(Some(seal.clone()));
            }
            ChatEvent::ToolCall { index, slot, id, name, arguments } => {
                let call = Call { id: id.as_deref(), name: name.as_deref(), arguments };
                self.tool_call(*index, *slot, call, out);
            }
            // Kept for the end: whatever comes after it must not look like a second answer.
            ChatEvent::Finish { index, reason } => {
                self.answers.entry(*index).or_default().finish.get_or_insert_with(|| reason.clone());
            }
            ChatEvent::Usage(report) => {
                if self.usage.is_none() || report.input.is_some() || report.output.is_some() {
                    self.usage = Some(report.clone());
                }
            }
            ChatEvent::Text { .. } | ChatEvent::Reasoning { .. } => {}
            ChatEvent::Start { .. } | ChatEvent::Failed { .. } => {}
        }
    }

    fn finish(&mut self, out: &mut Vec<u8>) {
        if self.answers.is_empty() {
            self.answers.insert(0, Progress::default());
        }
        let indices: Vec<u32> = self.answers.keys().copied().collect();
        for index in indices {
            self.begin(index, out);
            self.show_seals(index, None, out);
            let answer = self.answers.entry(index).or_default();
            let reason = answer.finish.take();
            let reason = reason.as_deref().unwrap_or(default_reason(!answer.slots.is_empty()));
            self.say(index, json!({}), Some(reason), out);
        }
        let usage = self.usage.as_ref().and_then(usage);
        if self.envelope.wants_usage && usage.is_some() {
            self.chunk(json!([]), usage, out);
        }
        out.extend_from_slice(DONE);
    }
}
