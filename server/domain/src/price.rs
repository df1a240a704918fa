//! Prices: pico-dollars per token in append-only versions, and the one cost function (`ledger.md` 1 and 2).
//!
//! Pure. The same function prices the bound of a reservation and the settlement. What people type and read is in `version`,
//! the differences an imported file would make in `import`. A new token class is one variant of [`PriceClass`], its line in
//! [`Price::cost_as`] and its column in [`crate::usage::Usage`].

pub mod import;
pub mod version;

use serde::{Deserialize, Serialize};

use crate::{id::PriceVersionId, money::Money, usage::Usage};

/// Pico-dollars (10⁻¹² USD) per token or per request. One dollar per million tokens is 1,000,000.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Pico(pub i64);

impl Pico {
    /// Reads dollars per million tokens, `2.50` or `$1,234.5`, with up to six decimals, exactly.
    pub fn parse_per_million(text: &str) -> Result<Self, String> {
        // One dollar per million tokens is 10⁶ pico-dollars per token, so six decimals are exact.
        parse_dollars(text, 6, "six", "dollars per million tokens")
    }

    /// Reads dollars per thousand requests, as vendors print prices per request, with up to nine decimals, exactly.
    pub fn parse_per_thousand(text: &str) -> Result<Self, String> {
        parse_dollars(text, 9, "nine", "dollars per thousand requests")
    }

    /// Dollars per million as decimal text: at least two decimals, no more than needed.
    pub fn per_million(self) -> String {
        self.dollars(6)
    }

    /// The same per thousand.
    pub fn per_thousand(self) -> String {
        self.dollars(9)
    }

    fn dollars(self, decimals: u32) -> String {
        let (one, width) = (10u64.pow(decimals), decimals as usize);
        let fraction = format!("{:0width$}", self.0.unsigned_abs() % one);
        let fraction = fraction.trim_end_matches('0');
        format!("{}{}.{fraction:0<2}", if self.0 < 0 { "-" } else { "" }, self.0.unsigned_abs() / one)
    }
}

fn parse_dollars(text: &str, decimals: usize, in_words: &str, unit: &str) -> Result<Pico, String> {
    let rule = || format!("enter {unit} with at most {in_words} decimals, such as 2.50");
    let text = text.trim().trim_start_matches('$').replace(',', "");
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if (whole.is_empty() && fraction.is_empty()) || !digits(whole) || !digits(fraction) {
        return Err(rule());
    }
    if fraction.len() > decimals {
        return Err(format!("use at most {in_words} decimals: prices are stored in pico-dollars"));
    }
    format!("{whole}{fraction:0<decimals$}").parse().map(Pico).map_err(|_| rule())
}

/// What a rate pays for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PriceClass {
    Input,
    CacheRead,
    CacheWriteShort,
    CacheWriteLong,
    Output,
    Reasoning,
    /// Once per request.
    Request,
}

impl PriceClass {
    pub const ALL: [Self; 7] = [
        Self::Input,
        Self::CacheRead,
        Self::CacheWriteShort,
        Self::CacheWriteLong,
        Self::Output,
        Self::Reasoning,
        Self::Request,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::CacheRead => "cache_read",
            Self::CacheWriteShort => "cache_write_short",
            Self::CacheWriteLong => "cache_write_long",
            Self::Output => "output",
            Self::Reasoning => "reasoning",
            Self::Request => "request",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.as_str() == text)
    }

    /// For people.
    pub fn words(self) -> &'static str {
        match self {
            Self::Input => "Input",
            Self::CacheRead => "Cached read",
            Self::CacheWriteShort => "Cache write, 5 min",
            Self::CacheWriteLong => "Cache write, 1 h",
            Self::Output => "Output",
            Self::Reasoning => "Reasoning",
            Self::Request => "Per request",
        }
    }

    /// Reads a rate as people type it: dollars per million tokens, and per thousand requests for [`Self::Request`].
    pub fn parse_rate(self, text: &str) -> Result<Pico, String> {
        if self == Self::Request { Pico::parse_per_thousand(text) } else { Pico::parse_per_million(text) }
    }

    /// The same way back.
    pub fn rate_text(self, rate: Pico) -> String {
        if self == Self::Request { rate.per_thousand() } else { rate.per_million() }
    }
}

