//! What a grid would cost before it runs, against what it reserves when it does.

use domain::{
    grid::{Case, Grid, Prompt, Settings, Tool, ToolReply, Turn},
    money::Money,
    run::{Blocked, Forecast, Place},
};

use crate::{
    server::Server,
    world::{TEAM, USER, grid},
};

async fn forecast(server: &Server, grid: &Grid, only: &[Place]) -> Forecast {
    server.workbench().forecast(TEAM, USER, grid, only).await.unwrap()
}

fn place(variant: u16, case: u16) -> Place {
    Place { variant, case }
}

#[tokio::test]
async fn pg_4_the_worst_cost_of_a_grid_is_what_its_run_reserves() {
    let server = Server::start(8).await;
    let mut grid = grid(&["quick", "slow"]);
    grid.prompt.turns[0].text = "Tell me of {{topic}}.".into();
    let case = |topic: &str| Case { values: vec![("topic".into(), topic.into())], ..Case::default() };
    grid.cases = vec![case("lists"), case("the many kinds of trees")];
    grid.samples = 2;
    grid.settings.max_output = Some(5);

    let all = forecast(&server, &grid, &[]).await;
    let one = forecast(&server, &grid, &[place(1, 1), place(1, 1)]).await;
    let run = server.world.run_grid(&grid).await;
    server.finished(run).await;

    let reserved = server.world.db.number("SELECT sum(reserved_nano)::bigint FROM attempts").await;
    assert_eq!((all.worst, all.cells, all.samples), (Money(reserved), 4, 8));
    assert!(all.expected > Money::ZERO && all.expected < all.worst);
    assert_eq!((one.cells, one.samples), (1, 2));
    assert!(one.worst < all.worst && one.worst > Money::ZERO);
    assert_eq!(all.variables, ["topic"]);
    assert!(all.input_tokens.iter().all(|tokens| *tokens > 10) && all.blocked.is_empty() && all.problems.is_empty());
    assert_eq!(all.budget_left, None);
}

#[tokio::test]
async fn pg_4_the_expected_cost_follows_the_team_s_own_answers() {
    let server = Server::start(4).await;
    let mut grid = grid(&["quick"]);
    grid.settings.max_output = Some(2_000);
    let before = forecast(&server, &grid, &[]).await.expected;
    let run = server.world.run_grid(&grid).await;
    server.finished(run).await;
    let spoken = server.only(run).await.metrics.usage.unwrap().total_output();
    let after = forecast(&server, &grid, &[]).await.expected;
    // A quarter of the limit at first, then what was really said; a token costs 1,000 nano-dollars.
    let by = i64::try_from(spoken).unwrap() - 500;
    assert_eq!(after, Money(before.0 + by * 1_000));
}

#[tokio::test]
async fn pg_4_cells_that_cannot_run_say_why_and_cost_nothing() {
    let (server, _upstream) = Server::with_upstream().await;
    let mut grid = grid(&["nowhere", "lab", "unpriced"]);
    grid.settings.max_output = None;
    grid.prompt.turns[0].text = "{{word}}".into();
    let value = |text: String| Case { values: vec![("word".into(), text)], ..Case::default() };
    // `lab` has a context of 8,000 tokens.
    grid.cases = vec![value("hi".into()), value("a".repeat(30_000)), Case::default()];
    let forecast = forecast(&server, &grid, &[]).await;
    let why = |at: Place| forecast.blocked.iter().find(|blocked| blocked.place == at).map(|it| it.reason.as_str());
    for case in 0..2 {
        assert!(why(place(0, case)).is_some_and(|reason| reason.contains("nowhere")), "{:?}", forecast.blocked);
    }
    assert_eq!(why(place(1, 0)), None);
    assert!(why(place(1, 1)).is_some_and(|reason| reason.contains("8000 tokens")), "{:?}", forecast.blocked);
    for variant in 0..3 {
        assert!(why(place(variant, 2)).is_some_and(|reason| reason.contains("{{word}}")));
    }
    let only = self::forecast(&server, &grid, &[place(1, 0)]).await;
    assert_eq!((&forecast.unpriced, forecast.cells), (&vec!["unpriced".to_owned()], 9));
    assert_eq!((forecast.worst, forecast.expected), (only.worst, only.expected));
    assert!(forecast.input_tokens[1] > 8_000 && forecast.input_tokens[0] == 0);
}

