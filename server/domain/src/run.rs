//! Runs: a grid of cells executed on the server, whether or not anyone watches.
//!
//! A cell is a variant × a case; it has samples, each one completion. Running a cell again keeps what was there: a sample has
//! takes, and the newest one is shown.

use serde::{Deserialize, Serialize};

use crate::{
    clock::Stamp,
    feedback::{PairVote, Verdict},
    grid::{Case, Grid},
    id::{CaseSetId, CellId, RequestId, RunId},
    money::Money,
    usage::{Usage, UsageSource},
};

/// Rows of a run that one answer brings.
pub const ROWS_SHOWN: u32 = 20;
/// Most turns that a sample takes by itself when tools answer it.
pub const MAX_TOOL_ROUNDS: u8 = 8;
/// Most bytes of CSV or JSON lines that are read as cases.
pub const MAX_CASES_BYTES: usize = 2 * 1024 * 1024;

/// A place in a grid: indexes of a variant and a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    pub variant: u16,
    pub case: u16,
}

/// What the playground sends to start a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewRun {
    pub team: String,
    pub grid: Grid,
    /// Empty: the first words of the prompt.
    #[serde(default)]
    pub name: String,
    /// The cells to run now; empty: all. The others wait until somebody runs them.
    #[serde(default)]
    pub only: Vec<Place>,
}

/// Runs cells of a run again, or for the first time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunAgain {
    pub team: String,
    pub run: RunId,
    /// Empty: all.
    #[serde(default)]
    pub cells: Vec<CellId>,
    /// Only samples that failed or were stopped, each by itself.
    #[serde(default)]
    pub failed_only: bool,
}

/// Results that a person typed for the tool calls of a sample: its turn goes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Continue {
    pub team: String,
    pub run: RunId,
    pub cell: CellId,
    /// Position of the sample.
    pub sample: u16,
    /// By the id of the call.
    pub results: Vec<(String, String)>,
}

/// Where a sample stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CellState {
    #[default]
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

/// What a sample measured. All absent until it ends. Of several calls, which tools make, counts and costs are sums.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CellMetrics {
    /// The last call.
    pub request: Option<RequestId>,
    /// How many calls it took.
    #[serde(default)]
    pub calls: u16,
    pub first_token_ms: Option<u32>,
    pub total_ms: Option<u32>,
    pub usage: Option<Usage>,
    pub usage_source: Option<UsageSource>,
    /// Of the calls whose cost is known.
    pub cost: Option<Money>,
    /// A call has no price, or beside known costs one that nobody knows: all of it is unknown, not zero, and more than `cost`.
    #[serde(default)]
    pub unpriced: bool,
    pub finish_reason: Option<String>,
    /// The model's own name for itself.
    pub model_served: Option<String>,
    /// Short name of the provider that answered.
    #[serde(default)]
    pub provider: Option<String>,
    /// Attempts of the last call: more than one means that it was retried or fell back.
    #[serde(default)]
    pub attempts: u16,
    /// Does the answer fit the schema? `None` when none was asked for.
    #[serde(default)]
    pub schema: Option<SchemaVerdict>,
}

/// Does an answer fit the schema it was asked for?
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SchemaVerdict {
    /// What does not fit, such as `/items/0: 3 is not a string`; empty: it fits.
    pub faults: Vec<String>,
}

/// A tool that the model called.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolCall {
    pub id: String,
    pub name: String,
    /// JSON text as the model wrote it.
    pub arguments: String,
    /// What it was told; `None`: nobody has answered yet.
    pub result: Option<String>,
}

/// The newest take of one completion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SampleView {
    /// From 0.
    pub position: u16,
    /// From 1; higher ones replace lower ones.
    pub take: u16,
    pub state: CellState,
    /// Text up to the view's cursor.
    pub text: String,
    pub calls: Vec<ToolCall>,
    /// Why it failed, in words for people.
    pub error: Option<String>,
    pub metrics: CellMetrics,
    /// What the reader said about it.
    pub verdict: Option<Verdict>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CellView {
    pub id: CellId,
    pub place: Place,
    /// Empty: not run yet. In order of their position.
    pub samples: Vec<SampleView>,
}

/// How far a run is, in cells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    pub cells: u32,
    /// Not run yet.
    pub idle: u32,
    /// Waiting or running.
    pub open: u32,
    pub done: u32,
    pub stopped: u32,
    pub failed: u32,
}

