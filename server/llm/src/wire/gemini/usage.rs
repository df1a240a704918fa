//! `usageMetadata`, made disjoint (`ledger.md` 3).
//!
//! `promptTokenCount` includes cached content, `candidatesTokenCount` excludes thoughts, and the prompts of built-in tools are
//! extra input. Every chunk of a stream carries cumulative values. The API leaves a count of zero out, so a missing
//! `candidatesTokenCount` is zero where the total proves it, at the end of an answer or while thoughts are being counted:
//! the question was blocked, or nothing but thought so far. An early chunk without either says nothing about the output,
//! which it may hold and not count yet.

use domain::usage::Count;
use serde_json::Value;

use crate::tally::{InputTokens, OutputTokens, UsageReport};
use crate::wire::count::{self, count};

/// Reads a usage object. `None` when there is nothing that looks like one.
pub(super) fn report(value: &Value, is_final: bool) -> Option<UsageReport> {
    let usage = value.as_object()?;
    let read = |name: &str| count(usage.get(name));
    let [prompt, cached, tools, candidates, thoughts, total] = [
        "promptTokenCount",
        "cachedContentTokenCount",
        "toolUsePromptTokenCount",
        "candidatesTokenCount",
        "thoughtsTokenCount",
        "totalTokenCount",
    ]
    .map(read);
    let mut flags = Vec::new();
    if [prompt, cached, tools, candidates, thoughts, total].contains(&Count::Malformed) {
        flags.push("usage_malformed");
    }
    let part = |count: Count| count.value().unwrap_or(0);
    let sum = Sum {
        tools: part(tools),
        rest: [prompt, candidates, thoughts].map(|count| u64::from(part(count))).iter().sum(),
    };
    let agrees = total.value().map(|total| sum.is(total));
    let mut mismatch = agrees == Some(false) && prompt.value().is_some() && candidates.value().is_some();
    let input = prompt.value().map(|prompt| {
        let cache_read = part(cached);
        mismatch |= cache_read > prompt;
        let cache_read = cache_read.min(prompt);
        let input = (prompt - cache_read).saturating_add(part(tools));
        InputTokens { input, cache_read, ..InputTokens::default() }
    });
    let may_prove = is_final || thoughts.value().is_some();
    let is_proven_zero = may_prove && candidates == Count::Missing && prompt.value().is_some() && agrees == Some(true);
    let visible = candidates.value().or(is_proven_zero.then_some(0));
    let output = visible.map(|output| OutputTokens { output, reasoning: part(thoughts) });
    if mismatch {
        flags.push("usage_mismatch");
    }
    let raw = count::raw(value);
    Some(UsageReport { input, output, is_final, flags, raw })
}

/// What the counts add up to. The reference counts the prompts of built-in tools into the total in one place and leaves
/// them out in another.
struct Sum {
    tools: u32,
    rest: u64,
}

