//! The executor with the real gateway and the demo provider: a run ends with text, tokens, cost and a ledger row; stopping,
//! shutdown and a dead server end cells with a clear word and call nothing twice.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests stop where they fail")]

mod common;

use std::{collections::HashSet, num::NonZeroUsize, sync::Arc, time::Duration};

use common::{TEAM, World, text_of};
use domain::{
    event::{RunEvent, RunEventKind},
    id::{CellId, RunId},
    run::{CellState, CellView},
};
use gateway::Gateway;
use runs::{Executor, Watch};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

const PATIENCE: Duration = Duration::from_secs(30);

/// A server without its HTTP edge.
struct Server {
    world: World,
    gateway: Gateway,
    watch: Watch,
    /// What shutdown waits for: calls and cells.
    tasks: TaskTracker,
    /// No new cells.
    stop: CancellationToken,
    core_stop: CancellationToken,
}

impl Server {
    async fn start(concurrent: usize) -> Self {
        Self::around(World::new().await, concurrent).await
    }

    async fn around(world: World, concurrent: usize) -> Self {
        for statement in DEMO {
            world.db.execute(statement).await;
        }
        let pools = world.db.pools.clone();
        let (key, _) = auth::MasterKey::generate(&*world.entropy).unwrap();
        let (tasks, core) = (TaskTracker::new(), TaskTracker::new());
        let (stop, core_stop) = (CancellationToken::new(), CancellationToken::new());
        let gateway = Gateway::start(gateway::Parts {
            pools: pools.clone(),
            vault: Arc::new(auth::Vault::new(key, world.entropy.clone())),
            clock: world.clock.clone(),
            entropy: world.entropy.clone(),
            patience: gateway::Patience::default(),
            tasks: tasks.clone(),
            core,
            stop: core_stop.clone(),
        });
        let gateway = gateway.await.unwrap();
        let parts = runs::Parts {
            pools,
            gateway: gateway.clone(),
            clock: world.clock.clone(),
            entropy: world.entropy.clone(),
            tasks: tasks.clone(),
            stop: stop.clone(),
        };
        let watch = Executor::start_with(parts, NonZeroUsize::new(concurrent).unwrap()).await.unwrap();
        Self { world, gateway, watch, tasks, stop, core_stop }
    }

    /// Waits until the log holds what is looked for, and returns the log.
    async fn until(&self, run: RunId, is_there: impl Fn(&[RunEvent]) -> bool) -> Vec<RunEvent> {
        let mut woken = self.watch.subscribe(run);
        let wait = async {
            loop {
                let events = self.world.events(run, 0).await;
                if is_there(&events) {
                    return events;
                }
                woken.changed().await;
            }
        };
        match tokio::time::timeout(PATIENCE, wait).await {
            Ok(events) => events,
            Err(_) => panic!("the log never got there: {:?}", self.world.events(run, 0).await),
        }
    }

    async fn finished(&self, run: RunId) -> Vec<RunEvent> {
        self.until(run, |events| events.last().is_some_and(|event| event.what == RunEventKind::RunDone)).await
    }

    /// The first cell, after its first words.
    async fn speaking(&self, run: RunId) -> CellId {
        let is_delta = |event: &RunEvent| matches!(event.what, RunEventKind::Delta { .. });
        self.until(run, |events| events.iter().any(is_delta)).await;
        self.world.view(run).await.cells[0].id
    }

    async fn only_cell(&self, run: RunId) -> CellView {
        self.world.view(run).await.cells.remove(0)
    }

    async fn attempts(&self) -> i64 {
        self.world.db.number("SELECT count(*) FROM attempts").await
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.gateway.cut();
        self.stop.cancel();
        self.core_stop.cancel();
    }
}

/// The demo provider with two priced models that all teams share: a quick one and one that takes its time.
const DEMO: [&str; 5] = [
    "INSERT INTO providers (id, slug, kind) VALUES ('00000000-0000-0000-0000-00000000000a', 'demo', 'demo')",
    "INSERT INTO models (id, name) VALUES ('00000000-0000-0000-0000-0000000000a1', 'quick'),
                                          ('00000000-0000-0000-0000-0000000000a2', 'slow')",
    "INSERT INTO deployments (id, model_id, provider_id, upstream_model)
     SELECT m.id, m.id, '00000000-0000-0000-0000-00000000000a', CASE m.name WHEN 'quick' THEN 'demo-swift' ELSE 'demo-sage' END
       FROM models m",
    "INSERT INTO price_versions (id, deployment_id, effective_from, source)
     SELECT d.id, d.id, clock_timestamp() - interval '1 day', 'test' FROM deployments d",
    "INSERT INTO price_components (version_id, class, pico)
     SELECT v.id, class, 1000000 FROM price_versions v, unnest(ARRAY['input', 'output']) AS class",
];

