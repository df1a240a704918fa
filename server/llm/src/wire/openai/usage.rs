//! Usage objects of the OpenAI wire, made disjoint (`ledger.md` 3), and written again.
//!
//! `prompt_tokens` includes cached reads and writes. Whether `completion_tokens` includes reasoning is the vendor's way
//! ([`Quirks::reasoning`]); the sum check finds out where the way is not known, and complains where it is.

use domain::usage::Count;
use serde_json::{Value, json};

use super::{CachedAt, Quirks, ReasoningCount};
use crate::tally::{InputTokens, OutputTokens, UsageReport};
use crate::wire::count::{self, count};

const MALFORMED: &str = "usage_malformed";
const MISMATCH: &str = "usage_mismatch";

/// Reads a usage object. `None` when there is nothing that looks like one.
pub fn report(value: &Value, is_final: bool, quirks: &Quirks) -> Option<UsageReport> {
    if !value.is_object() {
        return None;
    }
    let counts = Counts::read(value, quirks);
    let mut mismatch = false;
    let input = input(&counts, quirks, &mut mismatch);
    let output = output(&counts, quirks.reasoning, &mut mismatch);
    let mut flags = Vec::new();
    if counts.is_malformed {
        flags.push(MALFORMED);
    }
    if mismatch {
        flags.push(MISMATCH);
    }
    let raw = count::raw(value);
    Some(UsageReport { input, output, is_final, flags, raw })
}

/// The object for a client, in the wire's inclusive counting. `None` while one side is not known: unknown is not zero.
pub fn object(report: &UsageReport) -> Option<Value> {
    let (input, output) = (report.input?, report.output?);
    let written = u64::from(input.cache_write_short) + u64::from(input.cache_write_long);
    let prompt = u64::from(input.input) + u64::from(input.cache_read) + written;
    let completion = u64::from(output.output) + u64::from(output.reasoning);
    let mut prompt_details = json!({"cached_tokens": input.cache_read});
    if written > 0 {
        prompt_details["cache_write_tokens"] = written.into();
    }
    Some(json!({
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": prompt_details,
        "completion_tokens_details": {"reasoning_tokens": output.reasoning},
    }))
}

/// The numbers of a usage object; missing and malformed ones are `None`.
struct Counts {
    prompt: Option<u32>,
    completion: Option<u32>,
    total: Option<u32>,
    cached: Option<u32>,
    hit: Option<u32>,
    miss: Option<u32>,
    written: Option<u32>,
    reasoning: Option<u32>,
    is_malformed: bool,
}

impl Counts {
    fn read(usage: &Value, quirks: &Quirks) -> Self {
        let mut is_malformed = false;
        let mut number = |value: Option<&Value>| {
            let count = count(value);
            is_malformed |= count == Count::Malformed;
            count.value()
        };
        let detail = |group: &str, name: &str| usage.get(group).and_then(|details| details.get(name));
        let prompt = number(usage.get("prompt_tokens"));
        let completion = number(usage.get("completion_tokens"));
        let total = number(usage.get("total_tokens"));
        let written = number(detail("prompt_tokens_details", quirks.cache_write_at));
        let reasoning = number(detail("completion_tokens_details", "reasoning_tokens"));
        let mut cached = number(detail("prompt_tokens_details", "cached_tokens"));
        let (mut hit, mut miss) = (None, None);
        match quirks.cached_at {
            CachedAt::Details => {}
            CachedAt::TopLevel => cached = number(usage.get("cached_tokens")).or(cached),
            CachedAt::HitMiss => {
                hit = number(usage.get("prompt_cache_hit_tokens"));
                miss = number(usage.get("prompt_cache_miss_tokens"));
            }
        }
        let prompt = prompt.filter(|prompt| *prompt > 0 || !quirks.prompt_zero_means_missing);
        Self { prompt, completion, total, cached, hit, miss, written, reasoning, is_malformed }
    }
}

fn input(counts: &Counts, quirks: &Quirks, mismatch: &mut bool) -> Option<InputTokens> {
    if let (Some(hit), Some(miss)) = (counts.hit, counts.miss) {
        let prompt = counts.prompt.map(u64::from);
        *mismatch |= prompt.is_some_and(|prompt| prompt != u64::from(hit) + u64::from(miss));
        return Some(InputTokens { input: miss, cache_read: hit, ..InputTokens::default() });
    }
    let prompt = counts.prompt?;
    let cached = match quirks.cached_at {
        CachedAt::HitMiss => {
            counts.hit.or_else(|| counts.miss.map(|miss| prompt.saturating_sub(miss))).or(counts.cached)
        }
        CachedAt::Details | CachedAt::TopLevel => counts.cached,
    };
    let cache_read = at_most(cached.unwrap_or(0), prompt, mismatch);
    let cache_write_short = at_most(counts.written.unwrap_or(0), prompt - cache_read, mismatch);
    Some(InputTokens {
        input: prompt - cache_read - cache_write_short,
        cache_read,
        cache_write_short,
        cache_write_long: 0,
    })
}

fn output(counts: &Counts, rule: ReasoningCount, mismatch: &mut bool) -> Option<OutputTokens> {
    let completion = counts.completion?;
    let reasoning = counts.reasoning.unwrap_or(0);
    let check = SumCheck::of(counts, completion, reasoning);
    let (is_additive, agrees) = match rule {
        ReasoningCount::Auto => (check == SumCheck::Additive, check != SumCheck::Neither),
        ReasoningCount::Included => (false, matches!(check, SumCheck::Silent | SumCheck::Included)),
        ReasoningCount::Additive => (true, matches!(check, SumCheck::Silent | SumCheck::Additive)),
    };
    *mismatch |= !agrees;
    if is_additive {
        return Some(OutputTokens { output: completion, reasoning });
    }
    let reasoning = at_most(reasoning, completion, mismatch);
    Some(OutputTokens { output: completion - reasoning, reasoning })
}

/// What `total_tokens` says about reasoning.
#[derive(Clone, Copy, PartialEq, Eq)]
enum SumCheck {
    /// Nothing: there is no total or no prompt, or the sums fit without any reasoning.
    Silent,
    Included,
    Additive,
    Neither,
}

impl SumCheck {
    fn of(counts: &Counts, completion: u32, reasoning: u32) -> Self {
        let (Some(total), Some(prompt)) = (counts.total, counts.prompt) else { return Self::Silent };
        let beside_prompt = i64::from(total) - i64::from(prompt);
        match (beside_prompt == i64::from(completion), reasoning) {
            (true, 0) => Self::Silent,
            (true, _) => Self::Included,
            (false, _) if beside_prompt == i64::from(completion) + i64::from(reasoning) => Self::Additive,
            (false, _) => Self::Neither,
        }
    }
}

fn at_most(part: u32, whole: u32, mismatch: &mut bool) -> u32 {
    *mismatch |= part > whole;
    part.min(whole)
}

#[cfg(test)]
mod tests;
