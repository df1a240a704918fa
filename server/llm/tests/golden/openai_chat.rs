//! The OpenAI chat wire: requests as they pass and as they are translated, streams at every split, answers both ways.

use std::fmt::Write;

use bytes::Bytes;
use llm::{
    DIALECTS, PROVIDERS,
    event::ChatEvent,
    frame::{Decoder, Envelope, EventEncoder, Frame},
    providers::Destination,
    tally::{Limits, Tally},
    wire::openai::{self, Quirks, UsageAt},
};

use crate::{fixtures, line, meaning};

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
            for (name, body) in fixtures("openai_chat/requests") {
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
    for (name, body) in fixtures("openai_chat/requests") {
        // One of them has a field that no other API could be told.
        match openai::decode_chat(&body) {
            Ok(chat) => insta::assert_debug_snapshot!(format!("neutral__{name}"), chat),
            Err(error) => insta::assert_snapshot!(format!("neutral__{name}"), error),
        }
    }
}

#[test]
fn requests_are_written_like_this() {
    for (name, body) in fixtures("openai_chat/requests") {
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

#[test]
fn every_recorded_stream_means_the_same_at_every_split() {
    for (name, bytes) in fixtures("openai_chat/streams") {
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
    for (name, bytes) in fixtures("openai_chat/streams") {
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

#[test]
fn recorded_streams_are_written_for_a_client_like_this() {
    for (name, bytes) in fixtures("openai_chat/streams") {
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
    for (name, body) in fixtures("openai_chat/answers") {
        let response = openai::decode_whole(&body, &openai::PLAIN).unwrap();
        insta::assert_debug_snapshot!(format!("answer__{name}"), response);
    }
}

#[test]
fn recorded_answers_are_written_for_a_client_like_this() {
    for (name, body) in fixtures("openai_chat/answers") {
        let response = openai::decode_whole(&body, &openai::PLAIN).unwrap();
        let written = openai::encode_whole(&response, &envelope());
        insta::assert_snapshot!(format!("client_answer__{name}"), std::str::from_utf8(&written).unwrap());
    }
}
