//! Percentiles by nearest rank, and times as people read them.

use std::time::Duration;

/// Sorted times.
#[derive(Debug, Default)]
pub struct Times(Vec<Duration>);

impl Times {
    pub fn new(times: impl IntoIterator<Item = Duration>) -> Self {
        let mut times: Vec<Duration> = times.into_iter().collect();
        times.sort_unstable();
        Self(times)
    }

    /// The smallest time that at least `percent` of all do not exceed, in milliseconds. `None` without any.
    pub fn percentile_ms(&self, percent: usize) -> Option<f64> {
        let rank = (self.0.len() * percent).div_ceil(100);
        self.0.get(rank.checked_sub(1)?).map(|time| time.as_secs_f64() * 1000.0)
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }
}

/// The middle one; of an even number, the lower of the two.
pub fn middle(numbers: &[f64]) -> Option<f64> {
    let mut numbers = numbers.to_vec();
    numbers.sort_unstable_by(f64::total_cmp);
    numbers.get(numbers.len().checked_sub(1)? / 2).copied()
}

/// Two decimals, or a dash for what was not measured.
pub fn shown(number: Option<f64>) -> String {
    number.map_or_else(|| "-".into(), |number| format!("{number:.2}"))
}

/// `a - b`, when both were measured.
pub fn difference(a: Option<f64>, b: Option<f64>) -> Option<f64> {
    Some(a? - b?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_nearest_ranks() {
        let times = Times::new((1..=200).rev().map(Duration::from_millis));
        assert_eq!(times.percentile_ms(50), Some(100.0));
        assert_eq!(times.percentile_ms(99), Some(198.0));
        assert_eq!(Times::new([Duration::from_millis(1)]).percentile_ms(99), Some(1.0));
        assert_eq!(Times::default().percentile_ms(50), None);
    }

    #[test]
    fn what_was_not_measured_is_a_dash_and_has_no_difference() {
        assert_eq!(shown(difference(Some(3.0), Some(1.5))), "1.50");
        assert_eq!(shown(difference(Some(3.0), None)), "-");
        assert_eq!((middle(&[]), middle(&[3.0, 1.0, 2.0]), middle(&[2.0, 1.0])), (None, Some(2.0), Some(1.0)));
    }
}
