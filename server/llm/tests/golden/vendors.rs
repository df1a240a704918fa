//! OpenAI's family: each vendor's counts, whole and streamed, and where each kind of request goes.

use std::fmt::Write;

use bytes::Bytes;
use llm::{
    DIALECTS, Error, Provider, Request,
    chat::{ChatRequest, Message, Role},
    event::ChatEvent,
    providers::{self, Destination, openai_compatible::presets},
    request::{Operation, Size},
    tally::{Count, Limits, Tally},
    wire::{
        Reader, Wire,
        openai::{OPENAI, Quirks},
    },
};

use crate::fixtures;

fn quirks_of(name: &str) -> &'static Quirks {
    if matches!(name, "openai" | "azure-openai") { &OPENAI } else { presets::quirks_of(name) }
}

fn reader(name: &str) -> Reader {
    Reader { quirks: quirks_of(name), ..Reader::new(Wire::OpenAiChat) }
}

fn count(tally: &Tally) -> Count {
    let size = Size { text_bytes: 30, messages: 1, ..Size::default() };
    tally.count(&size, Limits { input: 10_000, output: 10_000 })
}

fn streamed(name: &str, bytes: &[u8]) -> (String, Count) {
    let (mut tally, mut text, mut frames) = (Tally::default(), String::new(), Vec::new());
    let mut decoder = reader(name).decoder();
    decoder.push(bytes, &mut frames).unwrap();
    decoder.finish(&mut frames);
    for event in frames.iter().flat_map(|frame| frame.kind.events()) {
        tally.observe(event);
        if let ChatEvent::Text { text: piece, .. } = event {
            text.push_str(piece);
        }
    }
    assert_eq!(tally.finish_reason.as_deref(), Some("stop"), "{name}");
    (text, count(&tally))
}

#[test]
fn every_vendor_counts_the_same_whole_and_streamed() {
    let streams = fixtures("vendors/streams");
    for (name, body) in fixtures("vendors/answers") {
        let mut tally = Tally::default();
        tally.observe_whole(&reader(&name).decode(&body).unwrap());
        let whole = count(&tally);
        let (_, stream) = streams.iter().find(|(stream, _)| *stream == name).unwrap();
        let (text, stream) = streamed(&name, stream);
        assert_eq!(text, "The answer is 42.", "{name}");
        let facts = |count: &Count| (count.usage, count.source, count.flags.clone());
        assert_eq!(facts(&stream), facts(&whole), "{name}");
        insta::assert_debug_snapshot!(format!("count__{name}"), whole);
    }
}

#[test]
fn every_preset_has_its_recorded_answer() {
    let recorded: Vec<String> = fixtures("vendors/answers").into_iter().map(|(name, _)| name).collect();
    for preset in &presets::PRESETS {
        assert!(recorded.iter().any(|name| name == preset.id), "{}", preset.id);
    }
}

const CHAT: &str = r#"{"model":"m","messages":[{"role":"user","content":"hi"}]}"#;
const CONTINUE: &str = r#"{"model":"m","prompt":"fn a"}"#;
const FILL: &str = r#"{"model":"m","prompt":"fn a","suffix":"}","stream":true}"#;
const EMBED: &str = r#"{"model":"m","input":"hi"}"#;
const RESUME: &str = r#"{"model":"m","input":"hi","previous_response_id":"resp_1"}"#;

fn decode(dialect: &str, body: &'static str) -> Request {
    let dialect = DIALECTS.iter().find(|known| known.info().id == dialect).unwrap();
    dialect.decode(Bytes::from_static(body.as_bytes())).unwrap()
}

fn at<'a>(base_url: &'a str, preset: &'a str) -> Destination<'a> {
    Destination { base_url, upstream_model: "up/model-1", preset, max_output: None }
}

fn said(provider: &dyn Provider, request: &Request, destination: &Destination<'_>) -> String {
    match provider.encode(request, destination) {
        Ok(sent) => {
            assert_eq!(sent.reader.quirks.cached_at, quirks_of(destination.preset).cached_at);
            let body = std::str::from_utf8(&sent.body).unwrap();
            format!("{} as {:?} dropped {:?}\n    {body}", sent.url, sent.reader.wire, sent.dropped)
        }
        Err(Error::Invalid { param, message }) => format!("400 {}: {message}", param.unwrap_or_default()),
        Err(other) => other.to_string(),
    }
}

#[test]
fn every_kind_of_request_finds_its_endpoint_or_is_refused_by_name() {
    let family = |kind: &str| providers::find(kind).unwrap();
    let mut destinations = vec![
        ("openai", at("", "")),
        ("openai", at("https://eu.api.openai.com/v1/", "")),
        ("azure-openai", at("https://r.openai.azure.com", "")),
        ("azure-openai", at("https://r.openai.azure.com/openai/deployments/dep", "")),
        ("openai-compatible", at("https://llm.example.com/v1", "")),
        ("openai-compatible", at("https://proxy.example.com/deepseek/v1", "deepseek")),
    ];
    destinations.extend(presets::PRESETS.iter().map(|preset| ("openai-compatible", at("", preset.id))));
    let requests = [
        ("chat", decode("openai_chat", CHAT)),
        ("continue", decode("openai_completions", CONTINUE)),
        ("fill", decode("openai_completions", FILL)),
        ("embed", decode("openai_embeddings", EMBED)),
    ];
    let mut seen = String::new();
    for (kind, destination) in destinations {
        writeln!(seen, "{kind} {} {}", destination.preset, destination.base_url).unwrap();
        for (what, request) in &requests {
            writeln!(seen, "  {what}: {}", said(family(kind), request, &destination)).unwrap();
        }
    }
    insta::assert_snapshot!("endpoints", seen);
}

#[test]
fn a_server_that_keeps_nothing_is_not_asked_to_go_on() {
    let source = llm::request::Source::Body { wire: Wire::Responses, bytes: Bytes::from_static(RESUME.as_bytes()) };
    let request = Request { source, ..decode("openai_chat", CHAT) };
    for preset in ["groq", "openrouter", "ollama"] {
        let compatible = providers::find("openai-compatible").unwrap();
        let Err(Error::Invalid { param, .. }) = compatible.encode(&request, &at("", preset)) else {
            panic!("{preset}")
        };
        assert_eq!(param.as_deref(), Some("previous_response_id"), "{preset}");
    }
}

#[test]
fn a_count_is_never_turned_into_a_paid_answer() {
    let chat = ChatRequest {
        model: "m".to_owned(),
        messages: vec![Message::text(Role::User, "hi")],
        ..ChatRequest::default()
    };
    let request = Request { operation: Operation::Count, ..Request::from(chat) };
    for kind in ["openai", "azure-openai", "openai-compatible"] {
        let provider = providers::find(kind).unwrap();
        assert!(!provider.counts_tokens());
        assert!(provider.encode(&request, &at("https://llm.example.com/v1", "")).is_err(), "{kind}");
    }
}

#[test]
fn the_demo_refuses_what_it_does_not_speak() {
    let demo = providers::find("demo").unwrap();
    for (dialect, body, param) in [("openai_completions", FILL, "prompt"), ("openai_embeddings", EMBED, "input")] {
        let Err(Error::Invalid { param: named, .. }) = demo.encode(&decode(dialect, body), &at("", "")) else {
            panic!("{dialect}")
        };
        assert_eq!(named.as_deref(), Some(param));
    }
}
