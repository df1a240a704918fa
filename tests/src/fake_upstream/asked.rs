//! A request as the fake understands it: filled by the readers of `wire`, acted on by `answer`.
//!
//! Wire-free. What tests compare is in `summary`; what only steers the answer is here.

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::{
    base64,
    check::{At, Checked},
    endpoint::Wire,
    summary::{Image, Said, Summary, brief, digest},
};

/// Tokens an image costs, at most.
const IMAGE_TOKENS: usize = 85;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Asked {
    pub wire: Wire,
    pub model: String,
    pub is_stream: bool,
    pub include_usage: bool,
    pub cap: Option<u64>,
    pub n: u64,
    pub stops: Vec<String>,
    /// The last turn answers tool calls.
    pub ends_with_result: bool,
    pub thinks: Thinks,
    /// Completions and embeddings: how many inputs, and their tokens.
    pub inputs: Vec<u64>,
    pub embedding: Embedding,
    pub summary: Summary,
    /// What the answer is derived from, besides the model.
    pub content: Vec<u8>,
    bytes: Vec<usize>,
    extra_tokens: usize,
}

/// What the request says about reasoning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Thinks {
    #[default]
    Unasked,
    Never,
    Asked {
        /// The answer shows the thoughts (or their summary).
        is_visible: bool,
        /// The answer carries a seal to be sent back.
        is_sealed: bool,
        budget: Option<u64>,
    },
}

impl Thinks {
    pub fn is_asked(self) -> bool {
        matches!(self, Self::Asked { .. })
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Embedding {
    pub dimensions: Option<u64>,
    pub is_base64: bool,
    pub is_single: bool,
}

impl Asked {
    pub fn new(wire: Wire) -> Self {
        Self { wire, n: 1, summary: Summary { is_parallel: true, ..Summary::default() }, ..Self::default() }
    }

    /// Starts a turn; `role` is the wire's own word.
    pub fn turn(&mut self, role: &str) {
        self.bytes.push(0);
        let role = if matches!(role, "assistant" | "model") { "assistant" } else { "user" };
        self.summary.messages.push(Said { role: role.into(), text: String::new() });
    }

    /// Visible text of the turn.
    pub fn say(&mut self, text: &str) {
        self.weigh(text.len());
        if let Some(said) = self.summary.messages.last_mut() {
            said.text.push_str(text);
        }
    }

    pub fn system(&mut self, text: &str) {
        self.weigh(text.len());
        if !self.summary.system.is_empty() {
            self.summary.system.push('\n');
        }
        self.summary.system.push_str(text);
    }

    /// Bytes of the turn that are no visible text: calls, results.
    pub fn weigh(&mut self, bytes: usize) {
        match self.bytes.last_mut() {
            Some(turn) => *turn += bytes,
            None => self.bytes.push(bytes),
        }
    }

    /// Something between the turns that the model reads: a call or a result as an item of its own.
    pub fn aside(&mut self, bytes: usize) {
        self.bytes.push(bytes);
    }

    /// An image as base64; `false` when the data is not that.
    pub fn image(&mut self, media_type: &str, data: &str) -> bool {
        self.extra_tokens += IMAGE_TOKENS.min(data.len());
        let Some(bytes) = base64::decode(data).filter(|bytes| !bytes.is_empty()) else { return false };
        self.summary.images.push(Image { media_type: media_type.into(), sha256: digest(&bytes) });
        true
    }

    pub fn image_at(&mut self, address: &str) {
        self.extra_tokens += IMAGE_TOKENS.min(address.len());
        self.summary.images.push(Image { media_type: String::new(), sha256: digest(address.as_bytes()) });
    }

    /// `data:image/png;base64,…` or an address.
    pub fn image_url(&mut self, at: &At<'_>) -> Checked<()> {
        let url = at.text()?;
        let Some(data) = url.strip_prefix("data:") else {
            if !url.starts_with("https://") && !url.starts_with("http://") {
                return Err(at.wrong("Expected a valid URL, but got a value with an invalid format."));
            }
            self.image_at(url);
            return Ok(());
        };
        let parts = data.split_once(";base64,").filter(|(kind, _)| IMAGE_TYPES.contains(kind));
        match parts {
            Some((kind, data)) if self.image(kind, data) => Ok(()),
            _ => Err(at.wrong("Expected a base64-encoded data URL with an image MIME type.")),
        }
    }

    /// Tools, schemas and whatever else the model reads besides the turns.
    pub fn read_along(&mut self, value: &Value) {
        self.extra_tokens += value.to_string().len() / 4;
    }

    pub fn sample(&mut self, name: &str, at: Option<&At<'_>>) {
        if let Some(at) = at {
            self.summary.sampling.insert(name.into(), at.value.clone());
        }
    }

    /// Four bytes a token and four tokens a message, plus three: near enough to a tokenizer, and never above the bytes
    /// sent.
    pub fn prompt_tokens(&self) -> u64 {
        let turns: usize = self.bytes.iter().map(|bytes| bytes.div_ceil(4) + 4).sum();
        u64::try_from(turns + 3 + self.extra_tokens).unwrap_or(u64::MAX)
    }

    pub fn seed(&self) -> u64 {
        let mut digest = Sha256::new();
        digest.update(self.model.as_bytes());
        digest.update([0]);
        digest.update(&self.content);
        let bytes: [u8; 32] = digest.finalize().into();
        bytes.iter().take(8).fold(0, |seed, byte| (seed << 8) | u64::from(*byte))
    }

    /// What goes into the journal.
    pub fn summary(&self) -> Summary {
        let mut summary = self.summary.clone();
        summary.system = brief(&summary.system);
        for said in &mut summary.messages {
            said.text = brief(&said.text);
        }
        for result in &mut summary.results {
            result.text = brief(&result.text);
        }
        summary
    }
}

pub const IMAGE_TYPES: [&str; 4] = ["image/png", "image/jpeg", "image/gif", "image/webp"];
