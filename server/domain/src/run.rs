//! Runs: a grid of cells executed on the server, whether or not anyone watches.

use serde::{Deserialize, Serialize};

use crate::{
    clock::Stamp,
    id::{CellId, RequestId, RunId},
    money::Money,
    usage::{Usage, UsageSource},
};

/// Most variants one run of the playground may have.
pub const MAX_VARIANTS: usize = 6;
/// Fewest variants: comparing needs two, trying needs one.
pub const MIN_VARIANTS: usize = 1;

/// What the playground sends to start a run: one case, one variant per model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewRun {
    pub team: String,
    /// Public model names, one column each.
    pub models: Vec<String>,
    #[serde(default)]
    pub system: String,
    pub user: String,
    #[serde(default)]
    pub max_output: Option<u32>,
    /// Decimal text such as `0.3`, passed on as it is typed; empty leaves the provider's default.
    #[serde(default)]
    pub temperature: String,
}

/// Where a cell stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CellState {
    Queued,
    Running,
    Done,
    Stopped,
    Failed,
}

impl CellState {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Done => "done",
            Self::Stopped => "stopped",
            Self::Failed => "failed",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Queued, Self::Running, Self::Done, Self::Stopped, Self::Failed].into_iter().find(|s| s.as_str() == text)
    }

    /// Will nothing more happen to it?
    pub fn is_final(self) -> bool {
        matches!(self, Self::Done | Self::Stopped | Self::Failed)
    }
}

/// What a cell measured. All absent until it ends.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CellMetrics {
    pub request: Option<RequestId>,
    pub first_token_ms: Option<u32>,
    pub total_ms: Option<u32>,
    pub usage: Option<Usage>,
    pub usage_source: Option<UsageSource>,
    pub cost: Option<Money>,
    /// The model had no price: the cost is unknown, not zero.
    pub unpriced: bool,
    pub finish_reason: Option<String>,
    pub model_served: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CellView {
    pub id: CellId,
    pub model: String,
    pub state: CellState,
    /// Text up to the view's cursor.
    pub text: String,
    /// Why it failed, in words for people.
    pub error: Option<String>,
    pub metrics: CellMetrics,
}

/// A run with all its cells, as of `cursor`: events after it complete the picture.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunView {
    pub id: RunId,
    pub team: String,
    pub starter: String,
    pub created: Stamp,
    pub system: String,
    pub user: String,
    pub max_output: Option<u32>,
    pub temperature: String,
    /// Is every cell final?
    pub finished: bool,
    /// Sequence number of the last event that this view contains.
    pub cursor: i64,
    pub cells: Vec<CellView>,
}

/// A run in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunSummary {
    pub id: RunId,
    pub title: String,
    pub models: Vec<String>,
    pub starter: String,
    pub created: Stamp,
    pub finished: bool,
    pub cost: Option<Money>,
}
