//! The entries of the built-in catalogue, read once from `catalog/models.toml`.
//!
//! A test below checks every entry; a broken file cannot be released.

use std::sync::LazyLock;

use chrono::NaiveDate;
use domain::{
    ApiError, ErrorKind,
    catalog::Capability,
    error::FieldErrors,
    price::{
        PriceClass, PriceComponent, Variant,
        version::{RateText, components},
    },
};
use serde::Deserialize;

use super::vendors::{self, Vendor};
use crate::{Error, stamps::day};

static ENTRIES: LazyLock<Result<Vec<Entry>, String>> =
    LazyLock::new(|| read(include_str!("../../catalog/models.toml")));

/// One model with everything that is known about it.
#[derive(Debug)]
pub(crate) struct Entry {
    pub vendor: &'static Vendor,
    pub upstream: String,
    pub context_window: Option<u32>,
    pub max_output: Option<u32>,
    pub capabilities: Vec<Capability>,
    pub retires_on: Option<NaiveDate>,
    /// A page of the vendor, or the name of a file.
    pub source: String,
    pub source_date: NaiveDate,
    pub note: String,
    pub components: Vec<PriceComponent>,
}

/// All entries, in the order of the file: vendors, and the newest models first.
pub(super) fn all() -> Result<&'static [Entry], Error> {
    match &*ENTRIES {
        Ok(entries) => Ok(entries),
        Err(message) => Err(ApiError::new(ErrorKind::Internal, format!("the built-in catalogue: {message}")).into()),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    models: Vec<Model>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Model {
    vendor: String,
    id: String,
    context_window: Option<u32>,
    max_output: Option<u32>,
    #[serde(default)]
    capabilities: Vec<Capability>,
    retires_on: Option<String>,
    source: String,
    source_date: String,
    #[serde(default)]
    note: String,
    standard: Rates,
    #[serde(default)]
    batch: Rates,
    #[serde(default)]
    flex: Rates,
    #[serde(default)]
    priority: Rates,
    #[serde(default)]
    tiers: Vec<Tier>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Tier {
    above_input_tokens: u32,
    #[serde(default)]
    standard: Rates,
    #[serde(default)]
    batch: Rates,
    #[serde(default)]
    flex: Rates,
    #[serde(default)]
    priority: Rates,
}

/// Decimal text for each class that has a rate.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Rates {
    input: Option<String>,
    cache_read: Option<String>,
    cache_write_short: Option<String>,
    cache_write_long: Option<String>,
    output: Option<String>,
    reasoning: Option<String>,
    request: Option<String>,
}

impl Rates {
    fn texts(self, variant: Variant, above_input_tokens: u32) -> impl Iterator<Item = RateText> {
        let Self { input, cache_read, cache_write_short, cache_write_long, output, reasoning, request } = self;
        let rates = [
            (PriceClass::Input, input),
            (PriceClass::CacheRead, cache_read),
            (PriceClass::CacheWriteShort, cache_write_short),
            (PriceClass::CacheWriteLong, cache_write_long),
            (PriceClass::Output, output),
            (PriceClass::Reasoning, reasoning),
            (PriceClass::Request, request),
        ];
        let text = move |(class, rate): (_, Option<String>)| {
            Some(RateText { class, variant, above_input_tokens, rate: rate? })
        };
        rates.into_iter().filter_map(text)
    }
}

fn read(text: &str) -> Result<Vec<Entry>, String> {
    let document: Document = toml::from_str(text).map_err(|error| error.to_string())?;
    document.models.into_iter().map(entry).collect()
}

fn entry(model: Model) -> Result<Entry, String> {
    let Model {
        vendor,
        id,
        context_window,
        max_output,
        capabilities,
        retires_on,
        source,
        source_date,
        note,
        standard,
        batch,
        flex,
        priority,
        tiers,
    } = model;
    let named = |message: String| format!("{vendor} {id}: {message}");
    let base = Tier { above_input_tokens: 0, standard, batch, flex, priority };
    let mut rates = Vec::new();
    for Tier { above_input_tokens: above, standard, batch, flex, priority } in std::iter::once(base).chain(tiers) {
        rates.extend(standard.texts(Variant::Standard, above));
        rates.extend(batch.texts(Variant::Batch, above));
        rates.extend(flex.texts(Variant::Flex, above));
        rates.extend(priority.texts(Variant::Priority, above));
    }
    let mut errors = FieldErrors::default();
    let components = components(&rates, &mut errors);
    errors.finish().map_err(|error| named(error.message))?;
    Ok(Entry {
        vendor: vendors::find(&vendor).ok_or_else(|| named("no such vendor".to_owned()))?,
        context_window,
        max_output,
        capabilities,
        retires_on: retires_on.as_deref().map(day).transpose().map_err(named)?,
        source,
        source_date: day(&source_date).map_err(named)?,
        note,
        components,
        upstream: id,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_entry_is_unique_and_has_its_source_and_date() {
        let entries = all().expect("a catalogue");
        assert!(entries.len() >= 80, "{} entries", entries.len());
        let names: BTreeSet<_> = entries.iter().map(|it| (it.vendor.id, it.upstream.as_str())).collect();
        assert_eq!(names.len(), entries.len());
        for it in entries {
            let name = &it.upstream;
            assert_eq!(domain::text::model_name(name).as_ref(), Ok(name));
            let is_page = url::Url::parse(&it.source).is_ok_and(|url| url.scheme() == "https" && url.has_host());
            assert!(is_page || it.source.starts_with("community price file ("), "{name}: {}", it.source);
            assert!(it.source_date >= day("2026-11-01").expect("a day"), "{name}");
            assert!(it.retires_on.is_none_or(|day| day > it.source_date), "{name} is retired");
            assert!(it.context_window.is_none_or(|tokens| (1..=100_000_000).contains(&tokens)), "{name}");
            assert!(!it.source.contains('"') && it.note.chars().count() <= 500, "{name}");
        }
    }

    #[test]
    fn no_rate_is_zero_because_it_is_not_known() {
        for it in all().expect("a catalogue") {
            let is_embedding = it.capabilities.contains(&Capability::Embeddings);
            for rate in &it.components {
                let may_be_zero = is_embedding && rate.class == PriceClass::Output;
                assert!(rate.rate.0 > 0 || may_be_zero, "{}: {:?}", it.upstream, rate.class);
            }
        }
    }

    /// Catches slips of the point: what is read from a cache costs less than what is not, a batch less than no batch.
    #[test]
    fn rates_stand_in_the_usual_order() {
        for it in all().expect("a catalogue") {
            let rate = |variant, tier, class| {
                it.components.iter().find(|rate| rate.key() == (variant, tier, class)).map(|rate| rate.rate)
            };
            for component in &it.components {
                let (variant, tier, _) = component.key();
                let of = |class| rate(variant, tier, class);
                let name = format!("{} {variant:?} {tier}", it.upstream);
                if let (Some(read), Some(input)) = (of(PriceClass::CacheRead), of(PriceClass::Input)) {
                    assert!(read <= input, "{name}: cached reads");
                }
                if let (Some(long), Some(short)) = (of(PriceClass::CacheWriteLong), of(PriceClass::CacheWriteShort)) {
                    assert!(long >= short, "{name}: cache writes");
                }
                let standard = rate(Variant::Standard, tier, component.class);
                match (variant, standard) {
                    (Variant::Batch | Variant::Flex, Some(standard)) => assert!(component.rate <= standard, "{name}"),
                    (Variant::Priority, Some(standard)) => assert!(component.rate >= standard, "{name}"),
                    _ => {}
                }
                let base = rate(variant, 0, component.class);
                assert!(base.is_none_or(|base| component.rate >= base), "{name}: a tier below its base");
            }
        }
    }

    #[test]
    fn a_broken_entry_is_named() {
        let broken = |text: &str| read(text).expect_err("refused");
        let entry = "[[models]]\nvendor = \"openai\"\nid = \"x\"\nsource = \"s\"\nsource_date = \"2026-11-12\"\n";
        assert_eq!(
            broken(&format!("{entry}standard = {{ input = \"1\" }}\n")),
            "openai x: a price needs both input and output in its base tier"
        );
        assert!(
            broken(&format!("{entry}standard = {{ input = 1.5, output = \"1\" }}\n")).contains("expected a string")
        );
        let wrong = entry.replace("openai", "nobody");
        assert_eq!(
            broken(&format!("{wrong}standard = {{ input = \"1\", output = \"1\" }}\n")),
            "nobody x: no such vendor"
        );
    }
}
