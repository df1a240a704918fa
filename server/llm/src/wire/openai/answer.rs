//! Answers of the OpenAI wire: streams, whole bodies and error bodies.
//!
//! Reading is lenient: what a compatible server adds or leaves out must not break an answer that can be understood.

use serde::Deserialize;
use serde_json::Value;

use super::usage;
use crate::{
    Error,
    event::{ChatEvent, Response},
    frame::{Decoder, Frame, FrameKind},
    sse,
};

#[derive(Deserialize)]
struct Chunk {
    id: Option<String>,
    model: Option<String>,
    choices: Option<Vec<ChunkChoice>>,
    usage: Option<Value>,
    error: Option<Value>,
}

#[derive(Deserialize)]
struct ChunkChoice {
    #[serde(default)]
    index: u32,
    delta: Option<Said>,
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct Whole {
    id: Option<String>,
    model: Option<String>,
    choices: Vec<WholeChoice>,
    usage: Option<Value>,
}

#[derive(Deserialize)]
struct WholeChoice {
    message: Option<Said>,
    finish_reason: Option<String>,
}

/// A message, or a piece of one.
#[derive(Default, Deserialize)]
struct Said {
    content: Option<String>,
    /// What the model declines to say is visible text as well.
    refusal: Option<String>,
    reasoning_content: Option<String>,
    reasoning: Option<String>,
    tool_calls: Option<Vec<ToolCall>>,
}

#[derive(Deserialize)]
struct ToolCall {
    #[serde(default)]
    index: u32,
    id: Option<String>,
    function: Option<Function>,
}

#[derive(Deserialize)]
struct Function {
    name: Option<String>,
    arguments: Option<String>,
}

impl Said {
    fn reasoning(&self) -> Option<&String> {
        self.reasoning_content.as_ref().or(self.reasoning.as_ref()).filter(|text| !text.is_empty())
    }
}

/// Reads a complete answer. A body that is not one (a web page, half a document) is [`Error::Foreign`].
pub fn decode_whole(body: &[u8]) -> Result<Response, Error> {
    let whole: Whole = serde_json::from_slice(body).map_err(|_| Error::Foreign { expected: "a chat completion" })?;
    let mut response = Response { id: whole.id, model: whole.model, ..Response::default() };
    for choice in &whole.choices {
        let Some(said) = &choice.message else { continue };
        let calls = said.tool_calls.iter().flatten().filter_map(|call| call.function.as_ref());
        let calls = calls.flat_map(|function| [function.name.as_ref(), function.arguments.as_ref()]);
        let visible = [said.content.as_ref(), said.refusal.as_ref()].into_iter().chain(calls).flatten();
        response.visible_bytes += visible.map(|text| text.len() as u64).sum::<u64>();
        response.reasoning_bytes += said.reasoning().map_or(0, |text| text.len() as u64);
    }
    response.finish_reason = whole.choices.into_iter().find_map(|choice| choice.finish_reason);
    response.usage = whole.usage.as_ref().and_then(|value| usage::report(value, true));
    Ok(response)
}

/// Is this the wire's own error object, and not some proxy's page?
pub fn is_error_body(body: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct ErrorBody {
        error: Value,
    }
    serde_json::from_slice::<ErrorBody>(body).is_ok_and(|body| body.error.is_object() || body.error.is_string())
}

/// Reads a streamed answer.
#[derive(Debug, Default)]
pub struct StreamDecoder {
    sse: sse::Decoder,
    has_started: bool,
    has_finished: bool,
}

impl StreamDecoder {
    pub fn new() -> Self {
        Self::default()
    }

    fn frames(&mut self, events: Vec<sse::Event>, frames: &mut Vec<Frame>) {
        for event in events {
            let kind = match &event.data {
                None => FrameKind::Comment,
                Some(data) if data.trim_ascii() == b"[DONE]" => FrameKind::End,
                Some(data) => self.kind(data),
            };
            frames.push(Frame { raw: event.raw, kind });
        }
    }

