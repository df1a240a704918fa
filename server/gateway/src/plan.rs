//! Where a call goes and what it can cost there. Pure: no clock, no network, no database.
//!
//! In this slice a model has one target, the deployment that was made first. Routes will order several here, and
//! [`Plan::after`] will then say which one follows a failure.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::{Money, id::TeamId, ledger::Outcome, price::Price};
use llm::{Request, estimate};

use crate::{
    error::Error,
    snapshot::{Deployment, Model},
};

/// The targets of a call, in the order in which they are tried.
#[derive(Debug)]
pub(crate) struct Plan {
    first: Target,
}

/// One deployment with the price in force and the most that an attempt on it can cost.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    /// The model's public name, whatever alias the client used.
    pub model: String,
    pub deployment: Arc<Deployment>,
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
        self.first.clone()
    }

    /// The target that follows one that ended like this. With a single target: none.
    #[expect(clippy::unused_self, reason = "the seam that fallback routes fill")]
    pub(crate) fn after(&self, _outcome: Outcome) -> Option<Target> {
        None
    }
}

/// Plans a request for a model at a moment.
pub(crate) fn plan(request: &Request, model: &Model, team: TeamId, now: DateTime<Utc>) -> Result<Plan, Error> {
    let deployment = model.deployments.first().ok_or_else(|| Error::ModelNotFound(model.name.clone()))?;
    let price = deployment.price(team, now).cloned();
    let bound = bound(request, model, price.as_ref());
    Ok(Plan { first: Target { model: model.name.clone(), deployment: deployment.clone(), price, bound } })
}

fn bound(request: &Request, model: &Model, price: Option<&Price>) -> Bound {
    let input = estimate::input_bound(&request.size, model.context_window);
    let output_cap = estimate::output_cap(request, model.max_output);
    let output = estimate::output_bound(request, model.max_output);
    let money = price.and_then(|price| price.bound(input, output)).unwrap_or(Money::ZERO);
    Bound { input, output_cap, output, money }
}
