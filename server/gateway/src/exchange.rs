//! From the plan to the final row: a tracked task owns the money until every attempt has its end.
//!
//! The loop reserves, sends, counts and settles; `client.rs` is the other side of the call, `stream.rs` and `whole.rs` read
//! an answer, `ending.rs` sorts out what an end means. A client that leaves stops a stream within 100 ms; a plain call is
//! read to its end, because the provider bills the whole answer anyway (`ledger.md` 10).

mod client;
mod ending;
mod stream;
mod whole;

use std::{sync::Arc, time::Duration};

use domain::{
    id::{AttemptId, RequestId},
    ledger::{Origin, Outcome},
};
use http::HeaderMap;
use llm::{Request, providers::Destination, tally};
use store::attempts::NewAttempt;
use tokio::time::Instant;

use crate::{
    caller::Caller,
    error::Error,
    gateway::Inner,
    ledger::{Fate, Reservation},
    plan::{Plan, Target},
    upstream::{AllowList, Answer, SendError},
};

pub(crate) use client::Client;
use ending::{End, Verdict};

/// No head of an answer within this: the upstream is stalled.
const FIRST_BYTE: Duration = Duration::from_secs(120);
/// A reservation outlives its call by this much before the sweep may take it.
const AFTERLIFE: Duration = Duration::from_secs(60);

/// What is known of a call besides its request.
pub(crate) struct Facts {
    pub request_id: RequestId,
    pub caller: Caller,
    pub dialect: &'static str,
    pub origin: Origin,
    pub received: Instant,
    pub deadline: Instant,
}

pub(crate) struct Exchange {
    pub inner: Arc<Inner>,
    pub facts: Facts,
    pub request: Request,
    pub plan: Plan,
    pub client: Client,
    /// Headers of the client that the upstream may see.
    pub passed: HeaderMap,
    pub allow_private: Arc<AllowList>,
}

impl Exchange {
    pub(crate) async fn run(mut self) {
        let mut target = self.plan.first();
        let mut number = 1;
        loop {
            let reservation = match self.reserve(&target, number).await {
                Ok(reservation) => reservation,
                Err(error) => return self.client.refuse(error),
            };
            self.client.admitted();
            let End { ending, verdict } = self.attempt(&reservation, &target).await;
            let next = self.plan.after(ending.outcome).filter(|_| !self.client.has_content());
            let ended = client::Ended::of(&ending);
            let (receipt, committed) = self.inner.ledger.close(reservation, target.price.as_ref(), ending);
            let Some(next) = next else {
                return self.client.finish(verdict, ended, receipt, committed).await;
            };
            // The failed row is resolved first, so that it does not eat the room of the next attempt.
            if committed.await.is_err() {
                return self.client.refuse(Error::AdmissionUnavailable);
            }
            (target, number) = (next, number + 1);
        }
    }

    async fn reserve(&self, target: &Target, number: u16) -> Result<Reservation, Error> {
        let left = self.facts.deadline.saturating_duration_since(Instant::now());
        let life = left + AFTERLIFE;
        let Caller { team, key, user, run, models: _ } = &self.facts.caller;
        let attempt = NewAttempt {
            id: AttemptId::new(self.inner.clock.as_ref(), self.inner.entropy.as_ref()),
            request: self.facts.request_id,
            number,
            origin: self.facts.origin,
            team: *team,
            key: *key,
            user: *user,
            run: *run,
            provider: target.deployment.provider_id,
            deployment: target.deployment.id,
            model: target.model.clone(),
            model_asked: self.request.model.clone(),
            dialect: self.facts.dialect,
            stream: self.request.stream,
            price: target.price.as_ref().map(|price| price.version),
            input_bound: target.bound.input,
            output_cap: target.bound.output_cap,
            reserved: target.bound.money,
            life_ms: u64::try_from(life.as_millis()).unwrap_or(u64::MAX),
        };
        self.inner.ledger.reserve(attempt).await
    }

    /// Sends, streams and counts one attempt.
    async fn attempt(&mut self, reservation: &Reservation, target: &Target) -> End {
        let start = Instant::now();
        // A paused machine may wake long after the sweep gave this reservation up. The wall clock sees the pause.
        let asleep = self.inner.clock.now().timestamp_millis().saturating_sub(made_at_ms(reservation));
        let is_stale = u64::try_from(asleep).unwrap_or(0) > reservation.attempt.life_ms / 2;
        if is_stale || self.inner.cut.is_cancelled() {
            return End::unsent(Outcome::Abandoned, Verdict::Refused(Error::ShuttingDown), start);
        }
        if self.facts.deadline <= start {
            return ending::of_lateness(start);
        }
        if self.client.is_gone() {
            let mut end = End::unsent(Outcome::Cancelled, Verdict::Gone, start);
            end.ending.client_aborted = true;
            return end;
        }
        let base_url = target.deployment.base_url.as_ref().map_or("", url::Url::as_str);
        let destination = Destination { base_url, upstream_model: &target.deployment.upstream_model };
        let request = match target.deployment.provider.encode(&self.request, &destination) {
            Ok(request) => request,
            Err(error) => return End::unsent(Outcome::CallerFault, Verdict::Refused(error.into()), start),
        };
        self.client.dispatched(self.facts.received.elapsed(), target.deployment.public_name());
        let answer = match self.send(reservation, target, request, start).await {
            Sent::Answer(answer) => answer,
            Sent::Failed(error) => return ending::of_send_error(&error, start),
            Sent::Stalled => return ending::of_stall(start),
            Sent::Left { client_left } => {
                let count = tally::Tally::default().count(&self.request.size, self.limits(target));
                return End::left(Fate::Settled(count), client_left, start);
            }
        };
        if !(200..300).contains(&answer.status) {
            return ending::of_rejection(answer, target, self.inner.clock.now(), start).await;
        }
        if self.request.stream {
            self.stream(answer, target, start).await
        } else {
            self.whole(answer, target, start).await
        }
    }

    /// Waits for the head of an answer. A client that leaves a stream ends the wait; a plain call waits on.
    async fn send(
        &mut self,
        reservation: &Reservation,
        target: &Target,
        request: llm::providers::HttpRequest,
        start: Instant,
    ) -> Sent {
        let Self { inner, client, request: asked, passed, allow_private, facts, .. } = self;
        let sending =
            inner.upstream.send(reservation, &target.deployment, allow_private, request, passed, asked.stream);
        tokio::select! {
            answer = sending => match answer {
                Ok(answer) => Sent::Answer(answer),
                Err(error) => Sent::Failed(error),
            },
            () = client.gone(), if asked.stream => Sent::Left { client_left: true },
            () = inner.cut.cancelled() => Sent::Left { client_left: false },
            () = tokio::time::sleep_until(facts.deadline.min(start + FIRST_BYTE)) => Sent::Stalled,
        }
    }

    /// What the reservation was made for: estimates stay below it.
    fn limits(&self, target: &Target) -> tally::Limits {
        tally::Limits { input: target.bound.input, output: target.bound.output }
    }
}

/// What came of sending.
enum Sent {
    Answer(Answer),
    Failed(SendError),
    Stalled,
    Left { client_left: bool },
}

/// When the attempt's id was made: its first 48 bits are milliseconds.
fn made_at_ms(reservation: &Reservation) -> i64 {
    let id = reservation.attempt.id.0.as_u128();
    i64::try_from(id >> 80).unwrap_or(0)
}
