use serde_json::json;

use super::*;

fn tokens(input: u32, cache_read: u32, cache_write_short: u32, cache_write_long: u32) -> Option<InputTokens> {
    Some(InputTokens { input, cache_read, cache_write_short, cache_write_long })
}

fn visible(output: u32) -> Option<OutputTokens> {
    Some(OutputTokens { output, reasoning: 0 })
}

fn whole(long_cache: bool, usage: Value) -> UsageReport {
    let mut meter = Meter::new(long_cache);
    assert!(meter.update(&usage));
    meter.report(true)
}

fn stream(long_cache: bool, start: Value, deltas: &[Value]) -> UsageReport {
    let mut meter = Meter::new(long_cache);
    meter.start(&start);
    for delta in deltas {
        meter.update(delta);
    }
    meter.report(!deltas.is_empty())
}

#[test]
fn input_is_what_was_neither_read_from_a_cache_nor_written_to_one() {
    let report = whole(
        false,
        json!({
            "input_tokens": 12, "cache_read_input_tokens": 100, "cache_creation_input_tokens": 50, "output_tokens": 7,
            "cache_creation": {"ephemeral_5m_input_tokens": 20, "ephemeral_1h_input_tokens": 30},
            "output_tokens_details": {"thinking_tokens": 5}, "service_tier": "standard"
        }),
    );
    assert_eq!((report.input, report.output), (tokens(12, 100, 20, 30), visible(7)));
    assert_eq!((report.flags.len(), report.is_final), (0, true));
    assert!(report.raw.unwrap().starts_with("{\"input_tokens\":12"));
}

#[test]
fn unsplit_cache_writes_are_of_the_lifetime_that_was_asked_for() {
    let usage =
        json!({"input_tokens": 1, "cache_creation_input_tokens": 50, "cache_creation": null, "output_tokens": 7});
    assert_eq!(whole(false, usage.clone()).input, tokens(1, 0, 50, 0));
    assert_eq!(whole(true, usage).input, tokens(1, 0, 0, 50));
}

#[test]
fn a_split_that_leaves_something_out_is_filled_up_and_flagged() {
    let usage = json!({
        "input_tokens": 1, "cache_creation_input_tokens": 50, "output_tokens": 7,
        "cache_creation": {"ephemeral_5m_input_tokens": 20, "ephemeral_1h_input_tokens": 0}
    });
    let report = whole(true, usage.clone());
    assert_eq!((report.input, report.flags.as_slice()), (tokens(1, 0, 20, 30), ["usage_mismatch"].as_slice()));
    assert_eq!(whole(false, usage).input, tokens(1, 0, 50, 0));
}

#[test]
fn stream_values_are_cumulative_and_never_added_up() {
    let start = json!({"input_tokens": 100, "cache_read_input_tokens": 7, "output_tokens": 1});
    let deltas = [json!({"output_tokens": 10}), json!({"output_tokens": 25})];
    let report = stream(false, start, &deltas);
    assert_eq!((report.input, report.output), (tokens(100, 7, 0, 0), visible(25)));
}

#[test]
fn a_later_input_side_replaces_the_whole_earlier_one_unless_it_is_zero() {
    let start = json!({"input_tokens": 100, "cache_read_input_tokens": 50, "output_tokens": 1});
    for (delta, expected) in [
        // Corrected downwards.
        (json!({"input_tokens": 10, "output_tokens": 5}), tokens(10, 0, 0, 0)),
        (json!({"input_tokens": 0, "cache_read_input_tokens": 140, "output_tokens": 5}), tokens(0, 140, 0, 0)),
        // Zeroed.
        (
            json!({"input_tokens": 0, "cache_read_input_tokens": 0, "cache_creation_input_tokens": 0, "output_tokens": 5}),
            tokens(100, 50, 0, 0),
        ),
        // Without the leading counter it is no snapshot.
        (json!({"cache_read_input_tokens": 9, "output_tokens": 5}), tokens(100, 50, 0, 0)),
        (json!({"input_tokens": null, "output_tokens": 5}), tokens(100, 50, 0, 0)),
    ] {
        let report = stream(false, start.clone(), std::slice::from_ref(&delta));
        assert_eq!((report.input, report.output), (expected, visible(5)), "{delta}");
    }
}

#[test]
fn a_start_of_zeros_is_corrected_upwards() {
    let report = stream(
        false,
        json!({"input_tokens": 0, "output_tokens": 0}),
        &[json!({"input_tokens": 30, "cache_read_input_tokens": 4, "output_tokens": 5})],
    );
    assert_eq!(report.input, tokens(30, 4, 0, 0));
    let nothing_else = stream(false, json!({"input_tokens": 0, "output_tokens": 0}), &[json!({"output_tokens": 5})]);
    assert_eq!(nothing_else.input, tokens(0, 0, 0, 0));
}

