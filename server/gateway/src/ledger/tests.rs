use domain::{
    id::{AttemptId, DeploymentId, PriceVersionId, ProviderId, RequestId, TeamId},
    ledger::Origin,
    price::{Pico, PriceClass, PriceComponent},
};
use uuid::Uuid;

use super::*;

fn reservation() -> Reservation {
    let attempt = NewAttempt {
        id: AttemptId(Uuid::nil()),
        request: RequestId(Uuid::nil()),
        number: 1,
        origin: Origin::Api,
        team: TeamId(Uuid::nil()),
        key: None,
        user: None,
        run: None,
        provider: ProviderId(Uuid::nil()),
        deployment: DeploymentId(Uuid::nil()),
        model: "up".to_owned(),
        model_asked: "m".to_owned(),
        dialect: "openai_chat",
        stream: false,
        labels: store::attempts::Labels::default(),
        price: None,
        input_bound: 100,
        output_cap: 100,
        reserved: Money(5_000),
        life_ms: 660_000,
    };
    Reservation { attempt: Arc::new(attempt) }
}

fn price() -> Price {
    let rate = |class, pico| PriceComponent::base(class, Pico(pico));
    let components = vec![rate(PriceClass::Input, 1_000), rate(PriceClass::Output, 2_000)];
    Price { version: PriceVersionId(Uuid::nil()), components }
}

fn ending(fate: Fate) -> Ending {
    Ending {
        fate,
        outcome: Outcome::Success,
        variant: domain::price::Variant::Standard,
        http_status: Some(200),
        upstream_id: Some("a\u{0}b".to_owned()),
        finish_reason: None,
        model_served: Some("x".repeat(500)),
        first_byte_ms: None,
        total_ms: 1,
        bytes_out: 0,
        client_aborted: false,
    }
}

fn counted() -> Fate {
    let usage = Usage { input: 10, output: 20, ..Usage::default() };
    let usage_raw = Some("{\"x\":\"\\u0000\"}".to_owned());
    Fate::Settled(tally::Count { usage, source: UsageSource::Final, flags: vec!["bad_frames"], usage_raw })
}

#[test]
fn a_settled_attempt_costs_its_usage_and_is_charged_the_same() {
    let (receipt, row) = resolve(&reservation(), Some(&price()), ending(counted()));
    assert_eq!((receipt.cost, row.cost, row.charged), (Some(Money(50)), Some(Money(50)), Money(50)));
    assert_eq!(receipt.cost_text(), "0.000000050");
    assert_eq!(row.flags, ["bad_frames"]);
}

#[test]
fn an_uncertain_attempt_is_charged_as_reserved_and_its_cost_stays_unknown() {
    let (receipt, row) = resolve(&reservation(), Some(&price()), ending(Fate::Uncertain));
    assert_eq!((row.state, row.cost, row.charged), (AttemptState::Uncertain, None, Money(5_000)));
    assert!(!receipt.unpriced);
}

#[test]
fn a_released_attempt_costs_nothing_even_without_a_price() {
    let (receipt, row) = resolve(&reservation(), None, ending(Fate::Released));
    assert_eq!((row.state, row.cost, row.charged), (AttemptState::Released, Some(Money::ZERO), Money::ZERO));
    assert!(!receipt.unpriced);
}

#[test]
fn without_a_price_the_cost_is_unknown_and_not_zero() {
    let (receipt, row) = resolve(&reservation(), None, ending(counted()));
    assert_eq!((receipt.cost_text().as_str(), row.cost, row.charged), ("unpriced", None, Money::ZERO));
    assert_eq!(row.flags, ["bad_frames", "unpriced"]);
}

#[test]
fn what_postgres_cannot_hold_never_reaches_a_row() {
    let (_, row) = resolve(&reservation(), Some(&price()), ending(counted()));
    assert_eq!(row.upstream_id.as_deref(), Some("ab"));
    assert_eq!(row.model_served.map(|text| text.len()), Some(200));
    assert_eq!(row.usage_raw, None);
}