/// A run with its first rows, as of `cursor`: events after it complete the picture.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunView {
    pub id: RunId,
    pub team: String,
    pub name: String,
    pub starter: String,
    pub created: Stamp,
    pub grid: Grid,
    /// Is nothing waiting or running?
    pub finished: bool,
    /// Sequence number of the last event that this view contains.
    pub cursor: i64,
    pub progress: Progress,
    /// Of all takes whose cost is known.
    pub cost: Money,
    /// Some take has no known cost.
    pub unpriced: bool,
    /// Cells of the cases below `rows`, by case and then by variant.
    pub cells: Vec<CellView>,
    pub rows: u32,
    /// The reader's own votes.
    pub votes: Vec<PairVote>,
    /// May the reader run, stop and rename?
    pub may_change: bool,
}

/// Which runs a list shows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunQuery {
    pub team: String,
    /// Part of the name.
    #[serde(default)]
    pub q: String,
    /// Only those that still run.
    #[serde(default)]
    pub open: bool,
    /// Only the reader's own.
    #[serde(default)]
    pub mine: bool,
    /// The last id of the page before.
    #[serde(default)]
    pub before: Option<RunId>,
    #[serde(default)]
    pub limit: Option<u32>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunPage {
    pub runs: Vec<RunSummary>,
    pub next: Option<RunId>,
}

/// A run in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunSummary {
    pub id: RunId,
    pub name: String,
    pub models: Vec<String>,
    pub starter: String,
    pub created: Stamp,
    pub finished: bool,
    pub progress: Progress,
    pub cost: Money,
    pub unpriced: bool,
}

/// What a grid would cost, and what is wrong with it, before anything runs (`product.md` PG-4).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Forecast {
    /// Cells that would run.
    pub cells: u32,
    /// Completions: cells × samples.
    pub samples: u32,
    /// Likely cost: the team's own average answer of each model, or a quarter of the limit where it has none.
    pub expected: Money,
    /// What is reserved at most.
    pub worst: Money,
    /// Models without a price; their cells are in neither sum.
    pub unpriced: Vec<String>,
    /// What is left of the tightest budget; `None` when there is none.
    pub budget_left: Option<Money>,
    /// Cells that cannot run, and why.
    pub blocked: Vec<Blocked>,
    /// Parameters that a variant's model does not take, and why.
    pub unsupported: Vec<Unsupported>,
    /// Input tokens of the longest case, by variant.
    pub input_tokens: Vec<u32>,
    /// Variables that the prompts name.
    pub variables: Vec<String>,
    /// Wrong fields.
    pub problems: Vec<crate::error::FieldError>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blocked {
    pub place: Place,
    pub reason: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unsupported {
    pub variant: u16,
    /// Name of a field of `Settings`, or `tools`, `images`.
    pub field: String,
    pub reason: String,
}

/// One sample as it went over the wire (`product.md` PG-16). Secrets are gone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exact {
    /// The request as a client of ours sends it: JSON of OpenAI's chat completions.
    pub client: String,
    pub snippets: Vec<Snippet>,
    /// What went to providers and what came back, in order. Empty until the sample has run.
    pub upstream: Vec<Wire>,
}

/// The same call in a language; `$TALLYGATE_KEY` stands for the key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snippet {
    pub label: String,
    pub code: String,
}

/// One request to a provider and its raw answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wire {
    pub url: String,
    /// Without credentials.
    pub headers: Vec<(String, String)>,
    pub body: String,
    /// `None`: no answer came.
    pub status: Option<u16>,
    pub answer: String,
    /// The answer was longer than what is kept.
    pub is_cut: bool,
}

/// A table read as cases (`product.md` PG-14).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadCases {
    /// Columns of the table, in order.
    pub columns: Vec<String>,
    pub cases: Vec<Case>,
}

/// A named list of cases.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseSet {
    pub id: CaseSetId,
    pub name: String,
    pub cases: u32,
    pub owner: String,
    /// The whole team sees it; else only its owner.
    pub shared: bool,
    pub is_mine: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewCaseSet {
    pub team: String,
    pub name: String,
    #[serde(default)]
    pub shared: bool,
    pub cases: Vec<Case>,
}

/// How the answers of a run differ from those of one column, or two requests from each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DiffMode {
    #[default]
    Words,
    Lines,
    /// Members are put in order first, so that only values differ.
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DiffKind {
    Same,
    Added,
    Removed,
}

/// A stretch of text, in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiffPart {
    pub kind: DiffKind,
    pub text: String,
}

/// The first sample of a cell against that of the base column in the same row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CellDiff {
    pub place: Place,
    /// Empty: the texts are the same.
    pub parts: Vec<DiffPart>,
}
