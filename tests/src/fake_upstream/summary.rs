//! What a request asked for, with the wire taken away: the journal's answer to "did anything get lost on the way?".
//!
//! Data only. The readers of `wire` fill it; tests compare it across wires. One more fact is one more field, filled by
//! every reader that can carry it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::seal::hex;

/// Longer texts are journaled as their length and digest.
const LONGEST_TEXT: usize = 4096;

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Summary {
    /// System, developer and instruction texts, joined by line ends.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub system: String,
    /// The turns with their visible text, in order; tool results are not among them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub messages: Vec<Said>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tools: Vec<Tool>,
    /// `auto`, `none`, `required` or `=NAME`; empty when nothing was said.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub tool_choice: String,
    /// False when the request forbids parallel calls.
    pub is_parallel: bool,
    /// Calls of earlier turns that were sent back.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub calls: Vec<Call>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub results: Vec<ToolResult>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<Image>,
    /// Files, documents and audio: their kind and what names or identifies them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<String>,
    /// One lifetime per marker: `5m`, `1h`, `24h`, or the name of cached content.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cache_markers: Vec<String>,
    /// Reasoning blocks that came back with a seal that holds.
    pub sealed_reasoning: usize,
    /// Reasoning blocks that came back without one, where the wire allows it.
    pub unsealed_reasoning: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<Format>,
    /// What was asked of reasoning: an effort, a budget in tokens, `adaptive`, `off`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasoning: Option<String>,
    /// `temperature`, `top_p`, `top_k`, `seed`, `stop`, `max_tokens`, `n` and the penalties, under these names on every wire.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub sampling: BTreeMap<String, Value>,
    /// Top-level fields the wire's vendor ignores, as they were named.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ignored: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// `user` or `assistant`.
    pub role: String,
    pub text: String,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Tool {
    pub name: String,
    pub description: String,
    /// The schema of the arguments as it was sent; `null` when there is none.
    pub schema: Value,
    pub is_strict: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Call {
    pub name: String,
    /// Parsed; a text when it is not JSON.
    pub arguments: Value,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolResult {
    /// The tool it answers, not the call's id: ids differ between wires.
    pub tool: String,
    pub text: String,
    pub is_error: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    /// Empty when the image is named by an address.
    pub media_type: String,
    /// Of the decoded data; for an address, of its text.
    pub sha256: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Format {
    JsonObject,
    JsonSchema { name: String, schema: Value, is_strict: bool },
}

/// `text`, or its length and digest when it is long.
pub fn brief(text: &str) -> String {
    if text.len() <= LONGEST_TEXT {
        return text.to_owned();
    }
    format!("{} bytes, sha256 {}", text.len(), digest(text.as_bytes()))
}

pub fn digest(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}
