//! Streamed answers.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::{Quirks, Said, calls::Calls, find_usage, finish_reason, made_up_id, usage};
use crate::{
    event::ChatEvent,
    frame::{EventReader, FrameKind},
    sse,
    wire::openai::details::Detail,
};

#[derive(Deserialize)]
struct Chunk {
    id: Option<String>,
    model: Option<String>,
    object: Option<Value>,
    choices: Option<Vec<ChunkChoice>>,
    usage: Option<Value>,
    x_groq: Option<Value>,
    error: Option<Value>,
    message: Option<Value>,
}

#[derive(Deserialize)]
struct ChunkChoice {
    index: Option<u32>,
    delta: Option<Said>,
    finish_reason: Option<String>,
    usage: Option<Value>,
}

/// Reads a streamed answer.
#[derive(Debug)]
pub struct StreamDecoder {
    quirks: &'static Quirks,
    sse: sse::Decoder,
    id: Option<String>,
    has_started: bool,
    answers: BTreeMap<u32, Progress>,
}

/// How far one of the answers is.
#[derive(Debug, Default)]
struct Progress {
    calls: Calls,
    /// Its thoughts come as plain text; what the details say is a copy.
    thinks_aloud: bool,
    is_finished: bool,
}

impl StreamDecoder {
    pub fn new(quirks: &'static Quirks) -> Self {
        Self { quirks, sse: sse::Decoder::default(), id: None, has_started: false, answers: BTreeMap::new() }
    }

    fn kind(&mut self, data: &[u8]) -> FrameKind {
        let Ok(chunk) = serde_json::from_slice::<Chunk>(data) else { return FrameKind::Bad };
        let mut events = Vec::new();
        let failure = failure(&chunk);
        let has_failed = failure.is_some();
        events.extend(failure.map(|message| ChatEvent::Failed { message }));
        let choices = chunk.choices.unwrap_or_default();
        // Azure's first chunk names neither.
        let text = |text: Option<String>| text.filter(|text| !text.is_empty());
        let (id, model) = (text(chunk.id), text(chunk.model));
        if !self.has_started && (id.is_some() || model.is_some()) {
            self.has_started = true;
            self.id = id;
            events.push(ChatEvent::Start { id: self.id.clone(), model });
        }
        let has_choices = !choices.is_empty();
        let in_choice = choices.first().and_then(|choice| choice.usage.clone());
        for choice in choices {
            self.choice(choice, &mut events);
        }
        // A value in a chunk before the end is cumulative so far; alone or after the end it is the last word.
        let is_final = !has_choices || self.answers.values().all(|answer| answer.is_finished);
        let value = find_usage(chunk.usage.as_ref(), in_choice.as_ref(), chunk.x_groq.as_ref(), self.quirks);
        let usage = value.and_then(|value| usage::report(value, is_final, self.quirks));
        let is_usage_only = usage.is_some() && !has_choices && !has_failed;
        events.extend(usage.map(ChatEvent::Usage));
        if is_usage_only { FrameKind::UsageOnly(events) } else { FrameKind::Events(events) }
    }

    fn choice(&mut self, choice: ChunkChoice, events: &mut Vec<ChatEvent>) {
        let index = choice.index.unwrap_or(0);
        let answer = self.answers.entry(index).or_default();
        let heard = choice.delta.unwrap_or_default().heard();
        let make_id = |slot| made_up_id(self.id.as_deref(), index, slot);
        if !heard.reasoning.is_empty() {
            answer.thinks_aloud = true;
            events.push(ChatEvent::Reasoning { index, text: heard.reasoning });
        }
        for detail in heard.details.iter().filter_map(Detail::read) {
            if !detail.text.is_empty() && !answer.thinks_aloud {
                events.push(ChatEvent::Reasoning { index, text: detail.text });
            }
            events.extend(detail.seal.map(|seal| ChatEvent::Seal { index, seal }));
        }
        events.extend(heard.texts.into_iter().map(|text| ChatEvent::Text { index, text }));
        let pieces = heard.calls.iter().filter_map(|call| answer.calls.take(call, make_id));
        let mut pieces: Vec<_> = pieces.collect();
        let finished = choice.finish_reason.filter(|reason| !reason.is_empty() && !answer.is_finished);
        if finished.is_some() {
            pieces.extend(answer.calls.close(make_id));
        }
        events.extend(pieces.into_iter().map(|piece| ChatEvent::ToolCall {
            index,
            slot: piece.slot,
            id: piece.id,
            name: piece.name,
            arguments: piece.arguments,
        }));
        if let Some(word) = finished {
            answer.is_finished = true;
            events.push(ChatEvent::Finish { index, reason: finish_reason(word, !answer.calls.is_empty()) });
        }
    }
}

impl EventReader for StreamDecoder {
    fn sse(&mut self) -> &mut sse::Decoder {
        &mut self.sse
    }

    fn read(&mut self, data: &[u8]) -> FrameKind {
        if data.trim_ascii() == b"[DONE]" {
            return FrameKind::End(Vec::new());
        }
        self.kind(data)
    }
}

/// What an upstream says of its failure: in `error`, or, as vLLM does, in the frame itself.
fn failure(chunk: &Chunk) -> Option<String> {
    let error = chunk.error.as_ref().filter(|error| !error.is_null());
    let is_error = chunk.object.as_ref().and_then(Value::as_str) == Some("error");
    let message = match error {
        Some(error) => error.get("message").and_then(Value::as_str).or(error.as_str()),
        None if is_error => chunk.message.as_ref().and_then(Value::as_str),
        None => return None,
    };
    Some(message.unwrap_or("the provider reported an error").to_owned())
}
