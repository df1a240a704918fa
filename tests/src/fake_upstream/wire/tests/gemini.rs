//! Google's wire: chunks with counts, whole calls, signatures, what is refused.

use serde_json::{Value, json};

use super::{
    super::super::{
        endpoint::{Endpoint, Vendor},
        script::Script,
        seal::closed,
        tally::ReportKind,
    },
    super::read,
    GEMINI, asked, complaint, play,
};

fn tools() -> Value {
    let parameters = json!({"type": "OBJECT", "properties": {"city": {"type": "STRING"}}, "required": ["city"]});
    json!([{"functionDeclarations": [{"name": "look", "description": "looks", "parameters": parameters}]}])
}

fn conversation(signature: Option<&str>, response: &str) -> Value {
    let mut call = json!({"functionCall": {"name": "look", "args": {"city": "ü"}}});
    if let Some(signature) = signature {
        call["thoughtSignature"] = json!(signature);
    }
    json!([
        {"role": "user", "parts": [{"text": "weather?"}]},
        {"role": "model", "parts": [call]},
        {"role": "user", "parts": [{"functionResponse": {"name": response, "response": {"result": "rain"}}}]}
    ])
}

#[test]
fn every_chunk_has_counts_and_the_last_one_the_finish() {
    let extra = json!({"generationConfig": {"thinkingConfig": {"includeThoughts": true, "thinkingBudget": 3}}});
    let played = play(GEMINI, &extra, &Script { reasoning_tokens: Some(9), ..Script::words(4) });
    let chunks = played.data();
    let thoughts: Vec<_> =
        chunks.iter().filter(|chunk| chunk.pointer("/candidates/0/content/parts/0/thought").is_some()).collect();
    assert_eq!((thoughts.len(), played.classes.reasoning), (3, 3));
    let counts: Vec<_> =
        chunks.iter().map(|chunk| chunk["usageMetadata"]["candidatesTokenCount"].as_u64().unwrap()).collect();
    assert_eq!(counts, [0, 0, 0, 1, 2, 3, 4, 4]);
    assert_eq!(chunks[0]["usageMetadata"]["thoughtsTokenCount"], 1);
    let last = chunks.last().unwrap();
    assert_eq!(
        (&last["candidates"][0]["finishReason"], &last["usageMetadata"]["thoughtsTokenCount"]),
        (&json!("STOP"), &json!(3))
    );
    let kinds: Vec<_> = played.frames.iter().filter_map(|frame| Some(frame.slip.as_ref()?.report?.kind)).collect();
    assert_eq!(kinds.iter().filter(|kind| **kind == ReportKind::Final).count(), 1);
    assert!(!played.text().contains("[DONE]"));
}

#[test]
fn calls_come_whole_and_the_first_is_signed() {
    let extra = json!({"tools": tools(), "generationConfig": {"thinkingConfig": {"thinkingLevel": "LOW"}}});
    let played = play(GEMINI, &extra, &Script::default());
    let parts = played.whole["candidates"][0]["content"]["parts"].as_array().unwrap();
    assert_eq!(parts.len(), 2);
    assert!(parts.iter().all(|part| part["functionCall"]["args"]["city"].is_string()));
    let signature = parts[0]["thoughtSignature"].as_str().unwrap();
    assert_eq!(parts[1].get("thoughtSignature"), None);
    let turns = conversation(Some(signature), "look");
    assert_eq!(asked(GEMINI, &json!({"contents": turns})).unwrap().summary().sealed_reasoning, 1);
    assert_eq!(played.given(), played.classes);
}

#[test]
fn altered_and_foreign_signatures_are_refused_and_documented_dummies_pass() {
    for signature in [closed(Vendor::Anthropic, "call:look"), closed(Vendor::Gemini, "call:other"), "AAAA".into()] {
        let refused = complaint(GEMINI, &json!({"contents": conversation(Some(&signature), "look")}));
        assert!(refused.message.contains("Corrupted thought signature"), "{}", refused.message);
    }
    let dummy = conversation(Some("skip_thought_signature_validator"), "look");
    assert_eq!(asked(GEMINI, &json!({"contents": dummy})).unwrap().summary().unsealed_reasoning, 1);
}

