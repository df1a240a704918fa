//! One provider of each kind at the fake, each with one model that is named as the kind is.

use std::fmt::Write;

use crate::{FakeUpstream, fake_upstream::Classes};

/// A kind of provider, and the upstream model of its one model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    pub name: &'static str,
    pub upstream_model: &'static str,
}

pub const KINDS: [Kind; 5] = [
    Kind { name: "openai", upstream_model: "gpt-5.2" },
    Kind { name: "anthropic", upstream_model: "claude-opus-4-7" },
    Kind { name: "gemini", upstream_model: "gemini-3-pro" },
    Kind { name: "azure-openai", upstream_model: "gpt-5.2" },
    Kind { name: "openai-compatible", upstream_model: "qwen3-coder" },
];

/// Pico-dollars per token: input, cached input, output.
const PICO: [i128; 3] = [3_000_000, 300_000, 15_000_000];

impl Kind {
    fn base_url(self, upstream: &FakeUpstream) -> String {
        match self.name {
            "anthropic" => upstream.root_url(),
            "gemini" => upstream.gemini_base_url(),
            "azure-openai" => upstream.azure_base_url(),
            _ => upstream.base_url(),
        }
    }
}

/// Nano-dollars: cache writes have no price of their own and cost as much as input, reasoning as much as output.
pub fn cost_nano(classes: &Classes) -> i64 {
    let [input, cache_read, output] = PICO;
    let Classes { input: fresh, cache_read: read, cache_write_short, cache_write_long, output: said, reasoning } =
        *classes;
    let pico = i128::from(fresh + cache_write_short + cache_write_long) * input
        + i128::from(read) * cache_read
        + i128::from(said + reasoning) * output;
    i64::try_from((pico + 999) / 1000).unwrap_or(i64::MAX)
}

/// What a bundle adds for them. `LOCAL_KEY` is everybody's credential.
pub fn bundle(upstream: &FakeUpstream) -> String {
    let mut bundle = String::new();
    for kind in KINDS {
        let Kind { name, upstream_model } = kind;
        let base_url = kind.base_url(upstream);
        let entry = format!(
            r#"
[[providers]]
slug = "on-{name}"
kind = "{name}"
base_url = "{base_url}"
credential_env = "LOCAL_KEY"

[[models]]
slug = "{name}"
provider = "on-{name}"
upstream_model = "{upstream_model}"
context_window = 200000
max_output = 32000
price = {{ input = "3.00", cache_read = "0.30", output = "15.00" }}
"#
        );
        // Writing to a string cannot fail.
        let _ = write!(bundle, "{entry}");
    }
    bundle
}
