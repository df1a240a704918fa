//! Completions: recorded requests and answers, each stream at each split, and what is written in place of a chat shape.

use std::fmt::Write;

use bytes::Bytes;
use llm::{
    DIALECTS, Dialect,
    chat::Part,
    event::{Answer, ChatEvent, Response},
    frame::{Envelope, Frame, FrameKind},
    providers::openai_compatible::presets,
    request::Source,
    tally::{InputTokens, OutputTokens, UsageReport},
    wire::{
        Reader, Wire, completions,
        openai::{PLAIN, Quirks},
    },
};
use proptest::prelude::*;

use crate::{fixtures, line, meaning};

fn dialect() -> &'static dyn Dialect {
    *DIALECTS.iter().find(|dialect| dialect.info().wire == Wire::Completions).unwrap()
}

fn envelope(wants_usage: bool) -> Envelope {
    Envelope {
        id: "1".to_owned(),
        model: "coder".to_owned(),
        created: 1_763_700_000,
        wants_usage,
        input_estimate: 0,
        base64: false,
    }
}

fn quirks(name: &str) -> &'static Quirks {
    presets::quirks_of(name.split('_').next().unwrap())
}

fn read(reader: Reader, pieces: &[&[u8]]) -> Vec<Frame> {
    let mut decoder = reader.decoder();
    let mut frames = Vec::new();
    for piece in pieces {
        decoder.push(piece, &mut frames).unwrap();
    }
    decoder.finish(&mut frames);
    frames
}

fn reader(name: &str) -> Reader {
    Reader { quirks: quirks(name), ..Reader::new(Wire::Completions) }
}

#[test]
fn recorded_requests_are_understood_as_this() {
    for (name, body) in fixtures("completions/requests") {
        let request = dialect().decode(Bytes::from(body.clone())).unwrap();
        assert!(matches!(&request.source, Source::Body { bytes, .. } if bytes.as_ref() == body), "{name}");
        let sent = completions::for_upstream(&body, "up/model-1", request.stream, &PLAIN).unwrap();
        let seen = format!(
            "{:?} stream {} usage {} answers {} limit {:?}\n{:?}\n\n{sent}",
            request.operation, request.stream, request.wants_usage, request.answers, request.max_output, request.size
        );
        insta::assert_snapshot!(format!("request__{name}"), seen);
    }
}

#[test]
fn recorded_answers_say_this() {
    for (name, body) in fixtures("completions/answers") {
        insta::assert_debug_snapshot!(format!("answer__{name}"), reader(&name).decode(&body).unwrap());
    }
}

#[test]
fn recorded_streams_have_these_events() {
    for (name, bytes) in fixtures("completions/streams") {
        let mut seen = String::new();
        for frame in read(reader(&name), &[&bytes]) {
            writeln!(seen, "{}", line(&frame.kind)).unwrap();
        }
        insta::assert_snapshot!(format!("stream__{name}"), seen);
    }
}

#[test]
fn every_recorded_stream_means_the_same_at_every_split() {
    for (name, bytes) in fixtures("completions/streams") {
        let whole = read(reader(&name), &[&bytes]);
        for at in 0..bytes.len() {
            let (head, tail) = bytes.split_at(at);
            assert_eq!(meaning(&read(reader(&name), &[head, tail])), meaning(&whole), "{name} split at {at}");
        }
    }
}

#[test]
fn an_answer_in_chat_shape_becomes_a_completion() {
    for (name, bytes) in fixtures("completions/chat_shaped") {
        let reader = Reader { quirks: quirks(&name), ..Reader::new(Wire::OpenAiChat) };
        let written = match reader.decode(&bytes) {
            Ok(response) => dialect().encode(&response, &envelope(true)).to_vec(),
            Err(_) => {
                let (mut encoder, mut out) = (dialect().encoder(&envelope(true)), Vec::new());
                for frame in read(reader, &[&bytes]) {
                    frame.kind.events().iter().for_each(|event| encoder.push(event, &mut out));
                }
                encoder.finish(&mut out);
                out
            }
        };
        let shape = if written.starts_with(b"data:") { "stream" } else { "whole" };
        insta::assert_snapshot!(format!("from_chat__{name}__{shape}"), String::from_utf8(written).unwrap());
    }
}

