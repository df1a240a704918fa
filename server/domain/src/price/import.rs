//! What an imported price file would change: shown first, accepted model by model.
//!
//! Pure: the differences and their ratios in integers. Reading the file is `control::prices::import`.

use serde::{Deserialize, Serialize};

use super::{Pico, PriceClass, PriceComponent, Variant};
use crate::{
    id::{DeploymentId, PriceVersionId},
    text::thousands,
};

/// A rate that grows or shrinks by more than this factor needs a second click.
pub const JUMP: i64 = 5;

/// All a file would change on this instance.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportPreview {
    pub changes: Vec<ImportChange>,
    /// Values of matched entries that nobody should take over unseen.
    pub review: Vec<ImportReview>,
    /// Models of this instance whose price is the file's already.
    pub same: u32,
    /// Models of this instance that the file does not know, as `provider/upstream`.
    pub unknown: Vec<String>,
    /// Entries of the file that are no model of this instance.
    pub not_matched: u32,
}

/// What one entry of the file would change on one deployment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportChange {
    pub deployment: DeploymentId,
    /// The version in force now; accepting is refused when another one is by then.
    pub current: Option<PriceVersionId>,
    /// The name clients send.
    pub model: String,
    /// `openai/gpt-x`, and whose it is where that is not the whole instance.
    pub place: String,
    /// The key in the file.
    pub entry: String,
    pub lines: Vec<ImportLine>,
    /// What the file knows about the model and we do not, or not any more, in words.
    pub facts: Vec<String>,
    /// What was done to the file's numbers, such as noise taken off.
    pub notes: Vec<String>,
    /// Is one of the lines a jump?
    pub is_jump: bool,
}

/// One rate that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportLine {
    /// `Cached read, batch, above 200,000 input tokens`.
    pub label: String,
    /// Decimal text as in forms; empty: there was no rate, or there will be none.
    pub old: String,
    pub new: String,
    /// `×1.25`; empty where one is not known or zero.
    pub ratio: String,
    pub is_jump: bool,
}

/// One value that was left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportReview {
    pub entry: String,
    pub field: String,
    pub value: String,
    pub reason: String,
}

/// What an administrator accepts of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportChoices {
    /// Where the file comes from: its name or address.
    pub file: String,
    /// When the file was made: `2026-11-12`, or empty.
    #[serde(default)]
    pub file_date: String,
    pub choices: Vec<ImportChoice>,
    /// Deployments whose jumps were looked at a second time.
    #[serde(default)]
    pub confirmed_jumps: Vec<DeploymentId>,
}

/// One accepted change: the deployment, and the version that the preview compared the file with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportChoice {
    pub deployment: DeploymentId,
    pub current: Option<PriceVersionId>,
}

impl From<&ImportChange> for ImportChoice {
    fn from(change: &ImportChange) -> Self {
        Self { deployment: change.deployment, current: change.current }
    }
}

/// How much was taken over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Imported {
    pub versions: u32,
    pub models: u32,
}

/// The rates in which two prices differ, in the order in which rates are shown.
pub fn differences(old: &[PriceComponent], new: &[PriceComponent]) -> Vec<ImportLine> {
    let mut keys: Vec<_> = old.iter().chain(new).map(PriceComponent::key).collect();
    keys.sort_unstable();
    keys.dedup();
    let rate = |all: &[PriceComponent], key| all.iter().find(|it| it.key() == key).map(|it| it.rate);
    let lines = keys.into_iter().map(|key| (key, rate(old, key), rate(new, key)));
    lines.filter(|(_, old, new)| old != new).map(|(key, old, new)| line(key, old, new)).collect()
}

fn line(key: (Variant, u32, PriceClass), old: Option<Pico>, new: Option<Pico>) -> ImportLine {
    let (variant, above_input_tokens, class) = key;
    let both = old.zip(new);
    let text = |rate: Option<Pico>| rate.map(|rate| class.rate_text(rate)).unwrap_or_default();
    ImportLine {
        label: label(class, variant, above_input_tokens),
        old: text(old),
        new: text(new),
        ratio: both.and_then(|(old, new)| ratio(old, new)).unwrap_or_default(),
        is_jump: both.is_some_and(|(old, new)| is_jump(old, new)),
    }
}

/// What a rate is for, in words.
fn label(class: PriceClass, variant: Variant, above_input_tokens: u32) -> String {
    let mut words = class.words().to_owned();
    if variant != Variant::Standard {
        words = format!("{words}, {}", variant.as_str());
    }
    if above_input_tokens > 0 {
        words = format!("{words}, above {} input tokens", thousands(u64::from(above_input_tokens)));
    }
    words
}

/// More than [`JUMP`] times dearer or cheaper. From or to zero is one as well: nothing is so many times nothing.
fn is_jump(old: Pico, new: Pico) -> bool {
    let (low, high) = (old.min(new), old.max(new));
    low.0.saturating_mul(JUMP) < high.0
}

/// `×1.25` in hundredths, rounded half up; for display only.
fn ratio(old: Pico, new: Pico) -> Option<String> {
    let (old, new) = (i128::from(old.0), i128::from(new.0));
    if old <= 0 || new <= 0 {
        return None;
    }
    let hundredths = (new * 200 + old) / (old * 2);
    Some(match hundredths {
        0 => "×<0.01".to_owned(),
        n => format!("×{}.{:02}", n / 100, n % 100),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(old: i64, new: i64) -> ImportLine {
        let price = |rate| [PriceComponent::base(PriceClass::Input, Pico(rate))];
        differences(&price(old), &price(new)).remove(0)
    }

    #[test]
    fn a_change_shows_both_rates_and_how_many_times_one_is_the_other() {
        let line = one(2_000_000, 2_500_000);
        assert_eq!((line.label.as_str(), line.old.as_str(), line.new.as_str()), ("Input", "2.00", "2.50"));
        assert_eq!((line.ratio.as_str(), line.is_jump), ("×1.25", false));
        assert_eq!(one(3, 1).ratio, "×0.33");
        assert_eq!(one(1_000_000_000, 1).ratio, "×<0.01");
    }

    #[test]
    fn more_than_five_times_up_or_down_is_a_jump_and_so_is_zero() {
        for (old, new, jump) in
            [(10, 50, false), (10, 51, true), (50, 10, false), (51, 10, true), (0, 1, true), (1, 0, true)]
        {
            assert_eq!(one(old, new).is_jump, jump, "{old} to {new}");
        }
        assert!(one(1, i64::MAX).is_jump);
        assert!(!one(i64::MAX - 1, i64::MAX).is_jump);
    }

    #[test]
    fn only_rates_that_differ_are_listed_and_a_missing_one_is_not_zero() {
        let old = [
            PriceComponent::base(PriceClass::Input, Pico(1)),
            PriceComponent::base(PriceClass::Output, Pico(2)),
            PriceComponent::base(PriceClass::CacheRead, Pico(1)),
        ];
        let batch = PriceComponent {
            variant: Variant::Batch,
            above_input_tokens: 200_000,
            ..PriceComponent::base(PriceClass::Input, Pico(1))
        };
        let new = [old[0], PriceComponent::base(PriceClass::Output, Pico(4)), batch];
        let lines = differences(&old, &new);
        let shown: Vec<_> =
            lines.iter().map(|it| (it.label.as_str(), it.old.as_str(), it.new.as_str(), it.is_jump)).collect();
        assert_eq!(
            shown,
            [
                ("Cached read", "0.000001", "", false),
                ("Output", "0.000002", "0.000004", false),
                ("Input, batch, above 200,000 input tokens", "", "0.000001", false),
            ]
        );
    }
}
