//! A streamed answer for clients of this wire.
//!
//! The wire has one open block at a time, events may interleave. So the blocks form a queue: pieces go to the block they
//! belong to, the first one is open and streams, and it closes when it cannot grow any more: a tool call when its arguments
//! are a complete value, anything else when another block follows. What is left closes with the answer.

use std::{borrow::Cow, collections::VecDeque};

use serde::Serialize;
use serde_json::value::RawValue;

use super::{
    super::{
        MESSAGE_STOP,
        block::{Block, SealForm, UNSIGNED, seal_form, tool_input},
    },
    Message, Usage, call_id, json, stop_reason,
};
use crate::{
    chat::Seal,
    event::ChatEvent,
    frame::{Envelope, EventEncoder},
    tally::{InputTokens, UsageReport},
};

/// Writes a streamed answer for a client.
#[derive(Debug)]
pub struct StreamEncoder {
    envelope: Envelope,
    has_started: bool,
    /// Number of the block that is first in the queue.
    index: u32,
    queue: VecDeque<Growing>,
    calls: usize,
    /// Slots of the calls that are written.
    closed: Vec<u32>,
    bytes: u64,
    finish_reason: Option<String>,
    usage: Option<UsageReport>,
}

/// A block of the queue.
#[derive(Debug)]
struct Growing {
    kind: Kind,
    is_open: bool,
    /// What has come and is not written yet.
    pending: String,
}

#[derive(Debug)]
enum Kind {
    Text,
    Thinking {
        signature: Option<String>,
    },
    Redacted(String),
    Tool {
        slot: u32,
        /// Among the calls, for an id of our own.
        number: usize,
        id: Option<String>,
        name: Option<String>,
        /// Everything so far: whether it is complete tells only the whole.
        arguments: String,
    },
}

impl StreamEncoder {
    pub fn new(envelope: Envelope) -> Self {
        Self {
            envelope,
            has_started: false,
            index: 0,
            queue: VecDeque::new(),
            calls: 0,
            closed: Vec::new(),
            bytes: 0,
            finish_reason: None,
            usage: None,
        }
    }

    /// Appends text to the last block if it is of this kind, else to a new one.
    fn grow(&mut self, fits: impl Fn(&Kind) -> bool, kind: Kind, text: &str) {
        self.bytes += text.len() as u64;
        match self.queue.back_mut() {
            Some(last) if fits(&last.kind) => last.pending.push_str(text),
            _ => self.queue.push_back(Growing::new(kind, text)),
        }
    }

    fn seal(&mut self, seal: &Seal) {
        let last_thoughts = match self.queue.back_mut() {
            Some(Growing { kind: Kind::Thinking { signature: slot @ None }, .. }) => Some(slot),
            _ => None,
        };
        let (signature, is_foreign) = match seal_form(seal) {
            SealForm::Redacted(data) => return self.queue.push_back(Growing::new(Kind::Redacted(data.to_owned()), "")),
            SealForm::Signature(signature) => (signature.to_owned(), false),
            SealForm::Foreign(sealed) => (sealed, true),
        };
        match last_thoughts {
            Some(slot) => *slot = Some(signature),
            None if is_foreign => self.queue.push_back(Growing::new(Kind::Redacted(signature), "")),
            None => self.queue.push_back(Growing::new(Kind::Thinking { signature: Some(signature) }, "")),
        }
    }

    fn tool(&mut self, at: u32, new_id: Option<&String>, new_name: Option<&String>, piece: &str) {
        self.bytes += (piece.len() + new_name.map_or(0, String::len)) as u64;
        for block in self.queue.iter_mut().rev() {
            if let Kind::Tool { slot, id, name, arguments, .. } = &mut block.kind
                && *slot == at
                // Some servers give every call the same number: another id is another call.
                && (new_id.is_none() || id.is_none() || id.as_ref() == new_id)
            {
                *id = id.take().or_else(|| new_id.cloned());
                *name = name.take().or_else(|| new_name.cloned());
                arguments.push_str(piece);
                block.pending.push_str(piece);
                return;
            }
        }
        // More of a call that was complete and is closed: white space, or nothing that could be repaired.
        if new_id.is_none() && self.closed.contains(&at) {
            return;
        }
        let kind = Kind::Tool {
            slot: at,
            number: self.calls,
            id: new_id.cloned(),
            name: new_name.cloned(),
            arguments: piece.to_owned(),
        };
        self.calls += 1;
        self.queue.push_back(Growing::new(kind, piece));
    }

