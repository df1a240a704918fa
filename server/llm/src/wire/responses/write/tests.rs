use super::*;
use crate::chat::{Cache, Image, Seal};
use crate::wire::DROPPABLE;

fn chat(messages: Vec<Message>) -> ChatRequest {
    ChatRequest { model: "m".to_owned(), messages, ..ChatRequest::default() }
}

fn hello() -> ChatRequest {
    chat(vec![Message::text(Role::User, "hello")])
}

fn write(chat: &ChatRequest) -> (Value, Vec<String>) {
    let encoded = encode_chat(chat, "up").unwrap();
    assert!(encoded.dropped.iter().all(|name| DROPPABLE.contains(&name.as_str())), "{:?}", encoded.dropped);
    (serde_json::from_str(&encoded.body).unwrap(), encoded.dropped)
}

fn refused(chat: &ChatRequest) -> Option<String> {
    match encode_chat(chat, "up") {
        Err(Error::Invalid { param, .. }) => param,
        other => panic!("{other:?}"),
    }
}

fn image() -> Part {
    Part::Image { image: Image::Url("https://x/y.png".to_owned()), detail: None, cache: None }
}

#[test]
fn what_this_wire_cannot_say_is_refused_by_its_chat_name() {
    assert_eq!(refused(&ChatRequest { answers: Some(2), ..hello() }).as_deref(), Some("n"));
    assert_eq!(refused(&ChatRequest { stop: vec!["x".to_owned()], ..hello() }).as_deref(), Some("stop"));
    for (role, part) in [(Role::System, image()), (Role::Assistant, image()), (Role::Tool, Part::text("x"))] {
        let parts = vec![part];
        assert_eq!(
            refused(&chat(vec![Message { role, parts }])).as_deref(),
            Some("messages[0].content[0]"),
            "{role:?}"
        );
    }
}

#[test]
fn sampling_fields_it_does_not_have_are_named() {
    let half = Decimal::parse("0.5").unwrap();
    let asked = ChatRequest {
        answers: Some(1),
        frequency_penalty: half.clone(),
        presence_penalty: half,
        seed: Some(1),
        top_k: Some(1),
        dropped: vec!["logit_bias".to_owned()],
        ..hello()
    };
    let (body, dropped) = write(&asked);
    assert_eq!(dropped, ["logit_bias", "frequency_penalty", "presence_penalty", "seed", "top_k"]);
    assert_eq!(body, json!({"model": "up", "input": [{"role": "user", "content": "hello"}], "store": false}));
}

#[test]
fn reasoning_goes_back_only_to_its_origin_and_with_its_id() {
    let thought = |origin: Option<Origin>, data: &str| Part::Reasoning {
        text: "t".to_owned(),
        seal: origin.map(|origin| Seal { origin, data: data.to_owned() }),
    };
    let parts = vec![
        thought(Some(Origin::OpenAi), "rs_1#gAA"),
        thought(Some(Origin::Anthropic), "Eq"),
        thought(None, ""),
        Part::Reasoning { text: String::new(), seal: Some(Seal { origin: Origin::OpenAi, data: "gBB".to_owned() }) },
        Part::text("x"),
    ];
    let (body, dropped) = write(&chat(vec![Message { role: Role::Assistant, parts }]));
    assert_eq!(dropped, ["reasoning"]);
    assert_eq!(
        body["input"],
        json!([
            {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "t"}],
                "encrypted_content": "gAA"},
            {"type": "reasoning", "summary": [], "encrypted_content": "gBB"},
            {"role": "assistant", "content": "x"},
        ])
    );
    assert_eq!(body["include"], json!(["reasoning.encrypted_content"]));
}

#[test]
fn a_budget_chooses_the_nearest_effort_where_none_is_asked_for() {
    for (effort, budget, word, includes) in [
        (Some(Effort::Max), Some(9), "xhigh", true),
        (None, Some(0), "none", false),
        (None, Some(1_024), "low", true),
        (None, Some(8_000), "medium", true),
        (None, Some(60_000), "high", true),
    ] {
        let reasoning = Some(Reasoning { effort, budget, show: false });
        let (body, dropped) = write(&ChatRequest { reasoning, ..hello() });
        assert_eq!((body["reasoning"].clone(), dropped), (json!({"effort": word}), vec!["reasoning".to_owned()]));
        assert_eq!(body.get("include").is_some(), includes, "{word}");
    }
    let reasoning = Some(Reasoning { effort: None, budget: None, show: true });
    let (body, dropped) = write(&ChatRequest { reasoning, ..hello() });
    assert_eq!((body["reasoning"].clone(), dropped.len()), (json!({"summary": "auto"}), 0));
}

#[test]
fn tools_that_state_no_strictness_are_not_strict() {
    let tool = |strict| Tool {
        name: "f".to_owned(),
        description: None,
        schema: json!({"type": "object"}),
        strict,
        cache: Some(Cache::Short),
    };
    let (body, dropped) = write(&ChatRequest { tools: vec![tool(None), tool(Some(true))], ..hello() });
    assert_eq!((&body["tools"][0]["strict"], &body["tools"][1]["strict"]), (&json!(false), &json!(true)));
    assert_eq!(dropped, ["cache_control"]);
}

#[test]
fn a_failed_tool_says_so_in_its_text() {
    let result = |content: Vec<Part>| {
        let part = Part::ToolResult { id: "c".to_owned(), content, is_error: true, cache: None };
        write(&chat(vec![Message { role: Role::Tool, parts: vec![part] }])).0["input"][0]["output"].clone()
    };
    assert_eq!(result(vec![Part::text("no file")]), "Error: no file");
    assert_eq!(result(Vec::new()), "Error: ");
    assert_eq!(result(vec![Part::text("a"), image()])[0], json!({"type": "input_text", "text": "Error: "}));
}

#[test]
fn a_number_and_a_schema_are_sent_as_they_were_written() {
    let asked = ChatRequest {
        temperature: Decimal::parse("0.30").unwrap(),
        format: Some(Format::Schema {
            name: "s".to_owned(),
            description: None,
            schema: serde_json::from_str(r#"{"z":1,"a":2}"#).unwrap(),
            strict: None,
        }),
        stream: true,
        ..hello()
    };
    assert_eq!(
        encode_chat(&asked, "up").unwrap().body,
        concat!(
            r#"{"model":"up","input":[{"role":"user","content":"hello"}],"text":{"format":{"type":"json_schema","#,
            r#""name":"s","schema":{"z":1,"a":2}}},"temperature":0.30,"store":false,"stream":true}"#
        )
    );
}