#[test]
fn a_third_generation_model_insists_on_the_signature_of_this_turns_first_call() {
    let endpoint = Endpoint::of("/v1beta/models/gemini-3-pro:generateContent", "").unwrap();
    let mut contents = conversation(None, "look");
    let refused = read(&endpoint, &json!({"contents": contents})).unwrap_err();
    assert!(refused.message.contains("missing a thought_signature"), "{}", refused.message);
    contents.as_array_mut().unwrap().push(json!({"role": "user", "parts": [{"text": "thanks"}]}));
    assert!(read(&endpoint, &json!({"contents": contents})).is_ok());
}

#[test]
fn both_spellings_of_a_request_are_understood() {
    let extra = json!({
        "system_instruction": {"parts": [{"text": "be kind"}]},
        "generation_config": {"max_output_tokens": 9, "candidate_count": 2, "stop_sequences": ["x"]}
    });
    let asked = asked(GEMINI, &extra).unwrap();
    assert_eq!((asked.summary.system.as_str(), asked.cap, asked.n, asked.is_stream), ("be kind", Some(9), 2, true));
    assert_eq!(asked.model, "m");
}

#[test]
fn mistakes_are_refused_by_the_name_of_their_field() {
    let parts = |parts: Value| json!({"contents": [{"role": "user", "parts": parts}]});
    let parameters =
        |schema: Value| json!({"tools": [{"functionDeclarations": [{"name": "x", "parameters": schema}]}]});
    let declared = "tools[0].functionDeclarations[0].parameters";
    let cases = [
        (json!({"contents": []}), "contents".to_owned()),
        (json!({"messages": []}), "messages".into()),
        (json!({"contents": [{"role": "assistant", "parts": [{"text": "x"}]}]}), "contents[0].role".into()),
        (parts(json!([])), "contents[0].parts".into()),
        (parts(json!([{}])), "contents[0].parts[0]".into()),
        (parts(json!([{"text": "x", "cache_control": {}}])), "contents[0].parts[0].cache_control".into()),
        (
            parts(json!([{"inlineData": {"mimeType": "image/png", "data": "*"}}])),
            "contents[0].parts[0].inlineData.data".into(),
        ),
        (parts(json!([{"functionResponse": {"name": "x", "response": {}}}])), "contents[0]".into()),
        (json!({"contents": conversation(None, "other")}), "contents[2].parts[0].functionResponse.name".into()),
        (json!({"generationConfig": {"max_tokens": 5}}), "generationConfig.max_tokens".into()),
        (json!({"generationConfig": {"responseSchema": {"type": "OBJECT"}}}), "generationConfig.responseSchema".into()),
        (
            parameters(json!({"type": "object", "additionalProperties": false})),
            format!("{declared}.additionalProperties"),
        ),
        (parameters(json!({"type": "object", "properties": {}})), format!("{declared}.properties")),
        (parameters(json!({"type": ["object", "null"]})), format!("{declared}.type")),
        (
            parameters(json!({"type": "object", "properties": {"a": {"type": "string", "format": "date"}}})),
            format!("{declared}.properties.a.format"),
        ),
        (
            json!({"tools": [{"functionDeclarations": [{"name": "1x"}]}]}),
            "tools[0].functionDeclarations[0].name".into(),
        ),
        (json!({"cachedContent": "cachedContents/1", "tools": tools()}), "cachedContent".into()),
    ];
    for (extra, field) in cases {
        let complaint = complaint(GEMINI, &extra);
        assert_eq!(complaint.field.as_deref(), Some(&*field), "{extra} {}", complaint.message);
    }
}

#[test]
fn the_choice_of_tools_is_understood() {
    let mode = |mode: &str, names: Value| {
        let config = json!({"functionCallingConfig": {"mode": mode, "allowedFunctionNames": names}});
        asked(GEMINI, &json!({"tools": tools(), "toolConfig": config})).unwrap().summary.tool_choice
    };
    assert_eq!(mode("ANY", json!(["look"])), "=look");
    assert_eq!(mode("ANY", Value::Null), "required");
    assert_eq!(mode("NONE", Value::Null), "none");
    assert_eq!(mode("AUTO", Value::Null), "auto");
}
