//! The queue and the log of runs on a real database: dense numbers, leases, snapshots, stopping, waking.

use std::{sync::Arc, time::Duration};

use domain::{
    event::RunEventKind,
    id::{RunId, SampleId, TeamId},
    run::{CellMetrics, CellState},
};
use runs::{Subscription, Watch};
use store::runs::{ClaimedSample, End, Filter, Lease};
use tokio::task::JoinSet;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::world::{TEAM, World, text_of};

const OTHER_TEAM: TeamId = TeamId(uuid::Uuid::from_u128(2));
const PIECES: [&str; 5] = ["größer ", "日本語 ", "🦀", "\n\n```rust\n", "fn "];

fn delta(lease: Lease, text: &str) -> RunEventKind {
    RunEventKind::Delta { cell: lease.cell, sample: lease.position, text: text.to_owned() }
}

async fn finish(world: &World, lease: Lease, end: &End) -> bool {
    store::runs::finish(&mut *world.connection().await, lease, end, &[], &[]).await.unwrap()
}

/// Another team, or this one: its runs.
async fn listed(world: &World, team: TeamId) -> usize {
    let filter = Filter { limit: 10, ..Filter::default() };
    store::runs::list(&mut *world.connection().await, team, &filter).await.unwrap().len()
}

/// Starts a sample, writes `count` pieces of text and ends it.
async fn write(world: &World, lease: Lease, count: usize) {
    let mut db = world.connection().await;
    store::runs::append(&mut db, lease, &RunEventKind::Start { cell: lease.cell, sample: 0, take: 1 })
        .await
        .unwrap()
        .unwrap();
    for number in 0..count {
        let event = delta(lease, PIECES[number % PIECES.len()]);
        store::runs::append(&mut db, lease, &event).await.unwrap().unwrap();
    }
    let end = End::Done(CellMetrics { total_ms: Some(5), ..CellMetrics::default() });
    drop(db);
    assert!(finish(world, lease, &end).await);
}

