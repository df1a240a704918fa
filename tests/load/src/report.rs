//! The figures of a load run as text: percentiles by nearest rank, errors by their words.
//!
//! Failed requests never enter a percentile: a fast refusal would make a gateway look quick.

use std::{collections::BTreeMap, fmt::Write as _, time::Duration};

use crate::Sample;

pub fn report(samples: &[Sample], elapsed: Duration) -> String {
    let good: Vec<&Sample> = samples.iter().filter(|sample| sample.error.is_none()).collect();
    let mut text = String::new();
    // Writing into a `String` cannot fail.
    let _written = writeln!(
        text,
        "requests {}  failed {}  seconds {:.2}  per_second {:.1}",
        samples.len(),
        samples.len() - good.len(),
        elapsed.as_secs_f64(),
        good.len() as f64 / elapsed.as_secs_f64().max(f64::EPSILON)
    );
    text.push_str(&row("first_byte_ms", good.iter().map(|sample| sample.first_byte).collect()));
    text.push_str(&row("total_ms", good.iter().map(|sample| sample.total).collect()));
    let mut errors = BTreeMap::<&str, usize>::new();
    for error in samples.iter().filter_map(|sample| sample.error.as_deref()) {
        *errors.entry(error).or_default() += 1;
    }
    for (error, count) in errors {
        let _written = writeln!(text, "error {count} x {error}");
    }
    text
}

fn row(name: &str, mut times: Vec<Duration>) -> String {
    times.sort_unstable();
    let [p50, p90, p99, worst] = [50, 90, 99, 100].map(|percent| milliseconds(percentile(&times, percent)));
    format!("{name:<14} p50 {p50}  p90 {p90}  p99 {p99}  max {worst}\n")
}

/// Nearest rank: the smallest time that at least `percent` of the sorted `times` do not exceed.
fn percentile(times: &[Duration], percent: usize) -> Option<Duration> {
    let rank = (times.len() * percent).div_ceil(100);
    times.get(rank.checked_sub(1)?).copied()
}

fn milliseconds(time: Option<Duration>) -> String {
    time.map_or_else(|| "-".into(), |time| format!("{:.2}", time.as_secs_f64() * 1000.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(ms: u64, error: Option<&str>) -> Sample {
        let time = Duration::from_millis(ms);
        Sample { first_byte: time, total: time, error: error.map(str::to_owned) }
    }

    #[test]
    fn percentiles_are_nearest_ranks() {
        let times: Vec<Duration> = (1..=200).map(Duration::from_millis).collect();
        assert_eq!(percentile(&times, 50), Some(Duration::from_millis(100)));
        assert_eq!(percentile(&times, 99), Some(Duration::from_millis(198)));
        assert_eq!(percentile(&times[..1], 99), Some(Duration::from_millis(1)));
        assert_eq!(percentile(&[], 50), None);
    }

    #[test]
    fn failures_are_counted_and_kept_out_of_the_times() {
        let samples = [sample(10, None), sample(1, Some("status 503")), sample(1, Some("status 503"))];
        let text = report(&samples, Duration::from_secs(1));
        assert!(text.contains("failed 2") && text.contains("error 2 x status 503"));
        assert!(text.contains("p50 10.00"));
    }
}
