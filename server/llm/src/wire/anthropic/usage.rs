//! Usage objects of Anthropic's wire, made disjoint (`ledger.md` 3).
//!
//! `input_tokens` excludes what was read from the cache or written to it. `output_tokens` includes thinking: the vendor bills
//! them as one, so nothing is split off. In streams (a) every counter is a cumulative snapshot and the input side is one
//! snapshot, replaced as a whole by a later one that is not zero; (b) the output in `message_start` is a placeholder. With
//! server-side compaction the top level leaves out the compaction pass, so the iterations are added up.

use domain::usage::Count;
use serde_json::{Map, Value};

use crate::tally::{InputTokens, OutputTokens, UsageReport};
use crate::wire::count::{self, count};

/// The counters of one answer as they come in.
#[derive(Debug, Default)]
pub(super) struct Meter {
    /// The request asked for the long cache lifetime somewhere.
    long_cache: bool,
    input: Option<InputTokens>,
    output: Option<u32>,
    flags: Vec<&'static str>,
    raw: Option<String>,
}

impl Meter {
    pub fn new(long_cache: bool) -> Self {
        Self { long_cache, ..Self::default() }
    }

    /// `message_start`: its output is a placeholder. False when there is nothing that looks like usage.
    pub fn start(&mut self, usage: &Value) -> bool {
        self.take(usage, false)
    }

    /// `message_delta`, or a complete body.
    pub fn update(&mut self, usage: &Value) -> bool {
        self.take(usage, true)
    }

    pub fn report(&self, is_final: bool) -> UsageReport {
        UsageReport {
            input: self.input,
            output: self.output.map(|output| OutputTokens { output, reasoning: 0 }),
            is_final,
            flags: self.flags.clone(),
            raw: self.raw.clone(),
        }
    }

    fn take(&mut self, value: &Value, has_output: bool) -> bool {
        let Some(usage) = value.as_object() else { return false };
        let (mut input, mut output) = self.counters(usage);
        if let Some((all_input, all_output)) = self.iterations(usage) {
            input = Some(self.at_least(all_input, input, total));
            output = Some(self.at_least(all_output, output, u64::from));
        }
        if let Some(input) = input.filter(|input| self.input.is_none() || total(*input) > 0) {
            self.input = Some(input);
        }
        if has_output {
            self.output = output.or(self.output);
        }
        self.raw = count::raw(value);
        true
    }

    /// The counters of the top level or of one iteration. Without `input_tokens` there is no input side.
    fn counters(&mut self, usage: &Map<String, Value>) -> (Option<InputTokens>, Option<u32>) {
        let split = usage.get("cache_creation");
        let lifetime = |name: &str| count(split.and_then(|split| split.get(name)));
        let input = count(usage.get("input_tokens"));
        let cache_read = count(usage.get("cache_read_input_tokens"));
        let written = count(usage.get("cache_creation_input_tokens"));
        let short = lifetime("ephemeral_5m_input_tokens");
        let long = lifetime("ephemeral_1h_input_tokens");
        let output = count(usage.get("output_tokens"));
        if [input, cache_read, written, short, long, output].contains(&Count::Malformed) {
            self.flag("usage_malformed");
        }
        let input = input.value().map(|input| {
            let (cache_write_short, cache_write_long) = self.written(written.value(), short.value(), long.value());
            let cache_read = cache_read.value().unwrap_or(0);
            InputTokens { input, cache_read, cache_write_short, cache_write_long }
        });
        (input, output.value())
    }

    /// Cache writes by lifetime. What is not split is of the lifetime that the request asked for.
    fn written(&mut self, written: Option<u32>, short: Option<u32>, long: Option<u32>) -> (u32, u32) {
        if let (None, None) = (short, long) {
            let written = written.unwrap_or(0);
            // `message_delta` repeats the sum of `message_start` without its split.
            let known = self.input.filter(|known| {
                let sum = u64::from(known.cache_write_short) + u64::from(known.cache_write_long);
                sum == u64::from(written)
            });
            return known.map_or_else(
                || if self.long_cache { (0, written) } else { (written, 0) },
                |known| (known.cache_write_short, known.cache_write_long),
            );
        }
        let (short, long) = (short.unwrap_or(0), long.unwrap_or(0));
        let sum = short.saturating_add(long);
        let Some(written) = written.filter(|written| *written != sum) else { return (short, long) };
        self.flag("usage_mismatch");
        let rest = written.saturating_sub(sum);
        if self.long_cache { (short, long + rest) } else { (short + rest, long) }
    }

    /// The sum over all iterations whose kind is known; `None` when there are none.
    fn iterations(&mut self, usage: &Map<String, Value>) -> Option<(InputTokens, u32)> {
        let mut sum: Option<(InputTokens, u32)> = None;
        for iteration in usage.get("iterations")?.as_array()? {
            let kind = iteration.get("type").and_then(Value::as_str);
            let (Some("message" | "compaction"), Some(iteration)) = (kind, iteration.as_object()) else {
                // Of another model perhaps, at another price.
                self.flag("usage_mismatch");
                continue;
            };
            let (input, output) = self.counters(iteration);
            let input = input.unwrap_or_default();
            let (all_input, all_output) = sum.unwrap_or_default();
            sum = Some((added(all_input, input), all_output.saturating_add(output.unwrap_or(0))));
        }
        sum
    }

    /// The iterations leave nothing out, so that they are never less than the top level.
    fn at_least<T: Copy>(&mut self, all: T, top: Option<T>, size: impl Fn(T) -> u64) -> T {
        match top {
            Some(top) if size(top) > size(all) => {
                self.flag("usage_mismatch");
                top
            }
            _ => all,
        }
    }

    fn flag(&mut self, flag: &'static str) {
        if !self.flags.contains(&flag) {
            self.flags.push(flag);
        }
    }
}

fn total(input: InputTokens) -> u64 {
    [input.input, input.cache_read, input.cache_write_short, input.cache_write_long].into_iter().map(u64::from).sum()
}

fn added(a: InputTokens, b: InputTokens) -> InputTokens {
    InputTokens {
        input: a.input.saturating_add(b.input),
        cache_read: a.cache_read.saturating_add(b.cache_read),
        cache_write_short: a.cache_write_short.saturating_add(b.cache_write_short),
        cache_write_long: a.cache_write_long.saturating_add(b.cache_write_long),
    }
}

#[cfg(test)]
mod tests;
