//! Recorded payloads and what they mean, one module for each wire.
//!
//! One more case is one more file in `fixtures/`. After a wanted change, look at the difference and accept the snapshot.

#![expect(clippy::unwrap_used, reason = "a fixture that cannot be read is a broken test")]

/// The modules stand in `tests/golden/`, so that this stays one binary.
mod golden {
    mod anthropic;
    mod completions;
    mod embeddings;
    mod gemini;
    mod grid;
    mod listings;
    mod openai_chat;
    mod responses;
    mod routes;
    mod vendors;
}

use std::{fs, path::PathBuf};

use llm::{event::ChatEvent, frame::FrameKind};

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

/// Events alone: a CRLF that is cut in two makes a blank frame of its own, which says nothing.
fn meaning(frames: &[llm::frame::Frame]) -> Vec<&FrameKind> {
    frames.iter().filter(|frame| frame.raw.as_ref() != b"\n").map(|frame| &frame.kind).collect()
}

/// One frame on one line, without what the snapshot of the counts shows anyway.
fn line(kind: &FrameKind) -> String {
    let event = |event: &ChatEvent| match event {
        ChatEvent::Usage(report) => {
            format!("Usage final={} {:?} {:?} {:?}", report.is_final, report.input, report.output, report.flags)
        }
        other => format!("{other:?}"),
    };
    let events = kind.events().iter().map(event).collect::<Vec<_>>().join(" | ");
    match kind {
        FrameKind::Events(_) => events,
        FrameKind::UsageOnly(_) => format!("hidden: {events}"),
        FrameKind::Comment => "comment".to_owned(),
        FrameKind::Bad => "bad".to_owned(),
        FrameKind::End(_) if events.is_empty() => "end".to_owned(),
        FrameKind::End(_) => format!("end: {events}"),
    }
}
