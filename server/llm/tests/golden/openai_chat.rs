//! The OpenAI chat wire: requests as they pass and as they are translated, streams at every split, answers both ways.

use std::{fmt::Write, fs, path::PathBuf};

use bytes::Bytes;
use llm::{
    DIALECTS, PROVIDERS,
    event::ChatEvent,
    frame::{Decoder, Envelope, EventEncoder, Frame, FrameKind},
    providers::Destination,
    tally::{Limits, Tally},
    wire::openai::{self, Quirks, UsageAt},
};

static USAGE_IN_CHOICE: Quirks = Quirks { usage_at: UsageAt::Choice, ..openai::PLAIN };
static USAGE_IN_X_GROQ: Quirks = Quirks { usage_at: UsageAt::XGroq, ..openai::PLAIN };
static MARKING: Quirks = Quirks { cache_markers: true, cap_field: "max_completion_tokens", ..openai::PLAIN };

/// The quirks of the vendor that a recording is from.
fn quirks(name: &str) -> &'static Quirks {
    match name {
        "usage_in_choice" => &USAGE_IN_CHOICE,
        "usage_in_x_groq" => &USAGE_IN_X_GROQ,
        _ => &openai::PLAIN,
    }
}

/// Name and bytes of every fixture of a folder, in order of name.
fn fixtures(folder: &str) -> Vec<(String, Vec<u8>)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/openai_chat").join(folder);
    let mut found: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_stem().unwrap().to_str().unwrap().to_owned(), fs::read(&path).unwrap()))
        .collect();
    found.sort();
    assert!(!found.is_empty());
    found
}

fn envelope() -> Envelope {
    let model = "public".to_owned();
    Envelope {
        id: "req_1".to_owned(),
        model,
        created: 1_750_000_000,
        wants_usage: true,
        base64: false,
        input_estimate: 9,
    }
}

#[test]
fn every_dialect_reaches_every_provider() {
    for dialect in DIALECTS.iter().filter(|dialect| dialect.info().id == "openai_chat") {
        for provider in PROVIDERS.iter().filter(|provider| matches!(provider.info().kind, "demo" | "openai-compatible"))
        {
            for (name, body) in fixtures("requests") {
                let request = dialect.decode(Bytes::from(body)).unwrap();
                let destination = Destination {
                    base_url: "https://api.example.com/v1",
                    upstream_model: "up/model-1",
                    preset: "",
                    max_output: None,
                };
                let sent = provider.encode(&request, &destination).unwrap();
                let size = format!("{:?} answers {} limit {:?}", request.size, request.answers, request.max_output);
                let more = format!("long cache {} metadata {:?}", request.long_cache, request.metadata);
                let seen = format!("{size}\n{more}\nPOST {}\n\n{}", sent.url, std::str::from_utf8(&sent.body).unwrap());
                insta::assert_snapshot!(format!("{}__{}__{name}", dialect.info().id, provider.info().kind), seen);
            }
        }
    }
}

#[test]
fn requests_read_in_full_say_this() {
    for (name, body) in fixtures("requests") {
        // One of them has a field that no other API could be told.
        match openai::decode_chat(&body) {
            Ok(chat) => insta::assert_debug_snapshot!(format!("neutral__{name}"), chat),
            Err(error) => insta::assert_snapshot!(format!("neutral__{name}"), error),
        }
    }
}

#[test]
fn requests_are_written_like_this() {
    for (name, body) in fixtures("requests") {
        let Ok(chat) = openai::decode_chat(&body) else { continue };
        let mut seen = String::new();
        for (vendor, quirks) in [("without quirks", &openai::PLAIN), ("with cache markers", &MARKING)] {
            let encoded = openai::encode_chat(&chat, "up/model-1", quirks).unwrap();
            writeln!(seen, "{vendor}, dropped {:?}\n{}\n", encoded.dropped, encoded.body).unwrap();
        }
        insta::assert_snapshot!(format!("encoded__{name}"), seen);
    }
}

fn read(name: &str, pieces: &[&[u8]]) -> Vec<Frame> {
    let mut decoder = openai::StreamDecoder::new(quirks(name));
    let mut frames = Vec::new();
    for piece in pieces {
        decoder.push(piece, &mut frames).unwrap();
    }
    decoder.finish(&mut frames);
    frames
}

