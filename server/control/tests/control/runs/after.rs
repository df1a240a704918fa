//! What can be done with a run once it is there: run parts again, go on, stop, compare, look at what was sent.

use control::runs;
use domain::{
    ErrorKind, Money,
    grid::Grid,
    run::{CellState, CellView, Continue, DiffKind, DiffMode, RunAgain, ToolCall},
};

use super::{grid, new, place, started, view};
use crate::{
    executor::{self, Act},
    world::{World, fields, kind},
};

fn state(cell: &CellView) -> (u16, CellState) {
    let newest = cell.samples.first().expect("a sample");
    (newest.take, newest.state)
}

#[tokio::test]
async fn pg_2_cells_run_again_all_of_them_or_those_that_failed() {
    let world = World::new().await;
    let member = world.actor("member").await;
    let (run, before) = started(&world, new(grid(&["big", "small"], &["a"]))).await;
    let act = |place: domain::run::Place, _| if place.variant == 0 { Act::Say("x") } else { Act::Fail("no room") };
    executor::play(&world, act).await;
    let done = view(&world, run).await;
    assert_eq!((done.finished, done.progress.done, done.progress.failed), (true, 1, 1));
    assert_eq!(done.cells[1].samples[0].error.as_deref(), Some("no room"));
    assert_eq!(done.cost, Money(4_000));

    let again = |cells, failed_only| RunAgain { team: "alpha".to_owned(), run, cells, failed_only };
    assert_eq!(runs::again(&world.ctx, &member, again(vec![], true)).await.expect("again"), 1);
    let open = view(&world, run).await;
    assert_eq!(open.cells.iter().map(state).collect::<Vec<_>>(), [(1, CellState::Done), (2, CellState::Queued)]);
    assert!(!open.finished);
    // What still waits is left alone.
    assert_eq!(runs::again(&world.ctx, &member, again(vec![before.cells[1].id], false)).await.expect("again"), 0);
    executor::play(&world, |_, _| Act::Say("y")).await;
    assert_eq!(runs::again(&world.ctx, &member, again(vec![], false)).await.expect("again"), 2);
    executor::play(&world, |_, _| Act::Say("z")).await;
    let last = view(&world, run).await;
    assert_eq!(last.cells.iter().map(state).collect::<Vec<_>>(), [(2, CellState::Done), (3, CellState::Done)]);
    // Every take was paid.
    assert_eq!((last.cost, last.cells[0].samples[0].text.as_str()), (Money(10_000), "z"));
}

#[tokio::test]
async fn pg_2_a_cell_that_waited_runs_with_all_of_its_samples() {
    let world = World::new().await;
    let member = world.actor("member").await;
    let grid = Grid { samples: 3, ..grid(&["big", "small"], &["a"]) };
    let only = vec![place(0, 0)];
    let (run, view) = started(&world, domain::run::NewRun { only, ..new(grid) }).await;
    let again = RunAgain { team: "alpha".to_owned(), run, cells: vec![view.cells[1].id], failed_only: false };
    assert_eq!(runs::again(&world.ctx, &member, again).await.expect("again"), 3);
}

#[tokio::test]
async fn pg_9_only_stop_ends_a_cell_and_what_ended_stays_as_it_is() {
    let world = World::new().await;
    let member = world.actor("member").await;
    let (run, before) = started(&world, new(grid(&["big", "small"], &["a", "b"]))).await;
    runs::stop_cell(&world.ctx, &member, "alpha", run, before.cells[0].id).await.expect("stopped");
    assert_eq!(view(&world, run).await.progress.stopped, 1);
    runs::cancel(&world.ctx, &member, "alpha", run).await.expect("stopped");
    let after = view(&world, run).await;
    assert_eq!((after.finished, after.progress.stopped), (true, 4));
    assert!(executor::play(&world, |_, _| Act::Say("x")).await.is_empty());
    runs::cancel(&world.ctx, &member, "alpha", run).await.expect("nothing to stop");
    let events = runs::events(&world.ctx, &member, run, 0, 1_000).await.expect("events");
    let numbers: Vec<i64> = events.iter().map(|event| event.seq).collect();
    assert_eq!(numbers, (1..=i64::try_from(events.len()).expect("few")).collect::<Vec<_>>());
    assert_eq!(after.cursor, *numbers.last().expect("some"));
}

#[tokio::test]
async fn a_run_gets_another_name_and_the_log_says_who_gave_it() {
    let world = World::new().await;
    let member = world.actor("member").await;
    let (run, _) = started(&world, new(grid(&["big"], &["a"]))).await;
    runs::rename(&world.ctx, &member, "alpha", run, " Sorting ").await.expect("renamed");
    assert_eq!(view(&world, run).await.name, "Sorting");
    assert_eq!(fields(runs::rename(&world.ctx, &member, "alpha", run, " ").await), ["name"]);
    let log = world.db.text("SELECT string_agg(action || ' ' || array_to_string(fields, ','), ' ') FROM audit_log WHERE action LIKE 'run.%'");
    assert_eq!(log.await, "run.rename name");
}

