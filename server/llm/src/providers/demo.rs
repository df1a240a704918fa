//! The demo provider: offline, deterministic, word by word, and always named as a demo.
//!
//! It speaks the OpenAI wire: the same question to the same model gives the same bytes. Only the transport differs from a
//! real provider: `script` holds the bytes and their pace, `gateway/upstream/demo.rs` plays them. Its answers are small and
//! honest, not clever: each says that a demo wrote it.

mod answers;

use bytes::Bytes;
use domain::provider::{AuthScheme, BuiltInModel, ProviderInfo};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Destination, HttpRequest, Provider, Rejection, Script, Step, openai_compatible};
use crate::{
    Error, Request,
    json::quote,
    offer::{self, Listing, Offered, Page},
    request::Source,
    wire::{Encoded, Reader, Wire, neutral, openai},
};

pub struct Demo;

static INFO: ProviderInfo = ProviderInfo {
    kind: "demo",
    title: "Demo",
    summary: "Three built-in models that answer without network or key, priced and paced like real ones.",
    auth: AuthScheme::None,
    needs_base_url: false,
    base_url: "",
    presets: &[],
    models: &[
        BuiltInModel { name: "demo-swift", context_window: 32_768, max_output: 2_048, input: "0.15", output: "0.60" },
        BuiltInModel { name: "demo-steady", context_window: 131_072, max_output: 8_192, input: "1.25", output: "5.00" },
        BuiltInModel { name: "demo-sage", context_window: 200_000, max_output: 16_384, input: "3.00", output: "15.00" },
    ],
};

/// How a model behaves.
struct Character {
    name: &'static str,
    skill: answers::Skill,
    first_word_ms: u32,
    word_ms: u32,
}

static CHARACTERS: [Character; 3] = [
    Character { name: "demo-swift", skill: answers::Skill::Brief, first_word_ms: 80, word_ms: 8 },
    Character { name: "demo-steady", skill: answers::Skill::Explained, first_word_ms: 240, word_ms: 16 },
    Character { name: "demo-sage", skill: answers::Skill::Thorough, first_word_ms: 600, word_ms: 26 },
];

impl Provider for Demo {
    fn info(&self) -> &'static ProviderInfo {
        &INFO
    }

    fn encode(&self, request: &Request, destination: &Destination<'_>) -> Result<HttpRequest, Error> {
        let Encoded { body, dropped } = match &request.source {
            Source::Body { wire: Wire::OpenAiChat, bytes } => {
                openai::upstream_body(request, bytes, destination.upstream_model, &openai::PLAIN)?
            }
            _ => openai::encode_chat(&*neutral(request)?, destination.upstream_model, &openai::PLAIN)?,
        };
        let url = format!("demo:{}", openai::CHAT_PATH);
        let reader = Reader::new(Wire::OpenAiChat);
        Ok(HttpRequest { url, headers: Vec::new(), body: Bytes::from(body), reader, dropped })
    }

    fn classify(&self, status: u16, body: &[u8]) -> Rejection {
        openai_compatible::classify(status, body)
    }

    fn listing(&self, _base_url: &str, _preset: &str, _after: Option<&str>) -> Listing {
        let model = |model: &BuiltInModel| Offered {
            id: model.name.to_owned(),
            context_window: Some(model.context_window),
            max_output: Some(model.max_output),
        };
        Listing::BuiltIn(INFO.models.iter().map(model).collect())
    }

    fn read_listing(&self, body: &[u8]) -> Result<Page, Error> {
        offer::openai_page(body)
    }

    fn script(&self, request: &HttpRequest) -> Option<Script> {
        Some(match Asked::read(&request.body) {
            Some(asked) => asked.answer(),
            None => refusal(400, "the demo provider needs a model and messages"),
        })
    }
}

/// The few fields that the demo reads.
#[derive(Deserialize)]
struct Asked {
    model: String,
    messages: Vec<Value>,
    #[serde(default)]
    stream: Option<bool>,
    max_tokens: Option<u32>,
    max_completion_tokens: Option<u32>,
}

impl Asked {
    fn read(body: &[u8]) -> Option<Self> {
        serde_json::from_slice(body).ok()
    }

    fn answer(&self) -> Script {
        let Some(character) = CHARACTERS.iter().find(|character| character.name == self.model) else {
            return refusal(404, "the demo provider has demo-swift, demo-steady and demo-sage");
        };
        let question =
            self.messages.iter().rev().find(|message| message["role"] == "user").map_or_else(String::new, text_of);
        let answer = answers::answer(&question, character.skill);
        let limit = self.max_completion_tokens.or(self.max_tokens).unwrap_or(u32::MAX);
        let (words, is_cut) = words_within(&answer, limit);
        let prompt: String = self.messages.iter().map(text_of).collect();
        let shape = Answer {
            id: format!("chatcmpl-demo-{:08x}", fingerprint(&format!("{}\n{prompt}", self.model))),
            model: self.model.clone(),
            finish: if is_cut { "length" } else { "stop" },
            prompt_tokens: tokens(&prompt) + 4 * u32::try_from(self.messages.len()).unwrap_or(0),
            completion_tokens: words.iter().map(|word| tokens(word)).sum(),
        };
        if self.stream == Some(true) { shape.stream(&words, character) } else { shape.whole(&words, character) }
    }
}

/// An answer about to be written on the wire.
struct Answer {
    id: String,
    model: String,
    finish: &'static str,
    prompt_tokens: u32,
    completion_tokens: u32,
}

