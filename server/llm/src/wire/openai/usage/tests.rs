use serde_json::json;

use super::*;
use crate::wire::openai::{OPENAI, PLAIN};

fn read(value: Value) -> UsageReport {
    report(&value, true, &PLAIN).unwrap()
}

fn reasoned(prompt: u32, completion: u32, reasoning: u32, total: Option<u32>, quirks: &Quirks) -> (u32, u32, usize) {
    let value = json!({"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": total,
        "completion_tokens_details": {"reasoning_tokens": reasoning}});
    let usage = report(&value, true, quirks).unwrap();
    let output = usage.output.unwrap();
    (output.output, output.reasoning, usage.flags.iter().filter(|flag| **flag == MISMATCH).count())
}

#[test]
fn classes_are_disjoint() {
    let usage = read(json!({
        "prompt_tokens": 100, "completion_tokens": 50, "total_tokens": 150,
        "prompt_tokens_details": {"cached_tokens": 30, "cache_write_tokens": 20},
        "completion_tokens_details": {"reasoning_tokens": 40}
    }));
    assert_eq!(
        usage.input,
        Some(InputTokens { input: 50, cache_read: 30, cache_write_short: 20, cache_write_long: 0 })
    );
    assert_eq!(usage.output, Some(OutputTokens { output: 10, reasoning: 40 }));
    assert_eq!(usage.flags, [""; 0]);
}

#[test]
fn each_rule_of_reasoning_meets_each_sum() {
    let included = OPENAI;
    let additive = Quirks { reasoning: ReasoningCount::Additive, ..PLAIN };
    for (quirks, completion, reasoning, total, want, why) in [
        (PLAIN, 50, 40, None, (10, 40, 0), "auto without a total is included"),
        (PLAIN, 50, 40, Some(60), (10, 40, 0), "auto, the sum says included"),
        (PLAIN, 5, 40, Some(55), (5, 40, 0), "auto, the sum says additive"),
        (PLAIN, 50, 40, Some(61), (10, 40, 1), "auto, the sum says neither"),
        (PLAIN, 50, 0, Some(61), (50, 0, 1), "auto, a wrong sum without reasoning"),
        (included, 50, 40, Some(60), (10, 40, 0), "included and the sum agrees"),
        (included, 50, 40, Some(100), (10, 40, 1), "included keeps its rule when the sum says additive"),
        (included, 50, 40, None, (10, 40, 0), "included without a total"),
        (included, 5, 40, Some(15), (0, 5, 1), "included, reasoning above completion is clamped"),
        (additive, 5, 40, Some(55), (5, 40, 0), "additive and the sum agrees"),
        (additive, 50, 40, Some(60), (50, 40, 1), "additive keeps its rule when the sum says included"),
        (additive, 50, 0, Some(60), (50, 0, 0), "additive without reasoning"),
        (additive, 5, 40, None, (5, 40, 0), "additive without a total"),
    ] {
        assert_eq!(reasoned(10, completion, reasoning, total, &quirks), want, "{why}");
    }
}

#[test]
fn cached_input_is_found_where_the_vendor_counts_it() {
    let hit_miss = Quirks { cached_at: CachedAt::HitMiss, ..PLAIN };
    let top_level = Quirks { cached_at: CachedAt::TopLevel, ..PLAIN };
    for (quirks, value, want, flags) in [
        (
            hit_miss,
            json!({"prompt_tokens": 10, "prompt_cache_hit_tokens": 7, "prompt_cache_miss_tokens": 3}),
            (3, 7),
            0,
        ),
        (hit_miss, json!({"prompt_cache_hit_tokens": 7, "prompt_cache_miss_tokens": 3}), (3, 7), 0),
        (
            hit_miss,
            json!({"prompt_tokens": 11, "prompt_cache_hit_tokens": 7, "prompt_cache_miss_tokens": 3}),
            (3, 7),
            1,
        ),
        (hit_miss, json!({"prompt_tokens": 10, "prompt_cache_hit_tokens": 7}), (3, 7), 0),
        (hit_miss, json!({"prompt_tokens": 10, "prompt_cache_miss_tokens": 3}), (3, 7), 0),
        (hit_miss, json!({"prompt_tokens": 10, "prompt_tokens_details": {"cached_tokens": 7}}), (3, 7), 0),
        (hit_miss, json!({"prompt_tokens": 10, "prompt_cache_hit_tokens": 12}), (0, 10), 1),
        (top_level, json!({"prompt_tokens": 10, "cached_tokens": 7}), (3, 7), 0),
        (top_level, json!({"prompt_tokens": 10, "prompt_tokens_details": {"cached_tokens": 7}}), (3, 7), 0),
        (PLAIN, json!({"prompt_tokens": 10, "cached_tokens": 7}), (10, 0), 0),
        (PLAIN, json!({"prompt_tokens": 10, "prompt_tokens_details": {"cached_tokens": 7}}), (3, 7), 0),
    ] {
        let usage = report(&value, true, &quirks).unwrap();
        let input = usage.input.unwrap();
        assert_eq!((input.input, input.cache_read), want, "{value}");
        assert_eq!(usage.flags.len(), flags, "{value}");
    }
}