/// Events alone: a CRLF that is cut in two makes a blank frame of its own, which says nothing.
fn meaning(frames: &[Frame]) -> Vec<&FrameKind> {
    frames.iter().filter(|frame| frame.raw.as_ref() != b"\n").map(|frame| &frame.kind).collect()
}

#[test]
fn every_recorded_stream_means_the_same_at_every_split() {
    for (name, bytes) in fixtures("streams") {
        let whole = read(&name, &[&bytes]);
        for at in 0..bytes.len() {
            let (head, tail) = bytes.split_at(at);
            assert_eq!(meaning(&read(&name, &[head, tail])), meaning(&whole), "{name} split at {at}");
        }
        for size in [1, 2, 3, 7, 64] {
            let pieces: Vec<&[u8]> = bytes.chunks(size).collect();
            let frames = read(&name, &pieces);
            assert_eq!(meaning(&frames), meaning(&whole), "{name} in pieces of {size}");
            let raw: Vec<u8> = frames.iter().flat_map(|frame| frame.raw.to_vec()).collect();
            assert!(raw.starts_with(&bytes), "{name} in pieces of {size}: every byte is forwarded");
        }
    }
}

#[test]
fn recorded_streams_have_these_events_and_counts() {
    for (name, bytes) in fixtures("streams") {
        let mut tally = Tally::default();
        let mut seen = String::new();
        for frame in read(&name, &[&bytes]) {
            frame.kind.events().iter().for_each(|event| tally.observe(event));
            writeln!(seen, "{}", line(&frame.kind)).unwrap();
        }
        let count = tally.count(&llm::request::Size::default(), Limits { input: 1_000, output: 1_000 });
        insta::assert_snapshot!(format!("stream__{name}"), format!("{seen}\n{count:#?}"));
    }
}

/// One frame on one line, without what the snapshot of the counts shows anyway.
fn line(kind: &FrameKind) -> String {
    let event = |event: &ChatEvent| match event {
        ChatEvent::Usage(report) => {
            format!("Usage final={} {:?} {:?} {:?}", report.is_final, report.input, report.output, report.flags)
        }
        other => format!("{other:?}"),
    };
    match kind {
        FrameKind::Events(events) => events.iter().map(event).collect::<Vec<_>>().join(" | "),
        FrameKind::UsageOnly(events) => format!("hidden: {}", events.iter().map(event).collect::<Vec<_>>().join(" | ")),
        FrameKind::Comment => "comment".to_owned(),
        FrameKind::Bad => "bad".to_owned(),
        FrameKind::End(_) => "end".to_owned(),
    }
}

#[test]
fn recorded_streams_are_written_for_a_client_like_this() {
    for (name, bytes) in fixtures("streams") {
        let frames = read(&name, &[&bytes]);
        let events: Vec<&ChatEvent> = frames.iter().flat_map(|frame| frame.kind.events()).collect();
        let mut encoder = openai::StreamEncoder::new(envelope());
        let mut out = Vec::new();
        events.iter().for_each(|event| encoder.push(event, &mut out));
        // As the gateway does: no end for a stream that broke.
        if !events.iter().any(|event| matches!(event, ChatEvent::Failed { .. })) {
            encoder.finish(&mut out);
        }
        insta::assert_snapshot!(format!("client_stream__{name}"), String::from_utf8(out).unwrap());
    }
}

#[test]
fn recorded_answers_count_as_this() {
    for (name, body) in fixtures("answers") {
        let response = openai::decode_whole(&body, &openai::PLAIN).unwrap();
        insta::assert_debug_snapshot!(format!("answer__{name}"), response);
    }
}

#[test]
fn recorded_answers_are_written_for_a_client_like_this() {
    for (name, body) in fixtures("answers") {
        let response = openai::decode_whole(&body, &openai::PLAIN).unwrap();
        let written = openai::encode_whole(&response, &envelope());
        insta::assert_snapshot!(format!("client_answer__{name}"), std::str::from_utf8(&written).unwrap());
    }
}
