//! The small wires: completions, fill-in-the-middle, embeddings, counting.

use serde_json::{Value, json};

use super::super::{
    super::{answer::answer, base64, check::Checked, endpoint::Endpoint, script::Script},
    Envelope, Told, read,
};

fn whole(path: &str, body: &Value) -> Checked<Value> {
    let endpoint = Endpoint::of(path, "").unwrap();
    let asked = read(&endpoint, body)?;
    let answer = answer(&asked, &Script::words(5)).unwrap();
    let envelope = Envelope { seq: 1, created: 1 };
    let script = Script::words(5);
    let told = Told { endpoint: &endpoint, asked: &asked, answer: &answer, script: &script, envelope: &envelope };
    Ok(told.whole().0)
}

#[test]
fn completions_answer_every_prompt_with_text() {
    let body = json!({"model": "m", "prompt": ["a", "b"], "suffix": "}", "n": 2});
    let answer = whole("/v1/completions", &body).unwrap();
    assert_eq!((answer["object"].as_str(), answer["choices"].as_array().unwrap().len()), (Some("text_completion"), 4));
    assert!(answer["choices"][3]["text"].as_str().unwrap().starts_with("Grüße"));
    let tokens = json!({"model": "m", "prompt": [1, 2, 3]});
    assert!(whole("/v1/completions", &tokens).is_ok());
    for (wrong, field) in [(json!({"model": "m"}), "prompt"), (json!({"model": "m", "prompt": [{}]}), "prompt[0]")] {
        assert_eq!(whole("/beta/completions", &wrong).unwrap_err().field.as_deref(), Some(field));
    }
}

#[test]
fn fill_in_the_middle_is_asked_like_completions_and_answered_like_chat() {
    let body = json!({"model": "m", "prompt": "fn a() {", "suffix": "}"});
    let answer = whole("/fim/completions", &body).unwrap();
    assert_eq!(answer["object"], "chat.completion");
    assert!(answer["choices"][0]["message"]["content"].is_string());
    let several = json!({"model": "m", "prompt": ["a", "b"]});
    assert_eq!(whole("/fim/completions", &several).unwrap_err().field.as_deref(), Some("prompt"));
}

#[test]
fn embeddings_are_the_same_numbers_in_both_forms() {
    let floats = json!({"model": "m", "input": ["a", "bb"], "dimensions": 4});
    let floats = whole("/v1/embeddings", &floats).unwrap();
    let packed = json!({"model": "m", "input": ["a", "bb"], "dimensions": 4, "encoding_format": "base64"});
    let packed = whole("/v1/embeddings", &packed).unwrap();
    assert_eq!(floats["usage"], json!({"prompt_tokens": 2, "total_tokens": 2}));
    for at in 0..2 {
        let bytes = base64::decode(packed["data"][at]["embedding"].as_str().unwrap()).unwrap();
        let numbers: Vec<f32> = bytes.chunks(4).map(|four| f32::from_le_bytes(four.try_into().unwrap())).collect();
        assert_eq!(json!(numbers), floats["data"][at]["embedding"]);
        assert_eq!(numbers.len(), 4);
    }
    assert_ne!(floats["data"][0]["embedding"], floats["data"][1]["embedding"]);
    assert!(whole("/v1/embeddings", &json!({"model": "m", "input": ""})).is_err());
}

#[test]
fn googles_batch_names_its_model_in_every_request() {
    let one = |model: &str| json!({"model": model, "content": {"parts": [{"text": "a"}]}});
    let path = "/v1beta/models/e:batchEmbedContents";
    let answer = whole(path, &json!({"requests": [one("models/e"), one("models/e")]})).unwrap();
    assert_eq!(answer["embeddings"].as_array().unwrap().len(), 2);
    let wrong = whole(path, &json!({"requests": [one("models/f")]})).unwrap_err();
    assert_eq!(wrong.field.as_deref(), Some("requests[0].model"));
}

#[test]
fn counting_tokens_counts_the_same_as_asking() {
    let messages = json!([{"role": "user", "content": "hello there, größer"}]);
    let body = json!({"model": "m", "messages": messages});
    let count = whole("/v1/messages/count_tokens", &body).unwrap()["input_tokens"].clone();
    let mut body = body;
    body["max_tokens"] = json!(9);
    assert_eq!(whole("/v1/messages", &body).unwrap()["usage"]["input_tokens"], count);
    assert_eq!(whole("/v1/messages/count_tokens", &body).unwrap_err().field.as_deref(), Some("max_tokens"));

    let contents = json!({"contents": [{"parts": [{"text": "hello"}]}]});
    let count = whole("/v1beta/models/m:countTokens", &contents).unwrap();
    let asked = whole("/v1beta/models/m:generateContent", &contents).unwrap();
    assert_eq!(asked["usageMetadata"]["promptTokenCount"], count["totalTokens"]);
}