#[test]
fn an_empty_answer_is_still_closed_and_usage_is_shown_to_who_asked() {
    for wants_usage in [true, false] {
        let mut out = Vec::new();
        let mut encoder = dialect().encoder(&envelope(wants_usage));
        encoder.push(&ChatEvent::Failed { message: "x".to_owned() }, &mut out);
        assert!(out.is_empty());
        encoder.push(&ChatEvent::Usage(usage(3, 0)), &mut out);
        encoder.finish(&mut out);
        let frames = read(Reader::new(Wire::Completions), &[&out]);
        let finish = ChatEvent::Finish { index: 0, reason: "stop".to_owned() };
        assert!(frames[0].kind.events().contains(&finish));
        assert_eq!(frames.iter().any(|frame| matches!(frame.kind, FrameKind::UsageOnly(_))), wants_usage);
        assert!(matches!(frames.last().unwrap().kind, FrameKind::End(_)));
    }
}

fn usage(input: u32, output: u32) -> UsageReport {
    UsageReport {
        input: Some(InputTokens { input, cache_read: input / 2, ..InputTokens::default() }),
        output: Some(OutputTokens { output, reasoning: 0 }),
        is_final: true,
        ..UsageReport::default()
    }
}

/// The raw object is of the wire it came on.
fn without_raw(usage: Option<UsageReport>) -> Option<UsageReport> {
    usage.map(|usage| UsageReport { raw: None, ..usage })
}

fn response() -> impl Strategy<Value = Response> {
    let answer = (".{0,12}", prop_oneof!["stop", "length", "content_filter"]).prop_map(|(text, reason)| Answer {
        parts: Some(text).filter(|text| !text.is_empty()).map(Part::text).into_iter().collect(),
        finish_reason: Some(reason),
    });
    (prop::collection::vec(answer, 1..4), 0_u32..1_000, 0_u32..1_000).prop_map(|(answers, input, output)| Response {
        answers,
        usage: Some(usage(input, output)),
        ..Response::default()
    })
}

/// The events of a response, its answers interleaved.
fn events(response: &Response) -> Vec<ChatEvent> {
    let mut events = Vec::new();
    let answers = || response.answers.iter().zip(0_u32..);
    for (answer, index) in answers() {
        for part in &answer.parts {
            let Part::Text { text, .. } = part else { continue };
            events.extend(text.chars().map(|c| ChatEvent::Text { index, text: c.to_string() }));
        }
    }
    for (answer, index) in answers() {
        events.extend(answer.finish_reason.clone().map(|reason| ChatEvent::Finish { index, reason }));
    }
    events.extend(response.usage.clone().map(ChatEvent::Usage));
    events
}

proptest! {
    #[test]
    fn a_whole_answer_that_is_written_reads_the_same(response in response()) {
        let again = Reader::new(Wire::Completions).decode(&dialect().encode(&response, &envelope(true))).unwrap();
        prop_assert_eq!(&again.answers, &response.answers);
        prop_assert_eq!(without_raw(again.usage), response.usage);
        prop_assert_eq!(again.id.as_deref(), Some("cmpl-1"));
    }

    #[test]
    fn a_stream_that_is_written_reads_the_same(response in response(), size in 1_usize..40) {
        let (mut encoder, mut out) = (dialect().encoder(&envelope(true)), Vec::new());
        events(&response).iter().for_each(|event| encoder.push(event, &mut out));
        encoder.finish(&mut out);
        let pieces: Vec<&[u8]> = out.chunks(size).collect();
        let mut again = Vec::new();
        for frame in read(Reader::new(Wire::Completions), &pieces) {
            again.extend(frame.kind.events().iter().cloned().filter_map(|event| match event {
                ChatEvent::Start { .. } => None,
                ChatEvent::Usage(report) => without_raw(Some(report)).map(ChatEvent::Usage),
                other => Some(other),
            }));
        }
        prop_assert_eq!(again, events(&response));
    }

    #[test]
    fn no_damage_makes_it_panic(which: prop::sample::Index, at: prop::sample::Index, byte: u8, cut: prop::sample::Index) {
        let mut all = fixtures("completions/requests");
        all.extend(fixtures("completions/answers"));
        all.extend(fixtures("completions/streams"));
        let (name, mut bytes) = all.swap_remove(which.index(all.len()));
        let place = at.index(bytes.len());
        bytes[place] = byte;
        bytes.truncate(cut.index(bytes.len()) + 1);
        let _ = completions::decode_request(Bytes::from(bytes.clone()));
        let _ = completions::fill_chat_shaped(&bytes, "up", "Mistral");
        let _ = completions::for_upstream(&bytes, "up", true, &PLAIN);
        let _ = reader(&name).decode(&bytes);
        let _ = read(reader(&name), &[&bytes]);
    }
}
