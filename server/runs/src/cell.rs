//! Runs one claimed cell: asks the gateway, writes down what it answers, ends the cell.
//!
//! The call takes the production way through routing and ledger; this module only listens. Whatever happens, the cell ends
//! with an event, unless its lease has passed to somebody else, who then ends it.

use domain::{
    ledger::{Origin, Outcome},
    run::CellMetrics,
};
use gateway::{ChatRun, ChatUpdate, Finished};
use llm::{
    chat::{ChatRequest, Decimal, Message, Role},
    event::ChatEvent,
};
use store::runs::{ClaimedCell, End};
use tokio::sync::watch;

use crate::{
    executor::{Order, Parts},
    log::{Error, Log},
};

const LOST: &str = "The server that ran this stopped in the middle. The call may have been charged; History tells. \
                    It was not repeated by itself: run it again.";
const UNTOLD: &str = "The call ended without an answer. Run it again.";

/// Runs a cell to its end. Nothing is returned: what came of it is in the run's log.
pub(crate) async fn run(parts: &Parts, cell: ClaimedCell, orders: watch::Receiver<Order>) {
    let lease = cell.lease;
    match play(parts, &cell, orders).await {
        Ok(()) => {}
        Err(Error::Lost) => {
            tracing::warn!(run = %lease.run, cell = %lease.cell, "another executor has taken the cell over")
        }
        Err(error) => {
            // The lease now runs out, and the next claim ends the cell in our place.
            let cause = &error as &dyn std::error::Error;
            tracing::error!(run = %lease.run, cell = %lease.cell, error = cause, "a cell could not be written");
        }
    }
}

async fn play(parts: &Parts, cell: &ClaimedCell, orders: watch::Receiver<Order>) -> Result<(), Error> {
    let mut log = Log::new(&parts.pools, &*parts.clock, &*parts.entropy, cell.lease);
    if cell.stop_requested {
        return log.end(&End::Stopped(CellMetrics::default())).await;
    }
    if cell.is_lost {
        return log.end(&failed(LOST, CellMetrics::default())).await;
    }
    log.start().await?;
    let end = match ask(parts, cell).await {
        Ok(chat) => listen(chat, orders, &mut log).await?,
        Err(message) => failed(message, CellMetrics::default()),
    };
    log.end(&end).await
}

/// Starts the call; `Err` holds the gateway's refusal in words for people.
async fn ask(parts: &Parts, cell: &ClaimedCell) -> Result<ChatRun, String> {
    let caller = parts.gateway.run_caller(cell.team, cell.starter, cell.lease.run);
    let started = parts.gateway.chat(caller, request(cell)?, Origin::Playground).await;
    started.map_err(|error| error.problem(parts.gateway.request_id()).message)
}

fn request(cell: &ClaimedCell) -> Result<ChatRequest, String> {
    let message = |role, text: &String| Message::text(role, text.as_str());
    let system = (!cell.system.is_empty()).then(|| message(Role::System, &cell.system));
    Ok(ChatRequest {
        model: cell.model.clone(),
        messages: system.into_iter().chain([message(Role::User, &cell.user)]).collect(),
        max_output_tokens: cell.max_output.and_then(|most| u32::try_from(most).ok()),
        temperature: Decimal::parse(&cell.temperature)?,
        stream: true,
        ..ChatRequest::default()
    })
}

/// Writes down the answer until it is finished. A request to stop cancels the upstream and then waits for the accounts: what
/// had been produced is charged, and the cell shows it.
async fn listen(mut chat: ChatRun, mut orders: watch::Receiver<Order>, log: &mut Log<'_>) -> Result<End, Error> {
    let mut order = Order::GoOn;
    loop {
        let due = log.due();
        tokio::select! {
            update = chat.updates.recv() => match update {
                Some(ChatUpdate::Event(ChatEvent::Text { index: 0, text })) => log.say(&text),
                Some(ChatUpdate::Event(_)) => {}
                Some(ChatUpdate::Finished(finished)) => return Ok(end(order, *finished, &chat)),
                None => return Ok(failed(UNTOLD, CellMetrics { request: Some(chat.request_id), ..CellMetrics::default() })),
            },
            Ok(()) = orders.changed() => {
                order = *orders.borrow_and_update();
                chat.cancel.cancel();
                if order == Order::Lost {
                    return Err(Error::Lost);
                }
            }
            () = sleep_until(due), if due.is_some() => log.flush().await?,
        }
    }
}

async fn sleep_until(due: Option<tokio::time::Instant>) {
    if let Some(due) = due {
        tokio::time::sleep_until(due).await;
    }
}

/// What the cell ends as. An answer that was complete before the request to stop arrived is an answer.
fn end(order: Order, finished: Finished, chat: &ChatRun) -> End {
    let metrics = finished.metrics(chat.request_id);
    if finished.outcome == Outcome::Success {
        return End::Done(metrics);
    }
    if order == Order::Stop {
        return End::Stopped(metrics);
    }
    failed(finished.problem.map_or_else(|| UNTOLD.to_owned(), |it| it.message), metrics)
}

fn failed(message: impl Into<String>, metrics: CellMetrics) -> End {
    End::Failed { message: message.into(), metrics }
}
