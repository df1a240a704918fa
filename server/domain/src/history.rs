//! History: requests and their attempts as people read them.

use serde::{Deserialize, Serialize};

pub use self::filter::{Field, Filter, MAX_FILTER_VALUES, Op};
use crate::{
    clock::Stamp,
    feedback::{Acceptance, GivenVerdict},
    grid::Grid,
    id::{AttemptId, RequestId, RunId, ViewId},
    ledger::{AttemptState, Outcome},
    money::Money,
    price::PriceComponent,
    run::DiffPart,
    task::TaskClass,
    usage::{Usage, UsageSource},
};

mod filter;

/// The text of calls is kept this long (`product.md` GW-40); their numbers stay.
pub const CONTENT_DAYS: u16 = 30;

/// Which requests, newest first. The address, a saved view, an export and the list hold the same.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HistoryQuery {
    pub team: String,
    /// As in the address. What cannot be read is left out, and a notice says so.
    #[serde(default)]
    pub filters: Vec<String>,
    /// Words in stored content, or an id.
    #[serde(default)]
    pub q: String,
    /// `now-7d`, or an ISO time; empty: 30 days ago, 7 days when `q` searches content.
    #[serde(default)]
    pub from: String,
    /// Empty: now.
    #[serde(default)]
    pub to: String,
    /// The last id of the page before. Keyset, never an offset.
    #[serde(default)]
    pub before: Option<AttemptId>,
    #[serde(default)]
    pub limit: Option<u32>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryPage {
    pub rows: Vec<HistoryRow>,
    /// Where the next page starts, if there is one.
    pub next: Option<AttemptId>,
    /// What of the question could not be read or was left out, in words.
    pub notices: Vec<String>,
    /// The span in words, with its zone.
    pub span: String,
}

/// How many requests of the same span and filters have each value (HI-2). The field's own filter does not narrow its counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facets {
    pub facets: Vec<Facet>,
    /// Only so many of the newest requests were counted; `None`: all of them.
    pub counted: Option<u32>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facet {
    pub field: Field,
    /// The most frequent first.
    pub values: Vec<FacetValue>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FacetValue {
    /// As a filter names it.
    pub value: String,
    /// As people read it.
    pub label: String,
    pub count: u32,
}

/// The neighbours of a request under the same filters (HI-4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Around {
    pub newer: Option<RequestId>,
    pub older: Option<RequestId>,
}

/// A question with a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedView {
    pub id: ViewId,
    pub name: String,
    /// The part of the address behind `?`.
    pub query: String,
    /// The whole team sees it; else only its owner.
    pub shared: bool,
    pub owner: String,
    pub is_mine: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewView {
    pub team: String,
    pub name: String,
    pub query: String,
    #[serde(default)]
    pub shared: bool,
}

/// A request as the playground would run it again (HI-7).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replay {
    pub grid: Grid,
    /// What changed since, in words: a model that is gone, an image that was not kept.
    pub notes: Vec<String>,
}

/// One of the requests that are compared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compared {
    pub row: HistoryRow,
    pub public: String,
    pub content: RequestContent,
    /// The answer as people read it, out of whatever dialect it came in.
    pub answer: String,
    /// Against the answer of the first; empty for the first itself and where they are the same.
    pub diff: Vec<DiffPart>,
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
    pub task: Option<TaskClass>,
    pub tags: Vec<(String, String)>,
    /// The newest verdict of anybody.
    pub verdict: Option<Acceptance>,
    /// Attempts of the request.
    pub attempts: u16,
    pub run: Option<RunId>,
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
    /// What the client said about its call, or somebody afterwards.
    pub task: Option<TaskClass>,
    /// May the reader say what kind of work it was, and how it went?
    pub may_label: bool,
    pub tags: Vec<(String, String)>,
    pub conversation: Option<String>,
    pub attempts: Vec<AttemptDetail>,
    /// Newest first.
    pub verdicts: Vec<GivenVerdict>,
    /// Why this model and this provider, in words.
    pub route: String,
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