    /// Writes what can be written now: all of the first block that has come, and of the next as far as the first is over.
    fn drain(&mut self, is_end: bool, out: &mut Vec<u8>) {
        loop {
            let is_last = self.queue.len() == 1;
            let Some(first) = self.queue.front_mut() else { return };
            if !first.is_open {
                if !first.can_open() && !is_end {
                    return;
                }
                start(&mut self.has_started, &self.envelope, self.usage.as_ref(), out);
                first.is_open = true;
                event(out, &BlockStart::new(self.index, first.opening(&self.envelope)));
            }
            if !first.pending.is_empty() {
                event(out, &BlockDelta::new(self.index, first.delta()));
                first.pending.clear();
            }
            if !(is_end || first.is_over(is_last)) {
                return;
            }
            if let Kind::Thinking { signature } = &first.kind {
                let signature = signature.as_deref().unwrap_or(UNSIGNED);
                event(out, &BlockDelta::new(self.index, Delta::Signature { signature }));
            }
            event(out, &BlockStop { kind: "content_block_stop", index: self.index });
            self.index += 1;
            if let Some(Growing { kind: Kind::Tool { slot, .. }, .. }) = self.queue.pop_front() {
                self.closed.push(slot);
            }
        }
    }
}

impl EventEncoder for StreamEncoder {
    fn push(&mut self, said: &ChatEvent, out: &mut Vec<u8>) {
        match said {
            ChatEvent::Text { index: 0, text } if !text.is_empty() => {
                self.grow(|kind| matches!(kind, Kind::Text), Kind::Text, text);
            }
            ChatEvent::Reasoning { index: 0, text } if !text.is_empty() => {
                let fits = |kind: &Kind| matches!(kind, Kind::Thinking { signature: None });
                self.grow(fits, Kind::Thinking { signature: None }, text);
            }
            ChatEvent::Seal { index: 0, seal } => self.seal(seal),
            ChatEvent::ToolCall { index: 0, slot, id, name, arguments } => {
                self.tool(*slot, id.as_ref(), name.as_ref(), arguments);
            }
            ChatEvent::Finish { index: 0, reason } => self.finish_reason = Some(reason.clone()),
            ChatEvent::Usage(report) => self.usage = Some(report.clone()),
            // The message starts with its first block; another answer than the first is never asked for on this wire.
            _ => return,
        }
        self.drain(false, out);
    }

    fn finish(&mut self, out: &mut Vec<u8>) {
        self.drain(true, out);
        start(&mut self.has_started, &self.envelope, self.usage.as_ref(), out);
        let reason = self.finish_reason.as_deref().unwrap_or("stop");
        event(
            out,
            &MessageDelta {
                kind: "message_delta",
                delta: Stop { stop_reason: stop_reason(reason, self.calls > 0), stop_sequence: None },
                usage: Usage::new(self.usage.as_ref(), &self.envelope, self.bytes),
            },
        );
        out.extend_from_slice(MESSAGE_STOP);
    }
}

impl Growing {
    fn new(kind: Kind, text: &str) -> Self {
        Self { kind, is_open: false, pending: text.to_owned() }
    }

    /// A tool call opens with its id and name.
    fn can_open(&self) -> bool {
        !matches!(&self.kind, Kind::Tool { id, name, .. } if id.is_none() || name.is_none())
    }

    fn is_over(&self, is_last: bool) -> bool {
        match &self.kind {
            Kind::Text => !is_last,
            Kind::Thinking { signature } => !is_last || signature.is_some(),
            Kind::Redacted(_) => true,
            Kind::Tool { arguments, .. } => !is_last && is_complete(arguments),
        }
    }

