//! Runs: what may start, what starts, and what can be done with it afterwards.

mod after;

use control::runs;
use domain::{
    ErrorKind, Money,
    grid::{AnswerFormat, Case, Grid, ImageRef, Settings, Tool, Turn, Variant},
    id::{ImageId, RunId},
    run::{CellState, NewRun, Place, RunQuery, RunView},
};
use uuid::Uuid;

use crate::{
    executor::{self, Act},
    workbench::MOST_OUTPUT,
    world::{World, fields, kind, message},
};

pub fn place(variant: u16, case: u16) -> Place {
    Place { variant, case }
}

/// Columns of these models, a row for each topic, one question.
pub fn grid(models: &[&str], topics: &[&str]) -> Grid {
    let case = |topic: &&str| Case { values: vec![("topic".to_owned(), (*topic).to_owned())], ..Case::default() };
    let variant = |model: &&str| Variant { model: (*model).to_owned(), ..Variant::default() };
    let mut grid = Grid {
        variants: models.iter().map(variant).collect(),
        cases: topics.iter().map(case).collect(),
        ..Grid::default()
    };
    grid.prompt.turns[0].text = "Explain {{topic}}.\nIn short.".to_owned();
    grid
}

pub fn new(grid: Grid) -> NewRun {
    NewRun { team: "alpha".to_owned(), grid, name: String::new(), only: vec![] }
}

/// Starts a run as the member, and looks at it.
pub async fn started(world: &World, run: NewRun) -> (RunId, RunView) {
    let member = world.actor("member").await;
    let id = runs::start(&world.ctx, &member, run).await.expect("started");
    (id, view(world, id).await)
}

pub async fn view(world: &World, run: RunId) -> RunView {
    let member = world.actor("member").await;
    runs::get(&world.ctx, &member, "alpha", run, None).await.expect("view")
}

#[tokio::test]
async fn pg_1_a_run_has_a_cell_for_every_model_and_case_and_samples_that_wait() {
    let world = World::new().await;
    let grid = Grid { samples: 2, ..grid(&["big", "small"], &["trees", "heaps", "tries"]) };
    let (_, view) = started(&world, new(grid.clone())).await;
    assert_eq!((view.name.as_str(), view.starter.as_str(), view.team.as_str()), ("Explain trees.", "Member", "alpha"));
    assert_eq!((view.grid, view.finished, view.may_change), (grid, false, true));
    let places: Vec<Place> = view.cells.iter().map(|cell| cell.place).collect();
    assert_eq!(places, [place(0, 0), place(1, 0), place(0, 1), place(1, 1), place(0, 2), place(1, 2)]);
    for cell in &view.cells {
        let samples: Vec<_> = cell.samples.iter().map(|it| (it.position, it.take, it.state)).collect();
        assert_eq!(samples, [(0, 1, CellState::Queued), (1, 1, CellState::Queued)]);
    }
    assert_eq!((view.progress.cells, view.progress.open), (6, 6));
    assert_eq!(executor::play(&world, |_, _| Act::Say("x")).await.len(), 12);
}

#[tokio::test]
async fn pg_2_only_the_named_cells_run_and_the_others_wait_until_somebody_runs_them() {
    let world = World::new().await;
    let only = vec![place(1, 0), place(0, 1)];
    let (_, view) = started(&world, NewRun { only, ..new(grid(&["big", "small"], &["a", "b"])) }).await;
    let filled: Vec<Place> = view.cells.iter().filter(|cell| !cell.samples.is_empty()).map(|cell| cell.place).collect();
    assert_eq!(filled, [place(1, 0), place(0, 1)]);
    assert_eq!((view.progress.open, view.progress.idle), (2, 2));
}

#[tokio::test]
async fn pg_1_all_that_is_wrong_with_a_grid_is_told_at_once_by_the_names_of_its_fields() {
    let world = World::new().await;
    let member = world.actor("member").await;
    let mut bad = grid(&["big", "nobody's"], &["a", "b"]);
    bad.samples = 11;
    bad.cases[1].values.clear();
    bad.cases[1].name = "x\0".to_owned();
    bad.prompt.tools = vec![Tool { name: "look".to_owned(), schema: "{\"type\": 3}".to_owned(), ..Tool::default() }];
    let foreign =
        ImageRef { id: ImageId(Uuid::from_u128(9)), media_type: "image/png".to_owned(), bytes: 1, width: 1, height: 1 };
    bad.cases[0].turns = vec![Turn { images: vec![foreign], ..Turn::default() }];
    bad.variants[0].settings = Some(Settings {
        format: AnswerFormat::Schema,
        schema: "{\"type\": []}".to_owned(),
        tool_choice: "read".to_owned(),
        temperature: "hot".to_owned(),
        ..Settings::default()
    });
    let run = NewRun { name: "n".repeat(101), only: vec![place(2, 0)], ..new(bad) };
    let mut wrong = fields(runs::start(&world.ctx, &member, run).await);
    wrong.sort_unstable();
    let mut wanted = [
        "samples",
        "cases.1.name",
        "cases.1.values",
        "prompt.tools.0.schema",
        "cases.0.turns.0.images",
        "variants.0.settings.schema",
        "variants.0.settings.tool_choice",
        "variants.0.settings.temperature",
        "variants.1.model",
        "name",
        "only",
    ];
    wanted.sort_unstable();
    assert_eq!(wrong, wanted);
    assert_eq!(world.db.number("SELECT count(*) FROM runs").await, 0);
}

