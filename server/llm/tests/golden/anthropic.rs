//! Anthropic's wire: recorded payloads and what they mean, written back, and at every split.

mod properties;
mod values;

use std::fmt::Write;

use bytes::Bytes;
use llm::{
    Request,
    event::{ChatEvent, Response},
    frame::{Decoder, Envelope, EventEncoder, Frame, FrameKind},
    request::Size,
    tally::{Limits, Tally},
    wire::anthropic::{self, StreamDecoder, StreamEncoder},
};

use crate::{fixtures, line, meaning};

/// The snapshot is named by the fixture alone, wherever this module is mounted.
fn assert_snapshot(name: String, seen: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(format!("anthropic__{name}"), seen));
}

fn envelope() -> Envelope {
    Envelope {
        id: "7".to_owned(),
        model: "public".to_owned(),
        created: 0,
        wants_usage: true,
        base64: false,
        input_estimate: 11,
    }
}

fn frames(pieces: &[&[u8]]) -> Vec<Frame> {
    let mut decoder = StreamDecoder::new(false);
    let mut frames = Vec::new();
    for piece in pieces {
        decoder.push(piece, &mut frames).unwrap();
    }
    decoder.finish(&mut frames);
    frames
}

fn events(bytes: &[u8]) -> Vec<ChatEvent> {
    frames(&[bytes]).iter().flat_map(|frame| frame.kind.events().to_vec()).collect()
}

/// These events for a client; a stream that broke gets no end.
fn encoded(events: &[ChatEvent], is_complete: bool) -> String {
    let mut encoder = StreamEncoder::new(envelope());
    let mut out = Vec::new();
    events.iter().for_each(|event| encoder.push(event, &mut out));
    if is_complete {
        encoder.finish(&mut out);
    }
    String::from_utf8(out).unwrap()
}

#[test]
fn recorded_requests_are_read_sent_and_written_like_this() {
    for (name, body) in fixtures("anthropic/requests") {
        let Request { size, max_output, stream, long_cache, .. } =
            anthropic::decode_request(Bytes::from(body.clone())).unwrap();
        let own = anthropic::for_upstream(&body, "claude-up").unwrap();
        let chat = anthropic::decode_chat(&body).unwrap();
        let written = anthropic::encode_chat(&chat, "claude-up", None).unwrap();
        let mut seen = format!("{size:?}\nlimit {max_output:?} stream {stream} long cache {long_cache}\n\n");
        writeln!(seen, "to the vendor {:?}\n{}\n", own.dropped, own.body).unwrap();
        writeln!(seen, "neutral\n{chat:#?}\n\nwritten {:?}\n{}", written.dropped, written.body).unwrap();
        assert_snapshot(format!("request__{name}"), &seen);
    }
}

#[test]
fn recorded_answers_are_read_and_written_like_this() {
    for (name, body) in fixtures("anthropic/answers") {
        let response: Response = anthropic::decode_whole(&body, false).unwrap();
        let written = anthropic::encode_whole(&response, &envelope());
        let written = std::str::from_utf8(&written).unwrap();
        assert_snapshot(format!("answer__{name}"), &format!("{response:#?}\n\n{written}"));
    }
}

#[test]
fn recorded_streams_have_these_events_and_counts_and_are_written_like_this() {
    for (name, bytes) in fixtures("anthropic/streams") {
        let mut tally = Tally::default();
        let mut seen = String::new();
        for frame in frames(&[&bytes]) {
            frame.kind.events().iter().for_each(|event| tally.observe(event));
            writeln!(seen, "{}", line(&frame.kind)).unwrap();
        }
        let is_complete = frames(&[&bytes]).iter().any(|frame| matches!(frame.kind, FrameKind::End(_)));
        let count = tally.count(&Size::default(), Limits { input: 100_000, output: 1_000 });
        writeln!(seen, "\n{count:#?}\n\n{}", encoded(&events(&bytes), is_complete)).unwrap();
        assert_snapshot(format!("stream__{name}"), &seen);
    }
}

#[test]
fn every_recorded_stream_means_the_same_at_every_split() {
    for (name, bytes) in fixtures("anthropic/streams") {
        let whole = frames(&[&bytes]);
        for at in 0..bytes.len() {
            let (head, tail) = bytes.split_at(at);
            assert_eq!(meaning(&frames(&[head, tail])), meaning(&whole), "{name} split at {at}");
        }
        for size in [1, 2, 3, 7, 64] {
            let pieces: Vec<&[u8]> = bytes.chunks(size).collect();
            let cut = frames(&pieces);
            assert_eq!(meaning(&cut), meaning(&whole), "{name} in pieces of {size}");
            let raw: Vec<u8> = cut.iter().flat_map(|frame| frame.raw.to_vec()).collect();
            let kept = if name == "cut" { raw.len() } else { bytes.len() };
            assert!(raw.starts_with(&bytes[..kept]), "{name} in pieces of {size}: every byte is forwarded");
        }
    }
}
