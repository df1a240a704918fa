//! OpenAI's responses wire: recorded requests, answers and streams, read and written; properties in `responses/`.

mod properties;

use std::fmt::Write;

use bytes::Bytes;
use llm::{
    event::ChatEvent,
    frame::{Decoder, Envelope, EventEncoder, Frame, FrameKind},
    wire::responses::{
        StreamDecoder, StreamEncoder, decode_chat, decode_request, decode_whole, encode_chat, encode_whole,
        for_upstream,
    },
};

use crate::{fixtures, line};

fn envelope() -> Envelope {
    Envelope {
        id: "01k".to_owned(),
        model: "public/model".to_owned(),
        created: 1_760_000_000,
        wants_usage: true,
        base64: false,
        input_estimate: 7,
    }
}

fn read(pieces: &[&[u8]]) -> Vec<Frame> {
    let mut decoder = StreamDecoder::new();
    let mut frames = Vec::new();
    for piece in pieces {
        decoder.push(piece, &mut frames).unwrap();
    }
    decoder.finish(&mut frames);
    frames
}

fn kinds(frames: &[Frame]) -> Vec<FrameKind> {
    frames.iter().filter(|frame| frame.raw.as_ref() != b"\n").map(|frame| frame.kind.clone()).collect()
}

fn events(bytes: &[u8]) -> Vec<ChatEvent> {
    read(&[bytes]).iter().flat_map(|frame| frame.kind.events().to_vec()).collect()
}

fn write(events: &[ChatEvent]) -> Vec<u8> {
    let mut encoder = StreamEncoder::new(envelope());
    let mut out = Vec::new();
    events.iter().for_each(|event| encoder.push(event, &mut out));
    // A stream that broke has no end.
    if !events.iter().any(|event| matches!(event, ChatEvent::Failed { .. })) {
        encoder.finish(&mut out);
    }
    out
}

#[test]
fn recorded_requests_are_understood_like_this() {
    for (name, body) in fixtures("responses/requests") {
        let request = decode_request(Bytes::from(body.clone())).unwrap();
        let mut seen = format!(
            "{:?}\nstream {} limit {:?} long {} metadata {:?}\n\n",
            request.size, request.stream, request.max_output, request.long_cache, request.metadata
        );
        match decode_chat(&body) {
            Ok(chat) => {
                writeln!(seen, "{chat:#?}\n").unwrap();
                match encode_chat(&chat, "up/model-1") {
                    Ok(encoded) => writeln!(seen, "{}\ndropped {:?}", encoded.body, encoded.dropped).unwrap(),
                    Err(error) => writeln!(seen, "{error:?}").unwrap(),
                }
            }
            Err(error) => writeln!(seen, "{error:?}").unwrap(),
        }
        insta::assert_snapshot!(format!("request__{name}"), seen);
    }
}

#[test]
fn recorded_requests_keep_their_bytes_on_the_same_wire() {
    for (name, body) in fixtures("responses/requests").into_iter().filter(|(name, _)| name != "foreign_reasoning") {
        let sent = for_upstream(&body, "up/model-1", false).unwrap();
        let body = String::from_utf8(body).unwrap();
        assert_eq!(sent, body.replace("\"public/model\"", "\"up/model-1\""), "{name}");
    }
}

#[test]
fn recorded_answers_are_read_and_written_like_this() {
    for (name, body) in fixtures("responses/answers") {
        let response = decode_whole(&body).unwrap();
        let written = encode_whole(&response, &envelope());
        let written: serde_json::Value = serde_json::from_slice(&written).unwrap();
        insta::assert_snapshot!(format!("answer__{name}"), format!("{response:#?}\n\n{written:#}"));
    }
}

#[test]
fn recorded_streams_are_read_and_written_like_this() {
    for (name, bytes) in fixtures("responses/streams") {
        let frames = read(&[&bytes]);
        let mut seen: String = frames.iter().fold(String::new(), |seen, frame| {
            let end = if matches!(frame.kind, FrameKind::End(_)) { "end: " } else { "" };
            let said = match &frame.kind {
                FrameKind::End(events) => line(&FrameKind::Events(events.clone())),
                kind => line(kind),
            };
            format!("{seen}{end}{said}\n")
        });
        writeln!(seen, "\n{}", String::from_utf8(write(&events(&bytes))).unwrap()).unwrap();
        insta::assert_snapshot!(format!("stream__{name}"), seen);
    }
}

#[test]
fn recorded_streams_mean_the_same_at_every_split() {
    for (name, bytes) in fixtures("responses/streams") {
        let whole = kinds(&read(&[&bytes]));
        for at in (0..bytes.len()).step_by(7) {
            let (head, tail) = bytes.split_at(at);
            assert_eq!(kinds(&read(&[head, tail])), whole, "{name} split at {at}");
        }
        for size in [1, 2, 3, 64] {
            let pieces: Vec<&[u8]> = bytes.chunks(size).collect();
            let frames = read(&pieces);
            assert_eq!(kinds(&frames), whole, "{name} in pieces of {size}");
            let raw: Vec<u8> = frames.iter().flat_map(|frame| frame.raw.to_vec()).collect();
            assert_eq!(raw, bytes, "{name} in pieces of {size}: every byte is forwarded");
        }
    }
}