impl Sum {
    fn is(&self, total: u32) -> bool {
        let total = u64::from(total);
        total == self.rest || total == self.rest + u64::from(self.tools)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn input(input: u32, cache_read: u32) -> Option<InputTokens> {
        Some(InputTokens { input, cache_read, ..InputTokens::default() })
    }

    fn output(output: u32, reasoning: u32) -> Option<OutputTokens> {
        Some(OutputTokens { output, reasoning })
    }

    type Row = (&'static str, Value, Option<InputTokens>, Option<OutputTokens>, &'static [&'static str]);

    const NONE: &[&str] = &[];
    const MISMATCH: &[&str] = &["usage_mismatch"];
    const MALFORMED: &[&str] = &["usage_malformed"];

    fn check(rows: impl IntoIterator<Item = Row>, ends: &[bool]) {
        for (name, usage, input, output, flags) in rows {
            for &is_final in ends {
                let report = report(&usage, is_final).unwrap();
                assert_eq!((report.input, report.output, report.flags.as_slice()), (input, output, flags), "{name}");
                assert_eq!((report.is_final, report.raw), (is_final, Some(usage.to_string())), "{name}");
            }
        }
    }

    #[test]
    fn classes_are_disjoint() {
        let rows: [Row; 5] = [
            (
                "plain",
                json!({"promptTokenCount": 8, "candidatesTokenCount": 5, "totalTokenCount": 13}),
                input(8, 0),
                output(5, 0),
                NONE,
            ),
            (
                "cached content is part of the prompt",
                json!({"promptTokenCount": 100, "cachedContentTokenCount": 70, "candidatesTokenCount": 5, "totalTokenCount": 105}),
                input(30, 70),
                output(5, 0),
                NONE,
            ),
            (
                "thoughts are on top of the candidates",
                json!({"promptTokenCount": 8, "candidatesTokenCount": 5, "thoughtsTokenCount": 40, "totalTokenCount": 53}),
                input(8, 0),
                output(5, 40),
                NONE,
            ),
            (
                "prompts of built-in tools are extra input, inside the total",
                json!({"promptTokenCount": 8, "toolUsePromptTokenCount": 20, "candidatesTokenCount": 5, "totalTokenCount": 33}),
                input(28, 0),
                output(5, 0),
                NONE,
            ),
            (
                "and outside of it",
                json!({"promptTokenCount": 8, "toolUsePromptTokenCount": 20, "candidatesTokenCount": 5, "totalTokenCount": 13}),
                input(28, 0),
                output(5, 0),
                NONE,
            ),
        ];
        check(rows, &[false, true]);
    }

    #[test]
    fn missing_and_odd_counts_are_neither_zero_nor_believed() {
        let rows: Vec<Row> = vec![
            (
                "cut while thinking: the total proves that nothing was said",
                json!({"promptTokenCount": 8, "thoughtsTokenCount": 40, "totalTokenCount": 48}),
                input(8, 0),
                output(0, 40),
                NONE,
            ),
            ("no total proves nothing", json!({"promptTokenCount": 8}), input(8, 0), None, NONE),
            (
                "a greater total says that something is missing",
                json!({"promptTokenCount": 8, "totalTokenCount": 9}),
                input(8, 0),
                None,
                NONE,
            ),
            (
                "a server that counts thoughts as candidates",
                json!({"promptTokenCount": 8, "candidatesTokenCount": 45, "thoughtsTokenCount": 40, "totalTokenCount": 53}),
                input(8, 0),
                output(45, 40),
                MISMATCH,
            ),
            (
                "a part above its whole is clamped",
                json!({"promptTokenCount": 8, "cachedContentTokenCount": 9, "candidatesTokenCount": 0, "totalTokenCount": 8}),
                input(0, 8),
                output(0, 0),
                MISMATCH,
            ),
            (
                "explicit zeros",
                json!({"promptTokenCount": 0, "candidatesTokenCount": 0, "totalTokenCount": 0}),
                input(0, 0),
                output(0, 0),
                NONE,
            ),
            ("nothing at all", json!({}), None, None, NONE),
            (
                "nonsense",
                json!({"promptTokenCount": "8", "candidatesTokenCount": -1, "totalTokenCount": 12.5}),
                None,
                None,
                MALFORMED,
            ),
            (
                "a whole float is a number",
                json!({"promptTokenCount": 8.0, "candidatesTokenCount": 5, "totalTokenCount": null}),
                input(8, 0),
                output(5, 0),
                NONE,
            ),
        ];
        check(rows, &[false, true]);
    }

    #[test]
    fn output_that_is_not_counted_yet_is_unknown_until_the_end() {
        let usage = json!({"promptTokenCount": 8, "totalTokenCount": 8});
        check([("early", usage.clone(), input(8, 0), None, NONE)], &[false]);
        check([("blocked", usage, input(8, 0), output(0, 0), NONE)], &[true]);
    }

    #[test]
    fn no_object_is_no_report_and_a_long_one_is_not_kept() {
        assert_eq!(report(&Value::Null, true), None);
        assert_eq!(report(&json!([1]), true), None);
        let long = json!({"promptTokenCount": 1, "x": "y".repeat(count::RAW_LIMIT)});
        assert_eq!(report(&long, true).unwrap().raw, None);
    }
}
