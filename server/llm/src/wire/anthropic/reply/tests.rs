use super::*;
use crate::{
    chat::{Origin, Seal},
    event::{Answer, ChatEvent},
    frame::EventEncoder,
};

fn envelope() -> Envelope {
    Envelope {
        id: "7".to_owned(),
        model: "public".to_owned(),
        created: 0,
        wants_usage: false,
        base64: false,
        input_estimate: 11,
    }
}

fn text(text: &str) -> ChatEvent {
    ChatEvent::Text { index: 0, text: text.to_owned() }
}

fn reasoning(text: &str) -> ChatEvent {
    ChatEvent::Reasoning { index: 0, text: text.to_owned() }
}

fn seal(origin: Origin, data: &str) -> ChatEvent {
    ChatEvent::Seal { index: 0, seal: Seal { origin, data: data.to_owned() } }
}

fn begin(slot: u32, id: &str, name: &str) -> ChatEvent {
    ChatEvent::ToolCall {
        index: 0,
        slot,
        id: Some(id.to_owned()),
        name: Some(name.to_owned()),
        arguments: String::new(),
    }
}

fn piece(slot: u32, arguments: &str) -> ChatEvent {
    ChatEvent::ToolCall { index: 0, slot, id: None, name: None, arguments: arguments.to_owned() }
}

/// What is written for these events, each data line without the boilerplate that all have.
fn written(events: &[ChatEvent]) -> Vec<String> {
    let mut encoder = StreamEncoder::new(envelope());
    let mut out = Vec::new();
    events.iter().for_each(|event| encoder.push(event, &mut out));
    encoder.finish(&mut out);
    lines(&out)
}

fn lines(out: &[u8]) -> Vec<String> {
    let data = std::str::from_utf8(out).unwrap().lines().filter_map(|line| line.strip_prefix("data: "));
    data.map(|line| {
        let value: serde_json::Value = serde_json::from_str(line).unwrap();
        let kind = value["type"].as_str().unwrap();
        let of_block = kind.strip_prefix("content_block_").map(|kind| format!("{} {kind}", value["index"]));
        let body = [&value["content_block"], &value["delta"]].into_iter().find(|body| body.is_object());
        format!("{} {}", of_block.unwrap_or_else(|| kind.to_owned()), body.unwrap_or(&serde_json::json!("")))
    })
    .collect()
}

#[test]
fn one_block_is_open_at_a_time_and_a_signature_comes_before_its_end() {
    assert_eq!(
        written(&[
            ChatEvent::Start { id: None, model: None },
            reasoning("h"),
            reasoning("m"),
            seal(Origin::Gemini, "sig"),
            text("a"),
            text(""),
            text("b"),
            ChatEvent::Finish { index: 0, reason: "stop".to_owned() },
        ]),
        [
            r#"message_start """#,
            r#"0 start {"type":"thinking","thinking":"","signature":""}"#,
            r#"0 delta {"type":"thinking_delta","thinking":"h"}"#,
            r#"0 delta {"type":"thinking_delta","thinking":"m"}"#,
            r#"0 delta {"type":"signature_delta","signature":"tg1.gemini.sig"}"#,
            r#"0 stop """#,
            r#"1 start {"type":"text","text":""}"#,
            r#"1 delta {"type":"text_delta","text":"a"}"#,
            r#"1 delta {"type":"text_delta","text":"b"}"#,
            r#"1 stop """#,
            r#"message_delta {"stop_reason":"end_turn","stop_sequence":null}"#,
            r#"message_stop """#,
        ]
    );
}

#[test]
fn sealed_thoughts_without_text_are_blocks_of_their_own() {
    let lines = written(&[
        seal(Origin::OpenAi, "enc"),
        reasoning("unsigned"),
        seal(Origin::Anthropic, "redacted:Emw="),
        seal(Origin::Anthropic, "EqQ="),
    ]);
    assert_eq!(
        lines[1..lines.len() - 2],
        [
            r#"0 start {"type":"redacted_thinking","data":"tg1.openai.enc"}"#,
            r#"0 stop """#,
            r#"1 start {"type":"thinking","thinking":"","signature":""}"#,
            r#"1 delta {"type":"thinking_delta","thinking":"unsigned"}"#,
            r#"1 delta {"type":"signature_delta","signature":"tg1.unsigned."}"#,
            r#"1 stop """#,
            r#"2 start {"type":"redacted_thinking","data":"Emw="}"#,
            r#"2 stop """#,
            r#"3 start {"type":"thinking","thinking":"","signature":""}"#,
            r#"3 delta {"type":"signature_delta","signature":"EqQ="}"#,
            r#"3 stop """#,
        ]
    );
}

