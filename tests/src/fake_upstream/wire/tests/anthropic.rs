//! The Anthropic wire: order of events, snapshots of usage, signatures, what is refused.

use serde_json::{Value, json};

use super::{
    super::super::{
        endpoint::Vendor,
        script::{Fault, Script, UsageForm},
        seal::{closed, seal},
        tally::ReportKind,
    },
    asked, complaint, play,
};

const PATH: &str = "/v1/messages";

fn tools() -> Value {
    let schema = json!({"type": "object", "properties": {"city": {"type": "string"}}});
    json!([{"name": "look", "description": "looks", "input_schema": schema}])
}

fn thinking(signature: &str) -> Value {
    let thought = json!({"type": "thinking", "thinking": "hm", "signature": signature});
    let call = json!({"type": "tool_use", "id": "toolu_1", "name": "look", "input": {"city": "ü"}});
    let result = json!({"type": "tool_result", "tool_use_id": "toolu_1", "content": "rain", "is_error": true});
    json!({
        "tools": tools(), "thinking": {"type": "enabled", "budget_tokens": 2000},
        "messages": [
            {"role": "user", "content": "weather?"},
            {"role": "assistant", "content": [thought, call]},
            {"role": "user", "content": [result]}
        ]
    })
}

#[test]
fn a_stream_is_start_blocks_delta_and_stop() {
    let extra = json!({"thinking": {"type": "enabled", "budget_tokens": 1024}, "tools": tools()});
    let script = Script { speaks_before_calls: true, reasoning_tokens: Some(3), ..Script::default() };
    let played = play(PATH, &extra, &script);
    let mut kinds: Vec<_> = played.data().iter().map(|event| event["type"].as_str().unwrap().to_owned()).collect();
    kinds.dedup();
    let block = ["content_block_start", "content_block_delta", "content_block_stop"];
    let opening = ["message_start", "content_block_start", "ping", "content_block_delta", "content_block_stop"];
    assert_eq!(kinds, [&opening[..], &block, &block, &block, &["message_delta", "message_stop"]].concat());
    assert!(played.text().starts_with("event: message_start\ndata: {\"type\":\"message_start\""));
    let blocks: Vec<_> =
        played.of("content_block_start").iter().map(|event| event["content_block"]["type"].clone()).collect();
    assert_eq!(blocks, ["thinking", "text", "tool_use", "tool_use"]);
    assert_eq!(played.whole["stop_reason"], "tool_use");
    assert_eq!(played.whole["content"].as_array().unwrap().len(), 4);
}

#[test]
fn streamed_arguments_add_up_to_the_plain_input() {
    let played = play(PATH, &json!({"tools": tools()}), &Script::default());
    for (index, block) in played.whole["content"].as_array().unwrap().iter().enumerate() {
        let deltas = played.of("content_block_delta");
        let pieces = deltas.iter().filter(|event| event["index"] == index);
        let text: String = pieces.map(|event| event["delta"]["partial_json"].as_str().unwrap()).collect();
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), block["input"]);
    }
}

#[test]
fn a_signature_given_out_is_taken_back_and_any_other_is_refused() {
    let true_one = asked(PATH, &thinking(&seal(Vendor::Anthropic, "hm"))).unwrap().summary();
    assert_eq!((true_one.sealed_reasoning, true_one.results[0].is_error), (1, true));
    assert_eq!(true_one.results[0].tool, "look");
    for other in
        [seal(Vendor::Gemini, "hm"), closed(Vendor::OpenAi, "rs_1"), seal(Vendor::Anthropic, "hmm"), "x".into()]
    {
        let complaint = complaint(PATH, &thinking(&other));
        assert_eq!(complaint.message, "messages.1.content.0: Invalid `signature` in `thinking` block");
    }
    let extra = json!({"thinking": {"type": "adaptive"}});
    let whole = play(PATH, &extra, &Script::words(3)).whole;
    let block = &whole["content"][0];
    assert_eq!(block["signature"], seal(Vendor::Anthropic, block["thinking"].as_str().unwrap()));
    let redacted = play(PATH, &extra, &Script { redacts_reasoning: true, ..Script::words(3) });
    assert_eq!(redacted.whole["content"][0]["type"], "redacted_thinking");
    assert_eq!(redacted.given(), redacted.classes);
}

#[test]
fn markers_decide_which_cache_is_read_and_written() {
    let marked = |ttl: &str| {
        let text = json!({"type": "text", "text": "x".repeat(400), "cache_control": {"type": "ephemeral", "ttl": ttl}});
        play(PATH, &json!({"system": [text]}), &Script::words(2))
    };
    assert_eq!(play(PATH, &json!({}), &Script::words(2)).classes.cache_read, 0);
    let short = marked("5m");
    assert!(short.classes.cache_read > 0 && short.classes.cache_write_short > 0);
    let usage = &short.whole["usage"];
    assert_eq!(usage["input_tokens"], short.classes.input);
    assert_eq!(usage["cache_creation"]["ephemeral_5m_input_tokens"], short.classes.cache_write_short);
    let long = marked("1h");
    assert_eq!((long.classes.cache_write_short, long.classes.cache_write_long > 0), (0, true));
    let delta = &long.of("message_delta")[0]["usage"];
    assert_eq!(delta["cache_creation_input_tokens"], long.classes.cache_write_long);
    assert_eq!(delta.get("cache_creation"), None);
}

