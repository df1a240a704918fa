//! One model of the community price file: its rates, its limits, what it can do.
//!
//! A key reads `<class>[_above_1hr][_above_<N>k_tokens][_batches|_flex|_priority]`. Keys that are not of that form are not
//! ours to read and are ignored; values that are odd are left out and listed for review. One more class: a line in [`class`].

use domain::{
    catalog::{Capability, ModelFacts},
    price::{Pico, PriceClass, PriceComponent, Variant, import::ImportReview},
};
use serde_json::value::RawValue;

use super::{
    decimal::scaled,
    file::{Fields, text},
};
use crate::stamps::day;

/// What was read of one model.
#[derive(Debug, Default)]
pub(super) struct Entry {
    /// `None`: the entry has no price that could be used.
    pub components: Option<Vec<PriceComponent>>,
    pub facts: ModelFacts,
    pub source: String,
    pub review: Vec<ImportReview>,
    /// The rates that are under review: what is known of them stays.
    pub doubted: Vec<PriceComponent>,
    pub notes: Vec<String>,
}

/// Reads what is known of a model's fields.
pub(super) fn read(key: &str, fields: Option<&Fields<'_>>) -> Entry {
    let Some(fields) = fields else { return Entry::default() };
    let mut rates =
        Rates { key, is_embedding: text(fields, "mode").as_deref() == Some("embedding"), ..Rates::default() };
    for (field, value) in fields {
        rates.read(field, value, 0);
    }
    if let Some(tiers) = fields.get("tiered_pricing") {
        rates.read_tiers(tiers);
    }
    if fields.contains_key("off_peak_pricing") {
        rates.notes.push("off-peak prices are not kept apart: these rates stand for every hour".to_owned());
    }
    let components = rates.finish();
    Entry {
        components,
        facts: facts(fields),
        source: text(fields, "source").unwrap_or_default().into_owned(),
        review: rates.review,
        doubted: rates.doubted,
        notes: rates.notes,
    }
}

/// The rates found so far, each with the rank of its key: of two keys for one rate the lower rank counts.
#[derive(Default)]
struct Rates<'a> {
    key: &'a str,
    is_embedding: bool,
    found: Vec<(PriceComponent, u8)>,
    doubted: Vec<PriceComponent>,
    review: Vec<ImportReview>,
    notes: Vec<String>,
}

impl Rates<'_> {
    fn read(&mut self, field: &str, value: &RawValue, from_tier: u32) {
        let Some((class, rank, variant, threshold)) = rate_key(field) else { return };
        if value.get() == "null" {
            return;
        }
        let above_input_tokens = threshold.max(from_tier);
        let place = PriceComponent { class, variant, above_input_tokens, rate: Pico(0) };
        let number = match scaled(value.get(), 12) {
            Ok(number) => number,
            Err(why) => {
                self.doubted.push(place);
                return self.doubt(field, value.get(), why);
            }
        };
        // An embedding has no output, so that its price is zero is a fact. Elsewhere the file writes zero for "not known" too.
        if number.value == 0 && !(self.is_embedding && class == PriceClass::Output) {
            self.doubted.push(place);
            return self.doubt(field, value.get(), "zero: free, or not known? If it is free, set this by hand");
        }
        if number.is_cleaned {
            self.notes.push(format!("{field}: {} read as {}", value.get(), class.rate_text(Pico(number.value))));
        }
        self.found.push((PriceComponent { rate: Pico(number.value), ..place }, rank));
    }

    /// `[{"range": [0, 32000], "input_cost_per_token": …}, …]`: each range is a tier.
    fn read_tiers(&mut self, value: &RawValue) {
        const FIELD: &str = "tiered_pricing";
        let Ok(tiers) = serde_json::from_str::<Vec<Fields<'_>>>(value.get()) else {
            return self.doubt(FIELD, "", "not a list of tiers");
        };
        for tier in &tiers {
            let range = tier.get("range").and_then(|range| serde_json::from_str::<Vec<&RawValue>>(range.get()).ok());
            let from = range.as_ref().and_then(|range| scaled(range.first()?.get(), 0).ok());
            match from.and_then(|from| u32::try_from(from.value).ok()) {
                Some(from) => tier.iter().for_each(|(field, value)| self.read(field, value, from)),
                None => self.doubt(FIELD, "", "a tier without a range"),
            }
        }
    }

    fn doubt(&mut self, field: &str, value: &str, reason: &str) {
        let value: String = value.chars().take(100).collect();
        let (entry, field, reason) = (self.key.to_owned(), field.to_owned(), reason.to_owned());
        self.review.push(ImportReview { entry, field, value, reason });
    }

    /// All rates of the price; none without an input and an output rate.
    fn finish(&mut self) -> Option<Vec<PriceComponent>> {
        self.found.sort_by_key(|(component, rank)| (component.key(), *rank));
        self.found.dedup_by_key(|(component, _)| component.key());
        let mut components: Vec<PriceComponent> = self.found.iter().map(|(component, _)| *component).collect();
        let base = |class| components.iter().find(|it| it.key() == (Variant::Standard, 0, class));
        if self.is_embedding && base(PriceClass::Input).is_some() && base(PriceClass::Output).is_none() {
            components.push(PriceComponent::base(PriceClass::Output, Pico(0)));
        } else if base(PriceClass::Input).is_none() || base(PriceClass::Output).is_none() {
            self.doubt("input_cost_per_token", "", "no usable price of input and output: nothing is proposed");
            return None;
        }
        // Reasoning costs as much as output unless it is priced apart; a row that says so again would only go stale in
        // variants and tiers that do not repeat it.
        let same = |it: &PriceComponent| {
            let output = (it.variant, it.above_input_tokens, PriceClass::Output);
            components.iter().any(|other| other.key() == output && other.rate == it.rate)
        };
        let mut kept: Vec<_> =
            components.iter().copied().filter(|it| it.class != PriceClass::Reasoning || !same(it)).collect();
        kept.sort_by_key(PriceComponent::key);
        Some(kept)
    }
}