/// How a request is served; vendors price these apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Variant {
    #[default]
    Standard,
    Batch,
    Flex,
    Priority,
}

impl Variant {
    /// For people.
    pub fn words(self) -> &'static str {
        match self {
            Self::Standard => "Standard",
            Self::Batch => "Batch",
            Self::Flex => "Flex",
            Self::Priority => "Priority",
        }
    }

    pub const ALL: [Self; 4] = [Self::Standard, Self::Batch, Self::Flex, Self::Priority];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Batch => "batch",
            Self::Flex => "flex",
            Self::Priority => "priority",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|variant| variant.as_str() == text)
    }
}

/// One rate: a class, how it is served, from which input size on (0 is the base tier), and pico-dollars.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceComponent {
    pub class: PriceClass,
    #[serde(default)]
    pub variant: Variant,
    pub above_input_tokens: u32,
    pub rate: Pico,
}

impl PriceComponent {
    /// A rate of the base tier, served the standard way.
    pub fn base(class: PriceClass, rate: Pico) -> Self {
        Self { class, variant: Variant::Standard, above_input_tokens: 0, rate }
    }

    /// What tells two components of one version apart; also the order in which they are shown.
    pub fn key(&self) -> (Variant, u32, PriceClass) {
        (self.variant, self.above_input_tokens, self.class)
    }
}

/// One version of a deployment's price: never changed, only followed by the next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Price {
    pub version: PriceVersionId,
    pub components: Vec<PriceComponent>,
}

/// What an attempt cost, and which rates it had to borrow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    pub money: Money,
    /// A class in use had no rate of its own, or none in its tier (`price_gap`).
    pub gap: bool,
    /// A class in use had no rate for its variant and was priced as standard (`variant_gap`).
    pub variant_gap: bool,
}

/// What a bound must cover besides token counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    pub variant: Variant,
    /// May the request write to the long-lived cache?
    pub long_cache: bool,
}

/// The rate found for a class, and whose it is.
#[derive(Clone, Copy)]
struct Rate {
    pico: Pico,
    gap: bool,
    variant_gap: bool,
}

/// Which rows apply: one variant, one tier.
#[derive(Clone, Copy)]
struct Place {
    variant: Variant,
    tier: u32,
}

impl Price {
    /// Cost of one attempt that was served the standard way; see [`Self::cost_as`].
    pub fn cost(&self, usage: &Usage) -> Option<Cost> {
        self.cost_as(Variant::Standard, usage)
    }

    /// Cost of one attempt in nano-dollars, rounded up once.
    ///
    /// `None` when input or output has no rate (an unknown price is not zero) or the sum does not fit [`Money`]. The tier
    /// is the greatest threshold strictly below the total input, and all tokens take its rates. A class that the tier does
    /// not name costs as in the base tier, a variant without rates as standard, cached input without any as input, and
    /// reasoning without any as output; all but the last leave a mark.
    /// Source: the usage fields of the OpenAI, Anthropic and Gemini APIs, made disjoint in `llm::wire`.
    pub fn cost_as(&self, variant: Variant, usage: &Usage) -> Option<Cost> {
        let place = Place { variant, tier: self.tier(variant, usage.total_input()) };
        let input = self.rate(PriceClass::Input, place)?;
        let output = self.rate(PriceClass::Output, place)?;
        let cached = |class| self.cached(class, place, input);
        let reasoning = self.rate(PriceClass::Reasoning, place).unwrap_or(output);
        let parts = [
            (usage.input, input),
            (usage.cache_read, cached(PriceClass::CacheRead)),
            (usage.cache_write_short, cached(PriceClass::CacheWriteShort)),
            (usage.cache_write_long, cached(PriceClass::CacheWriteLong)),
            (usage.output, output),
            (usage.reasoning, reasoning),
            (1, self.request(place)),
        ];
        let in_use = || parts.iter().filter(|(tokens, _)| *tokens > 0);
        Some(Cost {
            money: money(parts.iter().map(|(tokens, rate)| (*tokens, rate.pico)))?,
            gap: in_use().any(|(_, rate)| rate.gap),
            variant_gap: in_use().any(|(_, rate)| rate.variant_gap),
        })
    }

