//! Bodies for Gemini, one snapshot for each.

use llm::{
    chat::{
        Cache, ChatRequest, Decimal, Effort, Format, Image, Message, Origin, Part, Reasoning, Role, Seal, Tool,
        ToolChoice,
    },
    providers::{self, Destination},
    request::{Operation, Request},
};
use serde_json::json;

fn user(text: &str) -> Message {
    Message::text(Role::User, text)
}

fn call(id: &str, arguments: &str) -> Part {
    Part::ToolCall { id: id.to_owned(), name: "get_weather".to_owned(), arguments: arguments.to_owned(), cache: None }
}

fn result(id: &str, text: &str, is_error: bool) -> Message {
    let content = vec![Part::text(text)];
    Message { role: Role::Tool, parts: vec![Part::ToolResult { id: id.to_owned(), content, is_error, cache: None }] }
}

fn weather() -> Tool {
    Tool {
        name: "get_weather".to_owned(),
        description: Some("Weather of a city".to_owned()),
        schema: json!({
            "type": "object",
            "properties": {"city": {"type": "string"}, "unit": {"type": ["string", "null"], "enum": ["c", "f", null]}},
            "required": ["city", "unit"],
            "additionalProperties": false
        }),
        strict: Some(true),
        cache: None,
    }
}

fn plain() -> ChatRequest {
    ChatRequest {
        messages: vec![Message::text(Role::System, "Be brief."), user("Why is the sky blue?")],
        temperature: Decimal::parse("0.30").unwrap(),
        max_output_tokens: Some(1_024),
        stop: vec!["\n\n".to_owned()],
        user: Some("u-1".to_owned()),
        ..ChatRequest::default()
    }
}

/// A tool loop: the first turn lost its signature, the second has it.
fn loop_of_tools() -> ChatRequest {
    let seal = Some(Seal { origin: Origin::Gemini, data: "CpwBAdHtim9P+/==".to_owned() });
    let first =
        vec![Part::text("Two calls."), call("call_0", r#"{"city":"Paris"}"#), call("call_1", r#"{"city":"Lima"}"#)];
    let second = vec![Part::Reasoning { text: String::new(), seal }, call("fc-9", r#"{"city":"Rome"}"#)];
    ChatRequest {
        messages: vec![
            user("Weather in Paris, Lima and Rome?"),
            Message { role: Role::Assistant, parts: first },
            result("call_1", "no such city", true),
            result("call_0", r#"{"sky":"clear","t":21.50}"#, false),
            Message { role: Role::Assistant, parts: second },
            result("fc-9", "rain", false),
        ],
        tools: vec![weather()],
        tool_choice: Some(ToolChoice::Named("get_weather".to_owned())),
        parallel_tool_calls: Some(false),
        reasoning: Some(Reasoning { effort: Some(Effort::Low), budget: None, show: true }),
        stream: true,
        ..ChatRequest::default()
    }
}

fn schema() -> ChatRequest {
    ChatRequest {
        messages: vec![user("Who was Ada?")],
        format: Some(Format::Schema {
            name: "person".to_owned(),
            description: Some("One person".to_owned()),
            schema: json!({"type": "object", "properties": {"name": {"type": "string"}, "born": {"type": "integer"}}}),
            strict: Some(true),
        }),
        seed: Some(7),
        answers: Some(2),
        ..ChatRequest::default()
    }
}

fn images() -> ChatRequest {
    let inline = Image::Inline { media_type: "image/png".to_owned(), data: "iVBORw0KGgo=".to_owned() };
    let url = Image::Url("https://img.example/cat.webp?w=1".to_owned());
    let image = |image| Part::Image { image, detail: Some("low".to_owned()), cache: None };
    let text = Part::Text { text: "What differs?".to_owned(), cache: Some(Cache::Short) };
    ChatRequest {
        messages: vec![Message { role: Role::User, parts: vec![text, image(inline), image(url)] }],
        ..ChatRequest::default()
    }
}

fn thinking() -> ChatRequest {
    let foreign = Some(Seal { origin: Origin::Anthropic, data: "x".to_owned() });
    let own = Some(Seal { origin: Origin::Gemini, data: "EjQKMgFyyNp8".to_owned() });
    let parts = vec![
        Part::Reasoning { text: "theirs".to_owned(), seal: foreign },
        Part::Reasoning { text: "mine".to_owned(), seal: own },
        Part::text("Forty-two."),
    ];
    ChatRequest {
        messages: vec![user("Six by seven?"), Message { role: Role::Assistant, parts }, user("Sure?")],
        reasoning: Some(Reasoning { effort: None, budget: Some(31_999), show: true }),
        ..ChatRequest::default()
    }
}

#[test]
fn gemini_gets_these_bodies() {
    for (name, model, operation, chat) in [
        ("plain", "gemini-2.5-flash", Operation::Chat, plain()),
        ("tools", "gemini-3-pro-preview", Operation::Chat, loop_of_tools()),
        ("tools_before_3", "gemini-2.5-pro", Operation::Chat, loop_of_tools()),
        ("schema", "gemini-3-flash-preview", Operation::Chat, schema()),
        ("images", "gemini-2.5-flash", Operation::Chat, images()),
        ("thinking", "gemini-2.5-pro", Operation::Chat, thinking()),
        ("count", "gemini-3-pro-preview", Operation::Count, loop_of_tools()),
    ] {
        let request = Request { operation, ..chat.into() };
        let destination = Destination { base_url: "", upstream_model: model, preset: "", max_output: None };
        let sent = providers::find("gemini").unwrap().encode(&request, &destination).unwrap();
        let body: serde_json::Value = serde_json::from_slice(&sent.body).unwrap();
        // Laid out for reading; numbers in their own spelling are a unit test's business.
        let seen = format!("POST {}\ndropped {:?}\n\n{body:#}", sent.url, sent.dropped);
        insta::assert_snapshot!(format!("request__{name}"), seen);
    }
}
