//! Price versions as people type and read them: decimal text, where the figures come from, who stands behind them.
//!
//! Versions are only added. The one later change is that an administrator confirms one that came from the built-in
//! catalogue or from an imported file.

use serde::{Deserialize, Serialize};

use super::{Pico, PriceClass, PriceComponent, Variant};
use crate::{
    clock::Stamp,
    error::FieldErrors,
    id::{ModelId, PriceVersionId},
};

/// Far above any price list: seven classes, four variants, ten tiers.
const MOST_RATES: usize = 280;

/// How a version came to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PriceSource {
    /// A person typed it.
    Typed,
    /// The catalogue that comes with the product.
    Catalogue,
    /// A community price file.
    Import,
    Bundle,
    /// The provider kind brings its own models and prices, as the demo does.
    BuiltIn,
}

impl PriceSource {
    pub const ALL: [Self; 5] = [Self::Typed, Self::Catalogue, Self::Import, Self::Bundle, Self::BuiltIn];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Typed => "typed",
            Self::Catalogue => "catalogue",
            Self::Import => "import",
            Self::Bundle => "bundle",
            Self::BuiltIn => "built in",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|source| source.as_str() == text)
    }

    /// Does somebody have to look at it before it counts as confirmed?
    pub fn needs_confirmation(self) -> bool {
        matches!(self, Self::Catalogue | Self::Import)
    }
}

/// One rate as decimal text: dollars per million tokens, per thousand requests for [`PriceClass::Request`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateText {
    pub class: PriceClass,
    #[serde(default)]
    pub variant: Variant,
    #[serde(default)]
    pub above_input_tokens: u32,
    /// Empty: not known.
    pub rate: String,
}

impl From<&PriceComponent> for RateText {
    fn from(component: &PriceComponent) -> Self {
        let PriceComponent { class, variant, above_input_tokens, rate } = *component;
        Self { class, variant, above_input_tokens, rate: class.rate_text(rate) }
    }
}

/// What a form sends to add a version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewPriceVersion {
    pub team: String,
    pub model: ModelId,
    pub rates: Vec<RateText>,
    /// `2026-12-01` or `2026-12-01T08:30` in the instance's zone, or with a zone of its own; empty: now.
    #[serde(default)]
    pub effective_from: String,
    #[serde(default)]
    pub source_url: String,
    /// When the source said so: `2026-11-12`, or empty.
    #[serde(default)]
    pub source_date: String,
    #[serde(default)]
    pub note: String,
}

/// Where a version stands in time. The end that people see is the next one's beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VersionState {
    Past,
    InForce,
    Future,
}

/// The versions of one model's price, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceHistory {
    /// The name clients send.
    pub model: String,
    /// May the reader add and confirm versions?
    pub editable: bool,
    pub versions: Vec<PriceVersion>,
}

/// One version in a model's price history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceVersion {
    pub id: PriceVersionId,
    pub state: VersionState,
    pub effective_from: Stamp,
    pub until: Option<Stamp>,
    pub source: PriceSource,
    pub source_url: String,
    pub source_date: String,
    pub note: String,
    /// Who added it.
    pub author: String,
    /// `None`: nobody has confirmed it yet.
    pub confirmed: Option<Confirmation>,
    pub rates: Vec<RateText>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmation {
    pub at: Stamp,
    pub by: String,
}

/// Which version an administrator stands up for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfirmPrice {
    pub team: String,
    pub model: ModelId,
    pub version: PriceVersionId,
}

/// The rates that were typed, exactly, in the order in which they are shown. Rates left empty are left out; every wrong
/// one is named as `rates.<index>`. A price needs standard input and output: unknown is not zero.
pub fn components(rates: &[RateText], errors: &mut FieldErrors) -> Vec<PriceComponent> {
    if rates.len() > MOST_RATES {
        errors.add("rates", format!("use at most {MOST_RATES} rates"));
        return Vec::new();
    }
    let mut components = Vec::<PriceComponent>::new();
    for (index, RateText { class, variant, above_input_tokens, rate }) in rates.iter().enumerate() {
        if rate.trim().is_empty() {
            continue;
        }
        let field = format!("rates.{index}");
        let read = match rate.trim().strip_prefix('-').and_then(|rate| rate.strip_suffix('%')) {
            Some(percent) => discounted(rates, *class, *variant, *above_input_tokens, percent),
            None => class.parse_rate(rate),
        };
        let Some(rate) = errors.check(&field, read) else { continue };
        let it = PriceComponent { class: *class, variant: *variant, above_input_tokens: *above_input_tokens, rate };
        if it.above_input_tokens > 100_000_000 {
            errors.add(&field, "a tier begins at 100 million input tokens at most");
        } else if components.iter().any(|other| other.key() == it.key()) {
            errors.add(&field, "this rate is given twice");
        } else {
            components.push(it);
        }
    }
    // One that was typed wrong is named by itself.
    let is_typed = |class| {
        let is_base = |it: &RateText| (it.variant, it.above_input_tokens, it.class) == (Variant::Standard, 0, class);
        rates.iter().any(|it| is_base(it) && !it.rate.trim().is_empty())
    };
    if !(is_typed(PriceClass::Input) && is_typed(PriceClass::Output)) {
        errors.add("rates", "a price needs both input and output in its base tier");
    }
    components.sort_by_key(PriceComponent::key);
    components
}

