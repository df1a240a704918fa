//! Runs one claimed sample: asks the gateway, writes down what it answers, answers its tools, ends the sample.
//!
//! Every call takes the production way through routing and ledger; this module only listens. Whatever happens, the sample ends
//! with an event, unless its lease has passed to somebody else, who then ends it.

mod totals;

use domain::{
    grid::{AnswerFormat, Grid},
    ledger::{Origin, Outcome},
    run::{CellMetrics, MAX_TOOL_ROUNDS},
};
use gateway::{Chat, ChatRun, ChatUpdate, Finished};
use llm::{Collector, chat::Part, event::ChatEvent};
use store::{
    attempts::Labels,
    runs::{ClaimedSample, End},
};
use tokio::sync::watch;

use crate::{
    executor::{Order, Parts},
    log::{Error, Log},
    material::{Material, Materials},
    request, schema,
    turn::Turn,
};

const LOST: &str = "The server that ran this stopped in the middle. The call may have been charged; History tells. \
                    It was not repeated by itself: run it again.";
const UNTOLD: &str = "The call ended without an answer. Run it again.";
const OPEN: &str = "A tool call of this turn has no result yet. Type one, and go on.";
const UNREADABLE: &str = "What this cell asks could not be read from the database. Run it again.";

/// Runs a sample to its end. Nothing is returned: what came of it is in the run's log.
pub(crate) async fn run(parts: &Parts, materials: &Materials, sample: ClaimedSample, orders: watch::Receiver<Order>) {
    let lease = sample.lease;
    match play(parts, materials, sample, orders).await {
        Ok(()) => {}
        Err(Error::Lost) => {
            tracing::warn!(run = %lease.run, sample = %lease.sample, "another executor has taken the sample over")
        }
        Err(error) => {
            // The lease now runs out, and the next claim ends the sample in our place.
            let cause = &error as &dyn std::error::Error;
            tracing::error!(run = %lease.run, sample = %lease.sample, error = cause, "a sample could not be written");
        }
    }
}

async fn play(
    parts: &Parts,
    materials: &Materials,
    mut sample: ClaimedSample,
    orders: watch::Receiver<Order>,
) -> Result<(), Error> {
    let mut log = Log::new(&parts.pools, &*parts.entropy, sample.lease);
    let turn = Turn::resumed(std::mem::take(&mut sample.prior));
    if sample.stop_requested || sample.is_lost {
        // Whoever held it before may have called already: what that came to is looked up.
        let metrics = log.called(sample.team).await?;
        let end = if sample.stop_requested { End::Stopped(metrics) } else { failed(LOST, metrics) };
        return log.end(&end, &turn).await;
    }
    log.start().await?;
    let material = match materials.of(&parts.pools, &sample).await {
        Ok(Some(material)) => material,
        Ok(None) => return log.end(&failed(UNREADABLE, CellMetrics::default()), &turn).await,
        Err(error) => {
            tracing::warn!(run = %sample.lease.run, error = &error as &dyn std::error::Error, "a grid cannot be read");
            return log.end(&failed(UNREADABLE, CellMetrics::default()), &turn).await;
        }
    };
    let mut take = Take { parts, sample, material, orders, log, turn, metrics: CellMetrics::default() };
    let end = take.play().await?;
    take.log.end(&end, &take.turn).await
}

/// One take of a sample: one call, and those that its tools make follow.
struct Take<'a> {
    parts: &'a Parts,
    sample: ClaimedSample,
    material: Material,
    orders: watch::Receiver<Order>,
    log: Log<'a>,
    turn: Turn,
    metrics: CellMetrics,
}

/// What came of one call.
struct Heard {
    /// `None`: it ended without a word about how.
    finished: Option<Finished>,
    parts: Vec<Part>,
}

