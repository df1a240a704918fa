//! Money: integer nano-dollars. No float comes near it, from parsing to CSV (`ledger.md` 1).

use serde::{Deserialize, Serialize};

/// Nano-dollars (10⁻⁹ USD), up to about 9.2 billion dollars.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Money(pub i64);

impl Money {
    pub const ZERO: Self = Self(0);
    pub const NANOS_PER_DOLLAR: i64 = 1_000_000_000;

    pub fn from_dollars(dollars: i64) -> Option<Self> {
        dollars.checked_mul(Self::NANOS_PER_DOLLAR).map(Self)
    }

    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// All nine decimals, `0.000412500`: for headers, receipts and CSV.
    pub fn exact(self) -> String {
        let sign = if self.0 < 0 { "-" } else { "" };
        let nanos = self.0.unsigned_abs();
        format!("{sign}{}.{:09}", nanos / 1_000_000_000, nanos % 1_000_000_000)
    }

    /// For people (`ui.md` 10): from one dollar two decimals with separators, below two significant digits, `$0` for zero.
    /// Rounds half up, for display only.
    pub fn short(self) -> String {
        let nanos = self.0.unsigned_abs();
        let sign = if self.0 < 0 { "-" } else { "" };
        if nanos == 0 {
            return "$0".to_owned();
        }
        if nanos >= 995_000_000 {
            let cents = (nanos + 5_000_000) / 10_000_000;
            return format!("{sign}${}.{:02}", crate::text::thousands(cents / 100), cents % 100);
        }
        let digits = nanos.ilog10();
        let unit = 10u64.pow(digits.saturating_sub(1));
        let rounded = (nanos + unit / 2) / unit * unit;
        let text = format!("{rounded:09}");
        format!("{sign}$0.{}", text.trim_end_matches('0'))
    }
}

impl std::fmt::Display for Money {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.short())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_for_people_has_two_significant_digits_below_a_dollar() {
        for (nanos, text) in [
            (0, "$0"),
            (1, "$0.000000001"),
            (310, "$0.00000031"),
            (4_200_000, "$0.0042"),
            (4_249_999, "$0.0042"),
            (4_250_000, "$0.0043"),
            (99_600_000, "$0.1"),
            (999_999_999, "$1.00"),
            (1_234_500_000_000, "$1,234.50"),
            (-4_200_000, "-$0.0042"),
        ] {
            assert_eq!(Money(nanos).short(), text, "{nanos}");
        }
    }

    #[test]
    fn exact_money_prints_all_nine_decimals() {
        assert_eq!(Money(412_500).exact(), "0.000412500");
        assert_eq!(Money(-1_000_000_001).exact(), "-1.000000001");
        assert_eq!(Money(i64::MIN).exact(), "-9223372036.854775808");
    }
}
