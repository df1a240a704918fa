//! Token counts: what was truly produced, and what the bytes sent so far say about it.
//!
//! Integers only, no wire here: each wire says in `wire::usage` how it reports a `Classes`. One more class is one more
//! field, here and in the product's ledger.

use serde::{Deserialize, Serialize};

/// Token counts as the OpenAI wire nests them: `prompt` includes `cached`, `completion` includes `reasoning`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tokens {
    pub prompt: u64,
    pub cached: u64,
    pub completion: u64,
    pub reasoning: u64,
}

/// Token counts in disjoint classes, named as the columns of the ledger.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Classes {
    pub input: u64,
    pub cache_read: u64,
    pub cache_write_short: u64,
    pub cache_write_long: u64,
    pub output: u64,
    pub reasoning: u64,
}

/// How much a reader who follows the vendor's rules can know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReportKind {
    #[default]
    None,
    /// A running count before the end.
    Partial,
    /// Counts of a terminal event or a complete body.
    Final,
}

/// What such a reader knows. On a wire that does not split reasoning off, all of it is in `classes.output`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Report {
    pub kind: ReportKind,
    pub classes: Classes,
    /// False while only the input side is known (a placeholder is not a count).
    pub has_output: bool,
}

impl Classes {
    /// The whole input: what a long-context tier is chosen by.
    pub fn prompt(&self) -> u64 {
        self.input + self.cache_read + self.cache_write_short + self.cache_write_long
    }

    pub fn completion(&self) -> u64 {
        self.output + self.reasoning
    }

    pub fn cache_write(&self) -> u64 {
        self.cache_write_short + self.cache_write_long
    }

    #[must_use]
    pub fn input_side(self) -> Self {
        Self { output: 0, reasoning: 0, ..self }
    }

    /// The same counts on a wire that does not tell reasoning from visible output.
    #[must_use]
    pub fn without_split(self) -> Self {
        Self { output: self.completion(), reasoning: 0, ..self }
    }

    pub fn add(&mut self, more: &Self) {
        self.input += more.input;
        self.cache_read += more.cache_read;
        self.cache_write_short += more.cache_write_short;
        self.cache_write_long += more.cache_write_long;
        self.output += more.output;
        self.reasoning += more.reasoning;
    }
}

impl From<Classes> for Tokens {
    fn from(classes: Classes) -> Self {
        Self {
            prompt: classes.prompt(),
            cached: classes.cache_read,
            completion: classes.completion(),
            reasoning: classes.reasoning,
        }
    }
}