/// Claims and writes `cells` cells at once.
async fn write_all(world: &Arc<World>, cells: usize, pieces: usize) {
    let mut writers = JoinSet::new();
    for _ in 0..cells {
        let world = Arc::clone(world);
        writers.spawn(async move {
            let claimed = world.claim(world.replica()).await.unwrap();
            write(&world, claimed.lease, pieces).await;
        });
    }
    while let Some(done) = writers.join_next().await {
        done.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eight_parallel_cells_write_one_dense_log_that_ends_with_run_done() {
    let world = Arc::new(World::new().await);
    let run = world.run(&["a", "b", "c", "d", "e", "f", "g", "h"]).await;

    write_all(&world, 8, 30).await;

    let events = world.events(run, 0).await;
    let numbers: Vec<i64> = events.iter().map(|event| event.seq).collect();
    assert_eq!(numbers, (1..=8 * 32 + 1).collect::<Vec<i64>>());
    assert_eq!(events.last().unwrap().what, RunEventKind::RunDone);
    let view = world.view(run).await;
    assert!(view.is_finished);
    assert!(view.cells.iter().all(|cell| {
        cell.samples.len() == 1
            && cell.samples[0].state == CellState::Done
            && cell.samples[0].text == PIECES.concat().repeat(6)
    }));
}

/// The text of a view, and what comes after it: a start begins anew.
fn later_text(text: &str, later: &[domain::event::RunEvent], cell: domain::id::CellId) -> String {
    let starts = later.iter().any(|event| matches!(event.what, RunEventKind::Start { cell: of, .. } if of == cell));
    let before = if starts { "" } else { text };
    format!("{before}{}", text_of(later, cell))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_view_and_the_events_after_its_cursor_make_the_full_text_at_any_moment() {
    let world = Arc::new(World::new().await);
    let run = world.run(&["a", "b", "c"]).await;
    let watching = {
        let world = Arc::clone(&world);
        async move {
            let mut views = Vec::new();
            while !views.last().is_some_and(|view: &store::runs::View| view.is_finished) {
                views.push(world.view(run).await);
            }
            views
        }
    };

    let (views, ()) = tokio::join!(watching, write_all(&world, 3, 40));

    assert!(views.iter().any(|view| view.cursor > 3 && !view.is_finished), "no view fell into the writing");
    for view in views {
        let later = world.events(run, view.cursor).await;
        for cell in &view.cells {
            let full = later_text(&cell.samples[0].text, &later, cell.id);
            assert_eq!(full, PIECES.concat().repeat(8), "at {}", view.cursor);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parallel_claims_never_take_the_same_sample() {
    let world = Arc::new(World::new().await);
    for _ in 0..4 {
        world.run(&["a", "b", "c", "d", "e"]).await;
    }
    let mut claims = JoinSet::new();
    for _ in 0..20 {
        let world = Arc::clone(&world);
        claims.spawn(async move { world.claim(world.replica()).await.map(|claimed| claimed.lease.sample) });
    }
    let mut samples: Vec<SampleId> = claims.join_all().await.into_iter().flatten().collect();
    while let Some(claimed) = world.claim(world.replica()).await {
        samples.push(claimed.lease.sample);
    }
    let claimed = samples.len();
    samples.sort();
    samples.dedup();
    assert_eq!((claimed, samples.len()), (20, 20));
}

/// A cell that was running when its executor died, and the claim that took it over.
async fn taken_over(world: &World) -> (RunId, ClaimedSample, ClaimedSample) {
    let run = world.run(&["a"]).await;
    let first = world.claim(world.replica()).await.unwrap();
    let mut db = world.connection().await;
    store::runs::append(&mut db, first.lease, &delta(first.lease, "half")).await.unwrap().unwrap();
    assert!(world.claim(world.replica()).await.is_none(), "a lease that holds is not claimable");
    world.db.execute("UPDATE samples SET lease_until = clock_timestamp() - interval '1 second'").await;
    let second = world.claim(world.replica()).await.unwrap();
    (run, first, second)
}

#[tokio::test]
async fn an_expired_lease_is_claimed_again_and_known_as_lost() {
    let world = World::new().await;
    let (_, first, second) = taken_over(&world).await;
    assert_eq!((first.is_lost, second.is_lost), (false, true));
    assert_eq!(second.lease, Lease { epoch: first.lease.epoch + 1, ..first.lease });
}

#[tokio::test]
async fn a_writer_with_a_stale_epoch_changes_nothing() {
    let world = World::new().await;
    let (run, first, second) = taken_over(&world).await;
    let mut db = world.connection().await;

    assert_eq!(store::runs::append(&mut db, first.lease, &delta(first.lease, "late")).await.unwrap(), None);
    // A refused write is rolled back when its connection is used again, or given back.
    drop(db);
    let done = End::Done(CellMetrics::default());
    assert!(!finish(&world, first.lease, &done).await);

    assert_eq!(world.samples(run).await[0].text, "half");
    let lost = End::Failed { message: "gone".into(), metrics: CellMetrics::default() };
    assert!(finish(&world, second.lease, &lost).await);
    let sample = &world.samples(run).await[0];
    assert_eq!(
        (sample.state, sample.text.as_str(), sample.error.as_deref()),
        (CellState::Failed, "half", Some("gone"))
    );
    let numbers: Vec<i64> = world.events(run, 0).await.iter().map(|event| event.seq).collect();
    assert_eq!(numbers, [1, 2, 3], "refused writes leave no gap");
}

#[tokio::test]
async fn renewing_tells_of_the_cells_still_held_and_whether_to_stop() {
    let world = World::new().await;
    let run = world.run(&["a", "b"]).await;
    let me = world.replica();
    let [first, second] = [world.claim(me).await.unwrap(), world.claim(me).await.unwrap()];
    let mut db = world.connection().await;

    let asked = store::runs::request_stop(&mut db, TEAM, run, Some(second.lease.cell)).await;

    assert!(asked.unwrap());
    let mut renewed = store::runs::renew(&mut db, me).await.unwrap();
    renewed.sort_by_key(|renewed| renewed.lease.cell);
    let told: Vec<_> = renewed.iter().map(|renewed| (renewed.lease.cell, renewed.stop_requested)).collect();
    assert_eq!(told, [(first.lease.cell, false), (second.lease.cell, true)]);
    assert!(store::runs::renew(&mut db, world.replica()).await.unwrap().is_empty());
}

#[tokio::test]
async fn stopping_a_queued_run_ends_it_at_once_and_only_once() {
    let world = World::new().await;
    let run = world.run(&["a", "b"]).await;
    let mut db = world.connection().await;
    for _ in 0..2 {
        assert!(store::runs::request_stop(&mut db, TEAM, run, None).await.unwrap());
    }
    let view = world.view(run).await;
    assert!(view.is_finished && world.samples(run).await.iter().all(|sample| sample.state == CellState::Stopped));
    let kinds: Vec<_> = world.events(run, 0).await.iter().map(|event| event.what.name()).collect();
    assert_eq!(kinds, ["cell.stopped", "cell.stopped", "run.done"]);
    assert!(world.claim(world.replica()).await.is_none());
}

#[tokio::test]
async fn another_team_neither_sees_nor_stops_a_run() {
    let world = World::new().await;
    let run = world.run(&["a"]).await;
    let claimed = world.claim(world.replica()).await.unwrap();
    write(&world, claimed.lease, 1).await;
    let mut db = world.connection().await;
    assert!(store::runs::view(&mut db, OTHER_TEAM, run, 200, None).await.unwrap().is_none());
    assert!(store::runs::events(&mut db, OTHER_TEAM, run, 0, 10).await.unwrap().is_empty());
    assert_eq!((listed(&world, OTHER_TEAM).await, listed(&world, TEAM).await), (0, 1));
    assert!(!store::runs::request_stop(&mut db, OTHER_TEAM, run, None).await.unwrap());
}

#[tokio::test]
async fn a_cell_of_another_run_cannot_be_stopped_through_this_one() {
    let world = World::new().await;
    let mine = world.run(&["a"]).await;
    let other = world.run(&["a"]).await;
    let cell = world.view(other).await.cells[0].id;
    let mut db = world.connection().await;
    assert!(!store::runs::request_stop(&mut db, TEAM, mine, Some(cell)).await.unwrap());
    assert_eq!(world.samples(other).await[0].state, CellState::Queued);
}

async fn listening(world: &World, run: RunId) -> (TaskTracker, CancellationToken, Subscription) {
    let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
    let watch = Watch::start(&world.db.pools, &tasks, stop.clone()).await.unwrap();
    (tasks, stop, watch.subscribe(run))
}

async fn changed(news: &mut Subscription) -> i64 {
    tokio::time::timeout(Duration::from_secs(20), news.changed()).await.expect("nobody woke the subscriber")
}

/// Appends an event and waits until the subscriber hears its number.
async fn is_heard(world: &World, lease: Lease, news: &mut Subscription) {
    let event = delta(lease, "text");
    let seq = store::runs::append(&mut *world.connection().await, lease, &event).await.unwrap().unwrap();
    while changed(news).await != seq {}
}

#[tokio::test]
async fn a_subscriber_is_woken_with_the_number_of_the_newest_event() {
    let world = World::new().await;
    let run = world.run(&["a"]).await;
    let claimed = world.claim(world.replica()).await.unwrap();
    let (tasks, stop, mut news) = listening(&world, run).await;

    is_heard(&world, claimed.lease, &mut news).await;

    stop.cancel();
    tasks.close();
    tasks.wait().await;
}

#[tokio::test]
async fn a_lost_connection_wakes_everybody_and_comes_back() {
    let world = World::new().await;
    let run = world.run(&["a"]).await;
    let claimed = world.claim(world.replica()).await.unwrap();
    let (_tasks, stop, mut news) = listening(&world, run).await;

    let killed = world
        .db
        .number(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
              WHERE datname = current_database() AND query LIKE 'LISTEN%' AND pid <> pg_backend_pid()",
        )
        .await;
    assert_eq!(killed, 1);
    changed(&mut news).await;

    is_heard(&world, claimed.lease, &mut news).await;
    stop.cancel();
}
