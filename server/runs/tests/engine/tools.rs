//! Samples of several calls: tools that answer by themselves or wait for a person, thoughts that go back signed, schemas, and
//! what an upstream sees when somebody stops.

use std::time::Duration;

use domain::{
    event::{RunEvent, RunEventKind},
    grid::{AnswerFormat, Grid, Tool, ToolReply},
    id::RunId,
    run::{CellState, MAX_TOOL_ROUNDS, SampleView, ToolCall},
};
use serde_json::{Value, json};
use store::runs::{Continued, NewTake};

use crate::{
    server::Server,
    upstream::{calls, text},
    world::{TEAM, USER, grid, text_of},
};

fn tool(name: &str, reply: ToolReply, result: &str) -> Tool {
    let schema = r#"{"type":"object"}"#.to_owned();
    Tool { name: name.to_owned(), schema, reply, result: result.to_owned(), ..Tool::default() }
}

fn with_tools(model: &str, tools: Vec<Tool>) -> Grid {
    let mut grid = grid(&[model]);
    grid.prompt.tools = tools;
    grid
}

/// The calls as the log tells of them, in order: name and result.
fn told(events: &[RunEvent]) -> Vec<(String, Option<String>)> {
    let calls = events.iter().filter_map(|event| match &event.what {
        RunEventKind::Tool { call, .. } => Some((call.name.clone(), call.result.clone())),
        _ => None,
    });
    calls.collect()
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[tokio::test]
async fn pg_6_fixed_and_echoed_tools_answer_by_themselves_in_the_same_sample() {
    let (server, upstream) = Server::with_upstream().await;
    let tools = vec![tool("read", ToolReply::Fixed, "42"), tool("echo", ToolReply::Echo, "")];
    let run = server.world.run_grid(&with_tools("lab", tools)).await;

    let first = upstream.asked().await;
    assert_eq!(first.body["tools"].as_array().unwrap().len(), 2);
    first.answer(&calls("let me see", &[("c1", "read", "{\"p\":1}"), ("c2", "echo", "{\"é\":2}")])).await;
    let second = upstream.asked().await;
    let sent = second.body["messages"].clone();
    second.answer(&text("done")).await;
    let events = server.finished(run).await;

    let said = json!({"role": "assistant", "content": "let me see", "tool_calls": [
        {"id": "c1", "type": "function", "function": {"name": "read", "arguments": "{\"p\":1}"}},
        {"id": "c2", "type": "function", "function": {"name": "echo", "arguments": "{\"é\":2}"}}]});
    assert_eq!(
        sent.as_array().unwrap()[2..],
        [
            said,
            json!({"role": "tool", "tool_call_id": "c1", "content": "42"}),
            json!({"role": "tool", "tool_call_id": "c2", "content": "{\"é\":2}"}),
        ]
    );
    let sample = server.only(run).await;
    assert_eq!((sample.state, sample.text.as_str()), (CellState::Done, "let me see\n\ndone"));
    let expected = [("read", None), ("echo", None), ("read", some("42")), ("echo", some("{\"é\":2}"))];
    assert_eq!(told(&events), expected.map(|(name, result)| (name.to_owned(), result)));
    let results: Vec<_> = sample.calls.iter().map(|call| call.result.clone()).collect();
    assert_eq!(results, [some("42"), some("{\"é\":2}")]);
    let metrics = sample.metrics;
    assert_eq!((metrics.calls, metrics.finish_reason.as_deref()), (2, Some("stop")));
    let usage = metrics.usage.unwrap();
    assert_eq!((usage.total_input(), usage.total_output()), (30, 12));
    assert_eq!(server.world.db.number("SELECT count(*) FROM sample_wires").await, 2);
    assert_eq!(server.world.db.number("SELECT count(*) FROM sample_requests").await, 2);
}

/// Fills the result of every open call in, and queues the next take, as `control` does.
async fn continued(server: &Server, run: RunId, result: &str) -> Continued {
    let cell = server.world.view(run).await.cells[0].id;
    let mut db = server.world.connection().await;
    let sample = store::runs::sample(&mut db, TEAM, run, cell, 0).await.unwrap().unwrap();
    let mut prior = sample.prior;
    for call in &mut prior.last_mut().unwrap().calls {
        call.result.get_or_insert_with(|| result.to_owned());
    }
    let calls: Vec<ToolCall> = prior.iter().flat_map(|step| step.calls.clone()).collect();
    let id = server.world.sample();
    let new = NewTake { id, cell, position: 0, after: sample.take, by: USER, prior: &prior, calls: &calls };
    store::runs::queue_continued(&mut db, TEAM, run, &new).await.unwrap()
}

/// Waits until the run has ended so many times.
async fn ended(server: &Server, run: RunId, times: usize) -> Vec<RunEvent> {
    let is_done = |event: &&RunEvent| event.what == RunEventKind::RunDone;
    server.until(run, |events| events.iter().filter(is_done).count() == times).await
}

#[tokio::test]
async fn pg_6_a_typed_result_waits_for_a_person_and_the_turn_goes_on_as_a_new_take_that_shows_all_of_it() {
    let (server, upstream) = Server::with_upstream().await;
    let tools = vec![tool("ask", ToolReply::Typed, ""), tool("read", ToolReply::Fixed, "42")];
    let run = server.world.run_grid(&with_tools("lab", tools)).await;
    upstream.asked().await.answer(&calls("one", &[("c1", "read", "{}")])).await;
    upstream.asked().await.answer(&calls("two", &[("c2", "ask", "{}"), ("c3", "read", "{}")])).await;
    ended(&server, run, 1).await;

    let waiting = server.only(run).await;
    let results = |sample: &SampleView| sample.calls.iter().map(|call| call.result.clone()).collect::<Vec<_>>();
    assert_eq!((waiting.state, waiting.metrics.calls), (CellState::Done, 2));
    assert_eq!(results(&waiting), [some("42"), None, some("42")]);

    assert_eq!(continued(&server, run, "typed").await, Continued::Queued);
    let asked = upstream.asked().await;
    let roles: Vec<Value> = asked.body["messages"].as_array().unwrap().iter().map(|it| it["role"].clone()).collect();
    assert_eq!(roles, ["system", "user", "assistant", "tool", "assistant", "tool", "tool"]);
    assert_eq!(asked.body["messages"][5]["content"], "typed");
    asked.answer(&text("three")).await;
    let events = ended(&server, run, 2).await;

    let sample = server.only(run).await;
    assert_eq!((sample.take, sample.state, sample.text.as_str()), (2, CellState::Done, "one\n\ntwo\n\nthree"));
    assert_eq!(results(&sample), [some("42"), some("typed"), some("42")]);
    assert_eq!(text_of(&events, server.world.view(run).await.cells[0].id), sample.text);
    assert_eq!(sample.metrics.calls, 1, "the take before has its own costs");
}

#[tokio::test]
async fn pg_6_tools_that_are_called_for_ever_are_answered_only_so_often() {
    let (server, upstream) = Server::with_upstream().await;
    let run = server.world.run_grid(&with_tools("lab", vec![tool("again", ToolReply::Echo, "")])).await;
    for number in 0..=MAX_TOOL_ROUNDS {
        // Always the same id, as some servers give them.
        upstream.asked().await.answer(&calls("", &[("call_0", "again", &format!("{{\"n\":{number}}}"))])).await;
    }
    server.finished(run).await;
    let sample = server.only(run).await;
    assert_eq!((sample.state, sample.metrics.calls), (CellState::Done, u16::from(MAX_TOOL_ROUNDS) + 1));
    assert_eq!(sample.calls.len(), usize::from(MAX_TOOL_ROUNDS) + 1);
    assert_eq!(server.attempts().await, i64::from(MAX_TOOL_ROUNDS) + 1);
}

const THINKING: &str = r#"event: message_start
data: {"type":"message_start","message":{"id":"m","type":"message","role":"assistant","content":[],"model":"claude-sonnet-4-5","stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":5,"output_tokens":1}}}

