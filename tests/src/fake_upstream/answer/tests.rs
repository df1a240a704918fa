use serde_json::json;

use super::{
    super::{endpoint::Endpoint, wire},
    *,
};

fn asked(extra: &Value) -> Asked {
    let mut body = json!({"model": "m", "messages": [{"role": "user", "content": "hello"}]});
    for (name, value) in extra.as_object().unwrap() {
        body[name] = value.clone();
    }
    wire::read(&Endpoint::of("/v1/chat/completions", "").unwrap(), &body).unwrap()
}

fn answered(extra: &Value, script: &Script) -> Answer {
    answer(&asked(extra), script).unwrap()
}

fn tool(name: &str) -> Value {
    let city = json!({"type": "string"});
    let days = json!({"type": "integer", "minimum": 3, "maximum": 5});
    let parameters = json!({"type": "object", "properties": {"city": city, "days": days}, "required": ["city"]});
    json!({"type": "function", "function": {"name": name, "parameters": parameters}})
}

#[test]
fn the_same_request_gets_the_same_answer_and_another_model_another_one() {
    let first = answered(&json!({}), &Script::default());
    assert_eq!(first, answered(&json!({}), &Script::default()));
    assert_ne!(first.choices, answered(&json!({"model": "other"}), &Script::default()).choices);
}

#[test]
fn an_answer_has_dozens_of_words_multi_byte_characters_and_a_code_block() {
    let answer = answered(&json!({}), &Script::default());
    let text = answer.choices[0].text();
    assert!(answer.choices[0].pieces.len() >= 40);
    assert!(text.len() > text.chars().count());
    assert!(text.contains("```rust\n") && text.contains("}\n```\n"));
}

#[test]
fn an_echo_repeats_the_user_and_a_cap_cuts_it() {
    let echo = Script::default().for_model("m--echo--letters").unwrap();
    let answer = answered(&json!({}), &echo);
    assert_eq!(answer.choices[0].pieces, ["h", "e", "l", "l", "o"]);
    assert_eq!(answered(&json!({"max_tokens": 3}), &echo).choices[0].finish, Finish::Length);
    assert_eq!(answered(&json!({"tools": [tool("a")]}), &echo).choices[0].text(), "hello");
}

#[test]
fn the_cap_counts_reasoning_and_ends_the_answer_with_length() {
    for cap in 1..12 {
        let answer = answered(&json!({"max_tokens": cap}), &Script::default());
        assert_eq!(answer.classes.completion(), cap);
        assert_eq!(answer.choices[0].finish, Finish::Length);
    }
    let uncapped = answered(&json!({"max_tokens": 500}), &Script::words(30));
    assert_eq!((uncapped.choices[0].finish, uncapped.choices[0].pieces.len()), (Finish::Stop, 30));
    let deaf = Script { ignores_cap: true, ..Script::words(30) };
    assert_eq!(answered(&json!({"max_tokens": 5}), &deaf).choices[0].pieces.len(), 30);
}

#[test]
fn counts_add_up_over_several_choices() {
    let classes = answered(&json!({"n": 3}), &Script::words(30)).classes;
    assert_eq!(classes.output, 90);
    assert_eq!(classes.reasoning % 3, 0);
    assert!(classes.cache_read > 0 && classes.cache_read <= classes.prompt() / 3);
}

#[test]
fn tools_are_called_twice_unless_parallel_calls_are_off_or_one_is_forced() {
    let two = json!({"tools": [tool("a"), tool("b")]});
    let answer = answered(&two, &Script::default());
    let names: Vec<_> = answer.choices[0].calls.iter().map(|call| call.name.as_str()).collect();
    assert!(names == ["a", "b"] || names == ["b", "a"]);
    let single = json!({"tools": [tool("a"), tool("b")], "parallel_tool_calls": false});
    assert_eq!(answered(&single, &Script::default()).choices[0].calls.len(), 1);
    let forced = json!({"type": "function", "function": {"name": "b"}});
    let forced = json!({"tools": [tool("a"), tool("b")], "tool_choice": forced});
    assert_eq!(answered(&forced, &Script::default()).choices[0].calls[0].name, "b");
    let none = json!({"tools": [tool("a")], "tool_choice": "none"});
    assert_eq!(answered(&none, &Script::default()).choices[0].calls, []);
}

