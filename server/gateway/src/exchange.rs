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
use llm::{Request, providers::HttpRequest, tally};
use store::attempts::{Labels, NewAttempt};
use tokio::{
    sync::oneshot,
    time::{Instant, sleep_until},
};

use crate::{
    caller::Caller,
    error::Error,
    gateway::Inner,
    ledger::{Fate, Receipt, Reservation},
    plan::{Plan, Target},
    retries::{self, Again, MOST_ATTEMPTS},
    snapshot::Deployment,
    upstream::{AllowList, Answer, Left, Outgoing, SendError},
};

pub(crate) use client::Client;
use client::Dispatch;
use ending::{End, Verdict};

/// A reservation outlives its call by this much before the sweep may take it.
const AFTERLIFE: Duration = Duration::from_secs(60);

/// What is known of a call besides its request.
pub(crate) struct Facts {
    pub request_id: RequestId,
    pub caller: Caller,
    pub dialect: &'static str,
    pub origin: Origin,
    pub labels: Labels,
    /// A failed attempt may be followed by another.
    pub may_retry: bool,
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
        let mut next = self.plan.first();
        let mut request = match self.encode(&next) {
            Ok(request) => request,
            // Nothing is reserved for what no provider can be asked.
            Err(error) => return self.client.refuse(error).await,
        };
        let mut number = 1;
        loop {
            let target = next;
            let reservation = match self.reserve(&target, number).await {
                Ok(reservation) => reservation,
                Err(error) => return self.client.refuse(error).await,
            };
            self.client.admitted();
            let End { ending, verdict, again } = self.attempt(&reservation, &target, request, number).await;
            if let Some(capture) = self.client.capture() {
                capture.close(&target.deployment);
            }
            let following = self.after(again, number, &target);
            let ended = client::Ended::of(&ending);
            let (receipt, committed) = self.inner.ledger.close(reservation, target.price.as_ref(), ending);
            let Some(Following { target, request: encoded, wait }) = following else {
                return self.finish(verdict, ended, receipt, committed).await;
            };
            // The failed row is resolved first, so that it does not eat the room of the next attempt.
            match self.between(committed, wait).await {
                Between::GoOn => {}
                Between::Unresolved => return self.client.refuse(Error::AdmissionUnavailable).await,
                Between::Left => return self.client.leave(ended, receipt).await,
            }
            (next, request, number) = (target, encoded, number + 1);
        }
    }

    fn encode(&self, target: &Target) -> Result<HttpRequest, Error> {
        Ok(target.encode(&self.request)?)
    }

    /// What follows a failed attempt, if anything may. Never after content, after the deadline, or when the client said so.
    fn after(&self, again: Again, number: u16, failed: &Target) -> Option<Following> {
        let is_over = again == Again::No
            || !self.facts.may_retry
            || number >= MOST_ATTEMPTS
            || self.client.has_content()
            || self.client.is_gone()
            || self.inner.cut.is_cancelled();
        if is_over {
            return None;
        }
        let (target, wait) = match (self.plan.other(number), again) {
            (Some(target), _) => (target, Duration::ZERO),
            (None, Again::Later { after }) => {
                (failed.clone(), retries::wait(number, after, self.inner.entropy.as_ref())?)
            }
            (None, _) => return None,
        };
        let is_in_time = Instant::now() + wait < self.facts.deadline;
        // A target that cannot be asked this is no target.
        let request = self.encode(&target).ok().filter(|_| is_in_time)?;
        // The allowance keeps a provider from being flooded; moving on to another one is no flood.
        let provider = target.deployment.provider_id;
        let is_same = provider == failed.deployment.provider_id;
        let is_allowed = !is_same || self.inner.retries.allow(provider, Instant::now());
        is_allowed.then_some(Following { target, request, wait })
    }

    /// The commit of the failed row, and the wait before the next attempt.
    async fn between(&mut self, committed: oneshot::Receiver<()>, wait: Duration) -> Between {
        let deadline = self.facts.deadline;
        let resolved = async move {
            let is_resolved = committed.await.is_ok();
            sleep_until(Instant::now() + wait).await;
            is_resolved
        };
        tokio::pin!(resolved);
        loop {
            let beat = self.beat();
            let cut = &self.inner.cut;
            tokio::select! {
                is_resolved = &mut resolved => return if is_resolved { Between::GoOn } else { Between::Unresolved },
                () = self.client.gone() => return Between::Left,
                () = cut.cancelled() => return Between::GoOn,
                () = sleep_until(deadline) => return Between::Unresolved,
                () = sleep_until(beat), if self.request.stream => {}
            }
            if !self.keep_awake().await {
                return Between::Left;
            }
        }
    }

    /// When the client is to hear something next: its head, or a sign of life.
    fn beat(&self) -> Instant {
        let patience = self.inner.patience;
        if self.client.is_open() {
            self.client.last_write() + patience.keep_alive
        } else {
            self.facts.received + patience.head
        }
    }

    /// Lets the head of a stream go, or breaks its silence. False when the client has left.
    async fn keep_awake(&mut self) -> bool {
        if !self.client.is_open() {
            return self.client.open();
        }
        let sign = self.client.keep_alive();
        self.client.send(sign).await
    }

    async fn finish(self, verdict: Verdict, ended: client::Ended, receipt: Receipt, committed: oneshot::Receiver<()>) {
        let kept = self.client.finish(verdict, ended, receipt, committed).await;
        self.inner.content.keep(kept, self.facts.request_id, self.facts.caller.team);
    }

    async fn reserve(&self, target: &Target, number: u16) -> Result<Reservation, Error> {
        let left = self.facts.deadline.saturating_duration_since(Instant::now());
        let life = left + AFTERLIFE;
        let Caller { team, key, user, run, .. } = &self.facts.caller;
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
            labels: self.facts.labels.clone(),
            price: target.price.as_ref().map(|price| price.version),
            input_bound: target.bound.input,
            output_cap: target.bound.output_cap,
            reserved: target.bound.money,
            life_ms: u64::try_from(life.as_millis()).unwrap_or(u64::MAX),
        };
        self.inner.ledger.reserve(attempt).await
    }

    /// Sends, streams and counts one attempt.
    async fn attempt(&mut self, reservation: &Reservation, target: &Target, request: HttpRequest, number: u16) -> End {
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
        let reader = request.reader;
        self.client.dispatched(Dispatch {
            overhead: self.facts.received.elapsed(),
            served_by: target.deployment.public_name(),
            attempt: number.into(),
            candidates: self.plan.len(),
            dropped: request.dropped.clone(),
            wire: Some(reader.wire),
        });
        if number == 1 {
            self.inner.retries.note(target.deployment.provider_id, start);
        }
        let answer = match self.send(reservation, target, request, start).await {
            Sent::Answer(answer) => answer,
            Sent::Failed(error) => return ending::of_send_error(&error, start),
            Sent::Stalled { has_left: true } => return ending::of_stall(start),
            Sent::Stalled { has_left: false } => return ending::of_lateness(start),
            Sent::Left { client_left, has_left: false } => return End::left(Fate::Released, client_left, start),
            // A plain call goes on at the provider, whoever listens.
            Sent::Left { client_left, .. } if !self.request.stream => {
                return End::left(Fate::Uncertain, client_left, start);
            }
            Sent::Left { client_left, .. } => {
                let count = tally::Tally::default().count(&self.request.size, self.limits(target));
                return End::left(Fate::Settled(count), client_left, start);
            }
        };
        if !(200..300).contains(&answer.status) {
            let is_own = self.client.speaks(reader.wire);
            return ending::of_rejection(answer, target, is_own, self.inner.clock.now(), start).await;
        }
        if self.request.stream {
            self.stream(answer, reader, target, start).await
        } else {
            self.whole(answer, reader, target, start).await
        }
    }

    /// Waits for the head of an answer. A client that leaves a stream ends the wait; a plain call waits on.
    async fn send(&mut self, reservation: &Reservation, target: &Target, request: HttpRequest, start: Instant) -> Sent {
        let inner = self.inner.clone();
        let passed = if self.client.speaks(request.reader.wire) { self.passed.clone() } else { HeaderMap::new() };
        let allow_private = self.allow_private.clone();
        let is_stream = self.request.stream;
        let left = Left::default();
        let capture = self.client.capture();
        let capture = capture.as_ref();
        let outgoing = Outgoing { allow: &allow_private, request, passed, stream: is_stream, left: &left, capture };
        let sending = inner.upstream.send(reservation, &target.deployment, outgoing);
        tokio::pin!(sending);
        let stalled = self.facts.deadline.min(start + inner.patience.first_byte);
        loop {
            let beat = self.beat();
            tokio::select! {
                answer = &mut sending => return match answer {
                    Ok(answer) => Sent::Answer(answer),
                    Err(error) => Sent::Failed(error),
                },
                () = self.client.gone(), if is_stream => return Sent::Left { client_left: true, has_left: left.is_set() },
                () = inner.cut.cancelled() => return Sent::Left { client_left: false, has_left: left.is_set() },
                () = sleep_until(stalled) => return Sent::Stalled { has_left: left.is_set() },
                () = sleep_until(beat), if is_stream => {}
            }
            if !self.keep_awake().await {
                return Sent::Left { client_left: true, has_left: left.is_set() };
            }
        }
    }

    /// Has the answer passed the limit that the client set, by the provider's own count? Thoughts count where the limit holds
    /// for them.
    fn is_counted_over_cap(&self, tally: &tally::Tally, deployment: &Deployment) -> bool {
        let covers_thoughts = deployment.provider.cap_covers_reasoning(&deployment.preset);
        let said = |output: tally::OutputTokens| {
            u64::from(output.output) + if covers_thoughts { u64::from(output.reasoning) } else { 0 }
        };
        self.cap().zip(tally.reported_output()).is_some_and(|(cap, output)| said(output) > cap)
    }

    /// The most tokens of all answers together: what the client asked for, or its key allows.
    fn cap(&self) -> Option<u64> {
        self.request.max_output.map(|cap| u64::from(cap) * u64::from(self.request.answers.max(1)))
    }

    /// What the reservation was made for: estimates stay below it.
    fn limits(&self, target: &Target) -> tally::Limits {
        tally::Limits { input: target.bound.input, output: target.bound.output }
    }
}

/// The attempt that comes after a failed one.
struct Following {
    target: Target,
    request: HttpRequest,
    wait: Duration,
}

/// What came of the pause between two attempts.
enum Between {
    GoOn,
    /// The row of the failed attempt is not in the books: nothing more is sent.
    Unresolved,
    /// The client left.
    Left,
}

/// What came of sending.
enum Sent {
    Answer(Answer),
    Failed(SendError),
    Stalled {
        has_left: bool,
    },
    /// Nobody waits any more. `has_left` says whether the request began to leave; otherwise nothing was sent.
    Left {
        client_left: bool,
        has_left: bool,
    },
}

/// When the attempt's id was made: its first 48 bits are milliseconds.
fn made_at_ms(reservation: &Reservation) -> i64 {
    let id = reservation.attempt.id.0.as_u128();
    i64::try_from(id >> 80).unwrap_or(0)
}