    fn kind(&mut self, data: &[u8]) -> FrameKind {
        let Ok(chunk) = serde_json::from_slice::<Chunk>(data) else { return FrameKind::Bad };
        let mut events = Vec::new();
        if let Some(error) = chunk.error.as_ref().filter(|error| !error.is_null()) {
            events.push(ChatEvent::Failed { message: error_message(error) });
        }
        if !self.has_started && (chunk.id.is_some() || chunk.model.is_some()) {
            self.has_started = true;
            let text = |text: Option<String>| text.filter(|text| !text.is_empty());
            events.push(ChatEvent::Start { id: text(chunk.id), model: text(chunk.model) });
        }
        let choices = chunk.choices.unwrap_or_default();
        let has_choices = !choices.is_empty();
        for choice in choices {
            self.choice(choice, &mut events);
        }
        // A value in a chunk before the end is cumulative so far; alone or after the end it is the last word.
        let is_final = self.has_finished || !has_choices;
        let usage = chunk.usage.as_ref().and_then(|value| usage::report(value, is_final));
        let is_usage_only = usage.is_some() && !has_choices && chunk.error.is_none();
        events.extend(usage.map(ChatEvent::Usage));
        if is_usage_only { FrameKind::UsageOnly(events) } else { FrameKind::Events(events) }
    }

    fn choice(&mut self, choice: ChunkChoice, events: &mut Vec<ChatEvent>) {
        let index = choice.index;
        let said = choice.delta.unwrap_or_default();
        if let Some(text) = said.reasoning() {
            events.push(ChatEvent::Reasoning { index, text: text.clone() });
        }
        for text in [said.content, said.refusal].into_iter().flatten().filter(|text| !text.is_empty()) {
            events.push(ChatEvent::Text { index, text });
        }
        for call in said.tool_calls.into_iter().flatten() {
            let (name, arguments) = call.function.map_or((None, None), |function| (function.name, function.arguments));
            let arguments = arguments.unwrap_or_default();
            events.push(ChatEvent::ToolCall { index, slot: call.index, id: call.id, name, arguments });
        }
        if let Some(reason) = choice.finish_reason.filter(|reason| !reason.is_empty()) {
            self.has_finished = true;
            events.push(ChatEvent::Finish { index, reason });
        }
    }
}

impl Decoder for StreamDecoder {
    fn push(&mut self, bytes: &[u8], frames: &mut Vec<Frame>) -> Result<(), Error> {
        let mut events = Vec::new();
        let result = self.sse.push(bytes, &mut events);
        self.frames(events, frames);
        result
    }

    fn finish(&mut self, frames: &mut Vec<Frame>) {
        let mut events = Vec::new();
        self.sse.finish(&mut events);
        self.frames(events, frames);
    }
}

fn error_message(error: &Value) -> String {
    let message = error.get("message").and_then(Value::as_str).or(error.as_str());
    message.unwrap_or("the provider reported an error").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(input: &str) -> Vec<FrameKind> {
        let mut decoder = StreamDecoder::new();
        let mut frames = Vec::new();
        decoder.push(input.as_bytes(), &mut frames).unwrap();
        decoder.finish(&mut frames);
        frames.into_iter().map(|frame| frame.kind).collect()
    }

    #[test]
    fn bad_frames_are_told_apart_from_comments_and_the_end() {
        let input = ": ping\n\ndata: {oops\n\ndata: {}{}\n\ndata: [DONE]\n\n";
        assert_eq!(kinds(input), [FrameKind::Comment, FrameKind::Bad, FrameKind::Bad, FrameKind::End]);
    }

    #[test]
    fn usage_before_the_end_is_only_partial() {
        let input = concat!(
            "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":1}}\n\n",
            "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":2}}\n\n",
        );
        let finals: Vec<bool> = kinds(input)
            .into_iter()
            .flat_map(|kind| match kind {
                FrameKind::Events(events) => events,
                other => panic!("{other:?}"),
            })
            .filter_map(|event| match event {
                ChatEvent::Usage(report) => Some(report.is_final),
                _ => None,
            })
            .collect();
        assert_eq!(finals, [false, true]);
    }

    #[test]
    fn what_is_no_completion_is_foreign() {
        for body in
            ["", "<html></html>", "{\"error\":{\"message\":\"x\"}}", "{\"choices\":[{\"message\":{\"content\":\"a"]
        {
            assert!(matches!(decode_whole(body.as_bytes()), Err(Error::Foreign { .. })), "{body}");
        }
        assert!(is_error_body(br#"{"error":{"message":"x"}}"#));
        assert!(!is_error_body(b"<html>"));
        assert!(!is_error_body(br#"{"error":null}"#));
    }
}
