//! Where a call goes and what it can cost there. Pure: no clock, no network, no database.
//!
//! A model's deployments are its targets, the one that was made first before the others. Routes will order them here.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::{
    Money,
    id::TeamId,
    price::{Price, PriceClass, Terms, Variant},
};
use llm::{
    Request, estimate,
    providers::{Destination, HttpRequest},
    request::Operation,
};

use crate::{
    error::Error,
    snapshot::{Deployment, Model},
};

/// The targets of a call, in the order in which they are tried.
#[derive(Debug)]
pub(crate) struct Plan {
    targets: Vec<Target>,
}

/// One deployment with the price in force and the most that an attempt on it can cost.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    /// The model's public name, whatever alias the client used.
    pub model: String,
    pub deployment: Arc<Deployment>,
    /// Largest answer of the model.
    pub max_output: Option<u32>,
    /// Picked once: it prices the bound and the settlement.
    pub price: Option<Price>,
    pub bound: Bound,
}

/// The most that one attempt can use and cost (`ledger.md` 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bound {
    pub input: u32,
    /// Of one answer.
    pub output_cap: u32,
    /// Of all answers together.
    pub output: u32,
    /// Zero when there is no price: an unpriced attempt reserves nothing and says so.
    pub money: Money,
}

impl Plan {
    pub(crate) fn first(&self) -> Target {
        self.targets[0].clone()
    }

    /// The target of attempt `number + 1`, when there is one that was not tried yet.
    pub(crate) fn other(&self, number: u16) -> Option<Target> {
        self.targets.get(usize::from(number)).cloned()
    }

    /// The dearest bound of all targets.
    pub(crate) fn worst(&self) -> Money {
        self.targets.iter().map(|target| target.bound.money).max().unwrap_or(Money::ZERO)
    }

    pub(crate) fn len(&self) -> usize {
        self.targets.len()
    }
}

impl Target {
    /// The request in the words of this target.
    pub(crate) fn encode(&self, request: &Request) -> Result<HttpRequest, llm::Error> {
        let base_url = self.deployment.base_url.as_ref().map_or("", url::Url::as_str);
        let destination = Destination {
            base_url: base_url.trim_end_matches('/'),
            upstream_model: &self.deployment.upstream_model,
            preset: &self.deployment.preset,
            max_output: self.max_output,
        };
        self.deployment.provider.encode(request, &destination)
    }
}

/// Plans a request for a model at a moment.
pub(crate) fn plan(request: &Request, model: &Model, team: TeamId, now: DateTime<Utc>) -> Result<Plan, Error> {
    let target = |deployment: &Arc<Deployment>| {
        let price = price(deployment, request.operation, team, now);
        let bound = bound(request, model, deployment, price.as_ref());
        Target { model: model.name.clone(), deployment: deployment.clone(), max_output: model.max_output, price, bound }
    };
    let targets: Vec<Target> = model.deployments.iter().map(target).collect();
    if targets.is_empty() { Err(Error::ModelNotFound(model.name.clone())) } else { Ok(Plan { targets }) }
}

/// The price in force. Counting tokens is free everywhere, also where a request as such costs something.
fn price(deployment: &Deployment, operation: Operation, team: TeamId, now: DateTime<Utc>) -> Option<Price> {
    let mut price = deployment.price(team, now).cloned()?;
    if operation == Operation::Count {
        price.components.retain(|component| component.class != PriceClass::Request);
    }
    Some(price)
}

fn bound(request: &Request, model: &Model, deployment: &Deployment, price: Option<&Price>) -> Bound {
    let input = estimate::input_bound(&request.size, model.context_window);
    let (input, output_cap, output) = match request.operation {
        Operation::Chat | Operation::Fill => {
            let cap = estimate::output_cap(request, model.max_output);
            let mut output = estimate::output_bound(request, model.max_output);
            if !deployment.provider.cap_covers_reasoning(&deployment.preset) {
                let thoughts = model.max_output.unwrap_or(estimate::UNKNOWN_MAX_OUTPUT);
                output = output.saturating_add(thoughts.saturating_mul(request.answers.max(1)));
            }
            (input, cap, output)
        }
        Operation::Embed => (input, 0, 0),
        Operation::Count => (0, 0, 0),
    };
    let money = price.and_then(|price| most(price, tiers(request), request.long_cache, input, output));
    Bound { input, output_cap, output, money: money.unwrap_or(Money::ZERO) }
}

/// The most that so many tokens can cost, however they are served.
pub(crate) fn most(price: &Price, tiers: &[Variant], long_cache: bool, input: u32, output: u32) -> Option<Money> {
    tiers.iter().filter_map(|variant| price.bound_as(Terms { variant: *variant, long_cache }, input, output)).max()
}

/// The ways in which the call may be served: what it asks for, and what that may fall back to.
pub(crate) fn tiers(request: &Request) -> &'static [Variant] {
    match request.service_tier().as_deref() {
        Some("flex") => &[Variant::Standard, Variant::Flex],
        Some("auto" | "priority") => &[Variant::Standard, Variant::Priority],
        _ => &[Variant::Standard],
    }
}