#[test]
fn interleaved_calls_are_written_one_after_the_other() {
    let lines = written(&[
        begin(0, "a", "look"),
        piece(0, "{\"x\":"),
        begin(1, "b", "see"),
        piece(1, "{\"y\""),
        piece(0, "1}"),
        piece(1, ":2}"),
        text("done"),
        piece(1, " "),
    ]);
    assert_eq!(
        lines[1..lines.len() - 1],
        [
            r#"0 start {"type":"tool_use","id":"a","name":"look","input":{}}"#,
            r#"0 delta {"type":"input_json_delta","partial_json":"{\"x\":"}"#,
            r#"0 delta {"type":"input_json_delta","partial_json":"1}"}"#,
            r#"0 stop """#,
            r#"1 start {"type":"tool_use","id":"b","name":"see","input":{}}"#,
            r#"1 delta {"type":"input_json_delta","partial_json":"{\"y\""}"#,
            r#"1 delta {"type":"input_json_delta","partial_json":":2}"}"#,
            r#"1 stop """#,
            r#"2 start {"type":"text","text":""}"#,
            r#"2 delta {"type":"text_delta","text":"done"}"#,
            r#"2 stop """#,
            r#"message_delta {"stop_reason":"tool_use","stop_sequence":null}"#,
        ]
    );
}

#[test]
fn another_id_is_another_call_and_more_of_a_complete_one_is_nothing() {
    let lines = written(&[
        begin(0, "a", "look"),
        piece(0, "{}"),
        begin(0, "b", "see"),
        piece(0, "{}"),
        text("t"),
        piece(0, "{}"),
    ]);
    let starts: Vec<&String> = lines.iter().filter(|line| line.contains(" start ")).collect();
    assert_eq!(
        starts,
        [
            r#"0 start {"type":"tool_use","id":"a","name":"look","input":{}}"#,
            r#"1 start {"type":"tool_use","id":"b","name":"see","input":{}}"#,
            r#"2 start {"type":"text","text":""}"#,
        ]
    );
    assert_eq!(lines.iter().filter(|line| line.contains("input_json_delta")).count(), 2);
}

