//! The answer the fake writes: text and token counts, both a pure function of model and messages.
//!
//! No clock and no randomness: the same request gets the same answer in every process, so a test can predict it.
//! The text holds multi-byte UTF-8 and, when long enough, a Markdown code block.

use anyhow::{Result, bail};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::script::Script;

const MODEL_CHOICES: u64 = 8;
const WORDS: [&str; 32] = [
    "ledger",
    "naïve",
    "stream",
    "größer",
    "token",
    "façade",
    "borrow",
    "日本語",
    "budget",
    "smörgåsbord",
    "channel",
    "🦀",
    "future",
    "façon",
    "buffer",
    "Ελληνικά",
    "parser",
    "mutex",
    "crème",
    "slice",
    "trait",
    "número",
    "socket",
    "привет",
    "window",
    "señal",
    "cursor",
    "naïveté",
    "module",
    "über",
    "packet",
    "→",
];
const CODE: [&str; 12] =
    ["\n\n```rust\n", "fn ", "größe", "() ", "-> ", "u64 ", "{\n    ", "41 ", "+ 1 ", "// ½ of 84\n", "}\n", "```\n\n"];

/// The fields of a chat request the fake acts on; everything else is accepted and ignored.
#[derive(Clone, Debug, Deserialize)]
pub struct ChatRequest {
    pub model: String,
    pub messages: Vec<Value>,
    #[serde(default)]
    pub stream: bool,
    pub stream_options: Option<StreamOptions>,
    pub max_tokens: Option<u64>,
    pub max_completion_tokens: Option<u64>,
    pub n: Option<u64>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct StreamOptions {
    #[serde(default)]
    pub include_usage: bool,
}

/// Token counts as the OpenAI wire nests them: `prompt` includes `cached`, `completion` includes `reasoning`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tokens {
    pub prompt: u64,
    pub cached: u64,
    pub completion: u64,
    pub reasoning: u64,
}

/// One finished completion, cut into the pieces a stream sends; each piece is one token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    pub pieces: Vec<String>,
    pub finish_reason: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// 29 characters that differ for every request content, the tail of `chatcmpl-…`.
    pub id: String,
    pub choices: Vec<Choice>,
    pub tokens: Tokens,
}

impl Choice {
    pub fn text(&self) -> String {
        self.pieces.concat()
    }
}

