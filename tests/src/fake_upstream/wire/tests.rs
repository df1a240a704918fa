//! The wire form, checked without a socket: order of frames, place of usage, exactness of the odd forms.

use serde_json::{Value, json};

use super::*;
use crate::fake_upstream::answer::{ChatRequest, answer};

fn request() -> ChatRequest {
    serde_json::from_value(json!({"model": "m", "messages": [{"role": "user", "content": "hi"}]})).unwrap()
}

fn envelope() -> Envelope {
    Envelope { id: "chatcmpl-1".into(), created: 1_700_000_000, model: "m".into() }
}

fn streamed(script: &Script, include_usage: bool) -> Vec<Frame> {
    frames(&envelope(), &answer(&request(), script).unwrap(), script, include_usage)
}

fn data(frame: &Frame) -> Value {
    let text = std::str::from_utf8(&frame.bytes).unwrap();
    serde_json::from_str(text.strip_prefix("data: ").unwrap()).unwrap()
}

#[test]
fn a_stream_is_role_content_finish_usage_done() {
    let frames = streamed(&Script::words(3), true);
    let content = Part::Content { index: 0, tokens: 1 };
    let parts: Vec<_> = frames.iter().map(|frame| frame.part.clone()).collect();
    assert_eq!(parts, [Part::Role, content.clone(), content.clone(), content, Part::Finish, Part::Usage, Part::Done]);
    assert_eq!(
        frames[0].bytes,
        concat!(
            r#"data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1700000000,"model":"m","#,
            r#""service_tier":"default","system_fingerprint":"fp_44709d6fcb","choices":[{"index":0,"delta":"#,
            r#"{"role":"assistant","content":"","refusal":null},"logprobs":null,"finish_reason":null}],"usage":null}"#,
            "\n\n"
        )
    );
    assert_eq!(
        data(&frames[4])["choices"][0],
        json!({"index": 0, "delta": {}, "logprobs": null, "finish_reason": "stop"})
    );
    assert_eq!(data(&frames[5])["choices"], json!([]));
    assert!(data(&frames[5])["usage"]["completion_tokens"].as_u64().unwrap() >= 3);
    assert_eq!(frames[6].bytes, "data: [DONE]\n\n");
}

#[test]
fn without_include_usage_no_chunk_mentions_usage() {
    let frames = streamed(&Script::words(3), false);
    assert!(frames.iter().all(|frame| !std::str::from_utf8(&frame.bytes).unwrap().contains("usage")));
    assert_eq!(frames.len(), 6);
}

#[test]
fn streamed_pieces_add_up_to_the_plain_answer() {
    let script = Script::default();
    let answer = answer(&request(), &script).unwrap();
    let streamed: String = frames(&envelope(), &answer, &script, true)
        .iter()
        .filter(|frame| matches!(frame.part, Part::Content { .. }))
        .map(|frame| data(frame)["choices"][0]["delta"]["content"].as_str().unwrap().to_owned())
        .collect();
    let plain: Value = serde_json::from_slice(&completion(&envelope(), &answer, &script).bytes).unwrap();
    assert_eq!(plain["choices"][0]["message"]["content"], streamed);
    let fields: Vec<_> = plain.as_object().unwrap().keys().map(String::as_str).collect();
    let expected = ["id", "object", "created", "model", "choices", "usage", "service_tier", "system_fingerprint"];
    assert_eq!(fields, expected);
}

#[test]
fn every_form_of_usage_is_what_it_says() {
    let tokens = Tokens { prompt: 12, cached: 3, completion: 20, reasoning: 4 };
    let normal = usage(&tokens, UsageForm::Normal).unwrap();
    assert_eq!(normal["total_tokens"], 32);
    assert_eq!(normal["prompt_tokens_details"]["cached_tokens"], 3);
    assert_eq!(normal["completion_tokens_details"]["reasoning_tokens"], 4);
    assert_eq!(usage(&tokens, UsageForm::Missing), None);
    assert_eq!(usage(&tokens, UsageForm::Null), Some(Value::Null));
    let forms = [
        (UsageForm::Zero, "0"),
        (UsageForm::Negative, "-1"),
        (UsageForm::Huge, "9223372036854775808"),
        (UsageForm::Fraction, "12.5"),
        (UsageForm::Text, "\"12\""),
        (UsageForm::Object, r#"{"total":12}"#),
        (UsageForm::WholeFloat, "20.0"),
    ];
    for (form, text) in forms {
        assert_eq!(usage(&tokens, form).unwrap()["completion_tokens"].to_string(), text);
    }
}

#[test]
fn extra_fields_keep_their_odd_spelling_and_stay_json() {
    let script = Script { extra_fields: true, ..Script::words(2) };
    for frame in streamed(&script, true).iter().filter(|frame| frame.part != Part::Done) {
        assert!(std::str::from_utf8(&frame.bytes).unwrap().contains(r#""scale":1.50e+2, "name":"\u00fcber""#));
        assert_eq!(data(frame)["x_vendor"]["scale"], 150.0);
    }
}

#[test]
fn line_ends_and_terminators_follow_the_script() {
    for (line_end, end) in [(LineEnd::CrLf, "\r\n\r\n"), (LineEnd::Cr, "\r\r")] {
        let script = Script { line_end, ..Script::words(2) };
        assert!(streamed(&script, true).iter().all(|frame| frame.bytes.ends_with(end.as_bytes())));
    }
    for (terminator, count) in [(Terminator::Missing, 0), (Terminator::Doubled, 2), (Terminator::DataAfter, 1)] {
        let script = Script { terminator, ..Script::words(2) };
        assert_eq!(streamed(&script, true).iter().filter(|frame| frame.part == Part::Done).count(), count);
    }
}

#[test]
fn several_choices_interleave_by_index() {
    let mut asked = request();
    asked.n = Some(2);
    let script = Script::words(2);
    let indexes: Vec<_> = frames(&envelope(), &answer(&asked, &script).unwrap(), &script, false)
        .iter()
        .filter_map(|frame| if let Part::Content { index, .. } = frame.part { Some(index) } else { None })
        .collect();
    assert_eq!(indexes, [0, 1, 0, 1]);
}
