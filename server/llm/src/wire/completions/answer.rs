//! Answers of completions, whole and streamed. Reading is lenient, as for chat.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::{
    Error,
    chat::Part,
    event::{Answer, ChatEvent, Response},
    frame::{EventReader, FrameKind},
    sse,
    wire::openai::{Quirks, report},
};

/// A whole answer, or one chunk of a stream: they have the same shape.
#[derive(Deserialize)]
struct Said {
    id: Option<String>,
    model: Option<String>,
    choices: Option<Vec<Choice>>,
    usage: Option<Value>,
    error: Option<Value>,
    /// `error` in a chunk of vLLM that is a failure in itself.
    object: Option<Value>,
    message: Option<Value>,
}

#[derive(Deserialize)]
struct Choice {
    #[serde(default)]
    index: u32,
    text: Option<String>,
    finish_reason: Option<String>,
}

impl Said {
    fn failure(&self) -> Option<String> {
        let message = match self.error.as_ref().filter(|error| !error.is_null()) {
            Some(error) => error.get("message").and_then(Value::as_str).or(error.as_str()),
            None if self.object.as_ref().and_then(Value::as_str) == Some("error") => {
                self.message.as_ref().and_then(Value::as_str)
            }
            None => return None,
        };
        Some(message.unwrap_or("the provider reported an error").to_owned())
    }
}

/// Reads a complete answer. A body that is not one is [`Error::Foreign`].
pub fn decode_whole(body: &[u8], quirks: &Quirks) -> Result<Response, Error> {
    let foreign = Error::Foreign { expected: "a completion" };
    let said: Said = serde_json::from_slice(body).map_err(|_| foreign.clone())?;
    let mut choices = said.choices.ok_or(foreign)?;
    choices.sort_by_key(|choice| choice.index);
    let usage = said.usage.as_ref().and_then(|value| report(value, true, quirks));
    let answer = |choice: Choice| Answer {
        parts: choice.text.filter(|text| !text.is_empty()).map(Part::text).into_iter().collect(),
        finish_reason: choice.finish_reason.filter(|reason| !reason.is_empty()),
    };
    let answers = choices.into_iter().map(answer).collect();
    Ok(Response { id: said.id, model: said.model, answers, usage, ..Response::default() })
}

/// Reads a streamed answer.
#[derive(Debug)]
pub struct StreamDecoder {
    quirks: &'static Quirks,
    sse: sse::Decoder,
    has_started: bool,
    /// The answers seen so far, and whether each has ended.
    has_ended: BTreeMap<u32, bool>,
}

impl StreamDecoder {
    pub fn new(quirks: &'static Quirks) -> Self {
        Self { quirks, sse: sse::Decoder::default(), has_started: false, has_ended: BTreeMap::new() }
    }

    fn kind(&mut self, data: &[u8]) -> FrameKind {
        let Ok(said) = serde_json::from_slice::<Said>(data) else { return FrameKind::Bad };
        let mut events = Vec::new();
        let failure = said.failure();
        let has_failed = failure.is_some();
        events.extend(failure.map(|message| ChatEvent::Failed { message }));
        let text = |text: Option<String>| text.filter(|text| !text.is_empty());
        let (id, model) = (text(said.id), text(said.model));
        // Some servers begin with a chunk that names nobody.
        if !self.has_started && (id.is_some() || model.is_some()) {
            self.has_started = true;
            events.push(ChatEvent::Start { id, model });
        }
        let choices = said.choices.unwrap_or_default();
        let has_choices = !choices.is_empty();
        for Choice { index, text, finish_reason } in choices {
            let has_ended = self.has_ended.entry(index).or_default();
            events.extend(text.filter(|text| !text.is_empty()).map(|text| ChatEvent::Text { index, text }));
            if let Some(reason) = finish_reason.filter(|reason| !reason.is_empty()) {
                *has_ended = true;
                events.push(ChatEvent::Finish { index, reason });
            }
        }
        // A value in a chunk before the end is cumulative so far; alone or after the end it is the last word.
        let is_final = !has_choices || self.has_ended.values().all(|has_ended| *has_ended);
        let usage = said.usage.as_ref().and_then(|value| report(value, is_final, self.quirks));
        let is_usage_only = usage.is_some() && !has_choices && !has_failed;
        events.extend(usage.map(ChatEvent::Usage));
        if is_usage_only { FrameKind::UsageOnly(events) } else { FrameKind::Events(events) }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::Decoder;
    use crate::wire::openai::PLAIN;

    #[test]
    fn answers_come_in_order_of_their_index() {
        let body = br#"{"choices":[{"index":1,"text":"b","finish_reason":"length"},{"index":0,"text":"","finish_reason":"stop"}]}"#;
        let response = decode_whole(body, &PLAIN).unwrap();
        assert!(response.answers[0].parts.is_empty());
        assert_eq!(response.answers[1].parts, [Part::text("b")]);
        assert_eq!(response.answers[1].finish_reason.as_deref(), Some("length"));
    }

    #[test]
    fn what_is_no_completion_is_foreign() {
        for body in ["", "<html>", r#"{"error":{"message":"x"}}"#, r#"{"choices":[{"text":"a"#, "[]", "{}"] {
            assert!(matches!(decode_whole(body.as_bytes(), &PLAIN), Err(Error::Foreign { .. })), "{body}");
        }
    }

    #[test]
    fn an_error_in_mid_stream_is_a_failure() {
        let mut frames = Vec::new();
        let mut decoder = StreamDecoder::new(&PLAIN);
        let nested = "data: {\"error\":{\"message\":\"gone\"}}\n\n";
        let plain = "data: {\"object\":\"error\",\"message\":\"gone\",\"code\":400}\n\n";
        let input = format!("{nested}{plain}data: {{oops\n\n: ping\n\n");
        decoder.push(input.as_bytes(), &mut frames).unwrap();
        let kinds: Vec<FrameKind> = frames.into_iter().map(|frame| frame.kind).collect();
        let failed = || FrameKind::Events(vec![ChatEvent::Failed { message: "gone".to_owned() }]);
        assert_eq!(kinds, [failed(), failed(), FrameKind::Bad, FrameKind::Comment]);
    }

    #[test]
    fn usage_is_final_only_when_every_answer_has_ended() {
        let chunk = |index: u32, reason: &str, tokens: u32| {
            format!(
                "data: {{\"choices\":[{{\"index\":{index},\"text\":\"a\",\"finish_reason\":{reason}}}],\"usage\":{{\"prompt_tokens\":1,\"completion_tokens\":{tokens}}}}}\n\n"
            )
        };
        let stop = "\"stop\"";
        let input = [chunk(0, "null", 1), chunk(1, stop, 2), chunk(0, "null", 3), chunk(0, stop, 4)].concat();
        let mut frames = Vec::new();
        StreamDecoder::new(&PLAIN).push(input.as_bytes(), &mut frames).unwrap();
        let is_final =
            |event: &ChatEvent| if let ChatEvent::Usage(usage) = event { Some(usage.is_final) } else { None };
        let finals: Vec<bool> = frames.iter().flat_map(|frame| frame.kind.events()).filter_map(is_final).collect();
        assert_eq!(finals, [false, false, false, true]);
    }
}