    /// The most that `input` and `output` tokens can cost when served the standard way, whatever cache they meet.
    pub fn bound(&self, input: u32, output: u32) -> Option<Money> {
        self.bound_as(Terms { variant: Variant::Standard, long_cache: true }, input, output)
    }

    /// The most that `input` and `output` tokens can cost on this price (`ledger.md` 4): input at the dearest class it can
    /// be, reasoning or output whichever is dearer, over the base tier and every tier that `input` can reach.
    pub fn bound_as(&self, terms: Terms, input: u32, output: u32) -> Option<Money> {
        let Terms { variant, long_cache } = terms;
        let reached = self.thresholds(variant).filter(|threshold| *threshold < input);
        let mut worst = None;
        for tier in std::iter::once(0).chain(reached) {
            let place = Place { variant, tier };
            let fresh = self.rate(PriceClass::Input, place)?;
            let answer = self.rate(PriceClass::Output, place)?;
            let mut classes = vec![PriceClass::CacheRead, PriceClass::CacheWriteShort];
            classes.extend(long_cache.then_some(PriceClass::CacheWriteLong));
            let dearest =
                classes.into_iter().map(|class| self.cached(class, place, fresh).pico).fold(fresh.pico, Pico::max);
            let reasoning = self.rate(PriceClass::Reasoning, place).map_or(answer.pico, |rate| rate.pico);
            let parts = [(input, dearest), (output, answer.pico.max(reasoning)), (1, self.request(place).pico)];
            worst = worst.max(Some(money(parts.into_iter())?));
        }
        worst
    }

    /// Where tiers begin for a variant: its own thresholds and those of the standard rows it may borrow from.
    fn thresholds(&self, variant: Variant) -> impl Iterator<Item = u32> {
        let applies = move |c: &&PriceComponent| c.variant == variant || c.variant == Variant::Standard;
        self.components.iter().filter(applies).map(|c| c.above_input_tokens)
    }

    fn tier(&self, variant: Variant, total_input: u64) -> u32 {
        self.thresholds(variant).filter(|threshold| u64::from(*threshold) < total_input).max().unwrap_or(0)
    }

    fn rate(&self, class: PriceClass, place: Place) -> Option<Rate> {
        let Place { variant, tier } = place;
        let find = |variant, tier| {
            self.components.iter().find(|c| c.key() == (variant, tier, class)).map(|c| (c.rate, tier, variant))
        };
        let places = [(variant, tier), (variant, 0), (Variant::Standard, tier), (Variant::Standard, 0)];
        let (pico, of_tier, of_variant) = places.into_iter().find_map(|(variant, tier)| find(variant, tier))?;
        Some(Rate { pico, gap: of_tier != tier, variant_gap: of_variant != variant })
    }

    /// The rate of a cache class; without any it costs as input does, and says so.
    fn cached(&self, class: PriceClass, place: Place, input: Rate) -> Rate {
        self.rate(class, place).unwrap_or(Rate { gap: true, ..input })
    }

    /// The price per request; none is zero. It does not grow with the input, so that tiers do not name it is no gap.
    fn request(&self, place: Place) -> Rate {
        let free = Rate { pico: Pico(0), gap: false, variant_gap: false };
        self.rate(PriceClass::Request, place).map_or(free, |rate| Rate { gap: false, ..rate })
    }
}

/// Tokens times pico-dollars, summed, in nano-dollars, rounded up once.
fn money(parts: impl Iterator<Item = (u32, Pico)>) -> Option<Money> {
    let pico: i128 = parts.map(|(tokens, rate)| i128::from(tokens) * i128::from(rate.0)).sum();
    let nano = pico.div_euclid(1000) + i128::from(pico.rem_euclid(1000) != 0);
    i64::try_from(nano).ok().map(Money)
}

#[cfg(test)]
mod tests;
