//! Usage objects of the OpenAI wire, made disjoint (`ledger.md` 3).
//!
//! `prompt_tokens` includes cached reads and writes, `completion_tokens` includes reasoning unless the sum check proves that
//! a compatible server counts it on top.

use domain::usage::Count;
use serde_json::Value;

use crate::tally::{InputTokens, OutputTokens, UsageReport};

/// Most bytes of the raw object that a row keeps.
const RAW_LIMIT: usize = 4 * 1024;
/// Counts above this are nonsense.
const COUNT_LIMIT: u64 = 1 << 31;

/// Reads a usage object. `None` when there is nothing that looks like one.
pub fn report(value: &Value, is_final: bool) -> Option<UsageReport> {
    let usage = value.as_object()?;
    let prompt = count(usage.get("prompt_tokens"));
    let completion = count(usage.get("completion_tokens"));
    let total = count(usage.get("total_tokens"));
    let detail = |group: &str, name: &str| count(usage.get(group).and_then(|details| details.get(name)));
    let cached = detail("prompt_tokens_details", "cached_tokens");
    let written = detail("prompt_tokens_details", "cache_write_tokens");
    let reasoning = detail("completion_tokens_details", "reasoning_tokens");

    let mut flags = Vec::new();
    if [prompt, completion, total, cached, written, reasoning].contains(&Count::Malformed) {
        flags.push("usage_malformed");
    }
    let mut mismatch = false;
    let input = prompt.value().map(|prompt| {
        let cache_read = at_most(cached.value().unwrap_or(0), prompt, &mut mismatch);
        let cache_write_short = at_most(written.value().unwrap_or(0), prompt - cache_read, &mut mismatch);
        InputTokens { input: prompt - cache_read - cache_write_short, cache_read, cache_write_short }
    });
    let output = completion.value().map(|completion| {
        let reasoning = reasoning.value().unwrap_or(0);
        split_output(prompt.value().unwrap_or(0), completion, reasoning, total.value(), &mut mismatch)
    });
    if mismatch {
        flags.push("usage_mismatch");
    }
    let raw = Some(value.to_string()).filter(|raw| raw.len() <= RAW_LIMIT);
    Some(UsageReport { input, output, is_final, flags, raw })
}

/// The sum check: is reasoning part of the completion, or on top of it?
fn split_output(prompt: u32, completion: u32, reasoning: u32, total: Option<u32>, mismatch: &mut bool) -> OutputTokens {
    let sum = u64::from(prompt) + u64::from(completion);
    let is_additive =
        total.is_some_and(|total| u64::from(total) != sum && u64::from(total) == sum + u64::from(reasoning));
    if is_additive {
        return OutputTokens { output: completion, reasoning };
    }
    *mismatch |= total.is_some_and(|total| u64::from(total) != sum);
    let reasoning = at_most(reasoning, completion, mismatch);
    OutputTokens { output: completion - reasoning, reasoning }
}

fn at_most(part: u32, whole: u32, mismatch: &mut bool) -> u32 {
    *mismatch |= part > whole;
    part.min(whole)
}

/// Absent and null are missing, `12.0` is 12; negative, fractional, text and too large are malformed.
fn count(value: Option<&Value>) -> Count {
    let number = match value {
        None | Some(Value::Null) => return Count::Missing,
        Some(Value::Number(number)) => number,
        Some(_) => return Count::Malformed,
    };
    let whole = number.as_u64().or_else(|| {
        let text = number.to_string();
        text.strip_suffix(".0").and_then(|whole| whole.parse().ok())
    });
    match whole.filter(|n| *n <= COUNT_LIMIT).and_then(|n| u32::try_from(n).ok()) {
        Some(n) => Count::Value(n),
        None => Count::Malformed,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(value: Value) -> UsageReport {
        report(&value, true).unwrap()
    }

    #[test]
    fn classes_are_disjoint() {
        let usage = read(json!({
            "prompt_tokens": 100, "completion_tokens": 50, "total_tokens": 150,
            "prompt_tokens_details": {"cached_tokens": 30, "cache_write_tokens": 20},
            "completion_tokens_details": {"reasoning_tokens": 40}
        }));
        assert_eq!(usage.input, Some(InputTokens { input: 50, cache_read: 30, cache_write_short: 20 }));
        assert_eq!(usage.output, Some(OutputTokens { output: 10, reasoning: 40 }));
        assert_eq!(usage.flags, [""; 0]);
    }

    #[test]
    fn the_sum_check_finds_reasoning_that_is_counted_on_top() {
        let details = json!({"reasoning_tokens": 40});
        let additive = read(json!({
            "prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 55, "completion_tokens_details": details
        }));
        assert_eq!((additive.output, additive.flags.len()), (Some(OutputTokens { output: 5, reasoning: 40 }), 0));
        let neither = read(json!({
            "prompt_tokens": 10, "completion_tokens": 50, "total_tokens": 61, "completion_tokens_details": details
        }));
        assert_eq!(neither.output, Some(OutputTokens { output: 10, reasoning: 40 }));
        assert_eq!(neither.flags, ["usage_mismatch"]);
    }

    #[test]
    fn a_part_above_its_whole_is_clamped_and_marked() {
        let usage = read(json!({
            "prompt_tokens": 10, "completion_tokens": 5,
            "prompt_tokens_details": {"cached_tokens": 30}, "completion_tokens_details": {"reasoning_tokens": 9}
        }));
        assert_eq!(usage.input, Some(InputTokens { cache_read: 10, ..InputTokens::default() }));
        assert_eq!(usage.output, Some(OutputTokens { output: 0, reasoning: 5 }));
        assert_eq!(usage.flags, ["usage_mismatch"]);
    }

    #[test]
    fn nonsense_is_malformed_and_a_whole_float_is_a_number() {
        for wrong in [json!(-1), json!(12.5), json!("12"), json!({}), json!(9_223_372_036_854_775_807_u64), json!(true)]
        {
            let usage = read(json!({"prompt_tokens": wrong, "completion_tokens": 1}));
            assert_eq!((usage.input, usage.flags.as_slice()), (None, ["usage_malformed"].as_slice()), "{wrong}");
        }
        assert_eq!(read(json!({"prompt_tokens": 12.0})).input.map(|input| input.input), Some(12));
        assert_eq!(read(json!({"prompt_tokens": null})).flags, [""; 0]);
        assert_eq!(read(json!({"prompt_tokens": 0})).input, Some(InputTokens::default()));
    }

    #[test]
    fn no_object_is_no_report() {
        assert_eq!(report(&Value::Null, true), None);
        assert_eq!(report(&json!([1]), true), None);
    }
}