#[tokio::test]
async fn pg_5_what_a_model_does_not_take_is_told_whether_or_not_it_is_asked_for() {
    let (server, _upstream) = Server::with_upstream().await;
    server.world.db.execute("UPDATE models SET capabilities = '{tools}' WHERE name = 'lab'").await;
    server.world.db.execute("UPDATE config_version SET version = version + 1").await;
    let version = server.world.db.number("SELECT version FROM config_version").await;
    server.gateway.wait_for_version(version).await;
    let plain = forecast(&server, &grid(&["lab", "claude", "quick"]), &[]).await;
    let fields = |variant: u16| -> Vec<&str> {
        plain.unsupported.iter().filter(|it| it.variant == variant).map(|it| it.field.as_str()).collect()
    };
    assert_eq!(fields(0), ["effort", "images", "schema"]);
    assert_eq!(fields(1), ["format", "frequency_penalty", "presence_penalty", "seed"]);
    assert!(fields(2).is_empty(), "{:?}", plain.unsupported);
    assert!(plain.blocked.is_empty(), "nothing of it was asked for");
    assert!(plain.unsupported.iter().all(|it| it.reason.ends_with('.')), "{:?}", plain.unsupported);

    let mut asking = grid(&["lab", "claude"]);
    asking.settings.format = domain::grid::AnswerFormat::Json;
    asking.settings.extra = r#"{"n": 4, "stream": false, "mystery": 1}"#.into();
    let asking = forecast(&server, &asking, &[]).await;
    let blocked: Vec<Place> = asking.blocked.iter().map(|Blocked { place, .. }| *place).collect();
    assert_eq!(blocked, [place(1, 0)], "only one of them cannot answer in any JSON: {:?}", asking.blocked);
    assert!(asking.unsupported.iter().any(|it| it.field == "extra" && it.reason.contains("samples")));
}

#[tokio::test]
async fn pg_4_tools_that_answer_by_themselves_make_the_worst_case_worse() {
    let server = Server::start(1).await;
    let mut grid = grid(&["quick"]);
    let tool = |reply| Tool { name: "f".into(), schema: "{}".into(), reply, ..Tool::default() };
    grid.prompt.tools = vec![tool(ToolReply::Typed)];
    let typed = forecast(&server, &grid, &[]).await;
    grid.prompt.tools = vec![tool(ToolReply::Echo)];
    let echoed = forecast(&server, &grid, &[]).await;
    assert_eq!(typed.expected, echoed.expected);
    assert!(echoed.worst.0 > 9 * typed.worst.0, "{} {}", echoed.worst.0, typed.worst.0);
}

#[tokio::test]
async fn pg_4_a_grid_with_wrong_fields_has_its_problems_and_no_cost() {
    let server = Server::start(1).await;
    let mut grid = grid(&["quick"]);
    grid.settings = Settings { temperature: "hot".into(), ..Settings::default() };
    grid.variants[0].prompt =
        Some(Prompt { turns: vec![Turn { text: "a\0".into(), ..Turn::default() }], ..Prompt::default() });
    let forecast = forecast(&server, &grid, &[]).await;
    let fields: Vec<&str> = forecast.problems.iter().map(|problem| problem.field.as_str()).collect();
    assert_eq!(fields, ["settings.temperature", "variants.0.prompt.turns.0.text"]);
    assert_eq!((forecast.cells, forecast.worst), (1, Money::ZERO));
}

#[tokio::test]
async fn pg_1_the_largest_grid_is_estimated_in_one_go() {
    let server = Server::start(1).await;
    let mut grid = grid(&["quick"; 12]);
    grid.prompt.system = "Review this change with care. ".repeat(30);
    grid.cases = (0..200).map(|i| Case { name: format!("case {i}"), ..Case::default() }).collect();
    grid.samples = 10;
    let started = std::time::Instant::now();
    let forecast = forecast(&server, &grid, &[]).await;
    // A figure for whoever looks at it; timings are no verdicts here.
    println!("12 × 200 cells: {} ms", started.elapsed().as_millis());
    assert_eq!((forecast.cells, forecast.samples), (2_400, 24_000));
    let one = self::forecast(&server, &grid, &[place(3, 7)]).await;
    assert_eq!(forecast.worst, Money(one.worst.0 * 2_400));
}
