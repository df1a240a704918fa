//! What an answer says, in no vendor's spelling: the events of a stream, and a complete answer.

use crate::{
    chat::{Part, Seal},
    tally::UsageReport,
};

/// One thing a streamed answer says. `index` counts the answers when several were asked for.
///
/// Pieces of one kind in a row belong together: text after text goes on, text after a tool call begins anew. A tool call
/// begins with the piece that names its `id` and `name`; the pieces of several calls may interleave by `slot`.
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
    /// Ends the reasoning before it; without any, it is reasoning that only its origin can read.
    Seal {
        index: u32,
        seal: Seal,
    },
    /// A piece of a tool call; `slot` counts the calls of one answer from 0.
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
            Self::Start { .. } | Self::Seal { .. } | Self::Finish { .. } | Self::Usage(_) | Self::Failed { .. } => {
                false
            }
        }
    }
}

/// A complete answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Response {
    pub id: Option<String>,
    pub model: Option<String>,
    pub answers: Vec<Answer>,
    /// What an embedding model made of each input, in order.
    pub vectors: Vec<Vec<f32>>,
    /// Input tokens, as the answer of a token count says.
    pub counted: Option<u32>,
    pub usage: Option<UsageReport>,
}

/// One of the answers of a response.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer {
    /// Text, reasoning and tool calls, in order.
    pub parts: Vec<Part>,
    /// As in [`ChatEvent::Finish`].
    pub finish_reason: Option<String>,
}

impl Response {
    pub fn finish_reason(&self) -> Option<&str> {
        self.answers.iter().find_map(|answer| answer.finish_reason.as_deref())
    }

    /// Bytes of visible text and tool calls over all answers.
    pub fn visible_bytes(&self) -> u64 {
        self.parts().map(|part| visible_bytes(part) as u64).sum()
    }

    pub fn reasoning_bytes(&self) -> u64 {
        let bytes = |part: &Part| if let Part::Reasoning { text, .. } = part { text.len() } else { 0 };
        self.parts().map(|part| bytes(part) as u64).sum()
    }

    fn parts(&self) -> impl Iterator<Item = &Part> {
        self.answers.iter().flat_map(|answer| &answer.parts)
    }
}

fn visible_bytes(part: &Part) -> usize {
    match part {
        Part::Text { text, .. } => text.len(),
        Part::ToolCall { name, arguments, .. } => name.len() + arguments.len(),
        Part::Image { .. } | Part::Reasoning { .. } | Part::ToolResult { .. } => 0,
    }
}