/// A batch price that was typed as `-50%`: worked out once, from the standard rate of the same class and tier.
fn discounted(
    rates: &[RateText],
    class: PriceClass,
    variant: Variant,
    above_input_tokens: u32,
    percent: &str,
) -> Result<Pico, String> {
    let rule = || "enter a discount on the standard rate in whole percent, such as -50%".to_owned();
    let left = percent.trim().parse::<i64>().ok().and_then(|percent| 100i64.checked_sub(percent));
    let left = left.filter(|left| (1..100).contains(left) && variant != Variant::Standard).ok_or_else(rule)?;
    let is_standard = |it: &&RateText| {
        (it.class, it.variant, it.above_input_tokens) == (class, Variant::Standard, above_input_tokens)
    };
    let standard = rates.iter().find(is_standard).map(|it| class.parse_rate(&it.rate));
    let standard = standard.and_then(Result::ok).ok_or("there is no standard rate to take a discount from")?;
    let product = standard.0.checked_mul(left).ok_or_else(rule)?;
    if product % 100 != 0 {
        return Err("this discount is no whole number of pico-dollars: enter the rate itself".to_owned());
    }
    Ok(Pico(product / 100))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(class: PriceClass, variant: Variant, above_input_tokens: u32, rate: &str) -> RateText {
        RateText { class, variant, above_input_tokens, rate: rate.to_owned() }
    }

    fn refused(rates: &[RateText]) -> Vec<(String, String)> {
        let mut errors = FieldErrors::default();
        components(rates, &mut errors);
        let fields = errors.finish().map_or_else(|error| error.fields, |()| Vec::new());
        fields.into_iter().map(|it| (it.field, it.message)).collect()
    }

    #[test]
    fn typed_rates_become_components_and_read_the_same_again() {
        let rates = [
            typed(PriceClass::Output, Variant::Standard, 0, "15"),
            typed(PriceClass::Input, Variant::Standard, 0, "$2.50"),
            typed(PriceClass::Input, Variant::Batch, 0, "1.25"),
            typed(PriceClass::Input, Variant::Standard, 272_000, "5"),
            typed(PriceClass::CacheRead, Variant::Standard, 0, " "),
            typed(PriceClass::Request, Variant::Standard, 0, "5"),
        ];
        let mut errors = FieldErrors::default();
        let made = components(&rates, &mut errors);
        assert_eq!(errors.finish(), Ok(()));
        let words: Vec<String> = made
            .iter()
            .map(|it| format!("{} {} {} {}", it.variant.as_str(), it.above_input_tokens, it.class.as_str(), it.rate.0))
            .collect();
        assert_eq!(
            words,
            [
                "standard 0 input 2500000",
                "standard 0 output 15000000",
                "standard 0 request 5000000000",
                "standard 272000 input 5000000",
                "batch 0 input 1250000",
            ]
        );
        let again: Vec<RateText> = made.iter().map(RateText::from).collect();
        let mut errors = FieldErrors::default();
        assert_eq!((components(&again, &mut errors), errors.finish()), (made, Ok(())));
    }

    #[test]
    fn every_wrong_rate_is_named() {
        let rates = [
            typed(PriceClass::Input, Variant::Standard, 0, "-1"),
            typed(PriceClass::Output, Variant::Standard, 0, "1.0000001"),
            typed(PriceClass::Output, Variant::Standard, 0, "1"),
            typed(PriceClass::Output, Variant::Standard, 0, "2"),
            typed(PriceClass::Input, Variant::Standard, 200_000_000, "2"),
        ];
        let named: Vec<String> = refused(&rates).into_iter().map(|(field, _)| field).collect();
        assert_eq!(named, ["rates.0", "rates.1", "rates.3", "rates.4"]);
    }

    #[test]
    fn a_discount_is_worked_out_once_from_the_standard_rate() {
        let discount = |standard: &str, percent: &str| {
            let rates = [
                typed(PriceClass::Input, Variant::Batch, 0, percent),
                typed(PriceClass::Input, Variant::Standard, 0, standard),
                typed(PriceClass::Output, Variant::Standard, 0, "1"),
            ];
            let mut errors = FieldErrors::default();
            let made = components(&rates, &mut errors);
            errors.finish().map(|()| made[2].rate.0).map_err(|error| error.fields[0].message.clone())
        };
        assert_eq!(discount("0.0375", "-50%"), Ok(18_750));
        assert_eq!(discount("2.50", " -20 % "), Ok(2_000_000));
        assert!(discount("0.000001", "-50%").is_err_and(|it| it.contains("no whole number of pico-dollars")));
        assert!(discount("", "-50%").is_err());
        for wrong in ["-0%", "-100%", "-x%", "50%", "--5%"] {
            assert!(discount("1", wrong).is_err(), "{wrong}");
        }
        let of_itself = [typed(PriceClass::Input, Variant::Standard, 0, "-50%")];
        assert!(!refused(&of_itself).is_empty());
    }

    #[test]
    fn a_price_without_output_is_no_price() {
        let rates = [
            typed(PriceClass::Input, Variant::Standard, 0, "1"),
            typed(PriceClass::Output, Variant::Batch, 0, "1"),
            typed(PriceClass::Output, Variant::Standard, 200_000, "1"),
        ];
        let message = "a price needs both input and output in its base tier";
        assert_eq!(refused(&rates), [("rates".to_owned(), message.to_owned())]);
        assert_eq!(refused(&[]).len(), 1);
    }

    #[test]
    fn sources_are_stored_and_read_back() {
        for source in PriceSource::ALL {
            assert_eq!(PriceSource::parse(source.as_str()), Some(source));
        }
        assert_eq!(PriceSource::parse("price page"), None);
    }
}
