use super::*;

fn decode(body: &str) -> Result<Request, Error> {
    decode_request(Bytes::copy_from_slice(body.as_bytes()))
}

fn size(body: &str) -> Size {
    decode(body).unwrap().size
}

#[test]
fn an_answer_that_comes_later_and_elsewhere_cannot_be_accounted_for() {
    let refused = decode(r#"{"model":"m","input":"x","background":true}"#).unwrap_err();
    assert!(matches!(refused, Error::Invalid { param: Some(param), .. } if param == "background"));
}

#[test]
fn a_wrong_field_is_named_by_its_path() {
    for (body, param) in [
        (r#"{"input":"x"}"#, "model"),
        (r#"{"model":"","input":"x"}"#, "model"),
        (r#"{"model":7,"input":"x"}"#, "model"),
        (r#"{"model":"m"}"#, "input"),
        (r#"{"model":"m","input":null}"#, "input"),
        (r#"{"model":"m","input":[]}"#, "input"),
        (r#"{"model":"m","input":{}}"#, "input"),
        (r#"{"model":"m","input":["x"]}"#, "input[0]"),
        (r#"{"model":"m","input":[{"role":1,"content":"x"}]}"#, "input[0].role"),
        (r#"{"model":"m","input":[{"type":"message","content":"x"}]}"#, "input[0].role"),
        (r#"{"model":"m","input":[{"role":"user","content":7}]}"#, "input[0].content"),
        (
            r#"{"model":"m","input":[{"role":"user","content":[{"type":"input_text","text":7}]}]}"#,
            "input[0].content[0].text",
        ),
        (r#"{"model":"m","input":[{"type":"function_call","arguments":{}}]}"#, "input[0].arguments"),
        (r#"{"model":"m","input":[{"type":"function_call_output","output":{}}]}"#, "input[0].output"),
        (r#"{"model":"m","input":"x","instructions":[]}"#, "instructions"),
        (r#"{"model":"m","input":"x","stream":"yes"}"#, "stream"),
        (r#"{"model":"m","input":"x","max_output_tokens":-1}"#, "max_output_tokens"),
        (r#"{"model":"m","input":"x","tools":{}}"#, "tools"),
        (r#"{"model":"m","input":"x","metadata":{"a":1}}"#, "metadata.a"),
        (r#"{"model":"m","input":"x","model":"n"}"#, "model"),
    ] {
        match decode(body) {
            Err(Error::Invalid { param: found, .. }) => assert_eq!(found.as_deref(), Some(param), "{body}"),
            other => panic!("{body}: {other:?}"),
        }
    }
}

#[test]
fn a_broken_or_deep_body_is_refused() {
    assert!(decode("{\"model\": \"m\",\n oops").unwrap_err().to_string().contains("line 2"));
    let deep = format!(r#"{{"model":"m","input":"x","y":{}{}}}"#, "[".repeat(64), "]".repeat(64));
    assert!(decode(&deep).unwrap_err().to_string().contains("deeper than 64"));
    assert!(decode_request(Bytes::from_static(b"{\"model\":\"\xff\"}")).is_err());
}

#[test]
fn the_weight_is_never_below_the_text() {
    let all = size(
        r#"{"model":"m","instructions":"abcd","input":[
            {"role":"user","content":[{"type":"input_text","text":"\u00e9\u6771"},
                {"type":"input_image","image_url":"data:image/png;base64,AAAA"},
                {"type":"input_image","image_url":"https://x/y.png"}]},
            {"type":"reasoning","summary":[],"encrypted_content":"gAAAAAAA"},
            {"type":"function_call","call_id":"c","name":"now","arguments":"{}"},
            {"type":"function_call_output","call_id":"c","output":"12:00"}],
            "tools":[{"type":"function","name":"now"}]}"#,
    );
    assert_eq!((all.messages, all.tools, all.images, all.opaque), (5, 1, 2, false));
    let reasoning = r#"{"type":"reasoning","summary":[],"encrypted_content":"gAAAAAAA"}"#.len() as u64;
    assert_eq!(all.text_bytes, 4 + 5 + reasoning + 5 + 5);
    let tools = r#"[{"type":"function","name":"now"}]"#.len() as u64;
    assert_eq!(all.bytes, all.text_bytes + tools + "https://x/y.png".len() as u64);
}

#[test]
fn what_cannot_be_seen_from_here_is_opaque() {
    for field in [
        r#""previous_response_id":"resp_1""#,
        r#""conversation":{"id":"c"}"#,
        r#""prompt":{"id":"p"}"#,
        r#""max_tool_calls":3"#,
        r#""truncation":"auto""#,
        r#""tools":[{"type":"web_search"}]"#,
        r#""tools":[{"type":"custom","name":"x"}]"#,
    ] {
        assert!(size(&format!(r#"{{"model":"m","input":"x",{field}}}"#)).opaque, "{field}");
    }
    for item in [
        r#"{"type":"item_reference","id":"msg_1"}"#,
        r#"{"id":"msg_1"}"#,
        r#"{"type":"reasoning","id":"rs_1","summary":[]}"#,
        r#"{"role":"user","content":[{"type":"input_file","file_id":"f"}]}"#,
        r#"{"type":"computer_call_output","output":{}}"#,
    ] {
        assert!(size(&format!(r#"{{"model":"m","input":[{item}]}}"#)).opaque, "{item}");
    }
    for field in [r#""background":false"#, r#""truncation":"disabled""#, r#""previous_response_id":null"#] {
        assert!(!size(&format!(r#"{{"model":"m","input":"x",{field}}}"#)).opaque, "{field}");
    }
}

#[test]
fn stored_context_needs_no_input() {
    assert!(decode(r#"{"model":"m","previous_response_id":"resp_1"}"#).is_ok());
    assert!(decode(r#"{"model":"m","previous_response_id":"resp_1","input":[]}"#).is_ok());
}

#[test]
fn a_long_lifetime_is_seen_wherever_it_is_asked_for() {
    let mark = r#"{"type":"input_text","text":"x","prompt_cache_breakpoint":{"mode":"explicit","ttl":"12h"}}"#;
    for (body, is_long) in [
        (format!(r#"{{"model":"m","input":[{{"role":"user","content":[{mark}]}}]}}"#), true),
        (r#"{"model":"m","input":"x","prompt_cache_options":{"ttl":"12h"}}"#.to_owned(), true),
        (r#"{"model":"m","input":"x","prompt_cache_options":{"ttl":"30m"}}"#.to_owned(), false),
    ] {
        assert_eq!(decode(&body).unwrap().long_cache, is_long, "{body}");
    }
}

#[test]
fn an_upstream_of_the_same_wire_gets_the_same_bytes_but_the_model() {
    let body = r#"{ "model" :"m","input":[{"type":"reasoning","id":"rs_1","encrypted_content":"gAAA"}],"x":1.0e2 }"#;
    assert_eq!(for_upstream(body.as_bytes(), "up", true).unwrap(), body.replace("\"m\"", "\"up\""));
}

#[test]
fn reasoning_of_other_origins_does_not_reach_the_upstream() {
    let own = r#"{"type":"reasoning","id":"rs_1","encrypted_content":"gAAA"}"#;
    let signed = r#"{"type":"reasoning","id":"rs_2","encrypted_content":"tg1.anthropic.Eq"}"#;
    let ours = r#"{"type":"reasoning","id":"rs_tg_9_0","summary":[]}"#;
    let said = r#"{"role":"user","content":"rs_tg_ and tg1. are only words"}"#;
    let body = format!(r#"{{"model":"m","input":[{signed}, {own},{ours},{said}]}}"#);
    let sent = for_upstream(body.as_bytes(), "up", false).unwrap();
    assert_eq!(sent, format!(r#"{{"model":"up","input":[{own},{said}]}}"#));
}
