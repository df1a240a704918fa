//! Recorded payloads and what they mean: every dialect with every provider, every stream at every split.
//!
//! One more case is one more file in `fixtures/`. After a wanted change, look at the difference and accept the snapshot.

#![expect(clippy::unwrap_used, reason = "a fixture that cannot be read is a broken test")]

use std::{fmt::Write, fs, path::PathBuf};

use bytes::Bytes;
use domain::usage::Usage;
use llm::{
    DIALECTS, PROVIDERS, Provider,
    event::ChatEvent,
    frame::{Frame, FrameKind},
    providers::{Destination, find},
    tally::{Limits, Tally},
};

/// Name and bytes of every fixture of a folder, in order of name.
fn fixtures(folder: &str) -> Vec<(String, Vec<u8>)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(folder);
    let mut found: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_stem().unwrap().to_str().unwrap().to_owned(), fs::read(&path).unwrap()))
        .collect();
    found.sort();
    assert!(!found.is_empty());
    found
}

#[test]
fn every_dialect_reaches_every_provider() {
    for dialect in DIALECTS {
        for provider in PROVIDERS {
            for (name, body) in fixtures("requests") {
                let request = dialect.decode(Bytes::from(body)).unwrap();
                let destination = Destination { base_url: "https://api.example.com/v1", upstream_model: "up/model-1" };
                let sent = provider.encode(&request, &destination).unwrap();
                let size = format!("{:?} answers {} limit {:?}", request.size, request.answers, request.max_output);
                let seen = format!("{size}\nPOST {}\n\n{}", sent.url, std::str::from_utf8(&sent.body).unwrap());
                insta::assert_snapshot!(format!("{}__{}__{name}", dialect.info().id, provider.info().kind), seen);
            }
        }
    }
}

fn openai_compatible() -> &'static dyn Provider {
    find("openai-compatible").unwrap()
}

fn read(pieces: &[&[u8]]) -> Vec<Frame> {
    let mut decoder = openai_compatible().decoder();
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
        let whole = read(&[&bytes]);
        for at in 0..bytes.len() {
            let (head, tail) = bytes.split_at(at);
            assert_eq!(meaning(&read(&[head, tail])), meaning(&whole), "{name} split at {at}");
        }
        for size in [1, 2, 3, 7, 64] {
            let pieces: Vec<&[u8]> = bytes.chunks(size).collect();
            let frames = read(&pieces);
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
        for frame in read(&[&bytes]) {
            if let FrameKind::Events(events) | FrameKind::UsageOnly(events) = &frame.kind {
                events.iter().for_each(|event| tally.observe(event));
            }
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
        FrameKind::End => "end".to_owned(),
    }
}

#[test]
fn recorded_answers_count_as_this() {
    for (name, body) in fixtures("answers") {
        let response = openai_compatible().decode(&body).unwrap();
        insta::assert_debug_snapshot!(format!("answer__{name}"), response);
    }
}

#[test]
fn every_provider_reads_what_its_own_wire_says() {
    for provider in PROVIDERS {
        for (name, body) in fixtures("answers") {
            let response = provider.decode(&body).unwrap();
            let mut tally = Tally::default();
            tally.observe_whole(&response);
            let count = tally.count(&llm::request::Size::default(), Limits { input: 9, output: 9 });
            assert_ne!(count.usage, Usage::default(), "{} {name}", provider.info().kind);
        }
    }
}