#[test]
fn a_later_call_streams_as_soon_as_the_one_before_is_complete() {
    let mut encoder = StreamEncoder::new(envelope());
    let mut out = Vec::new();
    for event in [begin(0, "a", "look"), piece(0, "{}"), begin(1, "b", "see"), piece(1, "{\"y\"")] {
        encoder.push(&event, &mut out);
    }
    assert_eq!(lines(&out).last().unwrap(), r#"1 delta {"type":"input_json_delta","partial_json":"{\"y\""}"#);
}

#[test]
fn a_call_waits_for_its_name_and_gets_an_id_if_there_is_none() {
    let nameless = ChatEvent::ToolCall { index: 0, slot: 0, id: None, name: None, arguments: "{".to_owned() };
    let mut encoder = StreamEncoder::new(envelope());
    let mut out = Vec::new();
    encoder.push(&nameless, &mut out);
    assert!(out.is_empty());
    encoder.push(&begin(0, "", "look"), &mut out);
    encoder.push(&piece(0, "}"), &mut out);
    assert_eq!(lines(&out)[1], r#"0 start {"type":"tool_use","id":"toolu_7_0","name":"look","input":{}}"#);
    assert_eq!(lines(&out)[2], r#"0 delta {"type":"input_json_delta","partial_json":"{"}"#);
    encoder.finish(&mut out);
    assert_eq!(lines(&out)[3], r#"0 delta {"type":"input_json_delta","partial_json":"}"}"#);
}

#[test]
fn an_empty_answer_is_a_valid_message() {
    let mut out = Vec::new();
    StreamEncoder::new(envelope()).finish(&mut out);
    assert_eq!(
        std::str::from_utf8(&out).unwrap(),
        concat!(
            "event: message_start\n",
            r#"data: {"type":"message_start","message":{"id":"msg_7","type":"message","role":"assistant","model":"public","#,
            r#""content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":11,"#,
            r#""cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":0}}}"#,
            "\n\nevent: message_delta\n",
            r#"data: {"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"#,
            r#""usage":{"input_tokens":11,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":0}}"#,
            "\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
        )
    );
}

#[test]
fn a_failure_and_another_answer_write_nothing() {
    let mut encoder = StreamEncoder::new(envelope());
    let mut out = Vec::new();
    encoder.push(&ChatEvent::Failed { message: "x".to_owned() }, &mut out);
    encoder.push(&ChatEvent::Text { index: 1, text: "x".to_owned() }, &mut out);
    assert!(out.is_empty());
}

#[test]
fn usage_is_written_beside_the_cache_and_with_thinking_or_else_estimated() {
    let report = UsageReport {
        input: Some(InputTokens { input: 5, cache_read: 7, cache_write_short: 2, cache_write_long: 3 }),
        output: Some(OutputTokens { output: 10, reasoning: 4 }),
        ..UsageReport::default()
    };
    let usage = |report: Option<&UsageReport>| json(&Usage::new(report, &envelope(), 30));
    assert_eq!(
        usage(Some(&report)),
        r#"{"input_tokens":5,"cache_creation_input_tokens":5,"cache_read_input_tokens":7,"cache_creation":{"ephemeral_5m_input_tokens":2,"ephemeral_1h_input_tokens":3},"output_tokens":14,"output_tokens_details":{"thinking_tokens":4}}"#
    );
    assert_eq!(
        usage(None),
        r#"{"input_tokens":11,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":18}"#
    );
}

#[test]
fn a_whole_answer_has_the_shape_that_sdks_parse() {
    let parts = vec![
        Part::Reasoning { text: "hm".to_owned(), seal: None },
        Part::text("a"),
        Part::text(""),
        Part::ToolCall {
            id: "call.1".to_owned(),
            name: "look".to_owned(),
            arguments: "{\"x\": 1".to_owned(),
            cache: None,
        },
    ];
    let response = Response {
        answers: vec![Answer { parts, finish_reason: Some("stop".to_owned()) }],
        usage: Some(UsageReport {
            input: Some(InputTokens { input: 5, ..InputTokens::default() }),
            output: Some(OutputTokens { output: 6, reasoning: 0 }),
            ..UsageReport::default()
        }),
        ..Response::default()
    };
    assert_eq!(
        encode_whole(&response, &envelope()),
        r#"{"id":"msg_7","type":"message","role":"assistant","model":"public","content":[{"type":"thinking","thinking":"hm","signature":"tg1.unsigned."},{"type":"text","text":"a"},{"type":"tool_use","id":"call_2e1","name":"look","input":{"INVALID_JSON":"{\"x\": 1"}}],"stop_reason":"tool_use","stop_sequence":null,"usage":{"input_tokens":5,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":6}}"#
    );
}

#[test]
fn stop_reasons_are_the_wires_own_and_unknown_ones_stay() {
    for (reason, has_calls, word) in [
        ("stop", false, "end_turn"),
        ("stop", true, "tool_use"),
        ("length", true, "max_tokens"),
        ("tool_calls", true, "tool_use"),
        ("content_filter", false, "refusal"),
        ("pause_turn", false, "pause_turn"),
        ("insufficient_system_resource", false, "insufficient_system_resource"),
    ] {
        assert_eq!(stop_reason(reason, has_calls), word);
    }
}

#[test]
fn a_count_is_one_number() {
    let counted = Response { counted: Some(2_095), ..Response::default() };
    assert_eq!(encode_count(&counted, &envelope()), r#"{"input_tokens":2095}"#);
    assert_eq!(encode_count(&Response::default(), &envelope()), r#"{"input_tokens":11}"#);
}
