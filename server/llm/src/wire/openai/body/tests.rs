use super::*;
use crate::wire::openai::{PLAIN, Quirks};

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
        (format!(r#"{{"model":"m","messages":[{HELLO}],"n":0}}"#), "n"),
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
    assert_eq!(for_upstream(body.as_bytes(), "up/stream", false, &PLAIN).unwrap(), body.replace("public", "up/stream"));
}

#[test]
fn a_stream_goes_out_with_usage_asked_for() {
    let body = r#"{"model":"a","stream":true,"stream_options":{"x":1e3,"include_usage":false}}"#;
    assert_eq!(
        for_upstream(body.as_bytes(), "b", true, &PLAIN).unwrap(),
        r#"{"model":"b","stream":true,"stream_options":{"x":1e3,"include_usage":true}}"#
    );
    assert_eq!(
        for_upstream(br#"{"model":"a","stream":true}"#, "b", true, &PLAIN).unwrap(),
        r#"{"model":"b","stream":true,"stream_options":{"include_usage":true}}"#
    );
}

#[test]
fn an_upstream_that_refuses_stream_options_does_not_get_them() {
    let quirks = Quirks { include_usage: false, ..PLAIN };
    for (body, sent) in [
        (r#"{"model":"a","stream":true}"#, r#"{"model":"b","stream":true}"#),
        (r#"{"model":"a","stream_options":{"include_usage":true}}"#, r#"{"model":"b"}"#),
        (r#"{ "stream_options" : {"x":[1,2]} , "model":"a" }"#, r#"{ "model":"b" }"#),
        (r#"{"model":"a", "stream_options":null, "n":1.0}"#, r#"{"model":"b", "n":1.0}"#),
        (r#"{"x":",","stream_options":{},"model":"a"}"#, r#"{"x":",","model":"b"}"#),
    ] {
        assert_eq!(for_upstream(body.as_bytes(), "b", true, &quirks).unwrap(), sent, "{body}");
    }
}

#[test]
fn a_long_cache_marker_is_found_wherever_it_stands() {
    let long = r#""cache_control":{"type":"ephemeral","ttl":"1h"}"#;
    for (rest, is_long) in [
        (long.to_owned(), true),
        (format!(r#""tools":[{{"type":"function",{long}}}]"#), true),
        (format!(r#""x":{{"deep":[[{{{long}}}]]}}"#), true),
        (r#""cache_control":{"type":"ephemeral","ttl":"5m"}"#.to_owned(), false),
        (r#""cache_control":"1h""#.to_owned(), false),
        (r#""cache_control":{"type":"1h"}"#.to_owned(), false),
        (r#""ttl":"1h""#.to_owned(), false),
        (r#""user":"\"cache_control\":{\"ttl\":\"1h\"}""#.to_owned(), false),
    ] {
        let body = format!(r#"{{"model":"m","messages":[{HELLO}],"n":1,"t":0.5,"ok":true,{rest}}}"#);
        assert_eq!(decode(&body).unwrap().long_cache, is_long, "{rest}");
    }
    let part = format!(r#"{{"role":"user","content":[{{"type":"text","text":"x",{long}}}]}}"#);
    assert!(decode(&format!(r#"{{"model":"m","messages":[{part}]}}"#)).unwrap().long_cache);
}

#[test]
fn metadata_is_pairs_of_text() {
    let body = |metadata: &str| format!(r#"{{"model":"m","messages":[{HELLO}],"metadata":{metadata}}}"#);
    let pairs = decode(&body(r#"{"repo":"core","ticket":"42"}"#)).unwrap().metadata;
    assert_eq!(pairs, [("repo".to_owned(), "core".to_owned()), ("ticket".to_owned(), "42".to_owned())]);
    assert_eq!(decode(&body("null")).unwrap().metadata, []);
    for (wrong, param) in [("[]", "metadata"), (r#"{"a":1}"#, "metadata.a"), (r#"{"a":"1","a":"2"}"#, "metadata.a")] {
        assert_eq!(refusal(&body(wrong)).0.as_deref(), Some(param), "{wrong}");
    }
}

#[test]
fn sealed_thoughts_of_other_vendors_do_not_go_to_a_chat_upstream() {
    let own = r#"{"type":"reasoning.text","text":"a","signature":"bare"}"#;
    let foreign = r#"{"type":"reasoning.encrypted","data":"tg1.gemini.x"}"#;
    let body = |details: &str| {
        format!(
            r#"{{"model":"a","messages":[{{"role":"user","content":"1.50"}},{{"role":"assistant","content":"x","reasoning_details":[{details}]}}]}}"#
        )
    };
    let sent = |details: &str| for_upstream(body(details).as_bytes(), "a", false, &PLAIN).unwrap();
    assert_eq!(sent(own), body(own));
    assert_eq!(sent(&format!("{own},{foreign}")), body(own));
    assert_eq!(
        sent(foreign),
        r#"{"model":"a","messages":[{"role":"user","content":"1.50"},{"role":"assistant","content":"x"}]}"#
    );
}
