use super::*;
use crate::chat::{Effort, Format, Image, Origin, Reasoning, Role, Seal, ToolChoice};

/// A request with these further fields.
fn body(rest: &str) -> String {
    format!(r#"{{"model":"m","max_tokens":9,"messages":[{{"role":"user","content":"hi"}}]{rest}}}"#)
}

/// A request with this one message.
fn of(role: &str, blocks: &str) -> String {
    format!(r#"{{"model":"m","max_tokens":9,"messages":[{{"role":"{role}","content":[{blocks}]}}]}}"#)
}

fn read(body: &str) -> ChatRequest {
    decode_chat(body.as_bytes()).unwrap()
}

fn param(body: &str) -> String {
    match decode_chat(body.as_bytes()) {
        Err(Error::Invalid { param: Some(param), .. }) => param,
        other => panic!("{body}: {other:?}"),
    }
}

#[test]
fn what_another_provider_cannot_be_told_is_refused_by_its_path() {
    for (body, path) in [
        (body(r#","container":"c_1""#), "container"),
        (body(r#","mcp_servers":[{"name":"x"}]"#), "mcp_servers"),
        (body(r#","inference_geo":"eu""#), "inference_geo"),
        (body(r#","output_config":{"task_budget":{"total":1}}"#), "output_config.task_budget"),
        (
            body(r#","context_management":{"edits":[{"type":"clear_tool_uses_20250919"}]}"#),
            "context_management.edits[0]",
        ),
        (body(r#","tools":[{"type":"web_search_20250305","name":"web_search"}]"#), "tools[0]"),
        (body(r#","tools":[{"type":"bash_20250124","name":"bash"}]"#), "tools[0]"),
        (body(r#","tools":[{"type":"text_editor_20250728","name":"e"}]"#), "tools[0]"),
        (body(r#","tools":[{"type":"computer_20250124","name":"c"}]"#), "tools[0]"),
        (body(r#","tools":[{"type":"code_execution_20250825","name":"c"}]"#), "tools[0]"),
        (body(r#","tools":[{"name":"a","input_schema":{},"input_examples":[{}]}]"#), "tools[0].input_examples"),
        (body(r#","tools":[{"name":"a","input_schema":{},"defer_loading":true}]"#), "tools[0].defer_loading"),
        (of("user", r#"{"type":"document","source":{"type":"url","url":"x"}}"#), "messages[0].content[0]"),
        (of("user", r#"{"type":"search_result","source":"s","title":"t","content":[]}"#), "messages[0].content[0]"),
        (of("user", r#"{"type":"image","source":{"type":"file","file_id":"f"}}"#), "messages[0].content[0].source"),
        (of("assistant", r#"{"type":"server_tool_use","id":"s","name":"n","input":{}}"#), "messages[0].content[0]"),
        (
            of("assistant", r#"{"type":"text","text":"a","citations":[{"type":"page"}]}"#),
            "messages[0].content[0].citations",
        ),
        (
            of("user", r#"{"type":"tool_result","tool_use_id":"t","content":[{"type":"document"}]}"#),
            "messages[0].content[0].content[0]",
        ),
    ] {
        assert_eq!(param(&body), path, "{body}");
    }
}

#[test]
fn a_server_tool_is_refused_by_its_name() {
    let error = decode_chat(body(r#","tools":[{"type":"web_search_20250305","name":"web_search"}]"#).as_bytes());
    assert!(error.unwrap_err().to_string().contains("web_search_20250305"));
}

#[test]
fn a_wrong_shape_is_named_by_its_path() {
    for (body, path) in [
        (r#"{"model":"m"}"#.to_owned(), "messages"),
        (body(r#","temperature":"hot""#), "temperature"),
        (body(r#","top_k":1.5"#), "top_k"),
        (body(r#","stop_sequences":["a",1]"#), "stop_sequences"),
        (body(r#","tool_choice":{"type":"some"}"#), "tool_choice.type"),
        (body(r#","tool_choice":{"type":"tool"}"#), "tool_choice.name"),
        (body(r#","tools":[{"name":"a"}]"#), "tools[0].input_schema"),
        (body(r#","tools":[{"input_schema":{}}]"#), "tools[0].name"),
        (body(r#","thinking":{"type":"enabled"}"#), "thinking.budget_tokens"),
        (body(r#","thinking":{"type":"maybe"}"#), "thinking.type"),
        (body(r#","output_config":{"effort":"huge"}"#), "output_config.effort"),
        (body(r#","output_config":{"format":{"type":"grammar"}}"#), "output_config.format.type"),
        (body(r#","output_config":{"format":{"type":"json_schema"}}"#), "output_config.format.schema"),
        (body(r#","cache_control":{"type":"ephemeral","ttl":"2h"}"#), "cache_control.ttl"),
        (body(r#","system":[{"type":"image"}]"#), "system[0].type"),
        (of("robot", ""), "messages[0].role"),
        (of("user", r#"{"type":"tool_use","id":"a","name":"b","input":{}}"#), "messages[0].content[0].type"),
        (of("assistant", r#"{"type":"tool_use","id":"a","name":"b","input":[]}"#), "messages[0].content[0].input"),
        (of("assistant", r#"{"type":"tool_use","name":"b","input":{}}"#), "messages[0].content[0].id"),
        (of("assistant", r#"{"type":"image","source":{}}"#), "messages[0].content[0].type"),
        (of("user", r#"{"type":"tool_result","content":"x"}"#), "messages[0].content[0].tool_use_id"),
    ] {
        assert_eq!(param(&body), path, "{body}");
    }
}

#[test]
fn what_says_nothing_is_no_reason_to_refuse() {
    let chat = read(&body(
        r#","container":null,"mcp_servers":[],"service_tier":"auto","metadata":{},"context_management":{"edits":[{"type":"clear_thinking_20251015","keep":"all"}]},"tools":[{"type":"custom","name":"a","input_schema":{},"allowed_callers":["direct"],"defer_loading":false,"input_examples":[]}]"#,
    ));
    assert_eq!(chat.dropped, [""; 0]);
    assert_eq!(chat.tools[0].name, "a");
}

#[test]
fn what_may_be_left_out_is_named() {
    let chat = read(&body(
        r#","service_tier":"standard_only","metadata":{"user_id":"u","x":1},"tools":[{"name":"a","input_schema":{},"eager_input_streaming":true}]"#,
    ));
    assert_eq!(chat.user.as_deref(), Some("u"));
    assert_eq!(chat.dropped, ["eager_input_streaming", "metadata", "service_tier"]);
    assert!(chat.dropped.iter().all(|name| crate::wire::DROPPABLE.contains(&name.as_str())));
}

#[test]
fn tool_results_become_messages_of_their_own_before_the_rest() {
    let chat = read(&of(
        "user",
        r#"{"type":"text","text":"and?"},{"type":"tool_result","tool_use_id":"a","content":"1"},
           {"type":"tool_result","tool_use_id":"b","is_error":true,"content":[{"type":"text","text":"2"},
             {"type":"image","source":{"type":"url","url":"https://e.org"}}]},{"type":"tool_result","tool_use_id":"c"}"#,
    ));
    let result = |id: &str, content: Vec<Part>, is_error| Message {
        role: Role::Tool,
        parts: vec![Part::ToolResult { id: id.to_owned(), content, is_error, cache: None }],
    };
    let image = Part::Image { image: Image::Url("https://e.org".to_owned()), detail: None, cache: None };
    assert_eq!(
        chat.messages,
        [
            result("a", vec![Part::text("1")], false),
            result("b", vec![Part::text("2"), image], true),
            result("c", Vec::new(), false),
            Message::text(Role::User, "and?"),
        ]
    );
}

#[test]
fn thoughts_keep_their_seals_and_foreign_ones_find_their_origin() {
    let chat = read(&of(
        "assistant",
        r#"{"type":"thinking","thinking":"own","signature":"EqQ="},{"type":"redacted_thinking","data":"Emw="},
           {"type":"thinking","thinking":"theirs","signature":"tg1.openai.x"},{"type":"redacted_thinking","data":"tg1.gemini.y"},
           {"type":"thinking","thinking":"nobody's","signature":"tg1.unsigned."},{"type":"thinking","thinking":"","signature":""},
           {"type":"tool_use","id":"a","name":"b","input":{"z": 1.50,"a":[]},"caller":{"type":"direct"}}"#,
    ));
    let thought = |text: &str, seal: Option<(Origin, &str)>| Part::Reasoning {
        text: text.to_owned(),
        seal: seal.map(|(origin, data)| Seal { origin, data: data.to_owned() }),
    };
    assert_eq!(
        chat.messages[0].parts,
        [
            thought("own", Some((Origin::Anthropic, "EqQ="))),
            thought("", Some((Origin::Anthropic, "redacted:Emw="))),
            thought("theirs", Some((Origin::OpenAi, "x"))),
            thought("", Some((Origin::Gemini, "y"))),
            thought("nobody's", None),
            Part::ToolCall {
                id: "a".to_owned(),
                name: "b".to_owned(),
                arguments: r#"{"z": 1.50,"a":[]}"#.to_owned(),
                cache: None
            },
        ]
    );
    assert_eq!(chat.dropped, ["reasoning"]);
}

#[test]
fn thinking_and_effort_are_read_by_the_table() {
    let reasoning = |effort, budget, show| Some(Reasoning { effort, budget, show });
    for (fields, expected) in [
        ("", None),
        (r#","thinking":{"type":"enabled","budget_tokens":2048}"#, reasoning(None, Some(2_048), true)),
        (
            r#","thinking":{"type":"enabled","budget_tokens":9,"display":"omitted"},"output_config":{"effort":"low"}"#,
            reasoning(Some(Effort::Low), Some(9), false),
        ),
        (r#","thinking":{"type":"adaptive"}"#, reasoning(None, None, true)),
        (r#","thinking":{"type":"adaptive","display":"omitted"}"#, reasoning(Some(Effort::High), None, false)),
        (
            r#","thinking":{"type":"adaptive"},"output_config":{"effort":"xhigh"}"#,
            reasoning(Some(Effort::Max), None, true),
        ),
        (r#","output_config":{"effort":"medium"}"#, reasoning(Some(Effort::Medium), None, false)),
        (r#","thinking":{"type":"disabled"}"#, reasoning(Some(Effort::Off), None, false)),
    ] {
        assert_eq!(read(&body(fields)).reasoning, expected, "{fields}");
    }
    let contradiction = read(&body(r#","thinking":{"type":"disabled"},"output_config":{"effort":"low"}"#));
    assert_eq!(contradiction.dropped, ["reasoning"]);
}

#[test]
fn the_answer_format_has_an_earlier_name() {
    let format = r#"{"type":"json_schema","schema":{"b":1,"a":2}}"#;
    for fields in [format!(r#","output_config":{{"format":{format}}}"#), format!(r#","output_format":{format}"#)] {
        let Some(Format::Schema { name, schema, strict, .. }) = read(&body(&fields)).format else { panic!("{fields}") };
        assert_eq!((name.as_str(), schema.to_string().as_str(), strict), ("output", r#"{"b":1,"a":2}"#, Some(true)));
    }
    let both = format!(r#","output_config":{{"format":{format}}},"output_format":{format}"#);
    assert_eq!(param(&body(&both)), "output_format");
}

#[test]
fn tool_choices_have_neutral_names() {
    for (choice, expected) in [
        (r#"{"type":"auto"}"#, (Some(ToolChoice::Auto), None)),
        (r#"{"type":"any","disable_parallel_tool_use":true}"#, (Some(ToolChoice::Required), Some(false))),
        (r#"{"type":"tool","name":"x"}"#, (Some(ToolChoice::Named("x".to_owned())), None)),
        (r#"{"type":"none"}"#, (Some(ToolChoice::None), None)),
        ("null", (None, None)),
    ] {
        let chat = read(&body(&format!(r#","tool_choice":{choice}"#)));
        assert_eq!((chat.tool_choice, chat.parallel_tool_calls), expected, "{choice}");
    }
}

#[test]
fn cache_markers_are_read_and_one_of_the_whole_request_stands_on_the_last_block() {
    let chat = read(
        r#"{"model":"m","max_tokens":9,"cache_control":{"type":"ephemeral"},
            "system":[{"type":"text","text":"s","cache_control":{"type":"ephemeral","ttl":"1h"}}],
            "tools":[{"name":"t","input_schema":{},"cache_control":{"type":"ephemeral","ttl":"5m"}}],
            "messages":[{"role":"user","content":"q"},{"role":"assistant","content":[{"type":"text","text":"a"},
                {"type":"thinking","thinking":"x","signature":"y"}]}]}"#,
    );
    let text = |text: &str, cache| Part::Text { text: text.to_owned(), cache };
    assert_eq!(chat.messages[0], Message { role: Role::System, parts: vec![text("s", Some(Cache::Long))] });
    assert_eq!(chat.messages[1].parts, [text("q", None)]);
    assert_eq!(chat.messages[2].parts[0], text("a", Some(Cache::Short)));
    assert_eq!(chat.tools[0].cache, Some(Cache::Short));
}

#[test]
fn numbers_keep_their_spelling() {
    let chat = read(&body(r#","temperature":0.30,"top_p":9e-1,"top_k":40,"stop_sequences":["a"],"stream":true"#));
    assert_eq!(chat.temperature.unwrap().as_str(), "0.30");
    assert_eq!((chat.top_p.unwrap().as_str(), chat.top_k, chat.stream), ("9e-1", Some(40), true));
    assert_eq!((chat.stop, chat.max_output_tokens), (vec!["a".to_owned()], Some(9)));
}

#[test]
fn a_system_message_keeps_its_place_in_the_conversation() {
    let chat = read(
        r#"{"model":"m","system":"a","messages":[{"role":"user","content":"q"},{"role":"system","content":[{"type":"text","text":"b"}]},
            {"role":"assistant","content":[]}]}"#,
    );
    assert_eq!(
        chat.messages,
        [Message::text(Role::System, "a"), Message::text(Role::User, "q"), Message::text(Role::System, "b")]
    );
}
