use super::*;

#[test]
fn what_is_no_message_is_foreign() {
    for body in [
        "",
        "<html></html>",
        r#"{"type":"error","error":{"type":"api_error","message":"x"}}"#,
        r#"{"content":"text"}"#,
        r#"{"content":[{"type":"text","text":"a"#,
    ] {
        assert!(matches!(decode_whole(body.as_bytes(), false), Err(Error::Foreign { .. })), "{body}");
    }
}

#[test]
fn stop_reasons_have_neutral_words_where_there_are_some() {
    for (reason, word) in [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("tool_use", "tool_calls"),
        ("refusal", "content_filter"),
        ("pause_turn", "pause_turn"),
        ("compaction", "compaction"),
    ] {
        let body = format!(r#"{{"content":[],"stop_reason":"{reason}"}}"#);
        assert_eq!(decode_whole(body.as_bytes(), false).unwrap().finish_reason(), Some(word), "{reason}");
    }
}

#[test]
fn blocks_of_the_vendors_own_tools_are_no_parts() {
    let body = br#"{"content":[{"type":"server_tool_use","id":"s","name":"web_search","input":{"q":1}},{"type":"text","text":""},
        {"type":"web_search_tool_result","tool_use_id":"s","content":[]},{"type":"text","text":"a","citations":[{}]}]}"#;
    let response = decode_whole(body, false).unwrap();
    assert_eq!(response.answers[0].parts, [Part::text("a")]);
    assert_eq!((response.usage, response.id), (None, None));
}

#[test]
fn a_count_is_read_and_anything_else_is_foreign() {
    assert_eq!(decode_count(br#"{"input_tokens":2095,"context_management":{}}"#).unwrap().counted, Some(2_095));
    for body in ["", "{}", r#"{"input_tokens":null}"#, r#"{"input_tokens":-1}"#, "<html>"] {
        assert!(matches!(decode_count(body.as_bytes()), Err(Error::Foreign { .. })), "{body}");
    }
}

#[test]
fn an_error_body_is_told_from_a_page() {
    let own = br#"{"type":"error","error":{"type":"overloaded_error","message":"x"},"request_id":"req_1"}"#;
    assert_eq!(error_type(own).as_deref(), Some("overloaded_error"));
    assert_eq!(error_type(b"<html>"), None);
    assert_eq!(error_type(br#"{"error":"x"}"#), None);
}
