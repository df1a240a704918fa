//! Streamed answers: server-sent events of `streamGenerateContent?alt=sse`. The stream has no end marker.

use serde_json::Value;

use super::{
    Calls,
    answer::{Body, CONTENT_FILTER, Candidate, Said},
    usage,
};
use crate::{
    event::ChatEvent,
    frame::{EventReader, FrameKind},
    sse,
};

/// Most candidates we keep count of; the API gives eight.
const CANDIDATE_LIMIT: u32 = 128;

/// Reads a streamed answer.
#[derive(Debug)]
pub struct StreamDecoder {
    sse: sse::Decoder,
    has_started: bool,
    /// Names the calls of the whole response.
    calls: Calls,
    /// By index.
    candidates: Vec<Progress>,
}

/// How far one candidate is.
#[derive(Clone, Debug, Default)]
struct Progress {
    calls: u32,
    has_finished: bool,
}

impl Default for StreamDecoder {
    fn default() -> Self {
        Self::new()
    }
}

impl StreamDecoder {
    pub fn new() -> Self {
        Self { sse: sse::Decoder::default(), has_started: false, calls: Calls::of(None), candidates: Vec::new() }
    }

    fn kind(&mut self, data: &[u8]) -> FrameKind {
        let Ok(mut body) = serde_json::from_slice::<Body>(data) else { return FrameKind::Bad };
        let mut events = Vec::new();
        let error = body.error.take().filter(|error| !error.is_null());
        let has_failed = error.is_some();
        if let Some(error) = error {
            events.push(ChatEvent::Failed { message: error_message(&error) });
        }
        let text = |text: Option<String>| text.filter(|text| !text.is_empty());
        let (id, model) = (text(body.response_id.take()), text(body.model_version.take()));
        if !self.has_started && (id.is_some() || model.is_some()) {
            self.has_started = true;
            self.calls = Calls::of(id.as_deref());
            events.push(ChatEvent::Start { id, model });
        }
        let is_blocked = body.is_blocked();
        let candidates = body.candidates.take().unwrap_or_default();
        let is_empty = candidates.is_empty();
        for candidate in candidates {
            if !self.candidate(candidate, &mut events) {
                return FrameKind::Bad;
            }
        }
        if is_empty && is_blocked {
            self.block(&mut events);
        }
        let is_final = self.has_finished() || has_failed;
        let said = !events.is_empty();
        let usage = body.usage_metadata.as_ref().and_then(|value| usage::report(value, is_final));
        let is_usage_only = usage.is_some() && is_empty && !said;
        events.extend(usage.map(ChatEvent::Usage));
        if is_usage_only { FrameKind::UsageOnly(events) } else { FrameKind::Events(events) }
    }

    /// False for an index that no answer can have.
    fn candidate(&mut self, mut candidate: Candidate, events: &mut Vec<ChatEvent>) -> bool {
        let index = candidate.index.unwrap_or(0);
        let Some(progress) = self.progress(index).cloned() else { return false };
        let mut slot = progress.calls;
        candidate.say(&mut self.calls, |said| {
            events.push(match said {
                Said::Reasoning(text) => ChatEvent::Reasoning { index, text },
                Said::Seal(seal) => ChatEvent::Seal { index, seal },
                Said::Text(text) => ChatEvent::Text { index, text },
                Said::Call { id, name, arguments } => {
                    slot += 1;
                    ChatEvent::ToolCall { index, slot: slot - 1, id: Some(id), name: Some(name), arguments }
                }
            });
        });
        // Earlier models end every chunk with a reason: the first one is the end that is told.
        let finish = candidate.finish_reason(slot > 0).filter(|_| !progress.has_finished);
        if let Some(progress) = self.progress(index) {
            progress.calls = slot;
            progress.has_finished |= finish.is_some();
        }
        events.extend(finish.map(|reason| ChatEvent::Finish { index, reason }));
        true
    }

    fn progress(&mut self, index: u32) -> Option<&mut Progress> {
        let at = usize::try_from(index).ok().filter(|_| index < CANDIDATE_LIMIT)?;
        if self.candidates.len() <= at {
            self.candidates.resize(at + 1, Progress::default());
        }
        self.candidates.get_mut(at)
    }

    /// The question was refused: whatever is still open ends here.
    fn block(&mut self, events: &mut Vec<ChatEvent>) {
        if self.candidates.is_empty() {
            self.candidates.push(Progress::default());
        }
        for (index, progress) in (0u32..).zip(&mut self.candidates).filter(|(_, progress)| !progress.has_finished) {
            progress.has_finished = true;
            events.push(ChatEvent::Finish { index, reason: CONTENT_FILTER.to_owned() });
        }
    }

    fn has_finished(&self) -> bool {
        !self.candidates.is_empty() && self.candidates.iter().all(|candidate| candidate.has_finished)
    }
}

impl EventReader for StreamDecoder {
    fn sse(&mut self) -> &mut sse::Decoder {
        &mut self.sse
    }

    fn read(&mut self, data: &[u8]) -> FrameKind {
        self.kind(data)
    }
}

fn error_message(error: &Value) -> String {
    let message = error.get("message").and_then(Value::as_str).or(error.as_str());
    message.unwrap_or("the provider reported an error").to_owned()
}

#[cfg(test)]
mod tests;
