//! One call per sample, with the demo provider: a run ends with text, tokens, cost and a ledger row; stopping, shutdown and a
//! dead server end samples with a clear word and call nothing twice.

use std::{collections::HashSet, time::Duration};

use domain::{event::RunEventKind, grid::Case, id::RequestId, run::CellState};
use store::runs::{Again, Lease};

use crate::{
    server::Server,
    world::{TEAM, USER, World, grid, text_of},
};

const PATIENCE: Duration = Duration::from_secs(30);

#[tokio::test]
async fn pg_8_a_run_ends_with_text_tokens_cost_and_one_ledger_row_per_sample() {
    let server = Server::start(4).await;
    let run = server.world.run(&["quick", "quick"]).await;

    let events = server.finished(run).await;

    let view = server.world.view(run).await;
    assert!(view.is_finished);
    let mut requests = HashSet::new();
    for cell in &view.cells {
        let [sample] = cell.samples.as_slice() else { panic!("one sample: {cell:?}") };
        assert_eq!((sample.state, sample.error.as_deref(), sample.take), (CellState::Done, None, 1));
        assert!(!sample.text.is_empty());
        assert_eq!(sample.text, text_of(&events, cell.id));
        let metrics = &sample.metrics;
        let usage = metrics.usage.unwrap();
        let tokens = i64::try_from(usage.total_input() + usage.total_output()).unwrap();
        assert_eq!(metrics.cost, Some(domain::Money(tokens * 1_000)));
        assert!(metrics.first_token_ms <= metrics.total_ms && metrics.request.is_some());
        assert_eq!((metrics.calls, metrics.attempts, metrics.provider.as_deref()), (1, 1, Some("demo")));
        requests.insert(metrics.request);
    }
    assert_eq!((requests.len(), server.attempts().await), (2, 2));
}

#[tokio::test]
async fn pg_9_a_stopped_cell_keeps_its_text_and_shows_what_was_charged() {
    let server = Server::start(4).await;
    let run = server.world.run(&["slow"]).await;
    let cell = server.speaking(run).await;

    let mut db = server.world.connection().await;
    assert!(store::runs::request_stop(&mut db, TEAM, run, Some(cell)).await.unwrap());
    let events = server.finished(run).await;

    let view = server.only(run).await;
    assert_eq!(view.state, CellState::Stopped);
    assert!(!view.text.is_empty() && view.text == text_of(&events, cell));
    assert!(view.metrics.usage.is_some() && view.metrics.cost.is_some(), "{:?}", view.metrics);
    assert_eq!(server.world.db.text("SELECT outcome FROM attempts").await, "cancelled");
}

#[tokio::test]
async fn shutdown_ends_running_cells_with_a_clear_word_and_claims_nothing_more() {
    let server = Server::start(1).await;
    let run = server.world.run(&["slow", "slow"]).await;
    server.speaking(run).await;

    server.stop.cancel();
    server.gateway.drain();
    server.gateway.cut();
    server.tasks.close();
    tokio::time::timeout(PATIENCE, server.tasks.wait()).await.unwrap();

    let samples = server.world.samples(run).await;
    assert_eq!((samples[0].state, samples[1].state), (CellState::Failed, CellState::Queued));
    assert!(samples[0].error.as_deref().is_some_and(|error| error.contains("shutting down")), "{:?}", samples[0].error);
    assert!(!samples[0].text.is_empty());
}

#[tokio::test]
async fn pg_9_a_sample_of_a_dead_server_fails_with_its_text_and_is_not_called_again() {
    let world = World::new().await;
    let run = world.run(&["quick"]).await;
    let dead = world.claim(world.replica()).await.unwrap().lease;
    let Lease { cell, position: sample, .. } = dead;
    let half = RunEventKind::Delta { cell, sample, text: "half".into() };
    let mut db = world.connection().await;
    store::runs::append(&mut db, dead, &half).await.unwrap().unwrap();
    let request = RequestId(world.sample().0);
    assert!(store::runs::note_request(&mut db, dead, request).await.unwrap());
    drop(db);
    world.db.execute("UPDATE samples SET lease_until = clock_timestamp() - interval '1 second'").await;

    let server = Server::around(world, 4).await;
    server.finished(run).await;

    let cell = server.only(run).await;
    assert_eq!((cell.state, cell.text.as_str()), (CellState::Failed, "half"));
    assert!(cell.error.unwrap().contains("stopped in the middle"));
    assert_eq!((cell.metrics.request, cell.metrics.calls, cell.metrics.cost), (Some(request), 1, None));
    assert!(server.world.view(run).await.unpriced, "a call that was made is not free");
    assert_eq!(server.attempts().await, 0);
}