/// Class and rank, variant and threshold of a key.
fn rate_key(key: &str) -> Option<(PriceClass, u8, Variant, u32)> {
    let variants = [("_batches", Variant::Batch), ("_flex", Variant::Flex), ("_priority", Variant::Priority)];
    let of_variant = variants.into_iter().find_map(|(ending, variant)| Some((key.strip_suffix(ending)?, variant)));
    let (rest, variant) = of_variant.unwrap_or((key, Variant::Standard));
    let (rest, threshold) = match rest.strip_suffix("k_tokens").and_then(|rest| rest.rsplit_once("_above_")) {
        Some((rest, thousands)) => (rest, thousands.parse::<u32>().ok()?.checked_mul(1_000)?),
        None => (rest, 0),
    };
    let (class, rank) = class(rest)?;
    Some((class, rank, variant, threshold))
}

fn class(name: &str) -> Option<(PriceClass, u8)> {
    Some(match name {
        "input_cost_per_token" => (PriceClass::Input, 0),
        "cache_read_input_token_cost" => (PriceClass::CacheRead, 0),
        "input_cost_per_token_cache_hit" => (PriceClass::CacheRead, 1),
        "cache_creation_input_token_cost" => (PriceClass::CacheWriteShort, 0),
        "cache_creation_input_token_cost_above_1hr" => (PriceClass::CacheWriteLong, 0),
        "cache_creation_input_token_cost_above_12hr" => (PriceClass::CacheWriteLong, 1),
        "output_cost_per_token" => (PriceClass::Output, 0),
        "output_cost_per_reasoning_token" => (PriceClass::Reasoning, 0),
        "input_cost_per_request" => (PriceClass::Request, 0),
        _ => return None,
    })
}

fn facts(fields: &Fields<'_>) -> ModelFacts {
    let is_embedding = text(fields, "mode").as_deref() == Some("embedding");
    let tokens = |name| {
        let value = scaled(fields.get(name)?.get(), 0).ok()?.value;
        u32::try_from(value).ok().filter(|tokens| (1..=100_000_000).contains(tokens))
    };
    let words = [
        ("supports_function_calling", Capability::Tools),
        ("supports_response_schema", Capability::JsonSchema),
        ("supports_vision", Capability::Images),
        ("supports_reasoning", Capability::Reasoning),
    ];
    let can = |name| fields.get(name).is_some_and(|value| value.get() == "true");
    let mut capabilities: Vec<Capability> =
        words.into_iter().filter(|(name, _)| can(*name)).map(|(_, capability)| capability).collect();
    capabilities.extend(is_embedding.then_some(Capability::Embeddings));
    let is_day = |text: &str| day(text).is_ok();
    ModelFacts {
        context_window: tokens("max_input_tokens"),
        max_output: tokens("max_output_tokens").filter(|_| !is_embedding),
        capabilities,
        retires_on: text(fields, "deprecation_date").filter(|text| is_day(text)).map(|text| text.into_owned()),
    }
}
