//! A call's money: reserve before anything is sent, close once when it is over.
//!
//! The arithmetic is `domain::ledger`; the two writers are `admission.rs` and `settlement.rs`. A `Reservation` is the proof
//! of a committed row: it is not `Clone`, sending takes a reference to it, closing consumes it.

use std::sync::Arc;

use domain::{
    Money,
    ledger::{self, AttemptState, Outcome},
    price::{Price, Variant},
    usage::{Usage, UsageSource},
};
use llm::tally;
use store::attempts::{NewAttempt, Resolution};
use tokio::sync::oneshot;

use crate::{admission::Admission, error::Error, settlement::Settlement};

/// The two queues.
pub(crate) struct Ledger {
    pub admission: Admission,
    pub settlement: Settlement,
}

/// A committed attempt in state `reserved`.
#[must_use = "a reservation is closed by `Ledger::close`, or the sweep charges it"]
#[derive(Debug)]
pub(crate) struct Reservation {
    pub attempt: Arc<NewAttempt>,
}

/// What became of the money.
#[derive(Debug)]
pub(crate) enum Fate {
    /// Proven not sent, or refused without charge.
    Released,
    /// Used, as counted.
    Settled(tally::Count),
    /// Nobody can know: charged as reserved.
    Uncertain,
}

/// How an attempt ended.
#[derive(Debug)]
pub(crate) struct Ending {
    pub fate: Fate,
    pub outcome: Outcome,
    /// The way in which the provider says it served the call.
    pub variant: Variant,
    pub http_status: Option<u16>,
    pub upstream_id: Option<String>,
    pub finish_reason: Option<String>,
    pub model_served: Option<String>,
    pub first_byte_ms: Option<u32>,
    pub total_ms: u32,
    pub bytes_out: u64,
    pub client_aborted: bool,
}

/// What the caller is told about usage and cost.
#[derive(Clone, Debug)]
pub(crate) struct Receipt {
    pub usage: Option<Usage>,
    pub source: UsageSource,
    pub cost: Option<Money>,
    pub unpriced: bool,
}

impl Receipt {
    /// `0.000412500`, or `unpriced`.
    pub(crate) fn cost_text(&self) -> String {
        self.cost.map_or_else(|| "unpriced".to_owned(), Money::exact)
    }
}

impl Ledger {
    /// One committed row, or a refusal and nothing sent.
    pub(crate) async fn reserve(&self, attempt: NewAttempt) -> Result<Reservation, Error> {
        self.admission.reserve(attempt).await
    }

    /// Ends an attempt: the receipt at once, the row with the next batch. The channel fires when it is committed.
    pub(crate) fn close(
        &self,
        reservation: Reservation,
        price: Option<&Price>,
        ending: Ending,
    ) -> (Receipt, oneshot::Receiver<()>) {
        let (receipt, resolution) = resolve(&reservation, price, ending);
        (receipt, self.settlement.settle(reservation.attempt, resolution))
    }
}

/// Longest text of an upstream that a row keeps.
const TEXT_LIMIT: usize = 200;

fn resolve(reservation: &Reservation, price: Option<&Price>, ending: Ending) -> (Receipt, Resolution) {
    let attempt = &reservation.attempt;
    let Ending { fate, outcome, variant, http_status, upstream_id, finish_reason, model_served, .. } = ending;
    let unpriced = vec!["unpriced"];
    let nothing = Receipt { usage: None, source: UsageSource::None, cost: None, unpriced: price.is_none() };
    let (state, receipt, charged, flags, usage_raw) = match fate {
        Fate::Released => {
            let receipt = Receipt { cost: Some(Money::ZERO), unpriced: false, ..nothing };
            (AttemptState::Released, receipt, Money::ZERO, Vec::new(), None)
        }
        // Policy `bound`: the only choice that keeps a hard limit true.
        Fate::Uncertain => {
            let flags = if price.is_none() { unpriced } else { Vec::new() };
            (AttemptState::Uncertain, nothing, attempt.reserved, flags, None)
        }
        Fate::Settled(count) => {
            let charge = ledger::charge_as(variant, price, &count.usage, count.source, attempt.reserved);
            let receipt = Receipt {
                usage: Some(count.usage),
                source: count.source,
                cost: charge.cost,
                unpriced: charge.cost.is_none(),
            };
            let tier = match variant {
                Variant::Standard => None,
                Variant::Batch => Some("tier_batch"),
                Variant::Flex => Some("tier_flex"),
                Variant::Priority => Some("tier_priority"),
            };
            let flags = count.flags.into_iter().chain(charge.flags).chain(tier).collect();
            (AttemptState::Settled, receipt, charge.charged, flags, count.usage_raw.and_then(storable_json))
        }
    };
    let resolution = Resolution {
        id: attempt.id,
        state,
        outcome,
        http_status,
        upstream_id: upstream_id.map(storable),
        finish_reason: finish_reason.map(storable),
        model_served: model_served.map(storable),
        usage: receipt.usage,
        usage_source: receipt.source,
        usage_raw,
        cost: receipt.cost,
        charged,
        flags,
        first_byte_ms: ending.first_byte_ms,
        total_ms: ending.total_ms,
        bytes_out: ending.bytes_out,
        client_aborted: ending.client_aborted,
    };
    (receipt, resolution)
}

/// An upstream's text without control characters, cut to a length a row can hold.
fn storable(text: String) -> String {
    text.chars().filter(|letter| !letter.is_control()).take(TEXT_LIMIT).collect()
}

/// Postgres refuses a NUL inside JSON; such an object is not worth losing a settlement over.
fn storable_json(text: String) -> Option<String> {
    Some(text).filter(|text| !text.contains("\\u0000"))
}

#[cfg(test)]
mod tests;
