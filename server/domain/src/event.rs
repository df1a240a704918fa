//! What happens to a run, in order: the payload of the one event stream of a tab and of its log.

use serde::{Deserialize, Serialize};

use crate::{
    id::{CellId, RunId},
    run::{CellMetrics, ToolCall},
};

/// One event of a run. `seq` is dense and rises by one, so a reader knows whether it missed any.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunEvent {
    pub run: RunId,
    pub seq: i64,
    #[serde(flatten)]
    pub what: RunEventKind,
}

/// `sample` is a position in the cell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum RunEventKind {
    /// A take began: what the sample showed before is gone.
    #[serde(rename = "cell.start")]
    Start { cell: CellId, sample: u16, take: u16 },
    #[serde(rename = "cell.delta")]
    Delta { cell: CellId, sample: u16, text: String },
    /// A tool was called; the same call comes again when its result is known.
    #[serde(rename = "cell.tool")]
    Tool { cell: CellId, sample: u16, call: ToolCall },
    #[serde(rename = "cell.done")]
    Done { cell: CellId, sample: u16, metrics: CellMetrics },
    /// Stopped by a person; the text so far stays.
    #[serde(rename = "cell.stopped")]
    Stopped { cell: CellId, sample: u16, metrics: CellMetrics },
    #[serde(rename = "cell.error")]
    Error { cell: CellId, sample: u16, message: String, metrics: CellMetrics },
    /// Cells were queued again, or something else changed that only the stored state tells.
    #[serde(rename = "run.changed")]
    RunChanged,
    /// Nothing waits or runs any more.
    #[serde(rename = "run.done")]
    RunDone,
}

impl RunEventKind {
    /// The SSE event name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Start { .. } => "cell.start",
            Self::Delta { .. } => "cell.delta",
            Self::Tool { .. } => "cell.tool",
            Self::Done { .. } => "cell.done",
            Self::Stopped { .. } => "cell.stopped",
            Self::Error { .. } => "cell.error",
            Self::RunChanged => "run.changed",
            Self::RunDone => "run.done",
        }
    }
}