#[test]
fn the_output_of_the_start_is_a_placeholder() {
    let report = stream(false, json!({"input_tokens": 100, "output_tokens": 1}), &[]);
    assert_eq!((report.input, report.output, report.is_final), (tokens(100, 0, 0, 0), None, false));
    let zero = stream(false, json!({"input_tokens": 100, "output_tokens": 1}), &[json!({"output_tokens": 0})]);
    assert_eq!(zero.output, visible(0));
}

#[test]
fn the_split_of_the_start_holds_for_the_same_sum_in_the_delta() {
    let start = json!({
        "input_tokens": 5, "cache_creation_input_tokens": 300, "output_tokens": 1,
        "cache_creation": {"ephemeral_5m_input_tokens": 100, "ephemeral_1h_input_tokens": 200}
    });
    let same = json!({"input_tokens": 6, "cache_creation_input_tokens": 300, "output_tokens": 9});
    assert_eq!(stream(true, start.clone(), &[same]).input, tokens(6, 0, 100, 200));
    let other = json!({"input_tokens": 6, "cache_creation_input_tokens": 280, "output_tokens": 9});
    assert_eq!(stream(true, start.clone(), std::slice::from_ref(&other)).input, tokens(6, 0, 0, 280));
    assert_eq!(stream(false, start, &[other]).input, tokens(6, 0, 280, 0));
}

#[test]
fn iterations_are_added_up_where_the_top_level_leaves_out_the_compaction() {
    let usage = json!({
        "input_tokens": 23_000, "output_tokens": 1_000, "iterations": [
            {"type": "compaction", "input_tokens": 180_000, "output_tokens": 3_500},
            {"type": "message", "input_tokens": 23_000, "output_tokens": 1_000, "cache_read_input_tokens": 0,
             "cache_creation_input_tokens": 40, "cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 40}}
        ]
    });
    let report = whole(false, usage.clone());
    assert_eq!((report.input, report.output), (tokens(203_000, 0, 0, 40), visible(4_500)));
    assert_eq!(report.flags, [""; 0]);
    let streamed = stream(false, json!({"input_tokens": 180_000, "output_tokens": 1}), &[usage]);
    assert_eq!((streamed.input, streamed.output), (tokens(203_000, 0, 0, 40), visible(4_500)));
}

#[test]
fn an_unknown_iteration_is_flagged_and_counts_nothing() {
    let report = whole(
        false,
        json!({"input_tokens": 10, "output_tokens": 5, "iterations": [
            {"type": "message", "input_tokens": 10, "output_tokens": 5},
            {"type": "advisor_message", "model": "other", "input_tokens": 700, "output_tokens": 70}
        ]}),
    );
    assert_eq!((report.input, report.output), (tokens(10, 0, 0, 0), visible(5)));
    assert_eq!(report.flags, ["usage_mismatch"]);
    let alone = whole(false, json!({"input_tokens": 10, "output_tokens": 5, "iterations": [{"type": "new"}, 7]}));
    assert_eq!((alone.input, alone.output, alone.flags), (tokens(10, 0, 0, 0), visible(5), vec!["usage_mismatch"]));
    let none = whole(false, json!({"input_tokens": 10, "output_tokens": 5, "iterations": []}));
    assert_eq!((none.input, none.flags.len()), (tokens(10, 0, 0, 0), 0));
}

#[test]
fn nonsense_counts_as_missing_and_is_flagged() {
    for wrong in [json!(-1), json!(1.5), json!("12"), json!(2_147_483_649_u64), json!(true), json!([])] {
        let report = whole(false, json!({"input_tokens": wrong, "output_tokens": 1}));
        assert_eq!((report.input, report.flags.as_slice()), (None, ["usage_malformed"].as_slice()), "{wrong}");
    }
    let kept = stream(
        false,
        json!({"input_tokens": 10, "output_tokens": 1}),
        &[json!({"input_tokens": "many", "output_tokens": 2.0})],
    );
    assert_eq!((kept.input, kept.output, kept.flags), (tokens(10, 0, 0, 0), visible(2), vec!["usage_malformed"]));
}

#[test]
fn no_object_is_no_usage_and_a_huge_one_is_not_kept() {
    assert!(!Meter::default().update(&Value::Null));
    assert!(!Meter::default().start(&json!([1])));
    let report = whole(false, json!({"input_tokens": 1, "output_tokens": 1, "x": "y".repeat(5_000)}));
    assert_eq!((report.raw, report.input), (None, tokens(1, 0, 0, 0)));
}