    fn opening<'a>(&'a self, envelope: &Envelope) -> Block<'a> {
        match &self.kind {
            Kind::Text => Block::Text { text: "", cache_control: None },
            Kind::Thinking { .. } => Block::Thinking { thinking: "", signature: Cow::Borrowed("") },
            Kind::Redacted(data) => Block::RedactedThinking { data: Cow::Borrowed(data) },
            Kind::Tool { number, id, name, .. } => Block::ToolUse {
                id: call_id(id.as_deref().unwrap_or_default(), *number, envelope),
                name: name.as_deref().unwrap_or_default(),
                input: tool_input(""),
                cache_control: None,
            },
        }
    }

    fn delta(&self) -> Delta<'_> {
        match self.kind {
            Kind::Thinking { .. } | Kind::Redacted(_) => Delta::Thinking { thinking: &self.pending },
            Kind::Tool { .. } => Delta::InputJson { partial_json: &self.pending },
            Kind::Text => Delta::Text { text: &self.pending },
        }
    }
}

/// No more can follow a complete JSON object but white space.
fn is_complete(arguments: &str) -> bool {
    arguments.trim_end().ends_with('}') && serde_json::from_str::<&RawValue>(arguments).is_ok()
}

fn start(has_started: &mut bool, envelope: &Envelope, usage: Option<&UsageReport>, out: &mut Vec<u8>) {
    if std::mem::replace(has_started, true) {
        return;
    }
    // Some servers begin with zeros and correct them at the end.
    let known = usage.filter(|usage| usage.input.is_some_and(|input| input != InputTokens::default()));
    let mut usage = Usage::new(known, envelope, 0);
    usage.output_tokens = 0;
    usage.output_tokens_details = None;
    event(out, &MessageStart { kind: "message_start", message: Message::new(envelope, Vec::new(), None, usage) });
}

/// An event of a stream: it is named like its type.
trait Named: Serialize {
    fn name(&self) -> &'static str;
}

fn event(out: &mut Vec<u8>, event: &impl Named) {
    out.extend_from_slice(format!("event: {}\ndata: {}\n\n", event.name(), json(event)).as_bytes());
}

macro_rules! named {
    ($($event:ident $(<$life:lifetime>)?),+) => {
        $(impl Named for $event $(<$life>)? {
            fn name(&self) -> &'static str {
                self.kind
            }
        })+
    };
}

named!(MessageStart<'_>, BlockStart<'_>, BlockDelta<'_>, BlockStop, MessageDelta<'_>);

#[derive(Serialize)]
struct MessageStart<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    message: Message<'a>,
}

#[derive(Serialize)]
struct BlockStart<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    index: u32,
    content_block: Block<'a>,
}

impl<'a> BlockStart<'a> {
    fn new(index: u32, content_block: Block<'a>) -> Self {
        Self { kind: "content_block_start", index, content_block }
    }
}

#[derive(Serialize)]
struct BlockDelta<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    index: u32,
    delta: Delta<'a>,
}

impl<'a> BlockDelta<'a> {
    fn new(index: u32, delta: Delta<'a>) -> Self {
        Self { kind: "content_block_delta", index, delta }
    }
}

#[derive(Serialize)]
#[serde(tag = "type")]
enum Delta<'a> {
    #[serde(rename = "text_delta")]
    Text { text: &'a str },
    #[serde(rename = "thinking_delta")]
    Thinking { thinking: &'a str },
    #[serde(rename = "signature_delta")]
    Signature { signature: &'a str },
    #[serde(rename = "input_json_delta")]
    InputJson { partial_json: &'a str },
}

#[derive(Serialize)]
struct BlockStop {
    #[serde(rename = "type")]
    kind: &'static str,
    index: u32,
}

#[derive(Serialize)]
struct MessageDelta<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    delta: Stop<'a>,
    usage: Usage,
}

#[derive(Serialize)]
struct Stop<'a> {
    stop_reason: Cow<'a, str>,
    stop_sequence: Option<&'a str>,
}