impl ChatRequest {
    /// `Err` holds the message and the field an OpenAI server would complain about.
    pub fn check(&self) -> Result<(), (String, &'static str)> {
        let faults: [(bool, &str, &'static str); 5] = [
            (self.model.is_empty(), "you must provide a model parameter", "model"),
            (
                self.messages.is_empty(),
                "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array instead.",
                "messages",
            ),
            (
                self.messages.iter().any(|message| !message["role"].is_string()),
                "Missing required parameter: 'messages[0].role'.",
                "messages[0].role",
            ),
            (
                self.stream_options.is_some() && !self.stream,
                "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
                "stream_options",
            ),
            (
                !(1..=MODEL_CHOICES).contains(&self.n.unwrap_or(1)),
                "Invalid 'n': integer out of range. Expected a value between 1 and 8.",
                "n",
            ),
        ];
        match faults.into_iter().find(|(wrong, ..)| *wrong) {
            Some((_, message, field)) => Err((message.to_owned(), field)),
            None if self.cap() == Some(0) => {
                Err(("Invalid 'max_tokens': integer below minimum value. Expected a value >= 1.".into(), "max_tokens"))
            }
            None => Ok(()),
        }
    }

    fn cap(&self) -> Option<u64> {
        self.max_completion_tokens.or(self.max_tokens)
    }
}

/// What the fake answers to `request` under `script`.
pub fn answer(request: &ChatRequest, script: &Script) -> Result<Answer> {
    let mut seed = seed(request)?;
    let id = base62(&mut seed.clone(), 29);
    let reasoning_each = next(&mut seed) % 7;
    let cap = if script.ignores_cap { u64::MAX } else { request.cap().unwrap_or(u64::MAX) };
    let reasoning_each = reasoning_each.min(cap - 1);
    let room = usize::try_from(cap - reasoning_each).unwrap_or(usize::MAX);

    let mut choices = Vec::new();
    for _ in 0..request.n.unwrap_or(1) {
        choices.push(choice(&mut seed, script.words, room));
    }
    let prompt = prompt_tokens(&request.messages);
    let count = u64::try_from(choices.len())?;
    let written = choices.iter().map(|choice| choice.pieces.len()).sum::<usize>();
    let reasoning = reasoning_each * count;
    let tokens = Tokens { prompt, cached: prompt / 4, completion: u64::try_from(written)? + reasoning, reasoning };
    if tokens.completion == 0 {
        bail!("an answer has at least one token");
    }
    Ok(Answer { id, choices, tokens })
}

fn choice(seed: &mut u64, words: Option<usize>, room: usize) -> Choice {
    let wanted = words.unwrap_or_else(|| 40 + usize::try_from(next(seed) % 41).unwrap_or(0)).max(1);
    let pieces: Vec<String> = compose(seed, wanted.min(room));
    Choice { pieces, finish_reason: if wanted > room { "length" } else { "stop" } }
}

/// Exactly `count` pieces: words, and a code block in the middle when there is room for one.
fn compose(seed: &mut u64, count: usize) -> Vec<String> {
    let code_at = count / 2;
    let mut pieces = Vec::with_capacity(count.min(4096));
    while pieces.len() < count {
        let is_code = count >= 2 * CODE.len() && pieces.len() >= code_at && pieces.len() < code_at + CODE.len();
        if is_code {
            pieces.push(CODE[pieces.len() - code_at].to_owned());
            continue;
        }
        let index = usize::try_from(next(seed) % 32).unwrap_or(0);
        // The first word is never plain ASCII: even a one-token answer holds a character that can be split.
        let word = if pieces.is_empty() { "Grüße:" } else { WORDS[index] };
        pieces.push(format!("{word} "));
    }
    pieces
}

/// Four bytes a token and four tokens a message, plus three: near enough to a tokenizer, and never above the bytes sent.
fn prompt_tokens(messages: &[Value]) -> u64 {
    let content: usize = messages.iter().map(|message| content_bytes(&message["content"]).div_ceil(4) + 4).sum();
    u64::try_from(content + 3).unwrap_or(u64::MAX)
}

fn content_bytes(content: &Value) -> usize {
    match content {
        Value::String(text) => text.len(),
        Value::Array(parts) => parts.iter().filter_map(|part| part["text"].as_str()).map(str::len).sum(),
        _ => 0,
    }
}

fn seed(request: &ChatRequest) -> Result<u64> {
    let mut digest = Sha256::new();
    digest.update(request.model.as_bytes());
    digest.update([0]);
    digest.update(serde_json::to_vec(&request.messages)?);
    let bytes: [u8; 32] = digest.finalize().into();
    Ok(bytes.iter().take(8).fold(0, |seed, byte| (seed << 8) | u64::from(*byte)))
}

/// SplitMix64: small, well known, and good enough to choose words.
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

fn base62(seed: &mut u64, length: usize) -> String {
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    (0..length).map(|_| char::from(DIGITS[usize::try_from(next(seed) % 62).unwrap_or(0)])).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn request(extra: &Value) -> ChatRequest {
        let mut body = json!({"model": "m", "messages": [{"role": "user", "content": "hello"}]});
        for (name, value) in extra.as_object().unwrap() {
            body[name] = value.clone();
        }
        serde_json::from_value(body).unwrap()
    }

    #[test]
    fn the_same_request_gets_the_same_answer_and_another_model_another_one() {
        let first = answer(&request(&json!({})), &Script::default()).unwrap();
        assert_eq!(first, answer(&request(&json!({})), &Script::default()).unwrap());
        assert_ne!(first.choices, answer(&request(&json!({"model": "other"})), &Script::default()).unwrap().choices);
    }

    #[test]
    fn an_answer_has_dozens_of_words_multi_byte_characters_and_a_code_block() {
        let answer = answer(&request(&json!({})), &Script::default()).unwrap();
        let text = answer.choices[0].text();
        assert!(answer.choices[0].pieces.len() >= 40);
        assert!(text.len() > text.chars().count());
        assert!(text.contains("```rust\n") && text.contains("}\n```\n"));
    }

    #[test]
    fn the_cap_counts_reasoning_and_ends_the_answer_with_length() {
        for cap in 1..12 {
            let answer = answer(&request(&json!({"max_tokens": cap})), &Script::default()).unwrap();
            assert_eq!(answer.tokens.completion, cap);
            assert_eq!(answer.choices[0].finish_reason, "length");
        }
        let uncapped = answer(&request(&json!({"max_tokens": 500})), &Script::words(30)).unwrap();
        assert_eq!((uncapped.choices[0].finish_reason, uncapped.choices[0].pieces.len()), ("stop", 30));
        let deaf = Script { ignores_cap: true, ..Script::words(30) };
        assert_eq!(answer(&request(&json!({"max_tokens": 5})), &deaf).unwrap().choices[0].pieces.len(), 30);
    }

    #[test]
    fn counts_nest_as_on_the_wire() {
        let tokens = answer(&request(&json!({"n": 3})), &Script::words(30)).unwrap().tokens;
        assert_eq!(tokens.completion, 90 + tokens.reasoning);
        assert!(tokens.cached <= tokens.prompt);
    }
}
