//! History: requests and their attempts as people read them.

use serde::{Deserialize, Serialize};

use crate::{
    clock::Stamp,
    id::{AttemptId, RequestId, RunId},
    ledger::{AttemptState, Outcome},
    money::Money,
    price::PriceComponent,
    usage::{Usage, UsageSource},
};

/// The text of calls is kept this long (`product.md` GW-40); their numbers stay.
pub const CONTENT_DAYS: u16 = 30;

/// Where a page of history starts: before this attempt. Keyset, never an offset.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HistoryQuery {
    pub team: String,
    /// The last id of the page before.
    #[serde(default)]
    pub before: Option<AttemptId>,
    #[serde(default)]
    pub limit: Option<u32>,
    /// Public model name, exactly.
    #[serde(default)]
    pub model: Option<String>,
    /// Only requests that did not end in success.
    #[serde(default)]
    pub failed: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryPage {
    pub rows: Vec<HistoryRow>,
    /// Where the next page starts, if there is one.
    pub next: Option<AttemptId>,
}

/// One request in the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryRow {
    pub request: RequestId,
    pub attempt: AttemptId,
    pub time: Stamp,
    pub origin: String,
    /// Key or person that paid.
    pub caller: String,
    pub model: String,
    pub provider: String,
    pub state: AttemptState,
    /// `None` while it runs.
    pub outcome: Option<Outcome>,
    pub usage: Option<Usage>,
    pub usage_source: Option<UsageSource>,
    /// `None`: unpriced, or not known yet.
    pub cost: Option<Money>,
    pub unpriced: bool,
    pub first_byte_ms: Option<u32>,
    pub total_ms: Option<u32>,
}

/// One request in full: its attempts, each with its receipt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestDetail {
    pub request: RequestId,
    pub public: String,
    pub model_asked: String,
    pub dialect: String,
    pub stream: bool,
    pub run: Option<RunId>,
    /// What the client said about its call; the task class by its name.
    pub task: Option<String>,
    pub tags: Vec<(String, String)>,
    pub conversation: Option<String>,
    pub attempts: Vec<AttemptDetail>,
}

/// What was said in a call, or why nobody can read it (`product.md` HI-5).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestContent {
    /// `Some`: there is no text.
    pub lock: Option<ContentLock>,
    /// JSON is indented, anything else is as it was.
    pub asked: String,
    pub answered: String,
    pub is_redacted: bool,
    /// The answer was longer than what is kept.
    pub is_cut: bool,
}

/// Why there is no text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContentLock {
    /// The call still runs: its text is stored when it ends.
    Running,
    /// A run keeps its own text.
    InRun,
    /// Older than [`CONTENT_DAYS`].
    Age,
    /// The team keeps numbers only.
    Policy,
    /// The policy keeps text, but this call has none: it asked for numbers only, the policy was stricter then, or the text
    /// was dropped.
    NotKept,
}

/// One attempt with the arithmetic of its cost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptDetail {
    pub row: HistoryRow,
    pub number: u32,
    pub upstream_model: String,
    pub model_served: Option<String>,
    pub upstream_id: Option<String>,
    pub http_status: Option<u16>,
    pub finish_reason: Option<String>,
    pub client_aborted: bool,
    pub flags: Vec<String>,
    pub reserved: Money,
    pub charged: Money,
    /// Most tokens the reservation was made for.
    pub input_bound: u64,
    pub output_cap: u64,
    /// The rates of the price version in force at admission.
    pub price: Option<Vec<PriceComponent>>,
    pub price_since: Option<Stamp>,
    pub resolved: Option<Stamp>,
}
