//! Prices: pico-dollars per token in append-only versions, and the one cost function (`ledger.md` 1 and 2).
//!
//! Pure. The same function prices the bound of a reservation and the settlement. A new token class is one variant of
//! [`PriceClass`] and its line in [`Price::cost`].

use serde::{Deserialize, Serialize};

use crate::{id::PriceVersionId, money::Money, usage::Usage};

/// Pico-dollars (10⁻¹² USD) per token or per request. One dollar per million tokens is 1,000,000.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Pico(pub i64);

impl Pico {
    /// Reads dollars per million tokens, `2.50` or `$1,234.5`, with up to six decimals, exactly.
    pub fn parse_per_million(text: &str) -> Result<Self, String> {
        let rule = "enter dollars per million tokens with at most six decimals, such as 2.50";
        let text = text.trim().trim_start_matches('$').replace(',', "");
        let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
        let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        if (whole.is_empty() && fraction.is_empty()) || !digits(whole) || !digits(fraction) {
            return Err(rule.to_owned());
        }
        if fraction.len() > 6 {
            return Err("use at most six decimals: prices are stored in pico-dollars per token".to_owned());
        }
        // One dollar per million tokens is 10⁶ pico-dollars per token, so six decimals are exact.
        format!("{whole}{fraction:0<6}").parse().map(Self).map_err(|_| rule.to_owned())
    }

    /// The same as decimal text: at least two decimals, no more than needed.
    pub fn per_million(self) -> String {
        let fraction = format!("{:06}", self.0.unsigned_abs() % 1_000_000);
        let fraction = fraction.trim_end_matches('0');
        format!("{}{}.{fraction:0<2}", if self.0 < 0 { "-" } else { "" }, self.0.unsigned_abs() / 1_000_000)
    }
}

/// What a rate pays for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
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
}

/// One rate: a class, from which input size on (0 is the base tier), and pico-dollars.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceComponent {
    pub class: PriceClass,
    pub above_input_tokens: u32,
    pub rate: Pico,
}

/// One version of a deployment's price: never changed, only followed by the next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Price {
    pub version: PriceVersionId,
    pub components: Vec<PriceComponent>,
}

/// What an attempt cost, and whether a cache class had to borrow the input rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    pub money: Money,
    /// A class in use had no rate of its own and was priced as input (`price_gap`).
    pub gap: bool,
}

impl Price {
    /// The rate of `class` in the tier of `total_input`: the greatest threshold strictly below it, else the base tier.
    fn rate(&self, class: PriceClass, total_input: u64) -> Option<Pico> {
        self.components
            .iter()
            .filter(|c| c.class == class)
            .filter(|c| c.above_input_tokens == 0 || u64::from(c.above_input_tokens) < total_input)
            .max_by_key(|c| c.above_input_tokens)
            .map(|c| c.rate)
    }

    /// Cost of one attempt in nano-dollars, rounded up once.
    ///
    /// `None` when input or output has no rate (an unknown price is not zero) or the sum does not fit [`Money`].
    /// Cache classes without a rate cost as much as input, reasoning as much as output.
    /// Source: the usage fields of the OpenAI, Anthropic and Gemini APIs, made disjoint in `llm::wire`.
    pub fn cost(&self, usage: &Usage) -> Option<Cost> {
        let total = usage.total_input();
        let input = self.rate(PriceClass::Input, total)?;
        let output = self.rate(PriceClass::Output, total)?;
        let mut gap = false;
        let mut cached = |class, tokens: u32| match self.rate(class, total) {
            Some(rate) => rate,
            None => {
                gap |= tokens > 0;
                input
            }
        };
        let parts = [
            (usage.input, input),
            (usage.cache_read, cached(PriceClass::CacheRead, usage.cache_read)),
            (usage.cache_write_short, cached(PriceClass::CacheWriteShort, usage.cache_write_short)),
            (usage.cache_write_long, cached(PriceClass::CacheWriteLong, usage.cache_write_long)),
            (usage.output, output),
            (usage.reasoning, self.rate(PriceClass::Reasoning, total).unwrap_or(output)),
            (1, self.rate(PriceClass::Request, total).unwrap_or(Pico(0))),
        ];
        let pico: i128 = parts.iter().map(|(tokens, rate)| i128::from(*tokens) * i128::from(rate.0)).sum();
        let nano = pico.div_euclid(1000) + i128::from(pico.rem_euclid(1000) != 0);
        Some(Cost { money: Money(i64::try_from(nano).ok()?), gap })
    }

    /// The most that `input` and `output` tokens can cost on this price: every input class at its dearest, reasoning or
    /// output whichever is dearer, over every tier that `input` can reach (`ledger.md` 4).
    pub fn bound(&self, input: u32, output: u32) -> Option<Money> {
        let mut tiers: Vec<u32> = self.components.iter().map(|c| c.above_input_tokens).filter(|t| *t < input).collect();
        tiers.push(0);
        let worst_in = |usage: fn(u32) -> Usage, tokens: u32| usage(tokens);
        let splits: [fn(u32) -> Usage; 3] = [
            |n| Usage { input: n, ..Usage::default() },
            |n| Usage { cache_write_short: n, ..Usage::default() },
            |n| Usage { cache_write_long: n, ..Usage::default() },
        ];
        let mut worst: Option<Money> = None;
        for tier in tiers {
            let reached = if tier == 0 { input } else { input.max(tier.saturating_add(1)) };
            for split in splits {
                for reasoning in [false, true] {
                    let mut usage = worst_in(split, reached);
                    if reasoning {
                        usage.reasoning = output
                    } else {
                        usage.output = output
                    }
                    worst = worst.max(Some(self.base_cost(&usage, tier)?));
                }
            }
        }
        worst
    }

    /// Cost with the tier fixed, so that a bound also covers a smaller input on a dearer base tier.
    fn base_cost(&self, usage: &Usage, tier: u32) -> Option<Money> {
        let fixed = Self {
            version: self.version,
            components: PriceClass::ALL
                .into_iter()
                .filter_map(|class| {
                    let rate = self.rate(class, u64::from(tier) + 1)?;
                    Some(PriceComponent { class, above_input_tokens: 0, rate })
                })
                .collect(),
        };
        fixed.cost(usage).map(|cost| cost.money)
    }
}

#[cfg(test)]
mod tests;