#[test]
fn arguments_satisfy_the_schema_and_are_split_behind_backslashes() {
    let answer = answered(&json!({"tools": [tool("a")]}), &Script::default());
    for call in &answer.choices[0].calls {
        let arguments: Value = serde_json::from_str(&call.text()).unwrap();
        assert_eq!(arguments, call.arguments);
        assert!((3..=5).contains(&arguments["days"].as_u64().unwrap()));
        let city = arguments["city"].as_str().unwrap();
        assert!(city.len() > city.chars().count() || city.contains('"'));
        assert!(call.pieces.len() > 4);
        assert!(call.pieces.iter().any(|piece| piece.ends_with('\\')));
    }
}

#[test]
fn a_tool_result_is_answered_with_a_text_that_mentions_it() {
    let call = json!({"id": "c1", "type": "function", "function": {"name": "a", "arguments": "{}"}});
    let messages = json!([
        {"role": "user", "content": "weather?"},
        {"role": "assistant", "content": null, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": "21 degrees and größer"}
    ]);
    let answer = answered(&json!({"tools": [tool("a")], "messages": messages}), &Script::default());
    assert_eq!(answer.choices[0].calls, []);
    assert!(answer.choices[0].text().contains("21 degrees and größer"));
}

#[test]
fn a_schema_is_answered_with_json_that_has_what_it_requires() {
    let inner = json!({"type": "object", "properties": {"x": {"type": ["null", "number"]}}, "required": ["x"]});
    let schema = json!({
        "type": "object", "$defs": {"inner": inner}, "required": ["kind", "list", "deep"],
        "properties": {
            "kind": {"enum": ["one", "two"]}, "list": {"type": "array", "items": {"type": "boolean"}, "minItems": 2},
            "deep": {"$ref": "#/$defs/inner"}, "when": {"type": "string", "format": "date"}
        }
    });
    let format = json!({"type": "json_schema", "json_schema": {"name": "n", "schema": schema}});
    let answer = answered(&json!({"response_format": format}), &Script::default());
    let value: Value = serde_json::from_str(&answer.choices[0].text()).unwrap();
    assert!(value["kind"] == "one" || value["kind"] == "two");
    assert_eq!(value["list"].as_array().unwrap().len(), 2);
    assert!(value["deep"]["x"].is_number());
    assert_eq!(value["when"], "2024-02-29");
}

#[test]
fn a_stop_string_ends_the_text_before_it() {
    let answer = answered(&json!({"stop": ["fn ", "nowhere"]}), &Script::default());
    let choice = &answer.choices[0];
    assert_eq!(choice.stopped_by.as_deref(), Some("fn "));
    assert!(choice.text().ends_with("```rust\n"), "{:?}", choice.text());
    assert_eq!(answer.classes.output, choice.pieces.len() as u64);
}

#[test]
fn a_limit_cuts_calls_in_the_middle_of_their_arguments() {
    let answer = answered(&json!({"tools": [tool("a")], "max_tokens": 9}), &Script::default());
    assert_eq!(answer.choices[0].finish, Finish::Length);
    assert_eq!(answer.classes.completion(), 9);
}

#[test]
fn the_script_sets_the_input_and_its_cached_parts() {
    let script = Script {
        prompt_tokens: Some(200_001),
        cached_tokens: Some(50),
        cache_write_tokens: Some(7),
        ..Script::default()
    };
    let classes = answered(&json!({}), &script).classes;
    assert_eq!((classes.prompt(), classes.cache_read, classes.cache_write_short), (200_001, 50, 7));
    let long = answered(&json!({"prompt_cache_retention": "24h"}), &script).classes;
    assert_eq!((long.cache_write_short, long.cache_write_long), (0, 7));
}
