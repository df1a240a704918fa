//! Shares and means with their 95 % intervals, in whole ten-thousandths and hundredths: no float crosses to a page.
//!
//! Formulas: Wilson (1927) for shares, `(p + z²/2n ± z√(p(1−p)/n + z²/4n²)) / (1 + z²/n)`; the normal interval of a mean,
//! `x̄ ± z·s/√n` with the sample deviation, for ratings. `z` is 1.959964.

use serde::{Deserialize, Serialize};

const Z: f64 = 1.959_964;

/// A share in ten-thousandths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    /// Of how many. 0: nothing is known, and the other fields mean nothing.
    pub n: u32,
    pub value: u16,
    pub low: u16,
    pub high: u16,
}

impl Share {
    /// `hits` of `n`.
    pub fn of(hits: u32, n: u32) -> Self {
        if n == 0 {
            return Self::default();
        }
        let (hits, count) = (f64::from(hits.min(n)), f64::from(n));
        let p = hits / count;
        let z2 = Z * Z;
        let centre = p + z2 / (2.0 * count);
        let half = Z * (p * (1.0 - p) / count + z2 / (4.0 * count * count)).sqrt();
        let scale = 1.0 + z2 / count;
        let parts = |share: f64| (share.clamp(0.0, 1.0) * 10_000.0).round() as u16;
        Self { n, value: parts(p), low: parts((centre - half) / scale), high: parts((centre + half) / scale) }
    }
}

/// A mean in hundredths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spread {
    /// Of how many. 0: nothing is known.
    pub n: u32,
    pub mean: u32,
    /// The same as the mean when there is only one.
    pub low: u32,
    pub high: u32,
}

impl Spread {
    /// Of whole values, given their number, their sum, the sum of their squares, and their bounds.
    pub fn of(n: u32, sum: u64, squares: u64, least: u32, most: u32) -> Self {
        if n == 0 {
            return Self::default();
        }
        let count = f64::from(n);
        // Exact below 2^53, far above any sum of ratings.
        let (sum, squares) = (sum as f64, squares as f64);
        let mean = sum / count;
        let variance = if n < 2 { 0.0 } else { ((squares - sum * sum / count) / (count - 1.0)).max(0.0) };
        let half = Z * (variance / count).sqrt();
        let bounded = |value: f64| (value.clamp(f64::from(least), f64::from(most)) * 100.0).round() as u32;
        Self { n, mean: bounded(mean), low: bounded(mean - half), high: bounded(mean + half) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fb_6_a_share_has_the_interval_of_wilson() {
        // Reference values: R 4.3, `prop.test(x, n, correct = FALSE)$conf.int`.
        let share = |hits, n| {
            let Share { n: _, value, low, high } = Share::of(hits, n);
            (value, low, high)
        };
        assert_eq!(share(8, 10), (8000, 4902, 9433));
        assert_eq!(share(0, 10), (0, 0, 2775));
        assert_eq!(share(10, 10), (10000, 7225, 10000));
        assert_eq!(share(1, 1), (10000, 2065, 10000));
        assert_eq!(share(500, 1000), (5000, 4691, 5309));
        assert_eq!(Share::of(0, 0), Share::default());
    }

    #[test]
    fn fb_6_a_mean_has_an_interval_inside_its_bounds() {
        // 3, 4, 5: mean 4, deviation 1, half width 1.959964 / √3 = 1.1316.
        assert_eq!(Spread::of(3, 12, 50, 1, 5), Spread { n: 3, mean: 400, low: 287, high: 500 });
        assert_eq!(Spread::of(1, 4, 16, 1, 5), Spread { n: 1, mean: 400, low: 400, high: 400 });
        assert_eq!(Spread::of(0, 0, 0, 1, 5), Spread::default());
    }
}
