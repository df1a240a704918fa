//! The responses wire: items, sequence numbers, encrypted reasoning, what is refused.

use serde_json::{Value, json};

use super::{
    super::super::{
        endpoint::Vendor,
        script::{Ending, Fault, Script, UsageForm},
        seal::{closed, id},
    },
    asked, complaint, play,
};

const PATH: &str = "/v1/responses";

fn tools() -> Value {
    let schema = json!({"type": "object", "properties": {"city": {"type": "string"}}});
    json!([{"type": "function", "name": "look", "parameters": schema}])
}

fn input(call_id: &str) -> Value {
    json!([
        {"role": "user", "content": [{"type": "input_text", "text": "look"}]},
        {"type": "function_call", "call_id": "call_1", "name": "look", "arguments": "{}"},
        {"type": "function_call_output", "call_id": call_id, "output": "42"}
    ])
}

fn with_thought(thought: Value) -> Value {
    let mut input = input("call_1");
    input.as_array_mut().unwrap().insert(1, thought);
    json!({"input": input})
}

#[test]
fn events_are_named_numbered_and_end_with_the_whole_response() {
    let extra = json!({"reasoning": {"effort": "low", "summary": "auto"}, "include": ["reasoning.encrypted_content"]});
    let played = play(PATH, &extra, &Script { reasoning_tokens: Some(3), ..Script::words(4) });
    for (number, event) in played.data().iter().enumerate() {
        assert_eq!(event["sequence_number"], number);
    }
    assert!(played.text().starts_with("event: response.created\ndata: {\"type\":\"response.created\""));
    let last = played.data().pop().unwrap();
    assert_eq!(last["type"], "response.completed");
    assert_eq!(last["response"], played.whole);
    assert_eq!(last["response"]["usage"]["output_tokens_details"]["reasoning_tokens"], 3);
    let kinds: Vec<_> = played.whole["output"].as_array().unwrap().iter().map(|item| item["type"].clone()).collect();
    assert_eq!(kinds, ["reasoning", "message"]);
    let text: String = played
        .of("response.output_text.delta")
        .iter()
        .map(|event| event["delta"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(played.whole["output"][1]["content"][0]["text"], text);
}

#[test]
fn calls_are_items_with_two_ids() {
    let played = play(PATH, &json!({"tools": tools()}), &Script::default());
    let items = played.whole["output"].as_array().unwrap();
    assert_eq!(items.len(), 2);
    for item in items {
        assert!(
            item["id"].as_str().unwrap().starts_with("fc_") && item["call_id"].as_str().unwrap().starts_with("call_")
        );
        let deltas = played.of("response.function_call_arguments.delta").into_iter();
        let mine = deltas.filter(|event| event["item_id"] == item["id"]);
        let text: String = mine.map(|event| event["delta"].as_str().unwrap().to_owned()).collect();
        assert_eq!(item["arguments"], text);
    }
}

#[test]
fn reasoning_given_out_is_taken_back_and_any_other_is_refused() {
    let extra = json!({"reasoning": {"effort": "low"}, "include": ["reasoning.encrypted_content"]});
    let own = play(PATH, &extra, &Script::words(2)).whole["output"][0].clone();
    assert!(own["encrypted_content"].as_str().unwrap().starts_with("gAAAA"));
    assert_eq!(asked(PATH, &with_thought(own.clone())).unwrap().summary().sealed_reasoning, 1);
    let mut bare = own.clone();
    bare.as_object_mut().unwrap().remove("encrypted_content");
    assert_eq!(asked(PATH, &with_thought(bare)).unwrap().summary().sealed_reasoning, 1);

    let mut foreign = own.clone();
    foreign["encrypted_content"] = json!(closed(Vendor::Anthropic, own["id"].as_str().unwrap()));
    let refused = complaint(PATH, &with_thought(foreign));
    assert_eq!(refused.code, Some("invalid_encrypted_content"));
    let mut moved = own.clone();
    moved["id"] = json!(id("rs_", "other"));
    assert_eq!(complaint(PATH, &with_thought(moved)).code, Some("invalid_encrypted_content"));
    let unknown = json!({"type": "reasoning", "id": "rs_1", "summary": []});
    assert_eq!(complaint(PATH, &with_thought(unknown)).status, 404);
    let alone = json!({"input": [{"role": "user", "content": "x"}, own]});
    assert!(complaint(PATH, &alone).message.contains("without its required following item"));
}

#[test]
fn every_end_carries_usage() {
    let ends = [
        (Ending::Incomplete, "response.incomplete", "incomplete"),
        (Ending::Failed, "response.failed", "failed"),
        (Ending::ContentFilter, "response.incomplete", "incomplete"),
    ];
    for (ending, name, status) in ends {
        let played = play(PATH, &json!({}), &Script { ending, ..Script::words(3) });
        let last = played.data().pop().unwrap();
        assert_eq!((last["type"].as_str(), last["response"]["status"].as_str()), (Some(name), Some(status)));
        assert_eq!(last["response"]["usage"]["output_tokens"], played.classes.completion());
    }
    let broken = play(PATH, &json!({}), &Script::fault(Fault::ErrorWithUsageAfter { frames: 8 }));
    let last = broken.data().pop().unwrap();
    assert_eq!((last["type"].as_str(), last["sequence_number"].as_u64()), (Some("response.failed"), Some(8)));
    let early = play(PATH, &json!({}), &Script::usage(UsageForm::TwoChunks));
    assert!(early.of("response.in_progress")[0]["response"]["usage"]["input_tokens"].is_u64());
}

#[test]
fn mistakes_are_refused_by_the_name_of_their_field() {
    let part = |role: &str, kind: &str| json!({"input": [{"role": role, "content": [{"type": kind, "text": "x"}]}]});
    let mut wrong_id = input("call_1");
    wrong_id[1]["id"] = json!("call_1");
    let cases = [
        (json!({"messages": []}), "messages"),
        (json!({"max_tokens": 5}), "max_tokens"),
        (json!({"max_output_tokens": 5}), "max_output_tokens"),
        (json!({"input": null}), "input"),
        (json!({"input": [{"type": "thing"}]}), "input[0].type"),
        (json!({"input": input("call_2")}), "input[2].call_id"),
        (json!({"input": wrong_id}), "input[1].id"),
        (part("user", "text"), "input[0].content[0].type"),
        (part("user", "output_text"), "input[0].content[0].type"),
        (part("assistant", "input_text"), "input[0].content[0].type"),
        (json!({"tools": [{"type": "function", "function": {"name": "x"}}]}), "tools[0].name"),
        (json!({"text": {"format": {"type": "json_schema", "name": "n"}}}), "text.format.schema"),
        (json!({"include": ["everything"]}), "include[0]"),
    ];
    for (extra, field) in cases {
        let complaint = complaint(PATH, &extra);
        assert_eq!(complaint.field.as_deref(), Some(field), "{extra} {}", complaint.message);
    }
    let mut open = input("call_1");
    open.as_array_mut().unwrap().pop();
    assert!(complaint(PATH, &json!({"input": open})).message.contains("No tool output found"));
}