#[test]
fn the_start_holds_a_placeholder_and_may_be_corrected_or_contradicted() {
    let usage = |form| play(PATH, &json!({}), &Script::usage(form));
    let start = |played: &super::Played| played.of("message_start")[0]["message"]["usage"].clone();
    let normal = usage(UsageForm::Normal);
    assert_eq!(
        (&start(&normal)["output_tokens"], &start(&normal)["input_tokens"]),
        (&json!(1), &json!(normal.classes.input))
    );
    let corrected = usage(UsageForm::StartCorrected);
    assert_eq!(start(&corrected)["input_tokens"], corrected.classes.input + 50);
    assert_eq!(corrected.report().unwrap().classes, corrected.classes.without_split());
    let zeroed = usage(UsageForm::StartZeroed);
    assert_eq!(zeroed.of("message_delta")[0]["usage"]["input_tokens"], 0);
    assert_eq!(zeroed.report().unwrap().classes, zeroed.classes.without_split());
    let placeholder = usage(UsageForm::PlaceholderStart).report().unwrap();
    assert_eq!((placeholder.kind, placeholder.has_output, placeholder.classes.output), (ReportKind::Partial, false, 0));
    assert!(usage(UsageForm::Cumulative).of("message_delta").len() > 10);
}

#[test]
fn an_error_event_is_named_and_typed() {
    let text = play(PATH, &json!({}), &Script::fault(Fault::ErrorAfter { frames: 4 })).text();
    assert!(text.ends_with(
        "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n"
    ));
}

#[test]
fn a_stop_sequence_is_named() {
    let whole = play(PATH, &json!({"stop_sequences": ["fn "]}), &Script::default()).whole;
    assert_eq!((&whole["stop_reason"], &whole["stop_sequence"]), (&json!("stop_sequence"), &json!("fn ")));
}

#[test]
fn mistakes_are_refused_by_the_name_of_their_field() {
    let user = |content: Value| json!({"messages": [{"role": "user", "content": content}]});
    let budget = |budget: u64| json!({"thinking": {"type": "enabled", "budget_tokens": budget}});
    let with = |mut extra: Value, name: &str, value: Value| {
        extra[name] = value;
        extra
    };
    let marks = |ttl: &[&str]| {
        let blocks: Vec<_> = ttl
            .iter()
            .map(|ttl| json!({"type": "text", "text": "x", "cache_control": {"type": "ephemeral", "ttl": ttl}}))
            .collect();
        user(json!(blocks))
    };
    let cases = [
        (json!({"max_tokens": null}), "max_tokens"),
        (json!({"max_tokens": 0}), "max_tokens"),
        (json!({"frequency_penalty": 1}), "frequency_penalty"),
        (json!({"temperature": 1.5}), "temperature"),
        (json!({"messages": []}), "messages"),
        (json!({"messages": [{"role": "assistant", "content": "x"}]}), "messages.0.role"),
        (json!({"messages": [{"role": "system", "content": "x"}]}), "messages.0.role"),
        (json!({"messages": [{"role": "user", "content": "x", "name": "y"}]}), "messages.0.name"),
        (user(json!("")), "messages.0.content"),
        (user(json!([{"type": "image_url"}])), "messages.0.content.0.type"),
        (user(json!([{"type": "text", "text": "x", "extra": 1}])), "messages.0.content.0.extra"),
        (user(json!([{"type": "tool_result", "tool_use_id": "toolu_9"}])), "messages.0.content.0"),
        (
            user(json!([{"type": "image", "source": {"type": "base64", "media_type": "image/bmp", "data": ""}}])),
            "messages.0.content.0.source.media_type",
        ),
        (budget(100), "thinking.budget_tokens"),
        (budget(4096), "max_tokens"),
        (with(budget(1024), "temperature", json!(0.5)), "temperature"),
        (with(with(budget(1024), "tools", tools()), "tool_choice", json!({"type": "any"})), "tool_choice"),
        (json!({"tool_choice": {"type": "auto"}}), "tool_choice"),
        (json!({"tools": [{"name": "x", "parameters": {}}]}), "tools.0.parameters"),
        (json!({"tools": [tools()[0], tools()[0]]}), "tools"),
        (marks(&["5m", "1h"]), "messages.0.content.1.cache_control"),
        (marks(&["5m", "5m", "5m", "5m", "5m"]), "cache_control"),
    ];
    for (extra, field) in cases {
        let complaint = complaint(PATH, &extra);
        assert_eq!(complaint.field.as_deref(), Some(field), "{extra} {}", complaint.message);
    }
}

#[test]
fn calls_need_results_and_thinking_needs_its_thought() {
    let sealed = seal(Vendor::Anthropic, "hm");
    let mut open = thinking(&sealed);
    open["messages"][2] = json!({"role": "user", "content": "never mind"});
    assert!(complaint(PATH, &open).message.contains("`tool_use` ids were found without `tool_result` blocks"));
    let mut late = thinking(&sealed);
    let result = late["messages"][2]["content"][0].clone();
    late["messages"][2]["content"] = json!([{"type": "text", "text": "so"}, result]);
    assert!(complaint(PATH, &late).message.contains("immediately after"));
    let mut thoughtless = thinking(&sealed);
    let call = thoughtless["messages"][1]["content"][1].clone();
    thoughtless["messages"][1]["content"] = json!([call]);
    assert!(complaint(PATH, &thoughtless).message.contains("Expected `thinking`"));
    let mut twice = thinking(&sealed);
    let call = twice["messages"][1]["content"][1].clone();
    twice["messages"][1]["content"].as_array_mut().unwrap().push(call);
    assert!(complaint(PATH, &twice).message.contains("ids must be unique"));
}

#[test]
fn turns_of_the_same_role_are_one() {
    let messages = json!([{"role": "user", "content": "a"}, {"role": "user", "content": "b"}]);
    assert!(asked(PATH, &json!({"messages": messages})).is_ok());
}
