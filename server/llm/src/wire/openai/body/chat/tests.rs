use serde_json::json;

use super::*;
use crate::{
    chat::{Cache, Image, Message, Origin, Part, Role, Seal, Tool, ToolChoice},
    wire::DROPPABLE,
};

/// A body with these fields and a question.
fn decode(rest: &str) -> Result<ChatRequest, Error> {
    let comma = if rest.is_empty() { "" } else { "," };
    decode_chat(format!(r#"{{"model":"m","messages":[{{"role":"user","content":"hi"}}]{comma}{rest}}}"#).as_bytes())
}

/// The parts of one message, and what was left out.
fn parts(message: &str) -> Result<(Vec<Part>, Vec<String>), Error> {
    let chat = decode_chat(format!(r#"{{"model":"m","messages":[{message}]}}"#).as_bytes())?;
    let message = chat.messages.into_iter().next().unwrap();
    Ok((message.parts, chat.dropped))
}

fn param<T: std::fmt::Debug>(result: Result<T, Error>) -> String {
    match result {
        Err(Error::Invalid { param: Some(param), .. }) => param,
        other => panic!("{other:?}"),
    }
}

fn is_unsupported<T: std::fmt::Debug>(result: Result<T, Error>) -> bool {
    matches!(result, Err(Error::Invalid { message, .. }) if message.contains("another provider's API"))
}

fn thought(text: &str, seal: Option<(Origin, &str)>) -> Part {
    let seal = seal.map(|(origin, data)| Seal { origin, data: data.to_owned() });
    Part::Reasoning { text: text.to_owned(), seal }
}

fn call(id: &str) -> Part {
    Part::ToolCall { id: id.to_owned(), name: "f".to_owned(), arguments: "{}".to_owned(), cache: None }
}

#[test]
fn what_another_api_cannot_be_told_is_refused_by_name() {
    for (rest, name) in [
        (r#""functions":[{"name":"f"}]"#, "functions"),
        (r#""function_call":"auto""#, "function_call"),
        (r#""logprobs":true"#, "logprobs"),
        (r#""top_logprobs":3"#, "top_logprobs"),
        (r#""modalities":["text","audio"]"#, "modalities"),
        (r#""audio":{"voice":"alloy","format":"mp3"}"#, "audio"),
        (r#""prediction":{"type":"content","content":"x"}"#, "prediction"),
        (r#""web_search_options":{"search_context_size":"low"}"#, "web_search_options"),
        (r#""min_p":0.1"#, "min_p"),
        (r#""tools":[{"type":"custom","custom":{"name":"x"}}]"#, "tools[0].type"),
        (r#""tools":[{"type":"function","function":{"name":"f","x":1}}]"#, "tools[0].function.x"),
        (r#""tool_choice":{"type":"allowed_tools","allowed_tools":{}}"#, "tool_choice.allowed_tools"),
        (r#""tool_choice":{"type":"custom","custom":{"name":"x"}}"#, "tool_choice.custom"),
        (r#""response_format":{"type":"grammar"}"#, "response_format.type"),
        (r#""reasoning":{"effort":"low","x":1}"#, "reasoning.x"),
    ] {
        assert!(is_unsupported(decode(rest)), "{rest}");
        assert_eq!(param(decode(rest)), name, "{rest}");
    }
    for (message, name) in [
        (r#"{"role":"function","name":"f","content":"x"}"#, "messages[0].role"),
        (r#"{"role":"user","content":"x","name":"bob"}"#, "messages[0].name"),
        (r#"{"role":"assistant","content":null,"function_call":{"name":"f"}}"#, "messages[0].function_call"),
        (r#"{"role":"assistant","audio":{"id":"a"}}"#, "messages[0].audio"),
        (r#"{"role":"assistant","content":"x","annotations":[{"type":"url_citation"}]}"#, "messages[0].annotations"),
        (
            r#"{"role":"user","content":[{"type":"input_audio","input_audio":{}}]}"#,
            "messages[0].content[0].input_audio",
        ),
        (
            r#"{"role":"user","content":[{"type":"text","text":"a"},{"type":"file","file":{}}]}"#,
            "messages[0].content[1].file",
        ),
        (r#"{"role":"user","content":[{"type":"sketch"}]}"#, "messages[0].content[0].type"),
        (
            r#"{"role":"assistant","tool_calls":[{"id":"1","type":"custom","custom":{}}]}"#,
            "messages[0].tool_calls[0].type",
        ),
    ] {
        assert!(is_unsupported(parts(message)), "{message}");
        assert_eq!(param(parts(message)), name, "{message}");
    }
}

#[test]
fn a_wrong_field_is_named_by_its_path() {
    for (rest, name) in [
        (r#""temperature":"hot""#, "temperature"),
        (r#""n":0"#, "n"),
        (r#""seed":18446744073709551615"#, "seed"),
        (r#""stop":[1]"#, "stop"),
        (r#""top_k":-2"#, "top_k"),
        (r#""reasoning_effort":"huge""#, "reasoning_effort"),
        (r#""reasoning":{"effort":1}"#, "reasoning.effort"),
        (r#""tools":{}"#, "tools"),
        (r#""tools":[{"type":"function"}]"#, "tools[0].function"),
        (r#""tools":[{"type":"function","function":{}}]"#, "tools[0].function.name"),
        (r#""tools":[{"type":"function","function":{"name":"f","parameters":[]}}]"#, "tools[0].function.parameters"),
        (r#""tool_choice":"some""#, "tool_choice"),
        (r#""response_format":{"type":"json_schema"}"#, "response_format.json_schema"),
        (r#""response_format":{"type":"json_schema","json_schema":{"schema":{}}}"#, "response_format.json_schema.name"),
    ] {
        assert_eq!(param(decode(rest)), name, "{rest}");
    }
    for (message, name) in [
        (r#"{"role":"bot","content":"x"}"#, "messages[0].role"),
        (r#"{"role":"user"}"#, "messages[0].content"),
        (r#"{"role":"user","content":null}"#, "messages[0].content"),
        (r#"{"role":"user","content":[{"type":"text","text":7}]}"#, "messages[0].content[0].text"),
        (
            r#"{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png,x"}}]}"#,
            "messages[0].content[0].image_url.url",
        ),
        (
            r#"{"role":"user","content":[{"type":"text","text":"x","cache_control":{"type":"ephemeral","ttl":"2h"}}]}"#,
            "messages[0].content[0].cache_control.ttl",
        ),
        (r#"{"role":"tool","content":"x"}"#, "messages[0].tool_call_id"),
        (r#"{"role":"assistant","tool_calls":[{"function":{"name":"f"}}]}"#, "messages[0].tool_calls[0].id"),
        (r#"{"role":"assistant","content":"x","content":"y"}"#, "messages[0].content"),
        (r#"{"role":"assistant","reasoning_details":[{"type":"x"}]}"#, "messages[0].reasoning_details[0]"),
    ] {
        assert_eq!(param(parts(message)), name, "{message}");
    }
}

#[test]
fn what_only_shapes_sampling_or_keeping_is_dropped_and_named() {
    let chat = decode(
        r#""logit_bias":{"50256":-100},"metadata":{"a":"b"},"prompt_cache_key":"k","prompt_cache_options":{"ttl":"1h"},"prompt_cache_retention":"24h",
        "safety_identifier":"s","service_tier":"flex","store":true,"verbosity":"low","cache_control":{"type":"ephemeral"}"#,
    )
    .unwrap();
    assert_eq!(chat.dropped, DROPPED.map(|(name, _)| name));
    assert!(chat.dropped.iter().all(|name| DROPPABLE.contains(&name.as_str())));
}

#[test]
fn what_says_nothing_is_neither_refused_nor_named() {
    let plain = decode("").unwrap();
    let chat = decode(
        r#""n":1,"logprobs":false,"top_logprobs":0,"store":false,"stream_options":{"include_usage":true},"metadata":{},
        "logit_bias":{ },"service_tier":"auto","verbosity":"medium","modalities":[ "text" ],"functions":[],"audio":null,
        "x_new":null,"x_list":[ ],"tools":[],"stop":[],"top_k":-1,"reasoning":{}"#,
    )
    .unwrap();
    assert_eq!(chat, plain);
}

#[test]
fn fields_are_carried() {
    let chat = decode(
        r#""stream":true,"max_tokens":5,"max_completion_tokens":9,"temperature":0.30,"top_p":1,"top_k":40,
        "frequency_penalty":-0.50,"presence_penalty":0,"seed":-9007199254740993,"stop":"END","n":3,"user":"u",
        "parallel_tool_calls":false,"tool_choice":{"type":"function","function":{"name":"f"}},"reasoning_effort":"xhigh",
        "tools":[{"type":"function","function":{"name":"f","description":"d","strict":true,"parameters":{"z":1,"a":2}},
        "cache_control":{"type":"ephemeral","ttl":"1h"}},{"type":"function","function":{"name":"g"}}],
        "response_format":{"type":"json_schema","json_schema":{"name":"s","strict":true,"schema":{"type":"object"}}}"#,
    )
    .unwrap();
    let number = |text: &str| Decimal::parse(text).unwrap();
    let tool = |name: &str, schema: Value| Tool {
        name: name.to_owned(),
        description: None,
        schema,
        strict: None,
        cache: None,
    };
    let expected = ChatRequest {
        model: "m".to_owned(),
        messages: vec![Message::text(Role::User, "hi")],
        tools: vec![
            Tool {
                description: Some("d".to_owned()),
                strict: Some(true),
                cache: Some(Cache::Long),
                ..tool("f", json!({"z": 1, "a": 2}))
            },
            tool("g", json!({"type": "object", "properties": {}})),
        ],
        tool_choice: Some(ToolChoice::Named("f".to_owned())),
        parallel_tool_calls: Some(false),
        format: Some(Format::Schema {
            name: "s".to_owned(),
            description: None,
            schema: json!({"type": "object"}),
            strict: Some(true),
        }),
        reasoning: Some(Reasoning { effort: Some(Effort::Max), ..Reasoning::default() }),
        max_output_tokens: Some(9),
        stop: vec!["END".to_owned()],
        answers: Some(3),
        temperature: number("0.30"),
        top_p: number("1"),
        top_k: Some(40),
        frequency_penalty: number("-0.50"),
        presence_penalty: number("0"),
        seed: Some(-9_007_199_254_740_993),
        user: Some("u".to_owned()),
        stream: true,
        dropped: Vec::new(),
    };
    assert_eq!(chat, expected);
    assert_eq!(chat.tools[0].schema.to_string(), r#"{"z":1,"a":2}"#);
}

#[test]
fn reasoning_is_asked_for_in_two_ways() {
    let reasoning = |effort, budget, show| Some(Reasoning { effort, budget, show });
    for (rest, expected) in [
        (r#""reasoning_effort":"none""#, reasoning(Some(Effort::Off), None, false)),
        (r#""reasoning_effort":"minimal""#, reasoning(Some(Effort::Minimal), None, false)),
        (r#""reasoning_effort":null"#, None),
        (r#""reasoning":{"effort":"high"}"#, reasoning(Some(Effort::High), None, true)),
        (r#""reasoning":{"max_tokens":2000,"exclude":true}"#, reasoning(None, Some(2000), false)),
        (r#""reasoning":{"enabled":true}"#, reasoning(None, None, true)),
        (r#""reasoning":{"enabled":false,"effort":"low"}"#, reasoning(Some(Effort::Off), None, false)),
        (r#""reasoning":{"effort":"none"}"#, reasoning(Some(Effort::Off), None, false)),
        (r#""reasoning":{"exclude":true}"#, None),
        (r#""reasoning_effort":"low","reasoning":{"max_tokens":10}"#, reasoning(Some(Effort::Low), Some(10), true)),
        (r#""reasoning_effort":"low","reasoning":{"effort":"high"}"#, reasoning(Some(Effort::High), None, true)),
    ] {
        assert_eq!(decode(rest).unwrap().reasoning, expected, "{rest}");
    }
}

#[test]
fn content_is_text_or_parts() {
    let text = |text: &str, cache| Part::Text { text: text.to_owned(), cache };
    let image = |image, detail: Option<&str>| Part::Image { image, detail: detail.map(str::to_owned), cache: None };
    let read = |content: &str| parts(&format!(r#"{{"role":"user","content":{content}}}"#)).unwrap().0;
    assert_eq!(read(r#""a\u00e9""#), [text("aé", None)]);
    assert_eq!(read(r#""""#), []);
    assert_eq!(
        read(
            r#"[{"type":"text","text":"a","cache_control":{"type":"ephemeral"}},
            {"type":"image_url","image_url":{"url":"https://x/y.png","detail":"high"}},
            {"type":"image_url","image_url":{"url":"data:image/png;base64,AA==","detail":"auto"}},
            {"type":"image_url","image_url":{"url":"data:image/png;name=x;base64,AA=="}}]"#
        ),
        [
            text("a", Some(Cache::Short)),
            image(Image::Url("https://x/y.png".to_owned()), Some("high")),
            image(Image::Inline { media_type: "image/png".to_owned(), data: "AA==".to_owned() }, None),
            image(Image::Inline { media_type: "image/png".to_owned(), data: "AA==".to_owned() }, None),
        ]
    );
}

#[test]
fn a_tool_message_is_one_result_of_text_or_parts() {
    for content in [r#""a cat""#, r#"[{"type":"text","text":"a cat"}]"#] {
        let message = format!(r#"{{"role":"tool","name":"look","tool_call_id":"c1","content":{content}}}"#);
        let result =
            Part::ToolResult { id: "c1".to_owned(), content: vec![Part::text("a cat")], is_error: false, cache: None };
        assert_eq!(parts(&message).unwrap().0, [result]);
    }
}

#[test]
fn a_refusal_of_the_assistant_is_its_text() {
    let text = [Part::text("I can't.")];
    assert_eq!(parts(r#"{"role":"assistant","content":null,"refusal":"I can't."}"#).unwrap().0, text);
    let part = r#"{"role":"assistant","content":[{"type":"refusal","refusal":"I can't."}],"refusal":null}"#;
    assert_eq!(parts(part).unwrap().0, text);
}

#[test]
fn thoughts_stand_where_they_belong() {
    let calls = r#""tool_calls":[{"id":"c1","type":"function","index":0,"function":{"name":"f","arguments":"{}"}},
        {"id":"c2","type":"function","function":{"name":"f","arguments":"{}"}}]"#;
    let message = format!(
        r#"{{"role":"assistant","content":"hm","reasoning_content":"ab","reasoning":"ab","reasoning_details":[
        {{"type":"reasoning.text","text":"a","signature":"tg1.anthropic.s1","index":0}},
        {{"type":"reasoning.encrypted","data":"tg1.gemini.s2","id":"c2","index":1}},
        {{"type":"reasoning.summary","summary":"b","id":"rs_1","index":2,"format":"x"}}],{calls}}}"#
    );
    let (parts, dropped) = parts(&message).unwrap();
    assert_eq!(
        parts,
        [
            thought("a", Some((Origin::Anthropic, "s1"))),
            thought("b", None),
            Part::text("hm"),
            call("c1"),
            thought("", Some((Origin::Gemini, "s2"))),
            call("c2"),
        ]
    );
    assert_eq!(dropped, [""; 0]);
}

#[test]
fn a_seal_of_nobody_we_know_is_named_as_dropped() {
    let message = r#"{"role":"assistant","content":"x","reasoning":"plain","reasoning_details":[
        {"type":"reasoning.encrypted","data":"gAAAA","format":"openai-responses-v1"}]}"#;
    let (parts, dropped) = parts(message).unwrap();
    assert_eq!(parts, [thought("plain", None), Part::text("x")]);
    assert_eq!(dropped, ["reasoning"]);
}

#[test]
fn pieces_of_a_stream_that_a_client_kept_apart_are_joined() {
    let message = r#"{"role":"assistant","reasoning_details":[
        {"type":"reasoning.text","text":"a","index":0},{"type":"reasoning.text","text":"b","index":0},
        {"type":"reasoning.text","signature":"tg1.anthropic.s","index":0},
        {"type":"reasoning.text","text":"c"},{"type":"reasoning.text","text":"d","signature":"tg1.anthropic.t"}]}"#;
    assert_eq!(
        parts(message).unwrap().0,
        [
            thought("ab", Some((Origin::Anthropic, "s"))),
            thought("c", None),
            thought("d", Some((Origin::Anthropic, "t")))
        ]
    );
}

#[test]
fn what_openais_own_clients_add_to_a_message_they_parsed_says_nothing_new() {
    let body = r#"{"model":"m","messages":[{"role":"user","content":"q"},{"role":"assistant","content":"{}","parsed":{"a":1},
        "tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}","parsed_arguments":{}}}]}]}"#;
    let chat = decode_chat(body.as_bytes()).unwrap();
    assert_eq!((chat.messages.len(), chat.dropped.len()), (2, 0));
}
