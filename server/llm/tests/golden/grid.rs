//! Every request fixture of every dialect, as every provider would be asked; every stream fixture of every wire, as every
//! dialect would tell it. What cannot be said stands here as the refusal it is.

use std::fmt::Write;

use bytes::Bytes;
use llm::{
    DIALECTS, Error, PROVIDERS,
    frame::{Envelope, FrameKind},
    providers::Destination,
    wire::{Reader, Wire},
};

use crate::fixtures;

/// Dialect and the folder of its request fixtures.
const REQUESTS: [(&str, &str); 3] = [
    ("openai_chat", "openai_chat/requests"),
    ("openai_responses", "responses/requests"),
    ("anthropic_messages", "anthropic/requests"),
];
/// Wire and the folder of its stream fixtures.
const STREAMS: [(Wire, &str); 4] = [
    (Wire::OpenAiChat, "openai_chat/streams"),
    (Wire::Responses, "responses/streams"),
    (Wire::Anthropic, "anthropic/streams"),
    (Wire::Gemini, "gemini/streams"),
];
const TOLD_BY: [&str; 3] = ["openai_chat", "openai_responses", "anthropic_messages"];

fn dialect(id: &str) -> &'static dyn llm::Dialect {
    *DIALECTS.iter().find(|dialect| dialect.info().id == id).unwrap()
}

#[test]
fn every_request_has_its_form_at_every_provider() {
    for (id, folder) in REQUESTS {
        for (name, body) in fixtures(folder) {
            let request = dialect(id).decode(Bytes::from(body)).unwrap();
            let mut seen = String::new();
            for provider in PROVIDERS {
                let info = provider.info();
                let base_url = if info.base_url.is_empty() { "https://llm.example.com/v1" } else { info.base_url };
                let destination =
                    Destination { base_url, upstream_model: "up/model-1", preset: "", max_output: Some(32_000) };
                writeln!(seen, "== {}", info.kind).unwrap();
                match provider.encode(&request, &destination) {
                    Ok(sent) => {
                        writeln!(seen, "POST {}", sent.url).unwrap();
                        if !sent.dropped.is_empty() {
                            writeln!(seen, "dropped: {}", sent.dropped.join(", ")).unwrap();
                        }
                        writeln!(seen, "{}", std::str::from_utf8(&sent.body).unwrap()).unwrap();
                    }
                    Err(Error::Invalid { param, message }) => {
                        let param = param.unwrap_or_default();
                        writeln!(seen, "400 {param}: {message}").unwrap();
                        assert!(!param.is_empty(), "{name} at {}: a refusal names its field: {message}", info.kind);
                    }
                    Err(error) => panic!("{name} at {}: {error}", info.kind),
                }
            }
            insta::assert_snapshot!(format!("grid__request__{id}__{name}"), seen);
        }
    }
}

#[test]
fn every_stream_is_told_in_every_dialect() {
    for (wire, folder) in STREAMS {
        for (name, bytes) in fixtures(folder) {
            let mut frames = Vec::new();
            let mut decoder = Reader::new(wire).decoder();
            decoder.push(&bytes, &mut frames).unwrap();
            decoder.finish(&mut frames);
            let mut seen = String::new();
            for id in TOLD_BY {
                let envelope = Envelope {
                    id: "req_1".to_owned(),
                    model: "public".to_owned(),
                    created: 1_795_000_000,
                    wants_usage: true,
                    base64: false,
                    input_estimate: 12,
                };
                let mut encoder = dialect(id).encoder(&envelope);
                let mut out = Vec::new();
                let events = frames.iter().filter(|frame| frame.kind != FrameKind::Bad);
                events.flat_map(|frame| frame.kind.events()).for_each(|event| encoder.push(event, &mut out));
                encoder.finish(&mut out);
                writeln!(seen, "== {id}\n{}", String::from_utf8(out).unwrap()).unwrap();
            }
            insta::assert_snapshot!(format!("grid__stream__{wire:?}__{name}"), seen);
        }
    }
}
