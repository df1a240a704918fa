//! The life of an attempt: its states and the only moves between them (`ledger.md` 5).
//!
//! Pure. `store::attempts` holds the rows, `gateway` owns the two writers.

use serde::{Deserialize, Serialize};

use crate::{
    money::Money,
    price::{Price, Variant},
    usage::{Usage, UsageSource},
};

/// Where an attempt stands. Every attempt starts `Reserved`, committed before any byte goes upstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttemptState {
    Reserved,
    /// Proven not sent, or refused by the upstream without charge. Costs nothing.
    Released,
    /// The cost is known, or estimated and marked so.
    Settled,
    /// Nobody can know what happened; may become `Settled` once, by late truth.
    Uncertain,
}

impl AttemptState {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reserved => "reserved",
            Self::Released => "released",
            Self::Settled => "settled",
            Self::Uncertain => "uncertain",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Reserved, Self::Released, Self::Settled, Self::Uncertain].into_iter().find(|s| s.as_str() == text)
    }

    /// May a row move from `self` to `next`? The database trigger holds the same table.
    pub fn may_become(self, next: Self) -> bool {
        matches!(
            (self, next),
            (Self::Reserved, Self::Released | Self::Settled | Self::Uncertain) | (Self::Uncertain, Self::Settled)
        )
    }
}

/// Where a call came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    Api,
    Playground,
    Run,
    Probe,
}

impl Origin {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Playground => "playground",
            Self::Run => "run",
            Self::Probe => "probe",
        }
    }
}

/// How an attempt ended, in a word that history shows and filters by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Success,
    /// The client left; what was produced until then is charged.
    Cancelled,
    /// The stream broke after its first byte.
    Incomplete,
    /// The upstream refused the caller's own request (400, 413, 422).
    CallerFault,
    /// The upstream refused our credential or account (401, 403, 404).
    AccountFault,
    /// The upstream had no room (408, 429, 503, 529).
    Capacity,
    /// The upstream failed (5xx, a foreign body, an empty answer).
    ProviderFault,
    /// No connection: nothing was sent.
    Unreachable,
    /// The address is not one this instance may call.
    DestinationBlocked,
    /// The deadline passed.
    Timeout,
    /// The server that owned the attempt is gone.
    Abandoned,
}

impl Outcome {
    pub const ALL: [Self; 11] = [
        Self::Success,
        Self::Cancelled,
        Self::Incomplete,
        Self::CallerFault,
        Self::AccountFault,
        Self::Capacity,
        Self::ProviderFault,
        Self::Unreachable,
        Self::DestinationBlocked,
        Self::Timeout,
        Self::Abandoned,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Cancelled => "cancelled",
            Self::Incomplete => "incomplete",
            Self::CallerFault => "caller_fault",
            Self::AccountFault => "account_fault",
            Self::Capacity => "capacity",
            Self::ProviderFault => "provider_fault",
            Self::Unreachable => "unreachable",
            Self::DestinationBlocked => "destination_blocked",
            Self::Timeout => "timeout",
            Self::Abandoned => "abandoned",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.as_str() == text)
    }
}

/// What a settled attempt costs: our best knowledge, what is charged, and the marks it leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charge {
    /// `None` when no price was in force: unknown is not zero.
    pub cost: Option<Money>,
    pub charged: Money,
    pub flags: Vec<&'static str>,
}

/// Prices a settled attempt that was served the standard way; see [`charge_as`].
pub fn charge(price: Option<&Price>, usage: &Usage, source: UsageSource, reserved: Money) -> Charge {
    charge_as(Variant::Standard, price, usage, source, reserved)
}

/// Prices a settled attempt. The cost above the reservation is charged in full and marked `overrun`.
pub fn charge_as(
    variant: Variant,
    price: Option<&Price>,
    usage: &Usage,
    source: UsageSource,
    reserved: Money,
) -> Charge {
    if source == UsageSource::None {
        return Charge { cost: Some(Money::ZERO), charged: Money::ZERO, flags: Vec::new() };
    }
    let Some(cost) = price.and_then(|price| price.cost_as(variant, usage)) else {
        return Charge { cost: None, charged: Money::ZERO, flags: vec!["unpriced"] };
    };
    let marks = [(cost.gap, "price_gap"), (cost.variant_gap, "variant_gap"), (cost.money > reserved, "overrun")];
    let flags = marks.into_iter().filter_map(|(on, flag)| on.then_some(flag)).collect();
    Charge { cost: Some(cost.money), charged: cost.money, flags }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attempt_moves_forward_once_and_uncertain_may_settle_late() {
        use AttemptState::*;
        let all = [Reserved, Released, Settled, Uncertain];
        let moves: Vec<_> =
            all.iter().flat_map(|a| all.iter().filter(|b| a.may_become(**b)).map(|b| (*a, *b))).collect();
        assert_eq!(moves, [(Reserved, Released), (Reserved, Settled), (Reserved, Uncertain), (Uncertain, Settled)]);
    }

    #[test]
    fn an_unpriced_attempt_is_charged_nothing_and_says_so() {
        let charge = charge(None, &Usage { input: 5, ..Usage::default() }, UsageSource::Final, Money(0));
        assert_eq!(charge, Charge { cost: None, charged: Money(0), flags: vec!["unpriced"] });
    }
}