#[tokio::test]
async fn pg_1_a_missing_value_is_named_and_an_empty_message_too() {
    let world = World::new().await;
    let member = world.actor("member").await;
    let mut missing = grid(&["big"], &["a"]);
    missing.prompt.system = "Speak {{language}}.".to_owned();
    let error = runs::start(&world.ctx, &member, new(missing)).await.expect_err("refused").into_api();
    assert_eq!(error.of_field("cases.0.values"), Some("give a value for {{language}}"));
    let mut silent = grid(&["big"], &["a"]);
    silent.prompt.turns[0].text.clear();
    assert_eq!(fields(runs::start(&world.ctx, &member, new(silent)).await), ["prompt.turns.0.text"]);
    assert_eq!(fields(runs::start(&world.ctx, &member, new(grid(&[], &["a"]))).await), ["variants"]);
}

#[tokio::test]
async fn models_are_called_by_their_aliases_too_and_those_of_another_team_are_none() {
    let world = World::new().await;
    let (_, view) = started(&world, new(grid(&["big-latest"], &["a"]))).await;
    assert_eq!(view.grid.variants[0].model, "big-latest");
    let stranger = world.actor("stranger").await;
    let run = NewRun { team: "beta".to_owned(), ..new(grid(&["big", "small"], &["a"])) };
    assert_eq!(fields(runs::start(&world.ctx, &stranger, run).await), ["variants.1.model"]);
}

fn too_much() -> Settings {
    Settings { max_output: Some(MOST_OUTPUT + 1), ..Settings::default() }
}

#[tokio::test]
async fn pg_4_cells_that_cannot_run_are_not_queued_and_a_run_of_them_alone_does_not_start() {
    let world = World::new().await;
    let mut partly = grid(&["big", "small"], &["a"]);
    partly.variants[0].settings = Some(too_much());
    let (_, view) = started(&world, new(partly.clone())).await;
    assert_eq!(view.cells.iter().map(|cell| cell.samples.len()).collect::<Vec<_>>(), [0, 1]);
    partly.settings = too_much();
    let member = world.actor("member").await;
    assert_eq!(
        message(runs::start(&world.ctx, &member, new(partly)).await),
        "none of these cells can run: the model answers with at most 16384 tokens"
    );
}

#[tokio::test]
async fn pg_4_a_forecast_says_what_it_can_and_lists_what_is_wrong() {
    let world = World::new().await;
    let member = world.actor("member").await;
    let mut half = Grid { samples: 3, ..grid(&["big", "unknown", "small"], &["a", "b"]) };
    half.variants[2].settings = Some(too_much());
    half.cases[1].values.clear();
    let told = runs::forecast(&world.ctx, &member, "alpha", half, vec![]).await.expect("no error");
    let wrong: Vec<&str> = told.problems.iter().map(|it| it.field.as_str()).collect();
    assert_eq!(wrong, ["variants.1.model", "cases.1.values"]);
    // The first case of the first and the third column; the third is blocked.
    assert_eq!((told.cells, told.samples, told.expected, told.worst), (1, 3, Money(3_000), Money(15_000)));
    assert_eq!(told.blocked.iter().map(|it| it.place).collect::<Vec<_>>(), [place(2, 0)]);
    assert_eq!((told.variables, told.budget_left), (vec!["topic".to_owned()], None));
    let nothing = runs::forecast(&world.ctx, &member, "alpha", Grid::default(), vec![]).await.expect("no error");
    assert_eq!((nothing.cells, nothing.problems.is_empty()), (0, false));
}

#[tokio::test]
async fn pg_4_what_is_right_in_a_grid_has_a_cost_whatever_else_is_wrong() {
    let world = World::new().await;
    let member = world.actor("member").await;
    let told = async |grid: Grid| {
        let told = runs::forecast(&world.ctx, &member, "alpha", grid, vec![]).await.expect("no error");
        let wrong: Vec<String> = told.problems.into_iter().map(|it| it.field).collect();
        (told.cells, told.samples, wrong.join(" "))
    };
    let right = || grid(&["big", "small"], &["a", "b"]);
    let hot = || Settings { temperature: "hot".to_owned(), ..Settings::default() };
    let mut own = right();
    own.variants[0].settings = Some(hot());
    assert_eq!(told(own).await, (2, 2, "variants.0.settings.temperature".to_owned()));
    let mut shared = right();
    shared.settings = hot();
    shared.variants[1].settings = Some(Settings::default());
    assert_eq!(told(shared).await, (2, 2, "settings.temperature".to_owned()));
    let mut long = right();
    long.cases[0].name = "n".repeat(201);
    long.samples = 99;
    assert_eq!(told(long).await, (2, 20, "samples cases.0.name".to_owned()));
    let many = grid(&["big"; 13], &["a"]);
    assert_eq!(told(many).await, (12, 12, "variants".to_owned()));
}

