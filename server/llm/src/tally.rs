//! Counting one answer: what the upstream reported, else what we saw (`ledger.md` 3).
//!
//! Each side, input and output, is decided alone; the row's source is the weaker of the two.

use domain::usage::{Usage, UsageSource};

use crate::{
    estimate,
    event::{ChatEvent, Response},
    request::Size,
};

/// Input tokens as an upstream reported them, made disjoint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InputTokens {
    pub input: u32,
    pub cache_read: u32,
    pub cache_write_short: u32,
    pub cache_write_long: u32,
}

/// Output tokens as an upstream reported them, made disjoint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OutputTokens {
    pub output: u32,
    pub reasoning: u32,
}

/// One usage object, read by the rules of its wire. A side that is missing or nonsense is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UsageReport {
    pub input: Option<InputTokens>,
    pub output: Option<OutputTokens>,
    /// It came with or after the end of the answer: the final word.
    pub is_final: bool,
    pub flags: Vec<&'static str>,
    /// The object as it was reported, when it is at most 4 KiB.
    pub raw: Option<String>,
}

/// What one answer amounts to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Count {
    pub usage: Usage,
    pub source: UsageSource,
    pub flags: Vec<&'static str>,
    pub usage_raw: Option<String>,
}

/// The limits an estimate must not pass: those the reservation was made for.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub input: u32,
    pub output: u32,
}

/// Watches an answer go by.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    pub upstream_id: Option<String>,
    pub model_served: Option<String>,
    pub finish_reason: Option<String>,
    visible_bytes: u64,
    reasoning_bytes: u64,
    report: Option<UsageReport>,
    flags: Vec<&'static str>,
}

impl Tally {
    /// Notes one event of a stream. A later usage report replaces an earlier one: they are cumulative.
    pub fn observe(&mut self, event: &ChatEvent) {
        match event {
            ChatEvent::Start { id, model } => {
                self.upstream_id = self.upstream_id.take().or_else(|| id.clone());
                self.model_served = self.model_served.take().or_else(|| model.clone());
            }
            ChatEvent::Text { text, .. } => self.visible_bytes += text.len() as u64,
            ChatEvent::Reasoning { text, .. } => self.reasoning_bytes += text.len() as u64,
            ChatEvent::ToolCall { name, arguments, .. } => {
                self.visible_bytes += (arguments.len() + name.as_ref().map_or(0, String::len)) as u64;
            }
            ChatEvent::Finish { reason, .. } => self.finish_reason = Some(reason.clone()),
            ChatEvent::Usage(report) => self.take_report(report.clone()),
            ChatEvent::Seal { .. } | ChatEvent::Failed { .. } => {}
        }
    }

    /// Notes a complete answer.
    pub fn observe_whole(&mut self, response: &Response) {
        self.upstream_id.clone_from(&response.id);
        self.model_served.clone_from(&response.model);
        self.finish_reason = response.finish_reason().map(str::to_owned);
        self.visible_bytes = response.visible_bytes();
        self.reasoning_bytes = response.reasoning_bytes();
        if let Some(report) = &response.usage {
            self.take_report(report.clone());
        }
    }

    pub fn flag(&mut self, flag: &'static str) {
        if !self.flags.contains(&flag) {
            self.flags.push(flag);
        }
    }

    /// Did the upstream report any count?
    pub fn has_report(&self) -> bool {
        self.report.as_ref().is_some_and(|report| report.input.is_some() || report.output.is_some())
    }

    /// Output tokens as the upstream reported them so far.
    pub fn reported_output(&self) -> Option<OutputTokens> {
        self.report.as_ref()?.output
    }

    /// Bytes of text and tool calls seen so far.
    pub fn visible_bytes(&self) -> u64 {
        self.visible_bytes
    }

    /// Bytes of text, reasoning and tool calls seen so far.
    pub fn seen_bytes(&self) -> u64 {
        self.visible_bytes + self.reasoning_bytes
    }

