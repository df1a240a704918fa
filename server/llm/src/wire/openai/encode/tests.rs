use super::*;
use crate::{
    chat::{Origin, Seal},
    event::ChatEvent,
    frame::EventEncoder,
    tally::{InputTokens, OutputTokens},
};

fn envelope(wants_usage: bool) -> Envelope {
    Envelope {
        id: "r1".to_owned(),
        model: "public".to_owned(),
        created: 7,
        wants_usage,
        base64: false,
        input_estimate: 3,
    }
}

/// The chunks of a stream without what all of them share, and the end marker.
fn chunks(events: &[ChatEvent], wants_usage: bool) -> Vec<Value> {
    let mut encoder = StreamEncoder::new(envelope(wants_usage));
    let mut out = Vec::new();
    events.iter().for_each(|event| encoder.push(event, &mut out));
    encoder.finish(&mut out);
    let text = String::from_utf8(out).unwrap();
    let text = text.strip_suffix("data: [DONE]\n\n").unwrap();
    let chunk = |frame: &str| {
        let chunk: Value = serde_json::from_str(frame.strip_prefix("data: ").unwrap()).unwrap();
        assert_eq!(
            (&chunk["id"], &chunk["object"], &chunk["created"], &chunk["model"]),
            (&json!("chatcmpl-r1"), &json!("chat.completion.chunk"), &json!(7), &json!("public"))
        );
        chunk
    };
    text.split_terminator("\n\n").map(chunk).collect()
}

/// Deltas of the first answer, the role and the end left out.
fn deltas(events: &[ChatEvent]) -> Vec<Value> {
    let chunks = chunks(events, false);
    assert_eq!(chunks[0]["choices"][0]["delta"], json!({"role": "assistant", "content": ""}));
    chunks[1..chunks.len() - 1].iter().map(|chunk| chunk["choices"][0]["delta"].clone()).collect()
}

fn text(text: &str) -> ChatEvent {
    ChatEvent::Text { index: 0, text: text.to_owned() }
}

fn thought(text: &str) -> ChatEvent {
    ChatEvent::Reasoning { index: 0, text: text.to_owned() }
}

fn seal(data: &str) -> ChatEvent {
    ChatEvent::Seal { index: 0, seal: Seal { origin: Origin::Anthropic, data: data.to_owned() } }
}

fn call(slot: u32, id: Option<&str>, arguments: &str) -> ChatEvent {
    let name = id.map(|_| "f".to_owned());
    ChatEvent::ToolCall { index: 0, slot, id: id.map(str::to_owned), name, arguments: arguments.to_owned() }
}

fn report() -> UsageReport {
    UsageReport {
        input: Some(InputTokens { input: 50, cache_read: 30, cache_write_short: 15, cache_write_long: 5 }),
        output: Some(OutputTokens { output: 10, reasoning: 40 }),
        is_final: true,
        ..UsageReport::default()
    }
}

#[test]
fn an_empty_answer_is_still_an_answer() {
    let chunks = chunks(&[], false);
    assert_eq!(chunks.len(), 2);
    assert_eq!(chunks[1]["choices"][0]["finish_reason"], "stop");
    let whole: Value = serde_json::from_slice(&encode_whole(&Response::default(), &envelope(false))).unwrap();
    assert_eq!(
        whole["choices"],
        json!([{"index": 0, "message": {"role": "assistant", "content": "", "refusal": null}, "logprobs": null, "finish_reason": "stop"}])
    );
    assert_eq!(whole.get("usage"), None);
}

#[test]
fn a_failure_and_an_empty_piece_write_nothing() {
    let mut encoder = StreamEncoder::new(envelope(true));
    let mut out = Vec::new();
    for event in [ChatEvent::Failed { message: "x".to_owned() }, text(""), thought(""), seal("s")] {
        encoder.push(&event, &mut out);
    }
    assert_eq!(out, b"");
}

#[test]
fn pieces_of_calls_keep_their_numbers() {
    let events = [call(0, Some("a"), ""), call(1, Some("b"), "{"), call(0, None, "{}"), call(1, None, "}")];
    let piece = |piece: Value| json!({"tool_calls": [piece]});
    assert_eq!(
        deltas(&events),
        [
            piece(json!({"index": 0, "id": "a", "type": "function", "function": {"name": "f", "arguments": ""}})),
            piece(json!({"index": 1, "id": "b", "type": "function", "function": {"name": "f", "arguments": "{"}})),
            piece(json!({"index": 0, "function": {"arguments": "{}"}})),
            piece(json!({"index": 1, "function": {"arguments": "}"}})),
        ]
    );
    assert_eq!(chunks(&events, false).last().unwrap()["choices"][0]["finish_reason"], "tool_calls");
}

