use super::*;

fn decode(body: &str) -> Result<Request, Error> {
    decode_request(Bytes::copy_from_slice(body.as_bytes()))
}

fn refusal(result: Result<Request, Error>) -> (Option<String>, String) {
    match result {
        Err(Error::Invalid { param, message }) => (param, message),
        other => panic!("{other:?}"),
    }
}

/// A request with these content blocks.
fn with_blocks(blocks: &str) -> String {
    format!(r#"{{"model":"m","max_tokens":9,"messages":[{{"role":"user","content":[{blocks}]}}]}}"#)
}

const HELLO: &str = r#"{"role":"user","content":"hello"}"#;

#[test]
fn a_wrong_field_is_named_by_its_path() {
    for (body, param) in [
        (r#"{"messages":[]}"#.to_owned(), "model"),
        (r#"{"model":"","messages":[]}"#.to_owned(), "model"),
        (r#"{"model":7,"messages":[]}"#.to_owned(), "model"),
        (r#"{"model":"m"}"#.to_owned(), "messages"),
        (r#"{"model":"m","messages":[]}"#.to_owned(), "messages"),
        (r#"{"model":"m","messages":"hi"}"#.to_owned(), "messages"),
        (r#"{"model":"m","messages":["hi"]}"#.to_owned(), "messages[0]"),
        (r#"{"model":"m","messages":[{"content":"x"}]}"#.to_owned(), "messages[0].role"),
        (r#"{"model":"m","messages":[{"role":"user"}]}"#.to_owned(), "messages[0].content"),
        (r#"{"model":"m","messages":[{"role":"user","content":7}]}"#.to_owned(), "messages[0].content"),
        (format!(r#"{{"model":"m","messages":[{HELLO}]}}"#), "max_tokens"),
        (format!(r#"{{"model":"m","messages":[{HELLO}],"max_tokens":-1}}"#), "max_tokens"),
        (format!(r#"{{"model":"m","messages":[{HELLO}],"max_tokens":1,"stream":"yes"}}"#), "stream"),
        (format!(r#"{{"model":"m","messages":[{HELLO}],"max_tokens":1,"system":7}}"#), "system"),
        (format!(r#"{{"model":"m","messages":[{HELLO}],"max_tokens":1,"tools":{{}}}}"#), "tools"),
        (format!(r#"{{"model":"m","messages":[{HELLO}],"max_tokens":1,"model":"n"}}"#), "model"),
        (with_blocks(r#"{"text":"x"}"#), "messages[0].content[0].type"),
        (with_blocks(r#"{"type":"text","text":7}"#), "messages[0].content[0].text"),
        (
            with_blocks(r#"{"type":"tool_result","content":[{"type":"text"}]}"#),
            "messages[0].content[0].content[0].text",
        ),
    ] {
        assert_eq!(refusal(decode(&body)).0.as_deref(), Some(param), "{body}");
    }
}

#[test]
fn a_broken_body_says_where_it_breaks() {
    assert!(refusal(decode("{\"model\": \"m\",\n oops")).1.contains("line 2"));
    assert_eq!(refusal(decode("[]")).1, "the request body must be a JSON object");
    let deep = format!(r#"{{"model":"m","messages":[{HELLO}],"x":{}{}}}"#, "[".repeat(64), "]".repeat(64));
    assert!(refusal(decode(&deep)).1.contains("deeper than 64"));
    assert!(decode_request(Bytes::from_static(b"{\"model\":\"\xff\"}")).is_err());
}

#[test]
fn a_count_needs_no_limit_and_never_streams() {
    let body = format!(r#"{{"model":"m","messages":[{HELLO}],"stream":true}}"#);
    let request = decode_count_request(Bytes::from(body)).unwrap();
    assert_eq!((request.operation, request.stream, request.max_output), (Operation::Count, false, None));
    assert!(matches!(request.source, Source::Body { wire: Wire::AnthropicCount, .. }));
}

#[test]
fn the_weight_is_never_below_the_text() {
    let request = decode(
        r#"{"model":"m","max_tokens":9,"system":[{"type":"text","text":"\u00e9\u6771"}],
            "messages":[{"role":"user","content":[{"type":"text","text":"abc"},
                {"type":"image","source":{"type":"base64","media_type":"image/png","data":"AAAA"}}]},
            {"role":"assistant","content":[{"type":"thinking","thinking":"hm","signature":"s"},
                {"type":"tool_use","id":"t","name":"look","input":{"a":1}}]},
            {"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":"found"}]}],
            "tools":[{"name":"look","input_schema":{"type":"object"}}],"stop_sequences":["x"]}"#,
    )
    .unwrap();
    let text = 5 + 3 + r#""look"{"a":1}"#.len() + "found".len();
    assert_eq!((request.size.text_bytes, request.size.messages), (text as u64, 3));
    assert_eq!((request.size.images, request.size.tools, request.size.opaque), (1, 1, false));
    assert_eq!((request.max_output, request.answers, request.wants_usage), (Some(9), 1, true));
    let rest =
        r#"{"type":"thinking","thinking":"hm","signature":"s"}{"name":"look","input_schema":{"type":"object"}}["x"]"#;
    assert_eq!(request.size.bytes, (text + rest.len()) as u64);
}

#[test]
fn what_cannot_be_seen_from_here_makes_the_input_opaque() {
    for (blocks, is_opaque) in [
        (r#"{"type":"document","source":{"type":"base64","data":"JVBE"}}"#, true),
        (r#"{"type":"document","source":{"type":"url","url":"https://e.org"}}"#, true),
        (r#"{"type":"document","source":{"type":"text","media_type":"text/plain","data":"abc"}}"#, false),
        (r#"{"type":"search_result","source":"s","title":"t","content":[]}"#, false),
        (r#"{"type":"container_upload","file_id":"f"}"#, true),
        (r#"{"type":"server_tool_use","id":"s","name":"web_search","input":{}}"#, true),
    ] {
        assert_eq!(decode(&with_blocks(blocks)).unwrap().size.opaque, is_opaque, "{blocks}");
    }
    for (field, is_opaque) in [
        (r#""tools":[{"type":"web_search_20250305","name":"web_search"}]"#, true),
        (r#""tools":[{"type":"bash_20250124","name":"bash"}]"#, false),
        (r#""tools":[{"type":"custom","name":"x","input_schema":{}}]"#, false),
        (r#""mcp_servers":[{"type":"url","url":"https://e.org","name":"e"}]"#, true),
        (r#""mcp_servers":[]"#, false),
        (r#""context_management":{"edits":[{"type":"compact_20260112"}]}"#, true),
        (r#""context_management":{"edits":[{"type":"clear_thinking_20251015"}]}"#, false),
    ] {
        let body = format!(r#"{{"model":"m","max_tokens":9,"messages":[{HELLO}],{field}}}"#);
        assert_eq!(decode(&body).unwrap().size.opaque, is_opaque, "{field}");
    }
}

#[test]
fn the_long_cache_lifetime_is_found_wherever_it_may_stand() {
    let marker = r#""cache_control":{"type":"ephemeral","ttl":"1h"}"#;
    let body = |rest: &str| format!(r#"{{"model":"m","max_tokens":9,"messages":[{HELLO}],{rest}}}"#);
    for long in [
        body(marker),
        body(&format!(r#""system":[{{"type":"text","text":"s",{marker}}}]"#)),
        body(&format!(r#""tools":[{{"name":"t","input_schema":{{}},{marker}}}]"#)),
        with_blocks(&format!(r#"{{"type":"text","text":"x",{marker}}}"#)),
        with_blocks(&format!(r#"{{"type":"tool_result","content":[{{"type":"text","text":"x",{marker}}}]}}"#)),
    ] {
        assert!(decode(&long).unwrap().long_cache, "{long}");
    }
    for short in [
        body(r#""cache_control":{"type":"ephemeral","ttl":"5m"}"#),
        with_blocks(r#"{"type":"text","text":"\"cache_control\":{\"ttl\":\"1h\"}"}"#),
        with_blocks(r#"{"type":"tool_use","id":"a","name":"b","input":{"cache_control":{"ttl":"1h"}}}"#),
    ] {
        assert!(!decode(&short).unwrap().long_cache, "{short}");
    }
}

#[test]
fn a_call_goes_out_with_only_the_model_replaced() {
    let body = "{ \"top_p\": 1.50,\n \"model\": \"public\", \"messages\": [ {\"role\":\"user\",\"content\":\"\\u0061 tg1.\"} ], \"x_new\": {\"b\":1} }";
    let sent = for_upstream(body.as_bytes(), "up/claude").unwrap();
    assert_eq!((sent.body, sent.dropped.len()), (body.replace("public", "up/claude"), 0));
}

#[test]
fn thoughts_of_other_vendors_do_not_go_to_this_one() {
    let body = r#"{"model":"a","messages":[{"role":"user","content":"q \"tg1."},
        {"role":"assistant","content":[{"type":"thinking","thinking":"own","signature":"EqQ="}, {"type":"thinking","thinking":"x","signature":"tg1.openai.abc"},
            {"type":"text", "text":"a"}]},
        {"role":"assistant","content":[{"type":"redacted_thinking","data":"tg1.gemini.abc"}]},
        {"role":"assistant","content":[{"type":"thinking","thinking":"x","signature":"tg1.unsigned."},{"type":"text","text":"tg1.x"}]}]}"#;
    let sent = for_upstream(body.as_bytes(), "b").unwrap();
    assert_eq!(sent.dropped, ["reasoning"]);
    assert_eq!(
        sent.body,
        r#"{"model":"b","messages":[{"role":"user","content":"q \"tg1."},{"role":"assistant","content":[{"type":"thinking","thinking":"own","signature":"EqQ="},{"type":"text", "text":"a"}]},{"role":"assistant","content":[{"type":"text","text":"tg1.x"}]}]}"#
    );
}

#[test]
fn a_budget_of_thought_is_off_where_foreign_thoughts_were_taken_out() {
    let body = r#"{"model":"a","max_tokens":9000,"thinking":{"type":"enabled","budget_tokens":2000},"messages":[{"role":"user","content":"q"},
        {"role":"assistant","content":[{"type":"thinking","thinking":"hm","signature":"tg1.openai.x"},{"type":"tool_use","id":"c","name":"f","input":{}}]},
        {"role":"user","content":[{"type":"tool_result","tool_use_id":"c","content":"r"}]}]}"#;
    let sent = for_upstream(body.as_bytes(), "up").unwrap();
    assert!(sent.body.contains(r#""thinking":{"type":"disabled"}"#) && !sent.body.contains("tg1."), "{}", sent.body);
    assert_eq!(sent.dropped, ["reasoning"]);
}