#[tokio::test]
async fn a_model_that_cannot_be_called_fails_in_words() {
    let server = Server::start(4).await;
    let run = server.world.run(&["nowhere"]).await;

    server.finished(run).await;

    let cell = server.only(run).await;
    assert_eq!(cell.state, CellState::Failed);
    assert!(cell.error.unwrap().contains("nowhere"));
    assert_eq!(server.attempts().await, 0);
}

#[tokio::test]
async fn no_more_samples_run_at_once_than_the_setting_says() {
    let server = Server::start(1).await;
    let run = server.world.run(&["quick", "quick", "quick"]).await;

    let events = server.finished(run).await;

    let mut running = 0;
    for event in events {
        match event.what {
            RunEventKind::Start { .. } => running += 1,
            RunEventKind::Done { .. } => running -= 1,
            _ => {}
        }
        assert!(running <= 1, "two samples at once");
    }
}

#[tokio::test]
async fn answers_are_merged_into_fewer_events_than_words() {
    let server = Server::start(1).await;
    let run = server.world.run(&["quick"]).await;

    let events = server.finished(run).await;

    let deltas = events.iter().filter(|event| matches!(event.what, RunEventKind::Delta { .. })).count();
    let tokens = server.only(run).await.metrics.usage.unwrap().total_output();
    // The demo speaks every 8 ms and an event waits for 50 ms.
    assert!(deltas as u64 * 2 < tokens, "{deltas} events for {tokens} tokens");
}

#[tokio::test]
async fn pg_1_every_cell_of_a_grid_runs_with_its_own_values_and_pg_3_each_of_its_samples() {
    let server = Server::start(8).await;
    let case = |topic: &str| Case { values: vec![("topic".into(), topic.into())], ..Case::default() };
    let mut grid = grid(&["quick", "unpriced"]);
    grid.prompt.turns[0].text = "Tell me of {{topic}}.".into();
    grid.cases = vec![case("lists"), case("trees"), case("heaps")];
    grid.samples = 2;
    let run = server.world.run_grid(&grid).await;

    server.finished(run).await;

    let view = server.world.view(run).await;
    assert_eq!((view.cells.len(), view.progress.done, server.attempts().await), (6, 6, 12));
    assert!(view.unpriced && view.cost > domain::Money::ZERO);
    for cell in &view.cells {
        let topic = ["lists", "trees", "heaps"][usize::from(cell.place.case)];
        for sample in &cell.samples {
            let mut db = server.world.connection().await;
            let (_, wires) = store::runs::exact(&mut db, TEAM, run, cell.id, sample.position).await.unwrap().unwrap();
            let [wire] = wires.as_slice() else { panic!("one exchange: {wires:?}") };
            assert!(wire.body.contains(&format!("Tell me of {topic}.")) && wire.answer.ends_with("data: [DONE]\n\n"));
            assert_eq!((wire.status, wire.url.as_str()), (Some(200), "demo:/chat/completions"));
        }
    }
}

#[tokio::test]
async fn pg_2_a_cell_runs_again_as_a_new_take_and_the_costs_of_both_are_counted() {
    let server = Server::start(4).await;
    let run = server.world.run(&["quick"]).await;
    server.finished(run).await;
    let first = server.only(run).await;
    let again = Again { cells: &[], failed_only: false, samples_per_cell: 1, by: USER };
    let mut db = server.world.connection().await;
    let queued = store::runs::queue_again(&mut db, TEAM, run, again, || server.world.sample()).await.unwrap();
    assert_eq!(queued, Some(1));

    let events =
        server.until(run, |events| events.iter().filter(|event| event.what == RunEventKind::RunDone).count() == 2);
    let events = events.await;

    let second = server.only(run).await;
    let cell = server.world.view(run).await.cells[0].id;
    assert_eq!((second.take, second.state, second.text.as_str()), (2, CellState::Done, first.text.as_str()));
    assert_eq!(second.text, text_of(&events, cell));
    let both = first.metrics.cost.unwrap().checked_add(second.metrics.cost.unwrap());
    assert_eq!(Some(server.world.view(run).await.cost), both);
    assert!(events.iter().any(|event| matches!(event.what, RunEventKind::Start { take: 2, .. })));
}

#[tokio::test]
async fn gw_10_every_call_of_a_run_carries_the_task_of_its_grid() {
    let server = Server::start(4).await;
    let mut grid = grid(&["quick"]);
    grid.task = Some(domain::task::TaskClass::BugFix);
    let run = server.world.run_grid(&grid).await;
    server.finished(run).await;
    assert_eq!(server.world.db.text("SELECT task FROM attempts").await, "bug_fix");
}
