use super::*;
use crate::chat::{Decimal, Message};

fn decode(body: &str) -> Result<Request, Error> {
    decode_request(Bytes::copy_from_slice(body.as_bytes()))
}

fn refusal(body: &str) -> (Option<String>, String) {
    match decode(body) {
        Err(Error::Invalid { param, message }) => (param, message),
        other => panic!("{other:?}"),
    }
}

const HELLO: &str = r#"{"role":"user","content":"hello"}"#;

#[test]
fn a_wrong_field_is_named() {
    for (body, param) in [
        (r#"{"messages":[]}"#.to_owned(), "model"),
        (r#"{"model":"","messages":[]}"#.to_owned(), "model"),
        (r#"{"model":7,"messages":[]}"#.to_owned(), "model"),
        (r#"{"model":"m"}"#.to_owned(), "messages"),
        (r#"{"model":"m","messages":null}"#.to_owned(), "messages"),
        (r#"{"model":"m","messages":[]}"#.to_owned(), "messages"),
        (r#"{"model":"m","messages":"hi"}"#.to_owned(), "messages"),
        (r#"{"model":"m","messages":["hi"]}"#.to_owned(), "messages[0]"),
        (r#"{"model":"m","messages":[{"content":"x"}]}"#.to_owned(), "messages[0].role"),
        (r#"{"model":"m","messages":[{"role":"user","content":7}]}"#.to_owned(), "messages[0].content"),
        (format!(r#"{{"model":"m","messages":[{HELLO}],"n":"two"}}"#), "n"),
        (format!(r#"{{"model":"m","messages":[{HELLO}],"max_tokens":-1}}"#), "max_tokens"),
        (format!(r#"{{"model":"m","messages":[{HELLO}],"stream":"yes"}}"#), "stream"),
        (format!(r#"{{"model":"m","messages":[{HELLO}],"stream_options":1}}"#), "stream_options"),
        (format!(r#"{{"model":"m","messages":[{HELLO}],"model":"n"}}"#), "model"),
    ] {
        assert_eq!(refusal(&body).0.as_deref(), Some(param), "{body}");
    }
}

#[test]
fn a_broken_body_says_where_it_breaks() {
    assert_eq!(refusal("{\"model\": \"m\",\n \"messages\": [").0, None);
    assert!(refusal("{\"model\": \"m\",\n oops").1.contains("line 2"));
    assert_eq!(refusal("").1, "the request body is not valid JSON: it breaks at line 1, column 0");
    assert_eq!(refusal("[]").1, "the request body must be a JSON object");
    let deep = format!(r#"{{"model":"m","messages":[{HELLO}],"x":{}{}}}"#, "[".repeat(64), "]".repeat(64));
    assert!(refusal(&deep).1.contains("deeper than 64"));
    assert!(decode_request(Bytes::from_static(b"{\"model\":\"\xff\"}")).is_err());
}

#[test]
fn the_weight_is_never_below_the_text() {
    let request = decode(
        r#"{"model":"m","messages":[{"role":"system","content":"\u00e9\u6771"},{"role":"user","content":[
            {"type":"text","text":"abc"},{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}}]},
            {"role":"assistant","content":null,"tool_calls":[{"id":"1"}]}],
            "tools":[{"type":"function"},{"type":"function"}],"stop":["x"],"max_completion_tokens":9,"max_tokens":5,"n":2}"#,
    )
    .unwrap();
    assert_eq!((request.size.text_bytes, request.size.messages), (5 + 3, 3));
    assert_eq!((request.size.images, request.size.tools, request.size.opaque), (1, 2, false));
    assert_eq!((request.max_output, request.answers), (Some(9), 2));
    assert!(
        request.size.bytes
            >= 8 + r#"[{"id":"1"}]"#.len() as u64 + r#"[{"type":"function"},{"type":"function"}]"#.len() as u64
    );
}

#[test]
fn a_file_makes_the_input_opaque() {
    let request =
        decode(r#"{"model":"m","messages":[{"role":"user","content":[{"type":"file","file":{"file_id":"f"}}]}]}"#);
    assert!(request.unwrap().size.opaque);
}

#[test]
fn a_plain_call_goes_out_with_only_the_model_replaced() {
    let body = "{ \"seed\": 1.50,\n \"model\": \"public\", \"messages\": [ {\"role\":\"user\",\"content\":\"\\u0061\"} ], \"x_new\": {\"b\":1,\"a\":2} }";
    assert_eq!(for_upstream(body.as_bytes(), "up/stream", false).unwrap(), body.replace("public", "up/stream"));
}

#[test]
fn a_stream_goes_out_with_usage_asked_for() {
    let body = r#"{"model":"a","stream":true,"stream_options":{"x":1e3,"include_usage":false}}"#;
    assert_eq!(
        for_upstream(body.as_bytes(), "b", true).unwrap(),
        r#"{"model":"b","stream":true,"stream_options":{"x":1e3,"include_usage":true}}"#
    );
    assert_eq!(
        for_upstream(br#"{"model":"a","stream":true}"#, "b", true).unwrap(),
        r#"{"model":"b","stream":true,"stream_options":{"include_usage":true}}"#
    );
}

#[test]
fn the_neutral_form_is_written_with_the_number_as_it_was_typed() {
    let chat = ChatRequest {
        model: "public".to_owned(),
        messages: vec![
            Message { role: Role::System, content: "a\"b".to_owned() },
            Message { role: Role::User, content: "é".to_owned() },
        ],
        max_output_tokens: Some(2_048),
        temperature: Decimal::parse("0.30").unwrap(),
        stream: true,
    };
    assert_eq!(
        encode_neutral(&chat, "up"),
        r#"{"model":"up","messages":[{"role":"system","content":"a\"b"},{"role":"user","content":"é"}],"max_tokens":2048,"temperature":0.30,"stream":true,"stream_options":{"include_usage":true}}"#
    );
}
