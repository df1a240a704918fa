use super::*;
use crate::frame::Decoder;
use crate::tally::{InputTokens, OutputTokens, UsageReport};

fn kinds(chunks: &[&str]) -> Vec<FrameKind> {
    let mut decoder = StreamDecoder::new();
    let mut frames = Vec::new();
    for chunk in chunks {
        decoder.push(format!("data: {chunk}\r\n\r\n").as_bytes(), &mut frames).unwrap();
    }
    decoder.finish(&mut frames);
    frames.into_iter().map(|frame| frame.kind).collect()
}

fn events(chunks: &[&str]) -> Vec<ChatEvent> {
    kinds(chunks).iter().flat_map(FrameKind::events).cloned().collect()
}

fn reports(chunks: &[&str]) -> Vec<UsageReport> {
    events(chunks)
        .into_iter()
        .filter_map(|event| if let ChatEvent::Usage(report) = event { Some(report) } else { None })
        .collect()
}

fn finish(index: u32, reason: &str) -> ChatEvent {
    ChatEvent::Finish { index, reason: reason.to_owned() }
}

#[test]
fn bad_frames_are_told_apart_from_comments_and_silence() {
    assert_eq!(kinds(&["{oops", "[1]", "{}"]), [FrameKind::Bad, FrameKind::Bad, FrameKind::Events(Vec::new())]);
    let mut frames = Vec::new();
    StreamDecoder::new().push(b": ping\n\n", &mut frames).unwrap();
    assert_eq!(frames[0].kind, FrameKind::Comment);
    let far = r#"{"candidates":[{"index":4000000000,"content":{"parts":[{"text":"a"}]}}]}"#;
    assert_eq!(kinds(&[far]), [FrameKind::Bad]);
}

#[test]
fn the_last_of_the_cumulative_counts_is_final_only_with_or_after_the_end() {
    let chunks = [
        r#"{"candidates":[{"content":{"parts":[{"text":"a"}]}}],"usageMetadata":{"promptTokenCount":8,"totalTokenCount":8}}"#,
        r#"{"candidates":[{"content":{"parts":[{"text":"b"}]}}],"usageMetadata":{"promptTokenCount":8,"candidatesTokenCount":3,"totalTokenCount":11}}"#,
        r#"{"candidates":[{"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":8,"candidatesTokenCount":5,"thoughtsTokenCount":2,"totalTokenCount":15}}"#,
        r#"{"usageMetadata":{"promptTokenCount":8,"candidatesTokenCount":6,"totalTokenCount":14}}"#,
    ];
    let reports = reports(&chunks);
    let outputs: Vec<_> = reports.iter().map(|report| (report.output, report.is_final)).collect();
    let output = |output, reasoning| Some(OutputTokens { output, reasoning });
    assert_eq!(outputs, [(None, false), (output(3, 0), false), (output(5, 2), true), (output(6, 0), true)]);
    assert!(reports.iter().all(|report| report.input == Some(InputTokens { input: 8, ..InputTokens::default() })));
    assert!(matches!(kinds(&chunks).last(), Some(FrameKind::UsageOnly(_))));
}

#[test]
fn calls_have_slots_of_their_candidate_and_ids_of_the_response() {
    let chunks = [
        r#"{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","args":{"a":1}},"thoughtSignature":"S"},{"functionCall":{"name":"g"}}]}}]}"#,
        r#"{"candidates":[{"index":1,"content":{"parts":[{"functionCall":{"name":"h"}}]},"finishReason":"STOP"}]}"#,
        r#"{"candidates":[{"index":0,"content":{"parts":[{"functionCall":{"id":"own","name":"i"}}]},"finishReason":"STOP"}]}"#,
    ];
    let call = |index, slot, id: &str, name: &str, arguments: &str| ChatEvent::ToolCall {
        index,
        slot,
        id: Some(id.to_owned()),
        name: Some(name.to_owned()),
        arguments: arguments.to_owned(),
    };
    let seal = crate::chat::Seal { origin: crate::chat::Origin::Gemini, data: "S".to_owned() };
    assert_eq!(
        events(&chunks),
        [
            ChatEvent::Seal { index: 0, seal },
            call(0, 0, "call_g811c9dc5_0", "f", r#"{"a":1}"#),
            call(0, 1, "call_g811c9dc5_1", "g", "{}"),
            call(1, 0, "call_g811c9dc5_2", "h", "{}"),
            finish(1, "tool_calls"),
            call(0, 2, "own", "i", "{}"),
            finish(0, "tool_calls"),
        ]
    );
}

#[test]
fn the_end_is_told_once_and_calls_of_earlier_chunks_count_for_it() {
    let chunks = [
        r#"{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f"}}]}}]}"#,
        r#"{"candidates":[{"content":{"parts":[{"text":""}]},"finishReason":"STOP"}]}"#,
        r#"{"candidates":[{"finishReason":"STOP"}]}"#,
    ];
    assert_eq!(events(&chunks)[1..], [finish(0, "tool_calls")]);
}

#[test]
fn a_refused_question_ends_what_is_open() {
    let blocked = r#"{"promptFeedback":{"blockReason":"PROHIBITED_CONTENT"},"usageMetadata":{"promptTokenCount":4,"totalTokenCount":4}}"#;
    let only = events(&[blocked]);
    assert_eq!(only[0], finish(0, "content_filter"));
    assert!(matches!(&only[1], ChatEvent::Usage(report) if report.is_final));
    let late = events(&[r#"{"candidates":[{"content":{"parts":[{"text":"a"}]}}]}"#, blocked, blocked]);
    assert_eq!(late.iter().filter(|event| **event == finish(0, "content_filter")).count(), 1);
}

#[test]
fn an_error_in_the_stream_is_a_failure() {
    let failed = |message: &str| ChatEvent::Failed { message: message.to_owned() };
    assert_eq!(
        events(&[r#"{"error":{"code":503,"message":"overloaded","status":"UNAVAILABLE"}}"#]),
        [failed("overloaded")]
    );
    assert_eq!(events(&[r#"{"error":{}}"#]), [failed("the provider reported an error")]);
}

#[test]
fn the_start_is_told_once() {
    let chunk =
        r#"{"candidates":[{"content":{"parts":[{"text":"a"}]}}],"modelVersion":"gemini-2.5-flash","responseId":"r"}"#;
    let events = events(&[chunk, chunk]);
    assert_eq!(events.len(), 3);
    assert_eq!(events[0], ChatEvent::Start { id: Some("r".to_owned()), model: Some("gemini-2.5-flash".to_owned()) });
}