event: content_block_start
data: {"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"I should read."}}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"c2lnbmVk"}}

event: content_block_stop
data: {"type":"content_block_stop","index":0}

event: content_block_start
data: {"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"toolu_1","name":"read","input":{}}}

event: content_block_delta
data: {"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\"p\":1}"}}

event: content_block_stop
data: {"type":"content_block_stop","index":1}

event: message_delta
data: {"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"output_tokens":9}}

event: message_stop
data: {"type":"message_stop"}

"#;

#[tokio::test]
async fn pg_6_signed_thoughts_go_back_to_the_vendor_that_signed_them_even_after_a_person_typed_a_result() {
    let (server, upstream) = Server::with_upstream().await;
    let mut grid = with_tools("claude", vec![tool("read", ToolReply::Typed, "")]);
    grid.settings.effort = "low".into();
    grid.settings.max_output = Some(3_000);
    let run = server.world.run_grid(&grid).await;
    upstream.asked().await.answer(THINKING).await;
    ended(&server, run, 1).await;
    assert_eq!(continued(&server, run, "42").await, Continued::Queued);

    let asked = upstream.asked().await;

    let messages = asked.body["messages"].as_array().unwrap();
    assert_eq!(
        messages[1]["content"][0],
        json!({"type": "thinking", "thinking": "I should read.", "signature": "c2lnbmVk"})
    );
    assert_eq!(
        (&messages[1]["content"][1]["id"], &messages[1]["content"][1]["input"]),
        (&json!("toolu_1"), &json!({"p": 1}))
    );
    assert_eq!(messages[2]["content"][0]["tool_use_id"], "toolu_1");
    assert_eq!(asked.body["thinking"]["type"], "enabled", "it goes on thinking");
}

#[tokio::test]
async fn pg_6_an_answer_is_held_against_the_schema_it_was_asked_for() {
    let (server, upstream) = Server::with_upstream().await;
    let mut grid = grid(&["lab", "lab"]);
    grid.settings.format = AnswerFormat::Schema;
    grid.settings.schema = r#"{"type":"object","required":["n"],"properties":{"n":{"type":"integer"}}}"#.into();
    let run = server.world.run_grid(&grid).await;
    for _ in 0..2 {
        let asked = upstream.asked().await;
        assert_eq!(asked.body["response_format"]["json_schema"]["schema"]["required"], json!(["n"]));
        asked.answer(&text(r#"{"n": "é"}"#)).await;
    }
    server.finished(run).await;
    for sample in server.world.samples(run).await {
        let faults = sample.metrics.schema.unwrap().faults;
        assert!(faults.len() == 1 && faults[0].starts_with("/n: "), "{faults:?}");
    }
}

#[tokio::test]
async fn pg_9_characters_that_arrive_in_pieces_are_whole_in_every_event() {
    let (server, upstream) = Server::with_upstream().await;
    let run = server.world.run(&["lab"]).await;
    let mut asked = upstream.asked().await;
    asked.open().await;
    for byte in text("größer 日本語 🦀").as_bytes().chunks(1) {
        asked.say(byte).await;
    }
    drop(asked);
    let events = server.finished(run).await;
    let sample = server.only(run).await;
    assert_eq!((sample.text.as_str(), sample.state), ("größer 日本語 🦀", CellState::Done));
    assert!(!events.iter().any(|event| format!("{event:?}").contains('\u{fffd}')));
}

#[tokio::test]
async fn pg_9_a_stop_reaches_the_upstream_within_a_second() {
    let (server, upstream) = Server::with_upstream().await;
    let run = server.world.run(&["lab"]).await;
    let mut asked = upstream.asked().await;
    asked.open().await;
    asked.say(text("half").split_inclusive("\n\n").next().unwrap().as_bytes()).await;
    let cell = server.speaking(run).await;

    store::runs::request_stop(&mut *server.world.connection().await, TEAM, run, Some(cell)).await.unwrap();

    tokio::time::timeout(Duration::from_secs(1), asked.left()).await.expect("the upstream was not told");
    server.finished(run).await;
    let sample = server.only(run).await;
    assert_eq!((sample.state, sample.text.as_str()), (CellState::Stopped, "half"));
    assert!(sample.metrics.usage.is_some());
}

#[tokio::test]
async fn pg_9_a_stop_between_two_calls_makes_no_further_call() {
    let (server, upstream) = Server::with_upstream().await;
    let run = server.world.run_grid(&with_tools("lab", vec![tool("again", ToolReply::Echo, "")])).await;
    upstream.asked().await.answer(&calls("one", &[("c1", "again", "{}")])).await;
    let mut second = upstream.asked().await;
    let cell = server.world.view(run).await.cells[0].id;

    store::runs::request_stop(&mut *server.world.connection().await, TEAM, run, Some(cell)).await.unwrap();

    second.left().await;
    server.finished(run).await;
    let sample = server.only(run).await;
    assert_eq!((sample.state, sample.text.as_str(), sample.metrics.calls), (CellState::Stopped, "one", 2));
    assert_eq!(server.attempts().await, 2);
}

#[tokio::test]
async fn pg_8_a_failure_after_a_good_call_keeps_what_was_said_and_what_it_cost() {
    let (server, upstream) = Server::with_upstream().await;
    let run = server.world.run_grid(&with_tools("lab", vec![tool("read", ToolReply::Fixed, "42")])).await;
    upstream.asked().await.answer(&calls("one", &[("c1", "read", "{}")])).await;
    let mut second = upstream.asked().await;
    let body = r#"{"error":{"message":"the context is too long"}}"#;
    let head =
        format!("HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n", body.len());
    second.say(format!("{head}{body}").as_bytes()).await;
    server.finished(run).await;
    let sample = server.only(run).await;
    assert_eq!((sample.state, sample.text.as_str(), sample.metrics.calls), (CellState::Failed, "one", 2));
    assert!(sample.error.unwrap().contains("the context is too long"));
    assert_eq!((sample.calls.len(), sample.calls[0].result.clone()), (1, some("42")));
    assert!(sample.metrics.usage.is_some());
}

#[tokio::test]
async fn pg_7_an_image_goes_out_as_it_was_uploaded_and_a_lost_one_ends_the_cell_in_words() {
    use domain::{grid::ImageRef, id::ImageId};
    let (server, upstream) = Server::with_upstream().await;
    let id = ImageId(uuid::Uuid::from_u128(99));
    let image = store::images::NewImage {
        id,
        by: USER,
        sha256: [7; 32],
        media_type: "image/png",
        bytes: b"\x89PNG\r\n",
        width: 2,
        height: 3,
    };
    store::images::insert(&mut *server.world.connection().await, TEAM, &image, 100).await.unwrap().unwrap();
    let shown = |id| ImageRef { id, media_type: "image/png".into(), bytes: 6, width: 2, height: 3 };
    let mut grid = grid(&["lab"]);
    grid.prompt.turns[0].images = vec![shown(id)];
    let run = server.world.run_grid(&grid).await;
    let asked = upstream.asked().await;
    assert_eq!(asked.body["messages"][1]["content"][1]["image_url"]["url"], "data:image/png;base64,iVBORw0K");
    asked.answer(&text("a picture")).await;
    server.finished(run).await;

    grid.prompt.turns[0].images = vec![shown(ImageId(uuid::Uuid::from_u128(98)))];
    let run = server.world.run_grid(&grid).await;
    server.finished(run).await;
    let sample = server.only(run).await;
    assert!(sample.error.as_deref().is_some_and(|error| error.contains("no longer there")), "{sample:?}");
    assert_eq!(server.attempts().await, 1);
}