#[test]
fn a_seal_comes_with_its_text_and_the_call_it_stands_before() {
    let entry = |text: &str, data: &str, number: u32| json!({"type": "reasoning.text", "text": text, "signature": format!("tg1.anthropic.{data}"), "index": number});
    let mut bound = entry("cd", "s2", 1);
    bound["id"] = "a".into();
    let found = deltas(&[
        thought("a"),
        thought("b"),
        seal("s1"),
        text("x"),
        thought("cd"),
        seal("s2"),
        call(0, Some("a"), "{}"),
        seal("s3"),
    ]);
    let details: Vec<&Value> = found.iter().filter_map(|delta| delta.get("reasoning_details")).collect();
    let last = json!([{"type": "reasoning.encrypted", "data": "tg1.anthropic.s3", "index": 2}]);
    assert_eq!(details, [&json!([entry("ab", "s1", 0)]), &json!([bound]), &last]);
    let plain: String = found.iter().filter_map(|delta| delta.get("reasoning_content")?.as_str()).collect();
    assert_eq!(plain, "abcd");
}

#[test]
fn a_thought_without_a_seal_is_listed_only_before_one_with() {
    assert!(
        !deltas(&[thought("a"), text("x"), thought("b")]).iter().any(|delta| delta.get("reasoning_details").is_some())
    );
    let found = deltas(&[thought("a"), text("x"), thought("b"), seal("s"), text("y")]);
    let details = found.iter().find_map(|delta| delta.get("reasoning_details")).unwrap();
    assert_eq!(details[0], json!({"type": "reasoning.text", "text": "a", "index": 0}));
    assert_eq!(details[1]["text"], "b");
}

#[test]
fn usage_comes_last_and_only_to_those_who_asked() {
    let events = [ChatEvent::Usage(report()), ChatEvent::Usage(UsageReport::default()), text("x")];
    assert!(chunks(&events, false).iter().all(|chunk| chunk.get("usage").is_none()));
    let asked = chunks(&events, true);
    let (last, rest) = asked.split_last().unwrap();
    assert!(rest.iter().all(|chunk| chunk["usage"].is_null() && chunk.get("usage").is_some()));
    assert_eq!(last["choices"], json!([]));
    assert_eq!(
        last["usage"],
        json!({"prompt_tokens": 100, "completion_tokens": 50, "total_tokens": 150,
            "prompt_tokens_details": {"cached_tokens": 30, "cache_write_tokens": 20},
            "completion_tokens_details": {"reasoning_tokens": 40}})
    );
}

#[test]
fn half_known_usage_is_not_made_up() {
    for half in [UsageReport { input: None, ..report() }, UsageReport { output: None, ..report() }] {
        assert_eq!(usage(&half), None);
    }
}

#[test]
fn several_answers_end_each_with_their_own_reason() {
    let finish = |index, reason: &str| ChatEvent::Finish { index, reason: reason.to_owned() };
    let other = ChatEvent::Text { index: 1, text: "b".to_owned() };
    let chunks = chunks(&[text("a"), other, finish(1, "length"), finish(0, "stop")], false);
    let ends: Vec<(&Value, &Value)> = chunks
        .iter()
        .map(|chunk| (&chunk["choices"][0]["index"], &chunk["choices"][0]["finish_reason"]))
        .filter(|(_, reason)| !reason.is_null())
        .collect();
    assert_eq!(ends, [(&json!(0), &json!("stop")), (&json!(1), &json!("length"))]);
    assert_eq!(chunks.iter().filter(|chunk| chunk["choices"][0]["delta"].get("role").is_some()).count(), 2);
}

#[test]
fn a_whole_answer_has_its_thoughts_and_calls() {
    let seal = Some(Seal { origin: Origin::Gemini, data: "s".to_owned() });
    let call = Part::ToolCall { id: "a".to_owned(), name: "f".to_owned(), arguments: "{}".to_owned(), cache: None };
    let parts = vec![
        Part::Reasoning { text: "hm".to_owned(), seal: None },
        Part::Reasoning { text: String::new(), seal },
        call,
    ];
    let response = Response {
        answers: vec![Answer { parts, finish_reason: Some("tool_calls".to_owned()) }],
        usage: Some(report()),
        ..Response::default()
    };
    let whole: Value = serde_json::from_slice(&encode_whole(&response, &envelope(false))).unwrap();
    assert_eq!(
        whole["choices"][0]["message"],
        json!({"role": "assistant", "content": null, "refusal": null, "reasoning_content": "hm",
            "reasoning_details": [
                {"type": "reasoning.text", "text": "hm", "id": "a", "index": 0},
                {"type": "reasoning.encrypted", "data": "tg1.gemini.s", "id": "a", "index": 1}],
            "tool_calls": [{"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}]})
    );
    assert_eq!((&whole["id"], &whole["object"]), (&json!("chatcmpl-r1"), &json!("chat.completion")));
    assert_eq!(whole["usage"]["total_tokens"], 150);
}
