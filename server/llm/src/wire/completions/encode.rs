//! Answers written for clients of completions, when they come in another shape (a vendor that fills in chat shape).

use std::collections::BTreeMap;

use bytes::Bytes;
use serde_json::{Value, json};

use crate::{
    chat::Part,
    event::{Answer, ChatEvent, Response},
    frame::{Envelope, EventEncoder},
    tally::UsageReport,
    wire::openai::{DONE, usage_object},
};

/// A complete answer. Only text has a place here: without tools and thoughts asked for, there is nothing else.
pub fn encode_whole(response: &Response, envelope: &Envelope) -> Bytes {
    let choices: Vec<Value> = response.answers.iter().enumerate().map(choice).collect();
    let mut body = json!({
        "id": format!("cmpl-{}", envelope.id),
        "object": "text_completion",
        "created": envelope.created,
        "model": envelope.model,
        "choices": choices,
    });
    if let Some(usage) = response.usage.as_ref().and_then(usage_object) {
        body["usage"] = usage;
    }
    Bytes::from(body.to_string())
}

fn choice((index, answer): (usize, &Answer)) -> Value {
    let text = |part: &Part| if let Part::Text { text, .. } = part { Some(text.clone()) } else { None };
    let text: String = answer.parts.iter().filter_map(text).collect();
    let reason = answer.finish_reason.as_deref().unwrap_or("stop");
    json!({"text": text, "index": index, "logprobs": null, "finish_reason": reason})
}

/// Writes a streamed answer for a client.
#[derive(Debug)]
pub struct StreamEncoder {
    envelope: Envelope,
    /// The answers seen so far, and whether each has ended.
    has_ended: BTreeMap<u32, bool>,
    usage: Option<UsageReport>,
}

impl StreamEncoder {
    pub fn new(envelope: Envelope) -> Self {
        Self { envelope, has_ended: BTreeMap::new(), usage: None }
    }

    fn chunk(&self, choices: &Value, usage: Option<Value>, out: &mut Vec<u8>) {
        let mut chunk = json!({
            "id": format!("cmpl-{}", self.envelope.id),
            "object": "text_completion",
            "created": self.envelope.created,
            "model": self.envelope.model,
            "choices": choices,
        });
        // Who asked for usage gets the field in every chunk, null until the last one.
        if self.envelope.wants_usage {
            chunk["usage"] = usage.unwrap_or(Value::Null);
        }
        out.extend_from_slice(format!("data: {chunk}\n\n").as_bytes());
    }

    fn say(&mut self, index: u32, text: &str, reason: Option<&str>, out: &mut Vec<u8>) {
        *self.has_ended.entry(index).or_default() |= reason.is_some();
        let choices = json!([{"text": text, "index": index, "logprobs": null, "finish_reason": reason}]);
        self.chunk(&choices, None, out);
    }
}

impl EventEncoder for StreamEncoder {
    fn push(&mut self, event: &ChatEvent, out: &mut Vec<u8>) {
        match event {
            ChatEvent::Text { index, text } => self.say(*index, text, None, out),
            ChatEvent::Finish { index, reason } => self.say(*index, "", Some(reason), out),
            ChatEvent::Usage(report) => self.usage = Some(report.clone()),
            ChatEvent::Start { .. }
            | ChatEvent::Reasoning { .. }
            | ChatEvent::Seal { .. }
            | ChatEvent::ToolCall { .. }
            | ChatEvent::Failed { .. } => {}
        }
    }

    fn finish(&mut self, out: &mut Vec<u8>) {
        if self.has_ended.is_empty() {
            self.has_ended.insert(0, false);
        }
        let open: Vec<u32> = self.has_ended.iter().filter(|(_, ended)| !**ended).map(|(index, _)| *index).collect();
        for index in open {
            self.say(index, "", Some("stop"), out);
        }
        let usage = self.usage.as_ref().and_then(usage_object);
        if let Some(usage) = usage.filter(|_| self.envelope.wants_usage) {
            self.chunk(&json!([]), Some(usage), out);
        }
        out.extend_from_slice(DONE);
    }
}
