use serde_json::json;

use super::*;
use crate::{
    chat::{Image, Message, Origin, Part, Role, Seal},
    wire::openai::PLAIN,
};

const MARKING: Quirks = Quirks { cache_markers: true, ..PLAIN };

fn chat(messages: Vec<Message>) -> ChatRequest {
    ChatRequest { model: "public".to_owned(), messages, ..ChatRequest::default() }
}

fn message(role: Role, parts: Vec<Part>) -> ChatRequest {
    chat(vec![Message { role, parts }])
}

/// The body as a value, and what was left out.
fn write(chat: &ChatRequest, quirks: &Quirks) -> (Value, Vec<String>) {
    let encoded = encode_chat(chat, "up", quirks).unwrap();
    (serde_json::from_str(&encoded.body).unwrap(), encoded.dropped)
}

fn refusal(chat: &ChatRequest) -> String {
    match encode_chat(chat, "up", &PLAIN) {
        Err(Error::Invalid { param: Some(param), message }) if message.contains("the OpenAI chat API") => param,
        other => panic!("{other:?}"),
    }
}

fn image() -> Part {
    let image = Image::Inline { media_type: "image/png".to_owned(), data: "AA==".to_owned() };
    Part::Image { image, detail: Some("low".to_owned()), cache: None }
}

fn result(content: Vec<Part>, is_error: bool) -> Part {
    Part::ToolResult { id: "c1".to_owned(), content, is_error, cache: None }
}

#[test]
fn a_number_goes_out_as_it_was_typed() {
    let chat = ChatRequest {
        max_output_tokens: Some(2_048),
        temperature: crate::chat::Decimal::parse("0.30").unwrap(),
        stream: true,
        ..chat(vec![Message::text(Role::System, "a\"b"), Message::text(Role::User, "é")])
    };
    assert_eq!(
        encode_chat(&chat, "up", &PLAIN).unwrap().body,
        r#"{"model":"up","messages":[{"role":"system","content":"a\"b"},{"role":"user","content":"é"}],"max_tokens":2048,"temperature":0.30,"stream":true,"stream_options":{"include_usage":true}}"#
    );
}

#[test]
fn the_vendor_names_the_limit_and_says_whether_usage_is_a_switch() {
    let quirks = Quirks { cap_field: "max_completion_tokens", include_usage: false, ..PLAIN };
    let chat = ChatRequest { max_output_tokens: Some(5), stream: true, ..chat(vec![Message::text(Role::User, "x")]) };
    let (body, _) = write(&chat, &quirks);
    assert_eq!(body["max_completion_tokens"], 5);
    assert_eq!((body.get("max_tokens"), body.get("stream_options")), (None, None));
}

