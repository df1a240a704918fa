//! What a model said, out of a stored response: whatever dialect it was written in, stream or whole, complete or cut.

use llm::{
    Collector, DIALECTS,
    chat::Part,
    event::Response,
    frame::FrameKind,
    wire::{Reader, Wire},
};
use serde_json::Value;

/// The text of a response of this dialect; `None` when it holds nothing that can be read.
pub(super) fn answer(dialect: &str, response: &str) -> Option<String> {
    let wire = DIALECTS.iter().find(|known| known.info().id == dialect)?.info().wire;
    let reader = Reader::new(wire);
    match response.trim_start().as_bytes().first()? {
        b'{' => match reader.decode(response.as_bytes()) {
            Ok(response) => said(&response, wire),
            Err(_) => refusal(response),
        },
        _ if is_stream(response) => streamed(&reader, response),
        // Where keys are taken out only the words are kept, without their wire.
        _ => Some(response.to_owned()),
    }
}

/// Server-sent events begin with a field or a comment.
fn is_stream(text: &str) -> bool {
    let first = text.trim_start_matches(['\n', '\r', '\u{feff}']);
    ["data:", "event:", "id:", "retry:", ":"].iter().any(|field| first.starts_with(field))
}

fn streamed(reader: &Reader, response: &str) -> Option<String> {
    let mut frames = Vec::new();
    let mut decoder = reader.decoder();
    // What was readable before an event that is too long is still an answer.
    let _ = decoder.push(response.as_bytes(), &mut frames);
    decoder.finish(&mut frames);
    let mut collector = Collector::default();
    let is_readable = |kind: &FrameKind| !matches!(kind, FrameKind::Comment | FrameKind::Bad);
    let mut has_any = false;
    for frame in &frames {
        has_any |= is_readable(&frame.kind);
        frame.kind.events().iter().for_each(|event| collector.push(event));
    }
    let failure = collector.failure().map(str::to_owned);
    let text = said(&collector.finish(), reader.wire);
    text.filter(|text| !text.is_empty()).or(failure).or(has_any.then(String::new))
}

/// Answers one under the other, each its text and its calls as people read them.
fn said(response: &Response, wire: Wire) -> Option<String> {
    match wire {
        Wire::AnthropicCount => return response.counted.map(|tokens| format!("{tokens} input tokens")),
        Wire::Embeddings => {
            let numbers = response.vectors.first().map_or(0, Vec::len);
            return Some(format!("{} vectors of {numbers} numbers", response.vectors.len()));
        }
        _ => {}
    }
    let texts: Vec<String> = response.answers.iter().map(|answer| text_of(&answer.parts)).collect();
    Some(texts.join("\n\n"))
}

fn text_of(parts: &[Part]) -> String {
    let mut text = String::new();
    for part in parts {
        match part {
            Part::Text { text: more, .. } => text.push_str(more),
            Part::ToolCall { name, arguments, .. } => {
                if !text.is_empty() && !text.ends_with('\n') {
                    text.push('\n');
                }
                text.push_str(&format!("{name}({arguments})"));
            }
            Part::Image { .. } | Part::Reasoning { .. } | Part::ToolResult { .. } => {}
        }
    }
    text
}

/// The words of an error body.
fn refusal(response: &str) -> Option<String> {
    let body: Value = serde_json::from_str(response).ok()?;
    let error = body.get("error")?;
    error.get("message").unwrap_or(error).as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fixture(path: &str) -> String {
        std::fs::read_to_string(format!("{}/../llm/fixtures/{path}", env!("CARGO_MANIFEST_DIR"))).unwrap()
    }

    #[test]
    fn hi_7_streams_and_whole_answers_of_every_dialect_become_the_text_that_was_read() {
        let chunk = |text: &str| {
            let delta = serde_json::json!({"choices": [{"index": 0, "delta": {"content": text}}]});
            format!("data: {delta}\n\n")
        };
        let stream = format!(": note\n\n{}{}data: [DONE]\n\n", chunk("é"), chunk("🦀\nb"));
        assert_eq!(answer("openai_chat", &stream).as_deref(), Some("é🦀\nb"));
        for (dialect, path) in [
            ("openai_chat", "openai_chat/answers/openai.json"),
            ("openai_chat", "openai_chat/streams/openai.sse"),
            ("anthropic_messages", "anthropic/answers/plain.json"),
            ("anthropic_messages", "anthropic/streams/plain.sse"),
            ("openai_responses", "responses/answers/text.json"),
            ("openai_responses", "responses/streams/compatible.sse"),
            ("openai_completions", "completions/answers/openai.json"),
            ("openai_completions", "completions/streams/openai.sse"),
        ] {
            let text = answer(dialect, &fixture(path));
            assert!(
                text.as_ref().is_some_and(|text| text.len() > 2 && !text.contains("\"choices\"")),
                "{path}: {text:?}"
            );
        }
    }

    #[test]
    fn hi_7_calls_are_shown_and_thoughts_are_not() {
        let text = answer("anthropic_messages", &fixture("anthropic/streams/tools.sse")).unwrap();
        assert!(text.contains('(') && text.ends_with(')'), "{text}");
        let thinking = fixture("anthropic/answers/thinking.json");
        let thought: Value = serde_json::from_str(&thinking).unwrap();
        let thought = thought["content"][0]["thinking"].as_str().unwrap().to_owned();
        assert!(!answer("anthropic_messages", &thinking).unwrap().contains(&thought));
    }

    #[test]
    fn a_cut_stream_keeps_what_was_said_and_a_cut_document_says_nothing() {
        let stream = fixture("openai_chat/streams/openai.sse");
        let whole = answer("openai_chat", &stream).unwrap();
        for end in (0..stream.len()).filter(|end| stream.is_char_boundary(*end)) {
            if let Some(text) = answer("openai_chat", &stream[..end]) {
                assert!(whole.starts_with(&text) || !is_stream(&stream[..end]), "{end}: {text}");
            }
        }
        let document = fixture("openai_chat/answers/openai.json");
        assert_eq!(answer("openai_chat", &document[..document.len() / 2]), None);
    }

    #[test]
    fn refusals_words_without_a_wire_and_nonsense_are_what_they_are() {
        let error = r#"{"error":{"message":"no such model","type":"x"}}"#;
        assert_eq!(answer("openai_chat", error).as_deref(), Some("no such model"));
        assert_eq!(answer("openai_chat", "plain words [redacted]").as_deref(), Some("plain words [redacted]"));
        assert_eq!(answer("openai_chat", "  "), None);
        assert_eq!(answer("nobody", "{}"), None);
        assert_eq!(
            answer("openai_embeddings", r#"{"data":[{"index":0,"embedding":[0.5,1.0]}]}"#).as_deref(),
            Some("1 vectors of 2 numbers")
        );
    }
}