#[tokio::test]
async fn a_run_ends_with_text_tokens_cost_and_one_ledger_row_per_cell() {
    let server = Server::start(4).await;
    let run = server.world.run(&["quick", "quick"]).await;

    let events = server.finished(run).await;

    let view = server.world.view(run).await;
    assert!(view.is_finished);
    for cell in &view.cells {
        assert_eq!((cell.state, cell.error.as_deref()), (CellState::Done, None));
        assert!(!cell.text.is_empty());
        assert_eq!(cell.text, text_of(&events, cell.id));
        let usage = cell.metrics.usage.unwrap();
        let tokens = i64::try_from(usage.total_input() + usage.total_output()).unwrap();
        assert_eq!(cell.metrics.cost, Some(domain::Money(tokens * 1_000)));
        assert!(cell.metrics.first_token_ms <= cell.metrics.total_ms && cell.metrics.request.is_some());
    }
    let requests: HashSet<_> = view.cells.iter().map(|cell| cell.metrics.request).collect();
    assert_eq!((requests.len(), server.attempts().await), (2, 2));
}

#[tokio::test]
async fn a_stopped_cell_keeps_its_text_and_shows_what_was_charged() {
    let server = Server::start(4).await;
    let run = server.world.run(&["slow"]).await;
    let cell = server.speaking(run).await;

    let mut db = server.world.connection().await;
    assert!(store::runs::request_stop(&mut db, TEAM, run, Some(cell), || server.world.sample()).await.unwrap());
    let events = server.finished(run).await;

    let view = server.only_cell(run).await;
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

    let cells = server.world.view(run).await.cells;
    assert_eq!((cells[0].state, cells[1].state), (CellState::Failed, CellState::Queued));
    assert!(cells[0].error.as_deref().is_some_and(|error| error.contains("shutting down")), "{:?}", cells[0].error);
    assert!(!cells[0].text.is_empty());
}

#[tokio::test]
async fn a_cell_of_a_dead_server_fails_with_its_text_and_is_not_called_again() {
    let world = World::new().await;
    let run = world.run(&["quick"]).await;
    let dead = world.claim(world.replica()).await.unwrap().lease;
    let half = RunEventKind::Delta { cell: dead.cell, text: "half".into() };
    store::runs::append(&mut *world.connection().await, dead, &half).await.unwrap().unwrap();
    world.db.execute("UPDATE cells SET lease_until = clock_timestamp() - interval '1 second'").await;

    let server = Server::around(world, 4).await;
    server.finished(run).await;

    let cell = server.only_cell(run).await;
    assert_eq!((cell.state, cell.text.as_str()), (CellState::Failed, "half"));
    assert!(cell.error.unwrap().contains("stopped in the middle"));
    assert_eq!(server.attempts().await, 0);
}

#[tokio::test]
async fn a_model_that_cannot_be_called_fails_in_words() {
    let server = Server::start(4).await;
    let run = server.world.run(&["nowhere"]).await;

    server.finished(run).await;

    let cell = server.only_cell(run).await;
    assert_eq!(cell.state, CellState::Failed);
    assert!(cell.error.unwrap().contains("nowhere"));
    assert_eq!(server.attempts().await, 0);
}

#[tokio::test]
async fn no_more_cells_run_at_once_than_the_setting_says() {
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
        assert!(running <= 1, "two cells at once");
    }
}

#[tokio::test]
async fn answers_are_merged_into_fewer_events_than_words() {
    let server = Server::start(1).await;
    let run = server.world.run(&["quick"]).await;

    let events = server.finished(run).await;

    let deltas = events.iter().filter(|event| matches!(event.what, RunEventKind::Delta { .. })).count();
    let tokens = server.only_cell(run).await.metrics.usage.unwrap().total_output();
    // The demo speaks every 8 ms and an event waits for 50 ms.
    assert!(deltas as u64 * 2 < tokens, "{deltas} events for {tokens} tokens");
}