#[tokio::test]
async fn pg_5_what_a_model_does_not_take_is_told_before_anything_is_typed() {
    let world = World::new().await;
    let member = world.actor("member").await;
    let mut empty = grid(&["big", "small"], &["a"]);
    empty.prompt.turns[0].text.clear();
    let told = runs::forecast(&world.ctx, &member, "alpha", empty, vec![]).await.expect("no error");
    assert_eq!((told.cells, told.problems[0].field.as_str()), (0, "prompt.turns.0.text"));
    assert_eq!(told.unsupported.iter().map(|it| (it.variant, it.field.as_str())).collect::<Vec<_>>(), [(1, "seed")]);
}

#[tokio::test]
async fn a_run_of_another_team_does_not_exist_and_its_events_neither() {
    let world = World::new().await;
    let (run, view) = started(&world, new(grid(&["big"], &["a"]))).await;
    let stranger = world.actor("stranger").await;
    let cell = view.cells[0].id;
    let ctx = &world.ctx;
    for answer in [
        kind(runs::get(ctx, &stranger, "beta", run, None).await),
        kind(runs::get(ctx, &stranger, "alpha", run, None).await),
        kind(runs::events(ctx, &stranger, run, 0, 10).await),
        kind(runs::stop_cell(ctx, &stranger, "beta", run, cell).await),
        kind(runs::cancel(ctx, &stranger, "beta", run).await),
        kind(runs::rename(ctx, &stranger, "beta", run, "mine").await),
        kind(runs::exact(ctx, &stranger, "beta", run, cell, 0).await),
        kind(runs::diff(ctx, &stranger, "beta", run, 0, domain::run::DiffMode::Words).await),
    ] {
        assert_eq!(answer, Some(ErrorKind::NotFound));
    }
    let query = RunQuery { team: "beta".to_owned(), ..RunQuery::default() };
    assert!(runs::list(ctx, &stranger, query).await.expect("list").runs.is_empty());
}

#[tokio::test]
async fn hi_9_runs_are_listed_newest_first_in_pages_and_found_by_name_state_and_person() {
    let world = World::new().await;
    let (member, lead) = (world.actor("member").await, world.actor("lead").await);
    for topic in ["trees", "heaps", "tries"] {
        runs::start(&world.ctx, &member, new(grid(&["big", "small"], &[topic]))).await.expect("started");
    }
    executor::play(&world, |_, _| Act::Say("x")).await;
    let named = NewRun { name: " By hand ".to_owned(), ..new(grid(&["small"], &["x"])) };
    runs::start(&world.ctx, &lead, named).await.expect("started");
    let names = async |query: RunQuery| -> Vec<String> {
        let page = runs::list(&world.ctx, &member, query).await.expect("list");
        page.runs.into_iter().map(|run| run.name).collect()
    };
    let query = || RunQuery { team: "alpha".to_owned(), ..RunQuery::default() };
    let all = ["By hand", "Explain tries.", "Explain heaps.", "Explain trees."];
    assert_eq!(names(query()).await, all);
    assert_eq!(names(RunQuery { q: "EXPLAIN t".to_owned(), ..query() }).await, ["Explain tries.", "Explain trees."]);
    assert_eq!(names(RunQuery { open: true, ..query() }).await, ["By hand"]);
    assert_eq!(names(RunQuery { mine: true, ..query() }).await, all[1..]);
    let (mut walked, mut before) = (Vec::new(), None);
    loop {
        let page = runs::list(&world.ctx, &member, RunQuery { before, limit: Some(3), ..query() }).await.expect("page");
        walked.extend(page.runs.iter().map(|run| run.name.clone()));
        before = page.next;
        if before.is_none() {
            break;
        }
    }
    assert_eq!(walked, all);
    let page = runs::list(&world.ctx, &member, RunQuery { q: "heaps".to_owned(), ..query() }).await.expect("list");
    let run = &page.runs[0];
    assert_eq!((run.models.join(" "), run.starter.as_str(), run.finished), ("big small".to_owned(), "Member", true));
    assert_eq!((run.cost, run.unpriced, run.progress.done), (Money(4_000), false, 2));
    let wrong = RunQuery { limit: Some(201), q: "x".repeat(201), ..query() };
    assert_eq!(fields(runs::list(&world.ctx, &member, wrong).await), ["limit", "q"]);
}
