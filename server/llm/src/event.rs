//! What an answer says, in no vendor's spelling: the events of a stream, and a complete answer.

use crate::tally::UsageReport;

/// One thing a streamed answer says. `index` counts the answers when several were asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChatEvent {
    /// Who answers: the upstream's own id and the model it says it serves.
    Start {
        id: Option<String>,
        model: Option<String>,
    },
    Text {
        index: u32,
        text: String,
    },
    Reasoning {
        index: u32,
        text: String,
    },
    /// A piece of a tool call; `slot` counts the calls of one answer.
    ToolCall {
        index: u32,
        slot: u32,
        id: Option<String>,
        name: Option<String>,
        arguments: String,
    },
    /// One answer is complete: `stop`, `length`, `tool_calls`, `content_filter`, or the upstream's own word.
    Finish {
        index: u32,
        reason: String,
    },
    Usage(UsageReport),
    /// The upstream reports a failure in mid-stream.
    Failed {
        message: String,
    },
}

impl ChatEvent {
    /// Is this something the reader sees: text, reasoning or a tool call? The response head waits for the first one.
    pub fn is_content(&self) -> bool {
        match self {
            Self::Text { text, .. } | Self::Reasoning { text, .. } => !text.is_empty(),
            Self::ToolCall { .. } => true,
            Self::Start { .. } | Self::Finish { .. } | Self::Usage(_) | Self::Failed { .. } => false,
        }
    }
}

/// A complete answer, as far as accounting needs it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Response {
    pub id: Option<String>,
    pub model: Option<String>,
    pub finish_reason: Option<String>,
    /// Bytes of visible text and tool calls over all answers.
    pub visible_bytes: u64,
    pub reasoning_bytes: u64,
    pub usage: Option<UsageReport>,
}
