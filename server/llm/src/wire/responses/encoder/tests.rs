use super::*;
use crate::chat::Origin;

fn encode(events: &[ChatEvent]) -> Vec<Value> {
    let envelope = Envelope {
        id: "1".to_owned(),
        model: "m".to_owned(),
        created: 1,
        wants_usage: true,
        base64: false,
        input_estimate: 0,
    };
    let mut encoder = StreamEncoder::new(envelope);
    let mut out = Vec::new();
    events.iter().for_each(|event| encoder.push(event, &mut out));
    encoder.finish(&mut out);
    let text = String::from_utf8(out).unwrap();
    text.split_terminator("\n\n")
        .map(|frame| {
            let (kind, data) = frame.split_once('\n').unwrap();
            let event: Value = serde_json::from_str(data.strip_prefix("data: ").unwrap()).unwrap();
            assert_eq!(kind.strip_prefix("event: "), event["type"].as_str());
            event
        })
        .collect()
}

fn piece(slot: u32, id: Option<&str>, arguments: &str) -> ChatEvent {
    let text = |text: &str| text.to_owned();
    ChatEvent::ToolCall { index: 0, slot, id: id.map(text), name: id.map(|_| text("f")), arguments: text(arguments) }
}

fn finish(reason: &str) -> ChatEvent {
    ChatEvent::Finish { index: 0, reason: reason.to_owned() }
}

fn text(text: &str) -> ChatEvent {
    ChatEvent::Text { index: 0, text: text.to_owned() }
}

#[test]
fn events_are_numbered_and_an_empty_answer_is_whole() {
    let events = encode(&[]);
    let kinds: Vec<&str> = events.iter().filter_map(|event| event["type"].as_str()).collect();
    assert_eq!(kinds, ["response.created", "response.in_progress", "response.completed"]);
    assert!(events.iter().enumerate().all(|(i, event)| event["sequence_number"] == i));
    assert_eq!(events[2]["response"]["output"], json!([]));
}

#[test]
fn interleaved_calls_are_complete_items_of_their_own() {
    let events = encode(&[
        piece(0, Some("a"), "{\"x\""),
        piece(1, Some("b"), "[1"),
        piece(0, None, ":1}"),
        text("between"),
        piece(1, None, "]"),
        piece(2, Some("c"), ""),
        finish("tool_calls"),
    ]);
    let output = &events[events.len() - 1]["response"]["output"];
    let said: Vec<(&Value, &Value)> =
        [0, 1, 3].iter().map(|i| (&output[i]["call_id"], &output[i]["arguments"])).collect();
    assert_eq!(said, [(&json!("a"), &json!("{\"x\":1}")), (&json!("b"), &json!("[1]")), (&json!("c"), &json!("{}"))]);
    assert_eq!(output[2]["content"][0]["text"], "between");
    for (at, item) in output.as_array().unwrap().iter().enumerate() {
        let of = |kind: &str| {
            events.iter().filter(|event| event["type"] == kind && event["output_index"] == at).collect::<Vec<_>>()
        };
        assert_eq!(of("response.output_item.added").len(), 1);
        assert_eq!(of("response.output_item.done")[0]["item"], *item);
        let deltas: String =
            of("response.function_call_arguments.delta").iter().filter_map(|event| event["delta"].as_str()).collect();
        assert_eq!(deltas, item["arguments"].as_str().unwrap_or_default());
    }
}

#[test]
fn a_seal_ends_the_reasoning_before_it_or_stands_alone() {
    let seal = |origin, data: &str| ChatEvent::Seal { index: 0, seal: Seal { origin, data: data.to_owned() } };
    let events = encode(&[
        ChatEvent::Reasoning { index: 0, text: "hm".to_owned() },
        seal(Origin::Anthropic, "Eq"),
        seal(Origin::Gemini, "Cg"),
        text("x"),
    ]);
    assert_eq!(
        events[events.len() - 1]["response"]["output"].as_array().unwrap()[..2],
        [
            json!({"id": "rs_tg_1_0", "type": "reasoning", "summary": [{"type": "summary_text", "text": "hm"}],
                "encrypted_content": "tg1.anthropic.Eq"}),
            json!({"id": "rs_tg_1_1", "type": "reasoning", "summary": [], "encrypted_content": "tg1.gemini.Cg"}),
        ]
    );
}

#[test]
fn an_answer_that_was_cut_ends_as_incomplete_and_so_does_its_last_item() {
    for (reason, details) in [
        ("length", json!({"reason": "max_output_tokens"})),
        ("content_filter", json!({"reason": "content_filter"})),
        ("steered", json!({"reason": "steered"})),
        ("abort", Value::Null),
    ] {
        let events = encode(&[piece(0, Some("a"), "{}"), text("x"), finish(reason)]);
        let last = &events[events.len() - 1];
        assert_eq!(last["type"], "response.incomplete");
        assert_eq!(last["response"]["incomplete_details"], details);
        let statuses: Vec<&Value> = [0, 1].iter().map(|i| &last["response"]["output"][i]["status"]).collect();
        assert_eq!(statuses, ["completed", "incomplete"]);
    }
    let events = encode(&[piece(0, Some("a"), ""), finish("length")]);
    let call = &events[events.len() - 1]["response"]["output"][0];
    assert_eq!((&call["status"], &call["arguments"]), (&json!("incomplete"), &json!("")));
}

#[test]
fn a_failure_writes_nothing() {
    let mut out = Vec::new();
    let envelope = Envelope {
        id: String::new(),
        model: String::new(),
        created: 0,
        wants_usage: false,
        base64: false,
        input_estimate: 0,
    };
    StreamEncoder::new(envelope).push(&ChatEvent::Failed { message: "x".to_owned() }, &mut out);
    assert_eq!(out, b"");
}