fn call(id: &str, result: Option<&str>) -> ToolCall {
    let (name, arguments) = ("look".to_owned(), "{}".to_owned());
    ToolCall { id: id.to_owned(), name, arguments, result: result.map(str::to_owned) }
}

#[tokio::test]
async fn pg_6_typed_results_go_on_with_the_turn_once() {
    let world = World::new().await;
    let member = world.actor("member").await;
    let (run, before) = started(&world, new(grid(&["big"], &["a"]))).await;
    let cell = before.cells[0].id;
    let results = vec![("one".to_owned(), "42".to_owned())];
    let input = |results| Continue { team: "alpha".to_owned(), run, cell, sample: 0, results };
    // It has not even run.
    assert_eq!(kind(runs::continue_turn(&world.ctx, &member, input(results.clone())).await), Some(ErrorKind::Conflict));
    executor::play(&world, |_, _| Act::Call("I look.", vec![call("one", None)])).await;
    assert_eq!(fields(runs::continue_turn(&world.ctx, &member, input(vec![])).await), ["results"]);
    runs::continue_turn(&world.ctx, &member, input(results.clone())).await.expect("goes on");
    assert_eq!(kind(runs::continue_turn(&world.ctx, &member, input(results)).await), Some(ErrorKind::Conflict));
    executor::play(&world, |_, _| Act::Say("It is 42.")).await;
    let sample = &view(&world, run).await.cells[0].samples[0];
    assert_eq!((sample.take, sample.state, sample.text.as_str()), (2, CellState::Done, "It is 42."));
    let turn = world.db.text("SELECT prior::text FROM samples WHERE is_current").await;
    assert!(turn.contains("\"result\": \"42\"") && turn.contains("It is 42."), "{turn}");
}

#[tokio::test]
async fn pg_16_a_sample_shows_what_was_sent_and_pg_13_the_same_call_as_code() {
    let world = World::new().await;
    let member = world.actor("member").await;
    let (run, before) = started(&world, new(grid(&["big"], &["trees"]))).await;
    let cell = before.cells[0].id;
    let waiting = runs::exact(&world.ctx, &member, "alpha", run, cell, 0).await.expect("exact");
    assert!(waiting.upstream.is_empty());
    executor::play(&world, |_, _| Act::Say("x")).await;
    let exact = runs::exact(&world.ctx, &member, "alpha", run, cell, 0).await.expect("exact");
    assert!(exact.client.contains("Explain trees."), "{}", exact.client);
    assert_eq!(exact.upstream[0].answer, "data: [DONE]");
    let labels: Vec<&str> = exact.snippets.iter().map(|snippet| snippet.label.as_str()).collect();
    assert_eq!(labels, ["curl", "Python", "TypeScript", "Rust"]);
    for snippet in &exact.snippets {
        assert!(snippet.code.contains("localhost:3000") && snippet.code.contains("TALLYGATE_KEY"), "{}", snippet.code);
    }
}

#[tokio::test]
async fn pg_10_answers_are_compared_with_those_of_one_column_row_by_row() {
    let world = World::new().await;
    let member = world.actor("member").await;
    let (run, _) = started(&world, new(grid(&["big", "small", "big"], &["a", "b"]))).await;
    executor::play(&world, |place, _| match (place.variant, place.case) {
        (0, 0) => Act::Say("the quick fox"),
        (1, 0) => Act::Say("the slow fox"),
        (2, 1) => Act::Fail("no room"),
        _ => Act::Say("the same"),
    })
    .await;
    let diffs = runs::diff(&world.ctx, &member, "alpha", run, 0, DiffMode::Words).await.expect("diff");
    let told: Vec<_> = diffs
        .iter()
        .map(|cell| {
            let changed = cell.parts.iter().filter(|part| part.kind != DiffKind::Same);
            (cell.place, changed.map(|part| part.text.as_str()).collect::<Vec<_>>())
        })
        .collect();
    assert_eq!(told[0], (place(1, 0), vec!["quick", "slow"]));
    assert!(told.contains(&(place(1, 1), vec![])), "{told:?}");
    assert!(diffs.iter().all(|cell| cell.place.variant != 0));
    assert_eq!(fields(runs::diff(&world.ctx, &member, "alpha", run, 3, DiffMode::Words).await), ["base"]);
}

#[tokio::test]
async fn pg_9_a_long_run_is_read_in_rows() {
    let world = World::new().await;
    let member = world.actor("member").await;
    let topics: Vec<String> = (0..30).map(|nr| format!("topic {nr}")).collect();
    let topics: Vec<&str> = topics.iter().map(String::as_str).collect();
    let (run, first) = started(&world, new(grid(&["big", "small"], &topics))).await;
    assert_eq!((first.cells.len(), first.rows), (40, 20));
    let more = runs::get(&world.ctx, &member, "alpha", run, Some(30)).await.expect("view");
    assert_eq!((more.cells.len(), more.progress.cells), (60, 60));
}
