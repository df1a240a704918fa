//! What goes into the gateway and what comes out: a call and its reply over HTTP, a chat and its updates in process.

use bytes::Bytes;
use chrono::{DateTime, Utc};
use domain::{
    Money,
    id::RequestId,
    ledger::{Origin, Outcome},
    run::{CellMetrics, Wire},
    usage::{Usage, UsageSource},
};
use http::{HeaderMap, StatusCode};
use llm::{Dialect, HttpBody, Problem, event::ChatEvent};
use store::attempts::Labels;
use tokio::{sync::mpsc, time::Instant};
use tokio_util::sync::CancellationToken;

use crate::caller::Caller;

/// One client request over HTTP.
pub struct Call {
    pub request_id: RequestId,
    pub caller: Caller,
    pub dialect: &'static dyn Dialect,
    pub headers: HeaderMap,
    pub body: Bytes,
    /// When the request head was complete: the overhead counts from here.
    pub received: Instant,
}

/// One HTTP answer, headers complete.
#[derive(Debug)]
pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Body,
}

#[derive(Debug)]
pub enum Body {
    Whole(Bytes),
    /// Ends when the sender goes. Dropping it says that the client left.
    Stream(mpsc::Receiver<Bytes>),
}

impl From<HttpBody> for Reply {
    fn from(HttpBody { status, headers, body }: HttpBody) -> Self {
        Self { status, headers, body: Body::Whole(body) }
    }
}

/// A model that a caller may use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelEntry {
    pub name: String,
    pub created_at: DateTime<Utc>,
}

/// One chat in process, said as a client says it.
#[derive(Clone, Debug)]
pub struct Chat {
    /// OpenAI chat completions; it must stream.
    pub body: Bytes,
    pub labels: Labels,
    pub origin: Origin,
    /// Write down the exchanges with upstreams ([`Finished::wires`]).
    pub keeps_wires: bool,
}

/// A chat that was admitted and is under way. Dropping it stops the upstream.
#[derive(Debug)]
pub struct ChatRun {
    pub request_id: RequestId,
    /// Events in order, then exactly one [`ChatUpdate::Finished`].
    pub updates: mpsc::Receiver<ChatUpdate>,
    /// Stops the upstream; `Finished` still comes.
    pub cancel: CancellationToken,
}

#[derive(Debug)]
pub enum ChatUpdate {
    Event(ChatEvent),
    Finished(Box<Finished>),
}

/// How a chat ended. Its ledger row is committed, unless the database is away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finished {
    pub outcome: Outcome,
    /// What to tell a person when it is no success.
    pub problem: Option<Problem>,
    pub usage: Option<Usage>,
    pub usage_source: UsageSource,
    pub cost: Option<Money>,
    pub unpriced: bool,
    /// From dispatch to the first content.
    pub first_byte_ms: Option<u32>,
    pub total_ms: u32,
    pub finish_reason: Option<String>,
    pub model_served: Option<String>,
    /// Short name of the provider that was asked last; `None` when none was.
    pub provider: Option<String>,
    /// More than one: it was retried or fell back.
    pub attempts: u16,
    /// What went to providers and what came back, one for each attempt; empty unless it was asked for.
    pub wires: Vec<Wire>,
}

impl Finished {
    /// The same as a cell shows it.
    pub fn metrics(&self, request: RequestId) -> CellMetrics {
        CellMetrics {
            request: Some(request),
            first_token_ms: self.first_byte_ms,
            total_ms: Some(self.total_ms),
            usage: self.usage,
            usage_source: Some(self.usage_source),
            cost: self.cost,
            unpriced: self.unpriced,
            finish_reason: self.finish_reason.clone(),
            model_served: self.model_served.clone(),
            calls: 1,
            provider: self.provider.clone(),
            attempts: self.attempts,
            schema: None,
        }
    }
}
