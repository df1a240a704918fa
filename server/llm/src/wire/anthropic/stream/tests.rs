use super::*;
use crate::frame::Decoder;
use crate::{
    chat::{Origin, Seal},
    tally::{InputTokens, OutputTokens, UsageReport},
};

/// The frames of these events, each a `data` line.
fn kinds(events: &[&str]) -> Vec<FrameKind> {
    let mut decoder = StreamDecoder::new(false);
    let mut frames = Vec::new();
    for event in events {
        decoder.push(format!("event: x\ndata: {event}\n\n").as_bytes(), &mut frames).unwrap();
    }
    decoder.finish(&mut frames);
    frames.into_iter().map(|frame| frame.kind).collect()
}

fn events(lines: &[&str]) -> Vec<ChatEvent> {
    kinds(lines).iter().flat_map(|kind| kind.events().to_vec()).collect()
}

fn usages(lines: &[&str]) -> Vec<UsageReport> {
    let usage = |event| if let ChatEvent::Usage(report) = event { Some(report) } else { None };
    events(lines).into_iter().filter_map(usage).collect()
}

#[test]
fn the_kinds_of_frames_are_told_apart() {
    assert_eq!(
        kinds(&[
            r#"{"type": "ping"}"#,
            "{oops",
            "{}",
            r#"{"type":"content_block_delta","index":"one"}"#,
            r#"{"type":"newer","delta":"of any shape"}"#,
            r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#,
            r#"{"type":"message_stop"}"#,
            "[DONE]",
        ]),
        [
            FrameKind::Comment,
            FrameKind::Bad,
            FrameKind::Bad,
            FrameKind::Bad,
            FrameKind::Events(Vec::new()),
            FrameKind::Events(vec![ChatEvent::Failed { message: "Overloaded".to_owned() }]),
            FrameKind::End(Vec::new()),
            FrameKind::Comment,
        ]
    );
}

#[test]
fn tool_calls_are_numbered_among_themselves_and_server_tools_are_none() {
    let call = |slot, id: Option<&str>, name: Option<&str>, arguments: &str| ChatEvent::ToolCall {
        index: 0,
        slot,
        id: id.map(str::to_owned),
        name: name.map(str::to_owned),
        arguments: arguments.to_owned(),
    };
    let lines = [
        r#"{"type":"content_block_start","index":0,"content_block":{"type":"server_tool_use","id":"s","name":"web_search","input":{}}}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"{\"q\":1}"}}"#,
        r#"{"type":"content_block_stop","index":0}"#,
        r#"{"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"a","name":"look","input":{}}}"#,
        r#"{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":""}}"#,
        r#"{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{}"}}"#,
        r#"{"type":"content_block_stop","index":1}"#,
        r#"{"type":"content_block_start","index":2,"content_block":{"type":"tool_use","id":"b","name":"see","input":{"at":[1, 2]}}}"#,
        r#"{"type":"content_block_stop","index":2}"#,
    ];
    assert_eq!(
        events(&lines),
        [
            call(0, Some("a"), Some("look"), ""),
            call(0, None, None, "{}"),
            call(1, Some("b"), Some("see"), ""),
            call(1, None, None, r#"{"at":[1, 2]}"#),
        ]
    );
}

#[test]
fn pieces_of_an_input_replace_what_its_start_brought() {
    let lines = [
        r#"{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"a","name":"look","input":{"x":1}}}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"{\"x\":1}"}}"#,
        r#"{"type":"content_block_stop","index":0}"#,
    ];
    let arguments: String = events(&lines)
        .into_iter()
        .map(|event| if let ChatEvent::ToolCall { arguments, .. } = event { arguments } else { String::new() })
        .collect();
    assert_eq!(arguments, r#"{"x":1}"#);
}

#[test]
fn a_signature_seals_its_block_and_a_redacted_block_is_a_seal() {
    let seal =
        |data: &str| ChatEvent::Seal { index: 0, seal: Seal { origin: Origin::Anthropic, data: data.to_owned() } };
    let lines = [
        r#"{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"hm"}}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"EqQ="}}"#,
        r#"{"type":"content_block_stop","index":0}"#,
        r#"{"type":"content_block_start","index":1,"content_block":{"type":"redacted_thinking","data":"Emw="}}"#,
        r#"{"type":"content_block_stop","index":1}"#,
        r#"{"type":"content_block_start","index":2,"content_block":{"type":"text","text":"a"}}"#,
        r#"{"type":"content_block_delta","index":2,"delta":{"type":"citations_delta","citation":{"type":"char_location"}}}"#,
        r#"{"type":"content_block_stop","index":2}"#,
    ];
    assert_eq!(
        events(&lines),
        [
            ChatEvent::Reasoning { index: 0, text: "hm".to_owned() },
            seal("EqQ="),
            seal("redacted:Emw="),
            ChatEvent::Text { index: 0, text: "a".to_owned() },
        ]
    );
}

const START: &str =
    r#"{"type":"message_start","message":{"id":"msg_1","model":"c","usage":{"input_tokens":10,"output_tokens":1}}}"#;

#[test]
fn usage_is_final_with_the_stop_reason_and_not_before() {
    let reports = usages(&[
        START,
        r#"{"type":"message_delta","delta":{"stop_reason":null},"usage":{"output_tokens":3}}"#,
        r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":5}}"#,
        r#"{"type":"message_stop"}"#,
    ]);
    let seen: Vec<_> = reports.iter().map(|report| (report.is_final, report.output.map(|out| out.output))).collect();
    assert_eq!(seen, [(false, None), (false, Some(3)), (true, Some(5))]);
    assert!(reports.iter().all(|report| report.input == Some(InputTokens { input: 10, ..InputTokens::default() })));
}

#[test]
fn a_stream_without_a_message_delta_has_no_output_count() {
    let report = usages(&[START, r#"{"type":"message_stop"}"#]).pop().unwrap();
    assert_eq!((report.output, report.is_final), (None, false));
    let bare = usages(&[START, r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"}}"#]).pop().unwrap();
    assert_eq!((bare.output, bare.is_final), (None, false));
}

#[test]
fn a_start_without_usage_leaves_it_to_the_delta() {
    let reports = usages(&[
        r#"{"type":"message_start","message":{"id":"msg_1"}}"#,
        r#"{"type":"message_delta","delta":{"stop_reason":"max_tokens"},"usage":{"input_tokens":7,"output_tokens":5}}"#,
    ]);
    assert_eq!(reports.len(), 1);
    assert_eq!(reports[0].output, Some(OutputTokens { output: 5, reasoning: 0 }));
    assert_eq!(reports[0].input, Some(InputTokens { input: 7, ..InputTokens::default() }));
}
