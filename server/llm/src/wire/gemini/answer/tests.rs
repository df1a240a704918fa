use super::*;
use crate::tally::{InputTokens, OutputTokens};

fn candidate(parts: &str, finish: &str) -> Answer {
    let body =
        format!(r#"{{"candidates":[{{"content":{{"role":"model","parts":{parts}}},"finishReason":"{finish}"}}]}}"#);
    decode_whole(body.as_bytes()).unwrap().answers.remove(0)
}

fn reasoning(text: &str, seal: Option<&str>) -> Part {
    let seal = seal.map(|data| Seal { origin: Origin::Gemini, data: data.to_owned() });
    Part::Reasoning { text: text.to_owned(), seal }
}

fn call(id: &str, name: &str, arguments: &str) -> Part {
    Part::ToolCall { id: id.to_owned(), name: name.to_owned(), arguments: arguments.to_owned(), cache: None }
}

#[test]
fn finish_reasons_are_neutral_words_or_the_apis_own() {
    const CALL: &str = r#"[{"functionCall":{"name":"f"}}]"#;
    for (parts, word, reason) in [
        ("[]", "STOP", Some("stop")),
        (CALL, "STOP", Some("tool_calls")),
        (CALL, "MAX_TOKENS", Some("length")),
        ("[]", "SAFETY", Some("content_filter")),
        ("[]", "RECITATION", Some("content_filter")),
        ("[]", "BLOCKLIST", Some("content_filter")),
        ("[]", "PROHIBITED_CONTENT", Some("content_filter")),
        ("[]", "SPII", Some("content_filter")),
        ("[]", "MALFORMED_FUNCTION_CALL", Some("malformed_function_call")),
        ("[]", "UNEXPECTED_TOOL_CALL", Some("unexpected_tool_call")),
        ("[]", "LANGUAGE", Some("language")),
        ("[]", "FINISH_REASON_UNSPECIFIED", None),
    ] {
        assert_eq!(candidate(parts, word).finish_reason.as_deref(), reason, "{word}");
    }
}

#[test]
fn parts_become_text_thought_and_calls() {
    let parts = r#"[{"text":"hm","thought":true},{"text":"m","thought":true},{"text":"a"},{"text":"b"},
        {"functionCall":{"name":"f","args":{ "x" : [ 1.50, "a b\" {" ]
        }}},{"functionCall":{"id":"8f2b","name":"g"}},{"functionCall":{"name":"h","args":{}}},{"executableCode":{}}]"#;
    assert_eq!(
        candidate(parts, "STOP").parts,
        [
            reasoning("hmm", None),
            Part::text("ab"),
            call("call_g811c9dc5_0", "f", r#"{"x":[1.50,"a b\" {"]}"#),
            call("8f2b", "g", "{}"),
            call("call_g811c9dc5_2", "h", "{}"),
        ]
    );
}

#[test]
fn a_signature_stands_before_its_part_and_ends_shown_thoughts() {
    for (parts, expected) in [
        (
            r#"[{"functionCall":{"name":"f"},"thoughtSignature":"S"},{"functionCall":{"name":"g"}}]"#,
            vec![reasoning("", Some("S")), call("call_g811c9dc5_0", "f", "{}"), call("call_g811c9dc5_1", "g", "{}")],
        ),
        (
            r#"[{"text":"hm","thought":true},{"text":"t","thoughtSignature":"S"}]"#,
            vec![reasoning("hm", Some("S")), Part::text("t")],
        ),
        (r#"[{"thought":true,"functionCall":{"name":"f"}}]"#, vec![call("call_g811c9dc5_0", "f", "{}")]),
        (r#"[{"text":"hm","thought":true,"thoughtSignature":"S"}]"#, vec![reasoning("hm", Some("S"))]),
        (r#"[{"text":"t"},{"text":"","thoughtSignature":"S"}]"#, vec![Part::text("t"), reasoning("", Some("S"))]),
    ] {
        assert_eq!(candidate(parts, "STOP").parts, expected, "{parts}");
    }
}

#[test]
fn ids_count_through_all_candidates_of_a_response() {
    let one = r#"{"content":{"parts":[{"functionCall":{"name":"f"}}]},"finishReason":"STOP"}"#;
    let response = decode_whole(format!(r#"{{"candidates":[{one},{one}]}}"#).as_bytes()).unwrap();
    let ids: Vec<&Part> = response.answers.iter().flat_map(|answer| &answer.parts).collect();
    assert_eq!(ids, [&call("call_g811c9dc5_0", "f", "{}"), &call("call_g811c9dc5_1", "f", "{}")]);
}

#[test]
fn a_refused_question_is_an_answer_that_was_filtered() {
    let body =
        br#"{"promptFeedback":{"blockReason":"SAFETY"},"usageMetadata":{"promptTokenCount":4,"totalTokenCount":4},
        "modelVersion":"gemini-2.5-flash","responseId":"r"}"#;
    let response = decode_whole(body).unwrap();
    assert_eq!(response.answers, [Answer { parts: Vec::new(), finish_reason: Some("content_filter".to_owned()) }]);
    assert_eq!((response.id.as_deref(), response.model.as_deref()), (Some("r"), Some("gemini-2.5-flash")));
    let usage = response.usage.unwrap();
    assert_eq!(usage.input, Some(InputTokens { input: 4, ..InputTokens::default() }));
    assert_eq!((usage.output, usage.is_final), (Some(OutputTokens::default()), true));
}

#[test]
fn an_answer_without_candidates_is_empty_but_counted() {
    let response = decode_whole(br#"{"usageMetadata":{"promptTokenCount":4}}"#).unwrap();
    assert_eq!(response.answers, [Answer::default()]);
    assert!(response.usage.is_some());
}

#[test]
fn what_is_no_answer_is_foreign() {
    for body in [
        "",
        "<html></html>",
        "{}",
        "[]",
        "null",
        r#"{"candidates":[]}"#,
        r#"{"candidates":7}"#,
        r#"{"candidates":[{"content":{"parts":[{"text":"a"#,
        r#"{"error":{"code":503,"message":"x","status":"UNAVAILABLE"}}"#,
        r#"{"choices":[]}"#,
    ] {
        assert!(matches!(decode_whole(body.as_bytes()), Err(Error::Foreign { .. })), "{body}");
    }
}

#[test]
fn error_bodies_tell_their_reason() {
    let plain = br#"{"error":{"code":429,"message":"x","status":"RESOURCE_EXHAUSTED"}}"#;
    assert!(is_error_body(plain));
    assert_eq!(error_reason(plain).as_deref(), Some("RESOURCE_EXHAUSTED"));
    let detailed =
        br#"[{"error":{"status":"INVALID_ARGUMENT","details":[{"@type":"t"},{"reason":"API_KEY_INVALID"}]}}]"#;
    assert!(is_error_body(detailed));
    assert_eq!(error_reason(detailed).as_deref(), Some("API_KEY_INVALID"));
    for body in ["", "<html>", "{}", "[]", r#"{"error":null}"#, r#"{"error":"x"}"#] {
        assert!(!is_error_body(body.as_bytes()), "{body}");
        assert_eq!(error_reason(body.as_bytes()), None, "{body}");
    }
}