#[test]
fn cache_writes_are_found_under_the_vendors_name() {
    let quirks = Quirks { cache_write_at: "cache_creation_input_tokens", ..PLAIN };
    let value = json!({"prompt_tokens": 1500, "prompt_tokens_details": {
        "cached_tokens": 0, "cache_creation_input_tokens": 1024, "cache_write_tokens": 7}});
    let input = report(&value, true, &quirks).unwrap().input.unwrap();
    assert_eq!((input.input, input.cache_write_short), (476, 1024));
}

#[test]
fn a_cached_prompt_that_counts_zero_is_not_known() {
    let quirks = Quirks { prompt_zero_means_missing: true, ..PLAIN };
    let value = json!({"prompt_tokens": 0, "completion_tokens": 5, "total_tokens": 5});
    let usage = report(&value, true, &quirks).unwrap();
    assert_eq!((usage.input, usage.output.map(|output| output.output)), (None, Some(5)));
    assert_eq!(usage.flags, [""; 0]);
    assert_eq!(report(&value, true, &PLAIN).unwrap().input, Some(InputTokens::default()));
}

#[test]
fn a_part_above_its_whole_is_clamped_and_marked() {
    let usage = read(json!({
        "prompt_tokens": 10, "completion_tokens": 5,
        "prompt_tokens_details": {"cached_tokens": 30}, "completion_tokens_details": {"reasoning_tokens": 9}
    }));
    assert_eq!(usage.input, Some(InputTokens { cache_read: 10, ..InputTokens::default() }));
    assert_eq!(usage.output, Some(OutputTokens { output: 0, reasoning: 5 }));
    assert_eq!(usage.flags, [MISMATCH]);
}

#[test]
fn nonsense_is_malformed_and_a_whole_float_is_a_number() {
    for wrong in [json!(-1), json!(12.5), json!("12"), json!({}), json!(9_223_372_036_854_775_807_u64), json!(true)] {
        let usage = read(json!({"prompt_tokens": wrong, "completion_tokens": 1}));
        assert_eq!((usage.input, usage.flags.as_slice()), (None, [MALFORMED].as_slice()), "{wrong}");
    }
    assert_eq!(read(json!({"prompt_tokens": 12.0})).input.map(|input| input.input), Some(12));
    assert_eq!(read(json!({"prompt_tokens": null})).flags, [""; 0]);
    assert_eq!(read(json!({"prompt_tokens": 0})).input, Some(InputTokens::default()));
    assert_eq!(read(json!({"prompt_tokens": 1_u64 << 31})).input.map(|input| input.input), Some(1 << 31));
}

#[test]
fn no_object_is_no_report() {
    assert_eq!(report(&Value::Null, true, &PLAIN), None);
    assert_eq!(report(&json!([1]), true, &PLAIN), None);
}

#[test]
fn a_raw_object_is_kept_up_to_its_limit() {
    assert_eq!(
        read(json!({"prompt_tokens": 1, "cost": 0.5})).raw.as_deref(),
        Some(r#"{"prompt_tokens":1,"cost":0.5}"#)
    );
    assert_eq!(read(json!({"x": "y".repeat(count::RAW_LIMIT)})).raw, None);
}

#[test]
fn what_is_written_reads_the_same() {
    let input = Some(InputTokens { input: 5, cache_read: 3, cache_write_short: 2, cache_write_long: 0 });
    let report = UsageReport {
        input,
        output: Some(OutputTokens { output: 7, reasoning: 4 }),
        is_final: true,
        ..UsageReport::default()
    };
    let again = read(object(&report).unwrap());
    assert_eq!((again.input, again.output, again.flags.len()), (report.input, report.output, 0));
    assert_eq!(object(&UsageReport { output: None, ..report }), None);
}
