use serde_json::{Value, json};

use super::*;
use crate::chat::{Cache, Effort, Image, Message, Origin, Part, Reasoning, Role, Seal, Tool, ToolChoice};

fn hello() -> ChatRequest {
    ChatRequest { messages: vec![Message::text(Role::User, "hi")], ..ChatRequest::default() }
}

fn tool() -> Tool {
    Tool {
        name: "look".to_owned(),
        description: None,
        schema: json!({"type": "object", "b": 1, "a": 2}),
        strict: None,
        cache: None,
    }
}

fn encode(chat: &ChatRequest) -> (Value, Vec<String>) {
    let Encoded { body, dropped } = encode_chat(chat, "claude", None).unwrap();
    assert!(dropped.iter().all(|name| crate::wire::DROPPABLE.contains(&name.as_str())), "{dropped:?}");
    (serde_json::from_str(&body).unwrap(), dropped)
}

fn refused(chat: &ChatRequest) -> String {
    match encode_chat(chat, "claude", None) {
        Err(Error::Invalid { param: Some(param), message }) => {
            assert!(message.contains(VENDOR), "{message}");
            param
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_limit_is_the_clients_else_the_models_else_ours() {
    for (asked, model, written) in [(Some(5), Some(7), 5), (None, Some(7), 7), (None, None, 8_192)] {
        let chat = ChatRequest { max_output_tokens: asked, ..hello() };
        let body = encode_chat(&chat, "claude", model).unwrap().body;
        assert_eq!(
            body,
            format!(r#"{{"model":"claude","max_tokens":{written},"messages":[{{"role":"user","content":"hi"}}]}}"#)
        );
    }
}

#[test]
fn what_this_wire_cannot_say_is_refused_by_name() {
    let message = |role, parts: Vec<Part>| Message { role, parts };
    let call = Part::ToolCall { id: "a".to_owned(), name: "b".to_owned(), arguments: String::new(), cache: None };
    for (chat, param) in [
        (ChatRequest { answers: Some(2), ..hello() }, "n"),
        (ChatRequest { format: Some(Format::Object), ..hello() }, "response_format"),
        (ChatRequest { stop: vec!["a".to_owned(), " \n".to_owned()], ..hello() }, "stop[1]"),
        (ChatRequest { tool_choice: Some(ToolChoice::Required), ..hello() }, "tool_choice"),
        (
            ChatRequest { messages: vec![Message::text(Role::User, "q"), Message::text(Role::System, "s")], ..hello() },
            "messages[1].role",
        ),
        (
            ChatRequest { messages: vec![message(Role::User, vec![Part::text("a"), call])], ..hello() },
            "messages[0].content[1]",
        ),
    ] {
        assert_eq!(refused(&chat), param);
    }
}

#[test]
fn a_forced_tool_is_refused_with_thinking_on() {
    let reasoning = |effort| Some(Reasoning { effort: Some(effort), ..Reasoning::default() });
    for choice in [ToolChoice::Required, ToolChoice::Named("look".to_owned())] {
        let chat = ChatRequest {
            tools: vec![tool()],
            tool_choice: Some(choice),
            reasoning: reasoning(Effort::Low),
            ..hello()
        };
        assert_eq!(refused(&chat), "tool_choice");
        let without = ChatRequest { reasoning: reasoning(Effort::Off), ..chat };
        assert_eq!(encode(&without).0["thinking"], json!({"type": "disabled"}));
    }
}

#[test]
fn thinking_is_written_by_the_table() {
    let max = 4_096;
    for (effort, budget, show, thinking, word) in [
        (Some(Effort::Off), None, true, json!({"type": "disabled"}), Value::Null),
        (None, Some(0), true, json!({"type": "disabled"}), Value::Null),
        (None, Some(10), true, json!({"type": "enabled", "budget_tokens": 1_024}), Value::Null),
        (
            Some(Effort::High),
            Some(9_000),
            false,
            json!({"type": "enabled", "budget_tokens": 4_095, "display": "omitted"}),
            json!("high"),
        ),
        (Some(Effort::Minimal), None, false, json!({"type": "adaptive", "display": "omitted"}), json!("low")),
        (Some(Effort::Medium), None, true, json!({"type": "adaptive", "display": "summarized"}), json!("medium")),
        (Some(Effort::Max), None, false, json!({"type": "adaptive", "display": "omitted"}), json!("max")),
        (None, None, true, json!({"type": "adaptive", "display": "summarized"}), Value::Null),
        (None, None, false, Value::Null, Value::Null),
    ] {
        let reasoning = Some(Reasoning { effort, budget, show });
        let (body, dropped) = encode(&ChatRequest { reasoning, max_output_tokens: Some(max), ..hello() });
        assert_eq!((&body["thinking"], &body["output_config"]["effort"]), (&thinking, &word));
        assert_eq!(dropped, [""; 0]);
    }
    let reasoning = Some(Reasoning { budget: Some(2_000), ..Reasoning::default() });
    let (body, dropped) = encode(&ChatRequest { reasoning, max_output_tokens: Some(1_024), ..hello() });
    assert_eq!((&body["thinking"], dropped), (&Value::Null, vec!["reasoning".to_owned()]));
}

#[test]
fn sampling_that_the_vendor_does_not_take_is_dropped_by_name() {
    let number = |text: &str| Decimal::parse(text).unwrap();
    let all = ChatRequest {
        temperature: number("0.30"),
        top_p: number("0.9"),
        top_k: Some(4),
        seed: Some(7),
        frequency_penalty: number("0.1"),
        presence_penalty: number("0.0"),
        dropped: vec!["user".to_owned(), "seed".to_owned()],
        ..hello()
    };
    let encoded = encode_chat(&all, "claude", None).unwrap();
    assert!(encoded.body.contains(r#""temperature":0.30,"top_k":4"#), "{}", encoded.body);
    assert_eq!(encoded.dropped, ["user", "seed", "top_p", "frequency_penalty"]);

    let hot = ChatRequest { temperature: number("1.2"), top_p: number("0.9"), ..hello() };
    assert_eq!((encode(&hot).0["top_p"].as_f64(), encode(&hot).1), (Some(0.9), vec!["temperature".to_owned()]));

    let reasoning = Some(Reasoning { effort: Some(Effort::Low), ..Reasoning::default() });
    let (body, dropped) = encode(&ChatRequest { reasoning: reasoning.clone(), ..all });
    assert_eq!(dropped, ["user", "seed", "temperature", "top_p", "top_k", "frequency_penalty"]);
    assert!(body.get("temperature").is_none() && body.get("top_k").is_none());
    let (body, dropped) = encode(&ChatRequest { reasoning, top_p: number("0.95"), ..hello() });
    assert_eq!((body["top_p"].as_f64(), dropped.len()), (Some(0.95), 0));
}

#[test]
fn turns_alternate_and_tool_results_come_first() {
    let result = |id: &str, content: Vec<Part>, is_error| Message {
        role: Role::Tool,
        parts: vec![Part::ToolResult { id: id.to_owned(), content, is_error, cache: None }],
    };
    let call = |id: &str| Part::ToolCall {
        id: id.to_owned(),
        name: "look".to_owned(),
        arguments: "{\"x\":1.0}".to_owned(),
        cache: None,
    };
    let chat = ChatRequest {
        messages: vec![
            Message::text(Role::System, "a"),
            Message::text(Role::System, "b"),
            Message::text(Role::User, "q"),
            Message { role: Role::Assistant, parts: vec![Part::text(""), call("t:1"), call("t2")] },
            Message::text(Role::Assistant, ""),
            Message::text(Role::User, "meanwhile"),
            result("t:1", vec![Part::text("1")], false),
            result("t2", Vec::new(), true),
        ],
        ..hello()
    };
    let (body, _) = encode(&chat);
    assert_eq!(body["system"], json!([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]));
    assert_eq!(
        body["messages"],
        json!([
            {"role": "user", "content": "q"},
            {"role": "assistant", "content": [
                {"type": "tool_use", "id": "t_3a1", "name": "look", "input": {"x": 1.0}},
                {"type": "tool_use", "id": "t2", "name": "look", "input": {"x": 1.0}},
            ]},
            {"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": "t_3a1", "content": "1"},
                {"type": "tool_result", "tool_use_id": "t2", "is_error": true},
                {"type": "text", "text": "meanwhile"},
            ]},
        ])
    );
}

#[test]
fn only_thoughts_of_this_vendor_go_back_to_it() {
    let thought = |text: &str, seal: Option<(Origin, &str)>| Part::Reasoning {
        text: text.to_owned(),
        seal: seal.map(|(origin, data)| Seal { origin, data: data.to_owned() }),
    };
    let parts = vec![
        thought("own", Some((Origin::Anthropic, "EqQ="))),
        thought("", Some((Origin::Anthropic, "redacted:Emw="))),
        thought("theirs", Some((Origin::OpenAi, "x"))),
        thought("nobody's", None),
        Part::text("a"),
    ];
    let (body, dropped) = encode(&ChatRequest { messages: vec![Message { role: Role::Assistant, parts }], ..hello() });
    assert_eq!(
        body["messages"][0]["content"],
        json!([
            {"type": "thinking", "thinking": "own", "signature": "EqQ="},
            {"type": "redacted_thinking", "data": "Emw="},
            {"type": "text", "text": "a"},
        ])
    );
    assert_eq!(dropped, ["reasoning"]);
}

#[test]
fn cache_markers_and_images_are_written_as_blocks() {
    let image = |image, detail: Option<&str>| Part::Image { image, detail: detail.map(str::to_owned), cache: None };
    let parts = vec![
        Part::Text { text: "q".to_owned(), cache: Some(Cache::Long) },
        image(Image::Inline { media_type: "image/png".to_owned(), data: "AA==".to_owned() }, Some("high")),
        image(Image::Url("https://e.org/a.png".to_owned()), Some("auto")),
        Part::Text { text: String::new(), cache: Some(Cache::Short) },
    ];
    let chat = ChatRequest {
        messages: vec![Message { role: Role::User, parts }],
        tools: vec![Tool { cache: Some(Cache::Short), strict: Some(true), ..tool() }],
        ..hello()
    };
    let encoded = encode_chat(&chat, "claude", None).unwrap();
    assert_eq!(
        encoded.body,
        r#"{"model":"claude","max_tokens":8192,"messages":[{"role":"user","content":[{"type":"text","text":"q","cache_control":{"type":"ephemeral","ttl":"1h"}},{"type":"image","source":{"type":"base64","media_type":"image/png","data":"AA=="}},{"type":"image","source":{"type":"url","url":"https://e.org/a.png"}}]}],"tools":[{"name":"look","input_schema":{"type":"object","b":1,"a":2},"strict":true,"cache_control":{"type":"ephemeral"}}]}"#
    );
    assert_eq!(encoded.dropped, ["detail", "cache_control"]);
}

#[test]
fn a_schema_is_the_output_format_with_its_description_inside() {
    let format = |description: Option<&str>, schema| {
        Some(Format::Schema {
            name: "answer".to_owned(),
            description: description.map(str::to_owned),
            schema,
            strict: None,
        })
    };
    for (description, schema, written) in [
        (None, json!({"type": "object"}), json!({"type": "object"})),
        (Some("d"), json!({"type": "object"}), json!({"type": "object", "description": "d"})),
        (Some("d"), json!({"description": "own"}), json!({"description": "d\nown"})),
    ] {
        let (body, _) = encode(&ChatRequest { format: format(description, schema), ..hello() });
        assert_eq!(body["output_config"], json!({"format": {"type": "json_schema", "schema": written}}));
    }
    assert!(encode(&ChatRequest { format: Some(Format::Text), ..hello() }).0.get("output_config").is_none());
}

#[test]
fn a_tool_choice_needs_tools_and_carries_the_parallel_switch() {
    let choice = |tool_choice, parallel, tools: Vec<Tool>| {
        let chat = ChatRequest { tools, tool_choice, parallel_tool_calls: parallel, ..hello() };
        encode(&chat).0.get("tool_choice").cloned()
    };
    let tools = || vec![tool()];
    for (asked, parallel, written) in [
        (None, None, None),
        (None, Some(true), None),
        (None, Some(false), Some(json!({"type": "auto", "disable_parallel_tool_use": true}))),
        (Some(ToolChoice::Auto), Some(true), Some(json!({"type": "auto"}))),
        (Some(ToolChoice::Required), Some(false), Some(json!({"type": "any", "disable_parallel_tool_use": true}))),
        (Some(ToolChoice::Named("look".to_owned())), None, Some(json!({"type": "tool", "name": "look"}))),
        (Some(ToolChoice::None), Some(false), Some(json!({"type": "none"}))),
    ] {
        assert_eq!(choice(asked, parallel, tools()), written);
    }
    assert_eq!(choice(Some(ToolChoice::Auto), Some(false), Vec::new()), None);
}

#[test]
fn models_before_adaptive_thinking_get_a_budget_for_an_effort() {
    for (model, effort, max_tokens, written) in [
        ("claude-sonnet-4-5", Effort::High, 64_000, r#""thinking":{"type":"enabled","budget_tokens":16384}"#),
        ("claude-sonnet-4-5", Effort::High, 4_000, r#""thinking":{"type":"enabled","budget_tokens":2000}"#),
        ("claude-3-7-sonnet", Effort::Minimal, 4_000, r#""thinking":{"type":"enabled","budget_tokens":1024}"#),
        ("claude-opus-4-20250514", Effort::Off, 4_000, r#""thinking":{"type":"disabled"}"#),
        ("claude-opus-4-7", Effort::High, 64_000, r#""effort":"high""#),
    ] {
        let chat = ChatRequest {
            messages: vec![Message::text(Role::User, "q")],
            max_output_tokens: Some(max_tokens),
            reasoning: Some(Reasoning { effort: Some(effort), ..Reasoning::default() }),
            ..ChatRequest::default()
        };
        let body = encode_chat(&chat, model, None).unwrap().body;
        assert!(body.contains(written), "{model}: {body}");
        assert_eq!(body.contains("effort"), model == "claude-opus-4-7", "{body}");
    }
}

#[test]
fn a_tool_loop_without_its_own_signed_thoughts_goes_on_without_thinking() {
    let call = Part::ToolCall { id: "c".to_owned(), name: "f".to_owned(), arguments: String::new(), cache: None };
    let result = Part::ToolResult { id: "c".to_owned(), content: vec![Part::text("r")], is_error: false, cache: None };
    let seal = Seal { origin: Origin::Anthropic, data: "sig".to_owned() };
    let thought = Part::Reasoning { text: "hm".to_owned(), seal: Some(seal) };
    for (turn, is_thinking) in [(vec![call.clone()], false), (vec![thought, call], true)] {
        let messages = vec![
            Message::text(Role::User, "q"),
            Message { role: Role::Assistant, parts: turn },
            Message { role: Role::Tool, parts: vec![result.clone()] },
        ];
        let reasoning = Some(Reasoning { budget: Some(2_000), ..Reasoning::default() });
        let chat = ChatRequest { messages, reasoning, max_output_tokens: Some(9_000), ..ChatRequest::default() };
        let written = encode_chat(&chat, "claude-opus-4-7", None).unwrap();
        assert_eq!(written.body.contains("\"thinking\":{"), is_thinking, "{}", written.body);
        assert_eq!(written.dropped.contains(&"reasoning".to_owned()), !is_thinking);
    }
}