#[test]
fn texts_are_one_string_unless_a_part_needs_the_list() {
    let two = || vec![Part::text("a"), Part::text("b")];
    let content = |chat: &ChatRequest| write(chat, &PLAIN).0["messages"][0]["content"].clone();
    assert_eq!(content(&message(Role::User, two())), "a\n\nb");
    assert_eq!(content(&message(Role::Assistant, two())), "ab");
    assert_eq!(content(&message(Role::User, Vec::new())), "");
    let mut with_image = two();
    with_image.push(image());
    assert_eq!(
        content(&message(Role::User, with_image)),
        json!([{"type": "text", "text": "a"}, {"type": "text", "text": "b"},
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA==", "detail": "low"}}])
    );
}

#[test]
fn cache_markers_go_only_where_they_are_understood() {
    let text = Part::Text { text: "a".to_owned(), cache: Some(Cache::Long) };
    let tool =
        Tool { name: "f".to_owned(), description: None, schema: json!({}), strict: None, cache: Some(Cache::Short) };
    let answer = Part::ToolResult {
        id: "c1".to_owned(),
        content: vec![Part::text("x"), Part::text("y")],
        is_error: false,
        cache: Some(Cache::Short),
    };
    let messages =
        vec![Message { role: Role::User, parts: vec![text] }, Message { role: Role::Tool, parts: vec![answer] }];
    let chat = ChatRequest { tools: vec![tool], ..chat(messages) };

    let (body, dropped) = write(&chat, &MARKING);
    let marked = |text: &str, marker: Value| json!({"type": "text", "text": text, "cache_control": marker});
    assert_eq!(body["messages"][0]["content"], json!([marked("a", json!({"type": "ephemeral", "ttl": "1h"}))]));
    assert_eq!(
        body["messages"][1]["content"],
        json!([{"type": "text", "text": "x"}, marked("y", json!({"type": "ephemeral"}))])
    );
    assert_eq!(body["tools"][0]["cache_control"], json!({"type": "ephemeral"}));
    assert_eq!(dropped, [""; 0]);

    let (body, dropped) = write(&chat, &PLAIN);
    assert!(!body.to_string().contains("cache_control"));
    assert_eq!(dropped, ["cache_control"]);
}

#[test]
fn a_marker_without_a_place_is_noted() {
    let call = Part::ToolCall {
        id: "c1".to_owned(),
        name: "f".to_owned(),
        arguments: String::new(),
        cache: Some(Cache::Short),
    };
    assert_eq!(write(&message(Role::Assistant, vec![call]), &MARKING).1, ["cache_control"]);
    let empty =
        Part::ToolResult { id: "c1".to_owned(), content: Vec::new(), is_error: false, cache: Some(Cache::Long) };
    assert_eq!(write(&message(Role::Tool, vec![empty]), &MARKING).1, ["cache_control"]);
}

#[test]
fn calls_alone_have_no_content() {
    let call =
        Part::ToolCall { id: "c1".to_owned(), name: "f".to_owned(), arguments: "{\"a\":1}".to_owned(), cache: None };
    assert_eq!(
        write(&message(Role::Assistant, vec![call]), &PLAIN).0["messages"][0],
        json!({"role": "assistant", "content": null, "tool_calls": [
            {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{\"a\":1}"}}]})
    );
    let empty = write(&message(Role::Assistant, Vec::new()), &PLAIN).0;
    assert_eq!(empty["messages"][0], json!({"role": "assistant", "content": ""}));
}

#[test]
fn a_failed_tool_says_so_in_its_text() {
    let failed = write(&message(Role::Tool, vec![result(vec![Part::text("no such file")], true)]), &PLAIN).0;
    assert_eq!(
        failed["messages"][0],
        json!({"role": "tool", "content": "Error:\n\nno such file", "tool_call_id": "c1"})
    );
}

#[test]
fn thoughts_of_earlier_turns_stay_here_and_are_noted_once() {
    let seal = |origin| Some(Seal { origin, data: "s".to_owned() });
    let parts = vec![
        Part::Reasoning { text: "hm".to_owned(), seal: seal(Origin::Anthropic) },
        Part::Reasoning { text: String::new(), seal: seal(Origin::OpenAi) },
        Part::Reasoning { text: "plain".to_owned(), seal: None },
        Part::text("x"),
    ];
    let chat = ChatRequest { dropped: vec!["seed".to_owned()], ..message(Role::Assistant, parts) };
    let (body, dropped) = write(&chat, &PLAIN);
    assert_eq!(body["messages"][0], json!({"role": "assistant", "content": "x"}));
    assert_eq!(dropped, ["seed", "reasoning"]);
}

#[test]
fn a_budget_of_thought_is_said_as_the_nearest_word_and_noted() {
    let reasoning = |effort, budget, show| Some(Reasoning { effort, budget, show });
    for (asked, effort, noted) in [
        (reasoning(Some(Effort::Max), None, false), Some("xhigh"), false),
        (reasoning(Some(Effort::Off), None, false), Some("none"), false),
        (reasoning(Some(Effort::Low), Some(32_000), true), Some("low"), true),
        (reasoning(None, Some(0), false), Some("none"), true),
        (reasoning(None, Some(1_024), false), Some("low"), true),
        (reasoning(None, Some(10_000), false), Some("medium"), true),
        (reasoning(None, Some(31_999), true), Some("high"), true),
        (reasoning(None, None, true), None, false),
        (None, None, false),
    ] {
        let chat = ChatRequest { reasoning: asked.clone(), ..chat(vec![Message::text(Role::User, "x")]) };
        let (body, dropped) = write(&chat, &PLAIN);
        assert_eq!(body.get("reasoning_effort").and_then(Value::as_str), effort, "{asked:?}");
        assert_eq!(dropped == ["reasoning"], noted, "{asked:?}");
    }
}

#[test]
fn words_about_tools_need_tools() {
    let chat = ChatRequest {
        tool_choice: Some(ToolChoice::Auto),
        parallel_tool_calls: Some(false),
        ..chat(vec![Message::text(Role::User, "x")])
    };
    let (body, dropped) = write(&chat, &PLAIN);
    assert_eq!((body.get("tool_choice"), body.get("parallel_tool_calls")), (None, None));
    assert_eq!(dropped, [""; 0]);
    let forced = ChatRequest { tool_choice: Some(ToolChoice::Required), ..chat };
    assert_eq!(write(&forced, &PLAIN).0["tool_choice"], "required");
}

#[test]
fn what_the_wire_cannot_say_is_refused_by_name() {
    assert_eq!(refusal(&message(Role::System, vec![Part::text("a"), image()])), "messages[0].content[1]");
    assert_eq!(refusal(&message(Role::Assistant, vec![image()])), "messages[0].content[0]");
    assert_eq!(refusal(&message(Role::User, vec![result(Vec::new(), false)])), "messages[0].content[0]");
    assert_eq!(refusal(&message(Role::Tool, vec![result(vec![image()], false)])), "messages[0].content[0]");
    assert_eq!(refusal(&message(Role::Tool, vec![Part::text("a")])), "messages[0].role");
}

#[test]
fn a_vendor_that_wants_its_thoughts_back_gets_them_with_the_calls_they_led_to() {
    const KEEPS: Quirks = Quirks { keeps_thoughts: true, top_k: false, seed_field: "random_seed", ..PLAIN };
    let call = Part::ToolCall { id: "c".to_owned(), name: "f".to_owned(), arguments: "{}".to_owned(), cache: None };
    let thought = Part::Reasoning { text: "hm".to_owned(), seal: None };
    let chat = ChatRequest {
        messages: vec![Message { role: Role::Assistant, parts: vec![thought, call] }],
        top_k: Some(3),
        seed: Some(7),
        ..ChatRequest::default()
    };
    let kept = encode_chat(&chat, "m", &KEEPS).unwrap();
    assert!(
        kept.body.contains(r#""reasoning_content":"hm""#) && kept.body.contains(r#""random_seed":7"#),
        "{}",
        kept.body
    );
    assert_eq!(kept.dropped, ["top_k"]);
    let plain = encode_chat(&chat, "m", &PLAIN).unwrap();
    assert!(!plain.body.contains("reasoning_content") && plain.body.contains(r#""top_k":3"#), "{}", plain.body);
    assert_eq!(plain.dropped, ["reasoning"]);
}
