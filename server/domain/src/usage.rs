//! Token counts of one attempt, in classes that never overlap (`ledger.md` 3).

use serde::{Deserialize, Serialize};

/// Disjoint token classes. Total input is the sum of the first four, total output of the last two.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Input tokens that were neither read from nor written to a cache.
    pub input: u32,
    pub cache_read: u32,
    pub cache_write_short: u32,
    pub cache_write_long: u32,
    /// Visible output.
    pub output: u32,
    pub reasoning: u32,
}

impl Usage {
    pub fn total_input(&self) -> u64 {
        [self.input, self.cache_read, self.cache_write_short, self.cache_write_long].iter().map(|n| u64::from(*n)).sum()
    }

    pub fn total_output(&self) -> u64 {
        u64::from(self.output) + u64::from(self.reasoning)
    }
}

/// Where a row's counts come from; the weaker of its two sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UsageSource {
    /// Nothing known, or nothing was sent.
    None,
    /// At least one side was computed here.
    Estimated,
    /// At least one side is a cumulative value from before the terminal event.
    Partial,
    /// Both sides come from a terminal event or a complete body.
    Final,
}

impl UsageSource {
    /// The form stored in Postgres.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Estimated => "estimated",
            Self::Partial => "partial",
            Self::Final => "final",
        }
    }

    /// The form clients see in `x-tallygate-usage-source`.
    pub fn header(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Estimated => "estimated",
            Self::Partial => "provider_partial",
            Self::Final => "provider_final",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::None, Self::Estimated, Self::Partial, Self::Final].into_iter().find(|source| source.as_str() == text)
    }
}

/// One count as an upstream reported it. Missing is not zero, and nonsense is not a number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Count {
    #[default]
    Missing,
    Malformed,
    Value(u32),
}

impl Count {
    pub fn value(self) -> Option<u32> {
        match self {
            Self::Value(n) => Some(n),
            Self::Missing | Self::Malformed => None,
        }
    }
}
