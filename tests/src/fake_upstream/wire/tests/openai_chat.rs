//! The OpenAI chat wire: order of chunks, place of usage, what is refused.

use serde_json::{Value, json};

use super::{
    super::super::{
        events::Part,
        script::{Script, UsageForm},
        tally::ReportKind,
    },
    CHAT, asked, complaint, data, play,
};

fn conversation(result_id: &str) -> Value {
    let call = json!({"id": "c1", "type": "function", "function": {"name": "look", "arguments": "{\"a\":1}"}});
    json!([
        {"role": "system", "content": "be kind"},
        {"role": "user", "content": "look"},
        {"role": "assistant", "content": null, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": result_id, "content": "42"}
    ])
}

fn tools() -> Value {
    let parameters = json!({"type": "object", "properties": {"city": {"type": "string"}}});
    json!([{"type": "function", "function": {"name": "look", "description": "looks", "parameters": parameters}}])
}

#[test]
fn a_stream_is_role_content_finish_usage_done() {
    let frames = play(CHAT, &json!({}), &Script::words(3)).frames;
    let content = Part::Content { index: 0, tokens: 1 };
    let parts: Vec<_> = frames.iter().map(|frame| frame.part.clone()).collect();
    assert_eq!(parts, [Part::Role, content.clone(), content.clone(), content, Part::Finish, Part::Usage, Part::Done]);
    let first = std::str::from_utf8(&frames[0].bytes).unwrap();
    let id = data(&frames[0]).unwrap()["id"].as_str().unwrap().to_owned();
    assert_eq!(
        first.replace(&id, "ID"),
        concat!(
            r#"data: {"id":"ID","object":"chat.completion.chunk","created":1700000000,"model":"m","#,
            r#""service_tier":"default","system_fingerprint":"fp_44709d6fcb","choices":[{"index":0,"delta":"#,
            r#"{"role":"assistant","content":"","refusal":null},"logprobs":null,"finish_reason":null}],"usage":null}"#,
            "\n\n"
        )
    );
    let finish = json!({"index": 0, "delta": {}, "logprobs": null, "finish_reason": "stop"});
    assert_eq!(data(&frames[4]).unwrap()["choices"][0], finish);
    assert_eq!(data(&frames[5]).unwrap()["choices"], json!([]));
    assert!(data(&frames[5]).unwrap()["usage"]["completion_tokens"].as_u64().unwrap() >= 3);
    assert_eq!(frames[6].bytes, "data: [DONE]\n\n");
}

#[test]
fn without_include_usage_no_chunk_mentions_usage() {
    let played = play(CHAT, &json!({"stream_options": null}), &Script::words(3));
    assert!(!played.text().contains("usage"));
    assert_eq!((played.frames.len(), played.report()), (6, None));
}

#[test]
fn streamed_pieces_add_up_to_the_plain_answer() {
    let played = play(CHAT, &json!({}), &Script::default());
    let pieces = played.data().into_iter();
    let streamed: String =
        pieces.filter_map(|event| event["choices"][0]["delta"]["content"].as_str().map(str::to_owned)).collect();
    assert_eq!(played.whole["choices"][0]["message"]["content"], streamed);
    let fields: Vec<_> = played.whole.as_object().unwrap().keys().map(String::as_str).collect();
    let expected = ["id", "object", "created", "model", "choices", "usage", "service_tier", "system_fingerprint"];
    assert_eq!(fields, expected);
}

#[test]
fn streamed_calls_add_up_to_the_plain_ones() {
    let played = play(CHAT, &json!({"tools": tools()}), &Script::default());
    let mut calls: Vec<(String, String)> = Vec::new();
    for event in played.data() {
        for delta in event["choices"][0]["delta"]["tool_calls"].as_array().into_iter().flatten() {
            if let Some(id) = delta["id"].as_str() {
                assert_eq!(delta["index"], calls.len());
                calls.push((id.to_owned(), String::new()));
            }
            let at = usize::try_from(delta["index"].as_u64().unwrap()).unwrap();
            calls[at].1.push_str(delta["function"]["arguments"].as_str().unwrap());
        }
    }
    let message = &played.whole["choices"][0]["message"];
    assert_eq!((calls.len(), &message["content"]), (2, &Value::Null));
    for (call, (id, arguments)) in message["tool_calls"].as_array().unwrap().iter().zip(&calls) {
        assert_eq!((call["id"].as_str(), call["function"]["arguments"].as_str()), (Some(&**id), Some(&**arguments)));
        assert!(serde_json::from_str::<Value>(arguments).unwrap()["city"].is_string());
    }
    assert_eq!(played.whole["choices"][0]["finish_reason"], "tool_calls");
}

#[test]
fn several_choices_interleave_by_index() {
    let played = play(CHAT, &json!({"n": 2}), &Script::words(2));
    let indexes: Vec<_> = played
        .frames
        .iter()
        .filter_map(|frame| if let Part::Content { index, .. } = frame.part { Some(index) } else { None })
        .collect();
    assert_eq!(indexes, [0, 1, 0, 1]);
}

#[test]
fn odd_sums_say_what_they_are() {
    let tokens = |usage| {
        let script = Script { usage, reasoning_tokens: Some(4), prompt_tokens: Some(100), ..Script::words(6) };
        let played = play(CHAT, &json!({}), &script);
        (played.whole["usage"].clone(), played)
    };
    let (normal, _) = tokens(UsageForm::Normal);
    assert_eq!((&normal["completion_tokens"], &normal["total_tokens"]), (&json!(10), &json!(110)));
    let (additive, _) = tokens(UsageForm::AdditiveReasoning);
    assert_eq!((&additive["completion_tokens"], &additive["total_tokens"]), (&json!(6), &json!(110)));
    let (mismatch, _) = tokens(UsageForm::SumMismatch);
    assert_eq!(mismatch["total_tokens"], 117);
    let (above, played) = tokens(UsageForm::CachedAbovePrompt);
    assert_eq!((&above["prompt_tokens"], &above["prompt_tokens_details"]["cached_tokens"]), (&json!(100), &json!(105)));
    assert_eq!((played.classes.input, played.classes.cache_read), (0, 100));
    let (_, twice) = tokens(UsageForm::TwoChunks);
    assert_eq!(twice.data().iter().filter(|event| event["usage"].is_object()).count(), 2);
    let (_, running) = tokens(UsageForm::Cumulative);
    let counts: Vec<u64> =
        running.data().iter().filter_map(|event| event["usage"]["completion_tokens"].as_u64()).collect();
    assert_eq!(counts, [4, 5, 6, 7, 8, 9, 10, 10]);
    let kinds: Vec<_> = running.frames.iter().filter_map(|frame| Some(frame.slip.as_ref()?.report?.kind)).collect();
    assert_eq!(kinds.iter().filter(|kind| **kind == ReportKind::Final).count(), 1);
}

#[test]
fn thoughts_are_hidden_unless_the_server_shows_them() {
    let hidden = play(CHAT, &json!({"reasoning_effort": "low"}), &Script::words(3));
    assert!(hidden.classes.reasoning >= 12 && !hidden.text().contains("reasoning_content"));
    let shown = play(CHAT, &json!({}), &Script { shows_reasoning: true, ..Script::words(3) });
    assert!(shown.whole["choices"][0]["message"]["reasoning_content"].as_str().unwrap().starts_with("Überlegung"));
    assert_eq!(shown.frames.iter().filter(|frame| frame.part == Part::Thought).count() as u64, shown.classes.reasoning);
}

#[test]
fn mistakes_are_refused_by_the_name_of_their_field() {
    let strict =
        json!({"type": "json_schema", "json_schema": {"name": "n", "strict": true, "schema": {"type": "object"}}});
    let image = |url: &str| json!([{"role": "user", "content": [{"type": "image_url", "image_url": {"url": url}}]}]);
    let cases = [
        (json!({"messages": []}), "messages"),
        (json!({"messages": [1]}), "messages[0].role"),
        (json!({"messages": [{"role": "robot", "content": "x"}]}), "messages[0].role"),
        (json!({"messages": [{"role": "user", "content": 5}]}), "messages[0].content"),
        (json!({"messages": [{"role": "user", "content": [{"type": "video"}]}]}), "messages[0].content[0].type"),
        (json!({"messages": image("ftp://x")}), "messages[0].content[0].image_url.url"),
        (json!({"messages": image("data:image/png;base64,***")}), "messages[0].content[0].image_url.url"),
        (json!({"messages": conversation("c2")}), "messages[3].tool_call_id"),
        (json!({"messages": [{"role": "tool", "tool_call_id": "x", "content": ""}]}), "messages[0].role"),
        (json!({"max_tokens": "5"}), "max_tokens"),
        (json!({"max_tokens": 0}), "max_tokens"),
        (json!({"max_tokens": 5, "max_completion_tokens": 5}), "max_tokens"),
        (json!({"n": 9}), "n"),
        (json!({"temperature": 3}), "temperature"),
        (json!({"temprature": 1}), "temprature"),
        (json!({"stop": [1]}), "stop[0]"),
        (json!({"stream": false}), "stream_options"),
        (json!({"tools": []}), "tools"),
        (json!({"tool_choice": "required"}), "tool_choice"),
        (
            json!({"tools": tools(), "tool_choice": {"type": "function", "function": {"name": "no"}}}),
            "tool_choice.function.name",
        ),
        (
            json!({"response_format": {"type": "json_schema", "json_schema": {"schema": {}}}}),
            "response_format.json_schema.name",
        ),
        (json!({"response_format": strict}), "response_format.json_schema.schema"),
        (json!({"reasoning_effort": "enormous"}), "reasoning_effort"),
    ];
    for (extra, field) in cases {
        let complaint = complaint(CHAT, &extra);
        assert_eq!(complaint.field.as_deref(), Some(field), "{extra} {}", complaint.message);
        assert_eq!(complaint.status, 400);
    }
}

#[test]
fn calls_must_be_answered_before_anything_else_is_said() {
    let mut messages = conversation("c1");
    messages[3] = json!({"role": "user", "content": "never mind"});
    assert!(complaint(CHAT, &json!({"messages": messages})).message.contains("did not have response messages: c1"));
}

#[test]
fn the_summary_holds_everything_that_could_get_lost() {
    let png = "data:image/png;base64,iVBORw0KGgo=";
    let mut messages = conversation("c1");
    messages[1] = json!({"role": "user", "content": [
        {"type": "text", "text": "look", "cache_control": {"type": "ephemeral", "ttl": "1h"}},
        {"type": "image_url", "image_url": {"url": png}}
    ]});
    let extra =
        json!({"messages": messages, "tools": tools(), "tool_choice": "auto", "temperature": 0.5, "vendor_x": 1});
    let summary = asked(CHAT, &extra).unwrap().summary();
    assert_eq!(summary.system, "be kind");
    assert_eq!(summary.messages.iter().map(|said| said.text.as_str()).collect::<Vec<_>>(), ["look", ""]);
    assert_eq!((summary.tools[0].name.as_str(), summary.tools[0].description.as_str()), ("look", "looks"));
    assert_eq!((summary.calls[0].name.as_str(), &summary.calls[0].arguments), ("look", &json!({"a": 1})));
    assert_eq!((summary.results[0].tool.as_str(), summary.results[0].text.as_str()), ("look", "42"));
    assert_eq!(summary.images[0].sha256, super::super::super::summary::digest(b"\x89PNG\r\n\x1a\n"));
    assert_eq!((summary.cache_markers, summary.ignored), (vec!["1h".to_owned()], vec!["vendor_x".to_owned()]));
    assert_eq!(summary.sampling["temperature"], 0.5);
}