    /// Decides the counts of a request that was sent, whatever came back.
    pub fn count(&self, size: &Size, limits: Limits) -> Count {
        let report = self.report.clone().unwrap_or_default();
        let reported = if report.is_final { UsageSource::Final } else { UsageSource::Partial };
        let (input, input_source) = match report.input {
            Some(input) => (input, reported),
            None => {
                let input = estimate::input(size, limits.input);
                (InputTokens { input, ..InputTokens::default() }, UsageSource::Estimated)
            }
        };
        let (output, output_source) = match report.output {
            Some(output) => (output, reported),
            None => (self.estimated_output(limits.output), UsageSource::Estimated),
        };
        let mut flags = self.flags.clone();
        flags.extend(report.flags);
        Count {
            usage: Usage {
                input: input.input,
                cache_read: input.cache_read,
                cache_write_short: input.cache_write_short,
                cache_write_long: input.cache_write_long,
                output: output.output,
                reasoning: output.reasoning,
            },
            source: input_source.min(output_source),
            flags,
            usage_raw: report.raw,
        }
    }

    fn take_report(&mut self, report: UsageReport) {
        let is_worth_keeping = report.input.is_some() || report.output.is_some() || self.report.is_none();
        if is_worth_keeping {
            self.report = Some(report);
        }
    }

    fn estimated_output(&self, limit: u32) -> OutputTokens {
        if self.seen_bytes() == 0 {
            return OutputTokens::default();
        }
        let reasoning = estimate::local(self.reasoning_bytes, 0).min(limit);
        let output = estimate::local(self.visible_bytes, 1).min(limit - reasoning);
        OutputTokens { output, reasoning }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { input: 1_000, output: 1_000 };

    fn size() -> Size {
        Size { text_bytes: 30, messages: 1, ..Size::default() }
    }

    fn text(text: &str) -> ChatEvent {
        ChatEvent::Text { index: 0, text: text.to_owned() }
    }

    #[test]
    fn a_cut_stream_is_estimated_from_what_was_seen() {
        let mut tally = Tally::default();
        tally.observe(&text("0123456789"));
        let count = tally.count(&size(), LIMITS);
        assert_eq!(count.source, UsageSource::Estimated);
        assert_eq!(count.usage, Usage { input: 18, output: 12, ..Usage::default() });
    }

    #[test]
    fn nothing_seen_counts_the_input_alone() {
        let count = Tally::default().count(&size(), LIMITS);
        assert_eq!(count.usage, Usage { input: 18, ..Usage::default() });
    }

    #[test]
    fn an_estimate_stays_within_the_reservation() {
        let mut tally = Tally::default();
        tally.observe(&text(&"x".repeat(9_000)));
        let count = tally.count(&size(), Limits { input: 3, output: 5 });
        assert_eq!(count.usage, Usage { input: 3, output: 5, ..Usage::default() });
    }

    #[test]
    fn each_side_is_decided_alone_and_the_weaker_source_wins() {
        let mut tally = Tally::default();
        tally.observe(&text("abc"));
        let input = Some(InputTokens { input: 7, ..InputTokens::default() });
        tally.observe(&ChatEvent::Usage(UsageReport { input, is_final: true, ..UsageReport::default() }));
        let count = tally.count(&size(), LIMITS);
        assert_eq!((count.usage.input, count.usage.output, count.source), (7, 9, UsageSource::Estimated));
    }

    #[test]
    fn explicit_zero_is_zero_and_final() {
        let mut tally = Tally::default();
        tally.observe(&text("abc"));
        let report = UsageReport {
            input: Some(InputTokens::default()),
            output: Some(OutputTokens::default()),
            is_final: true,
            ..UsageReport::default()
        };
        tally.observe(&ChatEvent::Usage(report));
        let count = tally.count(&size(), LIMITS);
        assert_eq!((count.usage, count.source), (Usage::default(), UsageSource::Final));
    }
}
