//! Usage objects of this wire: read by the rules of the chat wire, which has the same counts under other names, and written.

use serde_json::{Value, json};

use crate::{
    tally::{InputTokens, OutputTokens, UsageReport},
    wire::count,
    wire::openai,
};

/// Reads a usage object. `None` when there is nothing that looks like one.
pub fn report(usage: &Value, is_final: bool) -> Option<UsageReport> {
    usage.as_object()?;
    let field = |name: &str| usage.get(name).unwrap_or(&Value::Null);
    let renamed = json!({
        "prompt_tokens": field("input_tokens"),
        "completion_tokens": field("output_tokens"),
        "total_tokens": field("total_tokens"),
        "prompt_tokens_details": field("input_tokens_details"),
        "completion_tokens_details": field("output_tokens_details"),
    });
    let mut report = openai::report(&renamed, is_final, &openai::PLAIN)?;
    if let Some(input) = &mut report.input {
        // Writes are short-lived unless the split says otherwise.
        let long = usage.pointer("/input_tokens_details/cache_write_tokens_details/ttl_12h_tokens");
        let long = long.and_then(Value::as_u64).and_then(|long| u32::try_from(long).ok()).unwrap_or(0);
        input.cache_write_long = long.min(input.cache_write_short);
        input.cache_write_short -= input.cache_write_long;
    }
    report.raw = count::raw(usage);
    Some(report)
}

/// As a client reads it. A side that nobody counted makes the whole unknown: zero would be a lie.
pub fn object(report: &UsageReport) -> Value {
    let (Some(input), Some(output)) = (report.input, report.output) else { return Value::Null };
    let InputTokens { input, cache_read, cache_write_short, cache_write_long } = input;
    let OutputTokens { output, reasoning } = output;
    let written = u64::from(cache_write_short) + u64::from(cache_write_long);
    let input = u64::from(input) + u64::from(cache_read) + written;
    let output = u64::from(output) + u64::from(reasoning);
    let mut details = json!({"cached_tokens": cache_read, "cache_write_tokens": written});
    if cache_write_long > 0 {
        details["cache_write_tokens_details"] =
            json!({"ttl_30m_tokens": cache_write_short, "ttl_12h_tokens": cache_write_long});
    }
    json!({
        "input_tokens": input,
        "input_tokens_details": details,
        "output_tokens": output,
        "output_tokens_details": {"reasoning_tokens": reasoning},
        "total_tokens": input + output,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_disjoint_and_written_back_inclusive() {
        let long = json!({"ttl_30m_tokens": 5, "ttl_12h_tokens": 15});
        for (usage, input, output) in [
            (
                json!({"input_tokens": 7, "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
                    "output_tokens": 3, "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": 10}),
                [7, 0, 0, 0],
                [3, 0],
            ),
            (
                json!({"input_tokens": 100, "input_tokens_details": {"cached_tokens": 30, "cache_write_tokens": 20},
                    "output_tokens": 50, "output_tokens_details": {"reasoning_tokens": 40}, "total_tokens": 150}),
                [50, 30, 20, 0],
                [10, 40],
            ),
            (
                json!({"input_tokens": 100, "input_tokens_details":
                        {"cached_tokens": 30, "cache_write_tokens": 20, "cache_write_tokens_details": long},
                    "output_tokens": 50, "output_tokens_details": {"reasoning_tokens": 40}, "total_tokens": 150}),
                [50, 30, 5, 15],
                [10, 40],
            ),
        ] {
            let read = report(&usage, true).unwrap();
            let classes = read.input.map(|i| [i.input, i.cache_read, i.cache_write_short, i.cache_write_long]);
            assert_eq!(classes, Some(input), "{usage}");
            assert_eq!(read.output.map(|o| [o.output, o.reasoning]), Some(output), "{usage}");
            assert_eq!((read.flags.len(), read.is_final), (0, true), "{usage}");
            assert_eq!(object(&read), usage);
            assert_eq!(read.raw, Some(usage.to_string()));
        }
    }

    #[test]
    fn reasoning_on_top_of_the_output_is_found_by_the_sum() {
        let usage = json!({"input_tokens": 10, "output_tokens": 5, "total_tokens": 55,
            "output_tokens_details": {"reasoning_tokens": 40}});
        let read = report(&usage, true).unwrap();
        assert_eq!((read.output, read.flags.len()), (Some(OutputTokens { output: 5, reasoning: 40 }), 0));
    }

    #[test]
    fn parts_above_their_whole_are_clamped_and_marked() {
        let usage = json!({"input_tokens": 10, "input_tokens_details": {"cached_tokens": 30},
            "output_tokens": 5, "output_tokens_details": {"reasoning_tokens": 9}});
        let read = report(&usage, true).unwrap();
        assert_eq!(read.input, Some(InputTokens { cache_read: 10, ..InputTokens::default() }));
        assert_eq!(read.output, Some(OutputTokens { output: 0, reasoning: 5 }));
        assert_eq!(read.flags, ["usage_mismatch"]);
    }

    #[test]
    fn a_side_that_is_missing_or_nonsense_is_none_and_the_other_one_counts() {
        let read = report(&json!({"input_tokens": null, "output_tokens": 5}), true).unwrap();
        assert_eq!((read.input, read.output.map(|o| o.output), read.flags.len()), (None, Some(5), 0));
        let read = report(&json!({"input_tokens": -1, "output_tokens": 5.0}), true).unwrap();
        assert_eq!((read.input, read.output.map(|o| o.output)), (None, Some(5)));
        assert_eq!(read.flags, ["usage_malformed"]);
        assert_eq!(object(&read), Value::Null);
    }

    #[test]
    fn no_object_is_no_report_and_a_large_one_is_not_kept() {
        assert_eq!(report(&Value::Null, true), None);
        assert_eq!(report(&json!([]), true), None);
        let large = json!({"input_tokens": 1, "note": "x".repeat(count::RAW_LIMIT)});
        assert_eq!(report(&large, true).unwrap().raw, None);
    }
}
