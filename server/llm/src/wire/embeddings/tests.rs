use proptest::prelude::*;

use super::*;
use crate::{tally::InputTokens, wire::openai::PLAIN};

fn decode(body: &str) -> Result<Request, Error> {
    decode_request(Bytes::copy_from_slice(body.as_bytes()))
}

fn param(result: Result<impl std::fmt::Debug, Error>) -> Option<String> {
    match result {
        Err(Error::Invalid { param, .. }) => param,
        other => panic!("{other:?}"),
    }
}

fn envelope(base64: bool) -> Envelope {
    Envelope {
        id: "1".to_owned(),
        model: "public".to_owned(),
        created: 0,
        wants_usage: true,
        input_estimate: 11,
        base64,
    }
}

#[test]
fn a_wrong_field_is_named() {
    for (body, named) in [
        (r#"{"input":"a"}"#, "model"),
        (r#"{"model":"m"}"#, "input"),
        (r#"{"model":"m","input":[]}"#, "input"),
        (r#"{"model":"m","input":["a",null]}"#, "input[1]"),
        (r#"{"model":"m","input":"a","dimensions":"many"}"#, "dimensions"),
        (r#"{"model":"m","input":"a","encoding_format":"hex"}"#, "encoding_format"),
        (r#"{"model":"m","input":"a","encoding_format":4}"#, "encoding_format"),
    ] {
        assert_eq!(param(decode(body)).as_deref(), Some(named), "{body}");
    }
}

#[test]
fn inputs_are_weighed_and_tokens_are_opaque() {
    let request = decode(r#"{"model":"m","input":["\u00e9","ab"],"dimensions":256,"input_type":"query"}"#).unwrap();
    assert_eq!((request.size.text_bytes, request.size.messages, request.size.opaque), (4, 2, false));
    assert!(request.size.bytes >= 4);
    assert_eq!((request.operation, request.stream, request.max_output), (Operation::Embed, false, Some(0)));
    assert!(decode(r#"{"model":"m","input":[[1,2],[3]]}"#).unwrap().size.opaque);
}

#[test]
fn a_body_goes_out_with_only_the_model_replaced() {
    let body = r#"{ "input" : "\u0061", "model":"m", "encoding_format":"base64" }"#;
    assert_eq!(for_upstream(body.as_bytes(), "up").unwrap(), body.replace("\"m\"", "\"up\""));
}

#[test]
fn the_wanted_encoding_is_read_from_the_body() {
    for (body, want) in [
        (r#"{"encoding_format":"base64"}"#, true),
        (r#"{"encoding_format":"float"}"#, false),
        ("{}", false),
        ("oops", false),
    ] {
        assert_eq!(wants_base64(body.as_bytes()), want, "{body}");
    }
}

#[test]
fn another_providers_request_has_texts_only_and_drops_nothing_in_silence() {
    let body = r#"{"model":"m","input":["a","b"],"dimensions":256,"encoding_format":"base64","user":"u","x":null}"#;
    let want = EmbedRequest {
        inputs: vec!["a".to_owned(), "b".to_owned()],
        dimensions: Some(256),
        base64: true,
        dropped: vec!["user".to_owned()],
    };
    assert_eq!(decode_inputs(body.as_bytes()), Ok(want));
    for (body, named) in [
        (r#"{"model":"m","input":[1,2]}"#, "input[0]"),
        (r#"{"model":"m","input":"a","input_type":"query"}"#, "input_type"),
        (r#"{"model":"m"}"#, "input"),
    ] {
        assert_eq!(param(decode_inputs(body.as_bytes())).as_deref(), Some(named), "{body}");
    }
}

#[test]
fn usage_has_no_output_side_and_is_final() {
    let body = br#"{"object":"list","data":[{"index":1,"embedding":[0.5]},{"index":0,"embedding":[1]}],"model":"e","usage":{"prompt_tokens":8,"total_tokens":8}}"#;
    let response = decode_whole(body, &PLAIN).unwrap();
    assert_eq!(response.vectors, [vec![1.0], vec![0.5]]);
    let usage = response.usage.unwrap();
    assert_eq!(usage.input, Some(InputTokens { input: 8, ..InputTokens::default() }));
    assert_eq!((usage.output, usage.is_final, usage.flags.len()), (Some(OutputTokens::default()), true, 0));
    let silent = decode_whole(br#"{"data":[],"usage":{"prompt_tokens":null}}"#, &PLAIN).unwrap().usage.unwrap();
    assert_eq!((silent.input, silent.output), (None, None));
}

#[test]
fn what_is_no_embedding_is_foreign() {
    for body in [
        "",
        "<html>",
        r#"{"error":{"message":"x"}}"#,
        r#"{"data":[{"embedding":"!!"}]}"#,
        r#"{"data":[{"embedding":"AAAA"}]}"#,
        r#"{"data":[{"embedding":null}]}"#,
    ] {
        assert!(matches!(decode_whole(body.as_bytes(), &PLAIN), Err(Error::Foreign { .. })), "{body}");
    }
}

#[test]
fn a_vector_is_written_as_it_was_asked_for() {
    let response = Response { vectors: vec![vec![0.1, -2.0, 1e-7]], ..Response::default() };
    assert_eq!(
        encode_whole(&response, &envelope(false)),
        r#"{"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.1,-2.0,1e-7]}],"model":"public","usage":{"prompt_tokens":11,"total_tokens":11}}"#
    );
    let text = String::from_utf8(encode_whole(&response, &envelope(true)).to_vec()).unwrap();
    assert!(text.contains(r#""embedding":"zczMPQAAAMCVv9Yz""#), "{text}");
}

proptest! {
    #[test]
    fn what_is_written_reads_the_same(
        vectors in proptest::collection::vec(proptest::collection::vec(proptest::num::f32::NORMAL | proptest::num::f32::ZERO, 0..6), 0..4),
        tokens in 0_u32..1 << 31,
        base64: bool,
    ) {
        let input = Some(InputTokens { input: tokens, ..InputTokens::default() });
        let usage = UsageReport { input, output: Some(OutputTokens::default()), is_final: true, ..UsageReport::default() };
        let response = Response { vectors, usage: Some(usage), ..Response::default() };
        let again = decode_whole(&encode_whole(&response, &envelope(base64)), &PLAIN).unwrap();
        prop_assert_eq!(&again.vectors, &response.vectors);
        let usage = again.usage.unwrap();
        prop_assert_eq!((usage.input, usage.output, usage.is_final), (input, Some(OutputTokens::default()), true));
    }

    #[test]
    fn no_bytes_make_it_panic(bytes: Vec<u8>) {
        let _ = decode_request(Bytes::from(bytes.clone()));
        let _ = decode_inputs(&bytes);
        let _ = decode_whole(&bytes, &PLAIN);
        let _ = wants_base64(&bytes);
    }
}
