use serde_json::json;

use super::*;
use crate::chat::{Cache, Effort, Message, Reasoning, Role};

fn hello() -> ChatRequest {
    let messages = vec![Message::text(Role::User, "hi")];
    ChatRequest { model: "public".to_owned(), messages, ..ChatRequest::default() }
}

fn tool(name: &str) -> Tool {
    let schema = json!({"type": "object", "properties": {"b": {"type": "string"}, "a": {"$ref": "#/$defs/x"}}});
    Tool { name: name.to_owned(), description: None, schema, strict: None, cache: None }
}

/// The body without its contents, and what was dropped.
fn encoded(chat: &ChatRequest, model: &str) -> (String, Vec<String>) {
    let Encoded { body, dropped } = encode_chat(chat, model).unwrap();
    let said = r#"{"contents":[{"role":"user","parts":[{"text":"hi"}]}]"#;
    (body.strip_prefix(said).unwrap().trim_start_matches(',').to_owned(), dropped)
}

fn refusal(chat: &ChatRequest, model: &str) -> String {
    match encode_chat(chat, model) {
        Err(Error::Invalid { param, .. }) => param.unwrap(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn numbers_go_out_as_they_were_typed() {
    let number = |text| Decimal::parse(text).unwrap();
    let chat = ChatRequest {
        temperature: number("0.30"),
        top_p: number("1e-1"),
        top_k: Some(40),
        max_output_tokens: Some(2_048),
        stop: vec!["END".to_owned()],
        answers: Some(2),
        seed: Some(-7),
        presence_penalty: number("-0.0"),
        frequency_penalty: number("1"),
        ..hello()
    };
    let config = r#""generationConfig":{"temperature":0.30,"topP":1e-1,"topK":40,"maxOutputTokens":2048,"stopSequences":["END"],"candidateCount":2,"seed":-7,"presencePenalty":-0.0,"frequencyPenalty":1}"#;
    assert_eq!(encoded(&chat, "gemini-2.5-flash"), (format!("{config}}}"), Vec::new()));
}

#[test]
fn what_was_not_asked_for_is_not_written() {
    let chat = ChatRequest { answers: Some(1), parallel_tool_calls: Some(true), format: Some(Format::Text), ..hello() };
    assert_eq!(encoded(&chat, "gemini-3-pro"), ("}".to_owned(), Vec::new()));
}

#[test]
fn what_a_target_may_do_without_is_named_once_after_what_the_reader_dropped() {
    let marked = |name| Tool { strict: Some(true), cache: Some(Cache::Short), ..tool(name) };
    let chat = ChatRequest {
        parallel_tool_calls: Some(false),
        user: Some("u".to_owned()),
        seed: Some(1 << 40),
        tools: vec![marked("a"), marked("b")],
        dropped: vec!["store".to_owned()],
        ..hello()
    };
    let (body, dropped) = encoded(&chat, "gemini-3-pro");
    assert_eq!(dropped, ["store", "strict", "cache_control", "parallel_tool_calls", "user", "seed"]);
    assert!(!body.contains("seed") && !body.contains("strict"), "{body}");
}

#[test]
fn tools_keep_their_schema_in_order() {
    let described = Tool { description: Some("d".to_owned()), schema: json!({}), ..tool("b") };
    let chat = ChatRequest { tools: vec![tool("a"), described], ..hello() };
    let tools = r##""tools":[{"functionDeclarations":[{"name":"a","parametersJsonSchema":{"type":"object","properties":{"b":{"type":"string"},"a":{"$ref":"#/$defs/x"}}}},{"name":"b","description":"d"}]}]}"##;
    assert_eq!(encoded(&chat, "gemini-3-pro").0, tools);
    let wrong = ChatRequest { tools: vec![tool("a"), Tool { schema: json!(true), ..tool("b") }], ..hello() };
    assert_eq!(refusal(&wrong, "gemini-3-pro"), "tools[1].function.parameters");
}

#[test]
fn a_choice_of_tools_is_a_mode() {
    for (choice, config) in [
        (ToolChoice::Auto, r#"{"mode":"AUTO"}"#),
        (ToolChoice::None, r#"{"mode":"NONE"}"#),
        (ToolChoice::Required, r#"{"mode":"ANY"}"#),
        (ToolChoice::Named("a".to_owned()), r#"{"mode":"ANY","allowedFunctionNames":["a"]}"#),
    ] {
        let chat = ChatRequest { tools: vec![tool("a")], tool_choice: Some(choice), ..hello() };
        let (body, _) = encoded(&chat, "gemini-3-pro");
        assert!(body.ends_with(&format!(r#""toolConfig":{{"functionCallingConfig":{config}}}}}"#)), "{body}");
    }
    let chat = ChatRequest { tool_choice: Some(ToolChoice::Auto), ..hello() };
    assert_eq!(encoded(&chat, "gemini-3-pro").0, "}");
}

#[test]
fn a_schema_of_the_answer_stays_whole_and_takes_up_its_description() {
    let format = |schema, description: Option<&str>| {
        let description = description.map(str::to_owned);
        Some(Format::Schema { name: "n".to_owned(), description, schema, strict: Some(true) })
    };
    let json = r#""generationConfig":{"responseMimeType":"application/json""#;
    for (format, rest) in [
        (Some(Format::Object), "}}".to_owned()),
        (
            format(json!({"z": 1, "a": {"$defs": {}}}), None),
            r#","responseJsonSchema":{"z":1,"a":{"$defs":{}}}}}"#.to_owned(),
        ),
        (format(json!({"z": 1}), Some("d")), r#","responseJsonSchema":{"z":1,"description":"d"}}}"#.to_owned()),
        (
            format(json!({"description": "own"}), Some("d")),
            r#","responseJsonSchema":{"description":"own"}}}"#.to_owned(),
        ),
    ] {
        let chat = ChatRequest { format, ..hello() };
        assert_eq!(encoded(&chat, "gemini-2.5-flash"), (format!("{json}{rest}"), Vec::new()));
    }
}

#[test]
fn what_cannot_be_said_is_refused_by_name() {
    let chat = ChatRequest { stop: vec!["x".to_owned(); 6], ..hello() };
    assert_eq!(refusal(&chat, "gemini-3-pro"), "stop");
    let chat = ChatRequest { format: Some(Format::Object), tools: vec![tool("a")], ..hello() };
    assert_eq!(refusal(&chat, "gemini-2.5-pro"), "response_format");
    assert!(encode_chat(&chat, "gemini-3-pro").is_ok());
    assert!(encode_chat(&chat, "gemini-flash-latest").is_ok());
    assert_eq!(refusal(&ChatRequest { messages: Vec::new(), ..hello() }, "gemini-3-pro"), "messages");
}

#[test]
fn thought_is_asked_for_in_the_generation_config() {
    let reasoning = Some(Reasoning { effort: Some(Effort::High), budget: None, show: true });
    let (body, _) = encoded(&ChatRequest { reasoning, ..hello() }, "gemini-3-pro");
    assert_eq!(body, r#""generationConfig":{"thinkingConfig":{"includeThoughts":true,"thinkingLevel":"HIGH"}}}"#);
}

#[test]
fn a_count_counts_the_system_and_the_tools() {
    let mut chat = ChatRequest { tools: vec![Tool { schema: Value::Null, ..tool("a") }], ..hello() };
    chat.messages.insert(0, Message::text(Role::System, "be brief"));
    let body = encode_count(&chat, "gemini-3-pro").unwrap().body;
    assert_eq!(
        body,
        r#"{"generateContentRequest":{"model":"models/gemini-3-pro","systemInstruction":{"parts":[{"text":"be brief"}]},"contents":[{"role":"user","parts":[{"text":"hi"}]}],"tools":[{"functionDeclarations":[{"name":"a"}]}]}}"#
    );
}