impl Take<'_> {
    async fn play(&mut self) -> Result<End, Error> {
        self.show_prior().await?;
        if self.turn.is_open() {
            return Ok(self.failed(OPEN));
        }
        for _ in 0..=MAX_TOOL_ROUNDS {
            if let Some(end) = self.round().await? {
                return Ok(end);
            }
        }
        // The last calls have their results, and a person may go on.
        Ok(End::Done(self.metrics.clone()))
    }

    fn grid(&self) -> &Grid {
        &self.material.grid
    }

    /// What the turn said before: this take replaces the one that said it.
    async fn show_prior(&mut self) -> Result<(), Error> {
        for step in self.turn.steps() {
            self.log.say(&step.text);
            self.log.pause();
            for call in &step.calls {
                self.log.tool(call).await?;
            }
        }
        Ok(())
    }

    /// One call and what follows from it. `None`: its tools have answered, and the next call is due.
    async fn round(&mut self) -> Result<Option<End>, Error> {
        if *self.orders.borrow() == Order::Stop {
            return Ok(Some(End::Stopped(self.metrics.clone())));
        }
        let chat = match self.ask().await {
            Ok(chat) => chat,
            Err(message) => return Ok(Some(self.failed(message))),
        };
        let request = chat.request_id;
        self.log.note(request).await?;
        let Heard { finished, parts } = self.listen(chat).await?;
        let Some(finished) = finished else {
            let unknown = CellMetrics { request: Some(request), calls: 1, ..CellMetrics::default() };
            totals::add(&mut self.metrics, unknown);
            return Ok(Some(self.failed(UNTOLD)));
        };
        totals::add(&mut self.metrics, finished.metrics(request));
        self.log.keep(&finished.wires).await?;
        // An answer that was complete before the request to stop arrived is an answer.
        if finished.outcome == Outcome::Success {
            return self.answered(parts).await;
        }
        if *self.orders.borrow() == Order::Stop {
            return Ok(Some(End::Stopped(self.metrics.clone())));
        }
        Ok(Some(self.failed(finished.problem.map_or_else(|| UNTOLD.to_owned(), |it| it.message))))
    }

    /// Starts a call; `Err` holds the refusal in words for people.
    async fn ask(&self) -> Result<ChatRun, String> {
        let body = request::body(self.grid(), self.sample.place, &self.material.pictures, &self.turn.messages())?;
        let gateway = &self.parts.gateway;
        let caller = gateway.run_caller(self.sample.team, self.sample.starter, self.sample.lease.run);
        let labels = Labels { task: self.grid().task, ..Labels::default() };
        let chat = Chat { body: body.into(), labels, origin: Origin::Playground, keeps_wires: true };
        gateway.chat(caller, chat).await.map_err(|error| error.problem(gateway.request_id()).message)
    }

    /// Writes down the answer until it is finished. A request to stop cancels the upstream and then waits for the accounts:
    /// what had been produced is charged, and the sample shows it.
    async fn listen(&mut self, mut chat: ChatRun) -> Result<Heard, Error> {
        let mut collector = Collector::default();
        let finished = loop {
            let due = self.log.due();
            tokio::select! {
                update = chat.updates.recv() => match update {
                    Some(ChatUpdate::Event(event)) => {
                        if let ChatEvent::Text { index: 0, text } = &event {
                            self.log.say(text);
                        }
                        collector.push(&event);
                    }
                    Some(ChatUpdate::Finished(finished)) => break Some(*finished),
                    None => break None,
                },
                Ok(()) = self.orders.changed() => {
                    let order = *self.orders.borrow_and_update();
                    chat.cancel.cancel();
                    if order == Order::Lost {
                        return Err(Error::Lost);
                    }
                }
                () = sleep_until(due), if due.is_some() => self.log.flush().await?,
            }
        };
        let parts = collector.finish().answers.into_iter().next().map(|answer| answer.parts).unwrap_or_default();
        Ok(Heard { finished, parts })
    }

    /// A complete answer: shows its calls, answers them, and says whether the turn is over.
    async fn answered(&mut self, parts: Vec<Part>) -> Result<Option<End>, Error> {
        self.turn.add(parts);
        self.log.pause();
        self.show_calls().await?;
        if self.turn.steps().last().is_none_or(|step| step.calls.is_empty()) {
            self.metrics.schema = self.verdict().await;
            return Ok(Some(End::Done(self.metrics.clone())));
        }
        let tools = request::at(self.grid(), self.sample.place)
            .map(|(variant, _)| self.grid().prompt_of(variant).tools.clone())
            .unwrap_or_default();
        self.turn.answer(&tools);
        self.show_calls().await?;
        Ok(self.turn.is_open().then(|| End::Done(self.metrics.clone())))
    }

    /// The calls of the last step: first without, then with what they were told.
    async fn show_calls(&mut self) -> Result<(), Error> {
        let Some(step) = self.turn.steps().last() else { return Ok(()) };
        for call in &step.calls {
            self.log.tool(call).await?;
        }
        Ok(())
    }

    async fn verdict(&self) -> Option<domain::run::SchemaVerdict> {
        let (variant, _) = request::at(self.grid(), self.sample.place)?;
        let settings = self.grid().settings_of(variant);
        if settings.format != AnswerFormat::Schema {
            return None;
        }
        Some(schema::verdict(settings.schema.clone(), self.turn.last_text().to_owned()).await)
    }

    fn failed(&self, message: impl Into<String>) -> End {
        failed(message, self.metrics.clone())
    }
}

async fn sleep_until(due: Option<tokio::time::Instant>) {
    if let Some(due) = due {
        tokio::time::sleep_until(due).await;
    }
}

fn failed(message: impl Into<String>, metrics: CellMetrics) -> End {
    End::Failed { message: message.into(), metrics }
}
