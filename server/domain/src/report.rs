//! Usage and cost of a team over days: what scripts read. Days are those of the instance's zone.

use serde::{Deserialize, Serialize};

use crate::money::Money;

/// Longest span, in days.
pub const LONGEST_REPORT: i64 = 366;

/// What the rows of a report stand for, beside their day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReportBy {
    #[default]
    Day,
    Model,
    Key,
    Task,
}

impl ReportBy {
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "day" => Some(Self::Day),
            "model" => Some(Self::Model),
            "key" => Some(Self::Key),
            "task" => Some(Self::Task),
            _ => None,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReportQuery {
    pub team: String,
    /// First and last day, such as `2026-11-01`; both count.
    pub from: String,
    pub to: String,
    #[serde(default)]
    pub by: ReportBy,
}

/// One day, of one model, key or task class where the report asks for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportRow {
    pub day: String,
    /// Public name of the model, name of the key, or task class; empty: all, or a call without one.
    pub of: String,
    pub requests: u64,
    pub errors: u64,
    pub input_tokens: u64,
    pub cache_read_tokens: u64,
    pub cache_write_tokens: u64,
    pub output_tokens: u64,
    /// Of the attempts whose price is known.
    pub cost: Money,
    /// Attempts whose price is not known: their cost is not in `cost`.
    pub unpriced: u64,
}