impl Answer {
    fn usage(&self) -> Value {
        json!({
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
            "total_tokens": self.prompt_tokens + self.completion_tokens,
        })
    }

    fn whole(&self, words: &[&str], character: &Character) -> Script {
        let body = json!({
            "id": self.id, "object": "chat.completion", "created": 0, "model": self.model,
            "choices": [{"index": 0, "message": {"role": "assistant", "content": words.concat()}, "finish_reason": self.finish}],
            "usage": self.usage(),
        });
        let words = u32::try_from(words.len()).unwrap_or(u32::MAX);
        let after_ms = character.first_word_ms.saturating_add(character.word_ms.saturating_mul(words));
        let steps = vec![Step { after_ms, bytes: Bytes::from(body.to_string()) }];
        Script { status: 200, content_type: "application/json", steps }
    }

    fn stream(&self, words: &[&str], character: &Character) -> Script {
        let mut steps = Vec::with_capacity(words.len() + 4);
        let mut say = |after_ms: u32, choices: &str, usage: Option<Value>| {
            let usage = usage.map(|usage| format!(",\"usage\":{usage}")).unwrap_or_default();
            let (id, model) = (&self.id, &self.model);
            let frame = format!(
                "data: {{\"id\":\"{id}\",\"object\":\"chat.completion.chunk\",\"created\":0,\"model\":\"{model}\",\"choices\":{choices}{usage}}}\n\n"
            );
            steps.push(Step { after_ms, bytes: Bytes::from(frame) });
        };
        say(
            character.first_word_ms,
            r#"[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]"#,
            None,
        );
        for word in words {
            let content = quote(word);
            let choices = format!(r#"[{{"index":0,"delta":{{"content":{content}}},"finish_reason":null}}]"#);
            say(character.word_ms, &choices, None);
        }
        say(0, &format!(r#"[{{"index":0,"delta":{{}},"finish_reason":"{}"}}]"#, self.finish), None);
        say(0, "[]", Some(self.usage()));
        steps.push(Step { after_ms: 0, bytes: Bytes::from_static(openai::DONE) });
        Script { status: 200, content_type: "text/event-stream", steps }
    }
}

fn refusal(status: u16, message: &str) -> Script {
    let body = json!({"error": {"message": message, "type": "invalid_request_error", "param": null, "code": null}});
    let steps = vec![Step { after_ms: 0, bytes: Bytes::from(body.to_string()) }];
    Script { status, content_type: "application/json", steps }
}

fn text_of(message: &Value) -> String {
    match &message["content"] {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts.iter().filter_map(|part| part["text"].as_str()).collect(),
        _ => String::new(),
    }
}

/// A token of the demo is four bytes, begun ones count.
fn tokens(text: &str) -> u32 {
    u32::try_from(text.len().div_ceil(4)).unwrap_or(u32::MAX)
}

/// The words of the answer, each with the white space after it, as many as fit; and whether some did not.
fn words_within(answer: &str, limit: u32) -> (Vec<&str>, bool) {
    let mut left = limit;
    let mut kept = Vec::new();
    for word in answer.split_inclusive(char::is_whitespace) {
        let Some(rest) = left.checked_sub(tokens(word)) else { return (kept, true) };
        left = rest;
        kept.push(word);
    }
    (kept, false)
}

/// FNV-1a: a name for the same question, not a secret.
fn fingerprint(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(body: &str) -> Script {
        let request = HttpRequest {
            url: String::new(),
            headers: Vec::new(),
            body: Bytes::copy_from_slice(body.as_bytes()),
            reader: Reader::new(Wire::OpenAiChat),
            dropped: Vec::new(),
        };
        Demo.script(&request).unwrap()
    }

    fn bytes(script: &Script) -> Vec<u8> {
        script.steps.iter().flat_map(|step| step.bytes.to_vec()).collect()
    }

    const QUESTION: &str = r#""messages":[{"role":"user","content":"Sort a list in Rust"}]"#;

    #[test]
    fn the_same_question_gives_the_same_bytes_and_models_differ() {
        let of = |model: &str| bytes(&ask(&format!(r#"{{"model":"{model}",{QUESTION}}}"#)));
        assert_eq!(of("demo-swift"), of("demo-swift"));
        assert!(of("demo-swift").len() < of("demo-steady").len());
        assert!(of("demo-steady").len() < of("demo-sage").len());
    }

    #[test]
    fn an_answer_is_readable_by_its_own_wire_and_holds_code() {
        for model in INFO.models {
            let body = bytes(&ask(&format!(r#"{{"model":"{}",{QUESTION}}}"#, model.name)));
            let response = Reader::new(Wire::OpenAiChat).decode(&body).unwrap();
            assert_eq!(response.finish_reason(), Some("stop"));
            assert!(response.usage.unwrap().is_final);
            assert!(String::from_utf8(body).unwrap().contains("```rust"));
        }
    }

    #[test]
    fn a_limit_cuts_the_answer_and_says_so() {
        let body = bytes(&ask(&format!(r#"{{"model":"demo-sage","max_tokens":5,{QUESTION}}}"#)));
        let response = Reader::new(Wire::OpenAiChat).decode(&body).unwrap();
        assert_eq!(response.finish_reason(), Some("length"));
        assert!(response.usage.unwrap().output.unwrap().output <= 5);
    }

    #[test]
    fn an_unknown_model_is_refused_in_the_wires_own_shape() {
        let script = ask(r#"{"model":"gpt","messages":[]}"#);
        assert_eq!(script.status, 404);
        assert!(openai::is_error_body(&bytes(&script)));
    }
}
