//! What happens to a run, in order: the payload of the one event stream of a tab and of its log.

use serde::{Deserialize, Serialize};

use crate::{
    id::{CellId, RunId},
    run::CellMetrics,
};

/// One event of a run. `seq` is dense and rises by one, so a reader knows whether it missed any.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunEvent {
    pub run: RunId,
    pub seq: i64,
    #[serde(flatten)]
    pub what: RunEventKind,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum RunEventKind {
    #[serde(rename = "cell.start")]
    Start { cell: CellId },
    #[serde(rename = "cell.delta")]
    Delta { cell: CellId, text: String },
    #[serde(rename = "cell.done")]
    Done { cell: CellId, metrics: CellMetrics },
    /// Stopped by a person; the text so far stays.
    #[serde(rename = "cell.stopped")]
    Stopped { cell: CellId, metrics: CellMetrics },
    #[serde(rename = "cell.error")]
    Error { cell: CellId, message: String, metrics: CellMetrics },
    #[serde(rename = "run.done")]
    RunDone,
}

impl RunEventKind {
    /// The SSE event name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Start { .. } => "cell.start",
            Self::Delta { .. } => "cell.delta",
            Self::Done { .. } => "cell.done",
            Self::Stopped { .. } => "cell.stopped",
            Self::Error { .. } => "cell.error",
            Self::RunDone => "run.done",
        }
    }
}
