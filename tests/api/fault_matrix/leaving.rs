//! Rows 88 to 90: clients that leave, at every point of an answer. Never free, never above the bound, and the provider
//! is told.

use futures_util::{StreamExt as _, stream};
use tests::{
    Answer, Attempt,
    dialect::{Dialect, Scenario},
    fake_upstream::{End, Fault, Request, Script},
    kinds,
};

use super::{
    books,
    row::{EVERYWHERE, MESSAGES, OWN, RESPONSES, Route, TO_GEMINI},
    stage::{Model, Stage},
};

/// Events of each stream.
const EVENTS: usize = 50;
const AT_ONCE: usize = 16;

/// What one provider's stream of 50 events is made of.
struct Shape {
    route: Route,
    /// Pieces of text.
    words: usize,
    /// Number of the first event with content: before it the client has no head.
    first_content: usize,
    /// The last event ends the answer; otherwise the connection's end does.
    has_marker: bool,
    /// What the client reads are the provider's own events.
    is_same: bool,
}

const SHAPES: [Shape; 4] = [
    Shape { route: OWN, words: EVENTS - 4, first_content: 2, has_marker: true, is_same: true },
    Shape { route: MESSAGES, words: EVENTS - 6, first_content: 4, has_marker: true, is_same: true },
    Shape { route: RESPONSES, words: EVENTS - 8, first_content: 5, has_marker: true, is_same: true },
    Shape { route: TO_GEMINI, words: EVENTS - 1, first_content: 1, has_marker: false, is_same: false },
];

fn model_of(shape: &Shape, index: usize) -> Model {
    Model::new(format!("leaves-{}-{index}", shape.route.1), shape.route.1)
}

#[tokio::test]
async fn row_88_a_client_that_leaves_at_any_event_pays_for_what_it_saw() {
    let places: Vec<(&Shape, usize, Model)> =
        SHAPES.iter().flat_map(|shape| (0..=EVENTS).map(move |index| (shape, index, model_of(shape, index)))).collect();
    let stage = Stage::new(places.iter().map(|(.., model)| model)).await;
    for (shape, index, model) in &places {
        let script = Script { fault: Fault::HangAfter { frames: *index }, ..Script::words(shape.words) };
        stage.upstream.script_for(&model.upstream_model, script);
    }
    let leaving = places.iter().map(|(shape, index, model)| leave(&stage, shape, *index, model));
    stream::iter(leaving).buffer_unordered(AT_ONCE).collect::<Vec<()>>().await;

    let is_over = |all: &[Request]| all.len() == places.len() && all.iter().all(|one| one.end != End::Open);
    let requests = stage.upstream.journal().until(is_over).await.unwrap();
    let attempts = stage.ledger.at_rest(places.len()).await.unwrap();
    let mut wrong = Vec::new();
    for (shape, index, model) in &places {
        let rows: Vec<&Attempt> = attempts.iter().filter(|one| one.model == model.name).collect();
        let request = requests.iter().find(|one| one.model == model.upstream_model).unwrap();
        if let Err(error) = check(shape, *index, &rows, request) {
            wrong.push(format!(
                "--- row 88 {:?} at event {index}: {error}\n  {rows:?}\n  {:?}",
                shape.route, request.reported
            ));
        }
    }
    assert!(wrong.is_empty(), "{} are wrong\n{}", wrong.len(), wrong.join("\n"));
}

/// Reads until the provider has nothing more to give, and leaves.
async fn leave(stage: &Stage, shape: &Shape, index: usize, model: &Model) {
    let body = shape.route.0.request(Scenario::Plain, &model.name, true, None);
    let sending = stage.request(shape.route.0, &body).send();
    if index < shape.first_content {
        let is_there = |all: &[Request]| all.iter().any(|one| one.model == model.upstream_model);
        let accepted = stage.upstream.journal().until(is_there);
        tokio::select! {
            answer = sending => panic!("a head before the first content: {answer:?}"),
            accepted = accepted => drop(accepted.unwrap()),
        }
        return;
    }
    let mut answer = sending.await.unwrap();
    assert_eq!(answer.status(), 200);
    let mut seen = String::new();
    let wanted = if shape.is_same { index } else { 1 };
    while seen.matches("data: ").count() < wanted {
        let chunk = answer.chunk().await.unwrap().expect("the provider waits, so the stream is open");
        seen.push_str(&String::from_utf8_lossy(&chunk));
    }
}

fn check(shape: &Shape, index: usize, rows: &[&Attempt], request: &Request) -> Result<(), &'static str> {
    let [row] = rows else { return Err("not one row") };
    if row.charged_nano == 0 || row.charged_nano > row.reserved_nano || row.state != "settled" {
        return Err("free, above the bound, or open");
    }
    let counted = books::counted(row).ok_or("no counts")?;
    if row.cost_nano != Some(kinds::cost_nano(&counted)) || row.cost_nano != Some(row.charged_nano) {
        return Err("the cost is not that of the counts");
    }
    // With the marker seen the call is complete, and nobody has left it.
    let is_complete = shape.has_marker && index == EVENTS;
    if is_complete {
        let is_final = row.outcome.as_deref() == Some("success") && row.usage_source.as_deref() == Some("final");
        return if is_final && !row.client_aborted { Ok(()) } else { Err("not complete") };
    }
    if row.outcome.as_deref() != Some("cancelled") || !row.client_aborted {
        return Err("not cancelled");
    }
    // Behind the last event there is nothing more to stop.
    if request.end != End::ClientGone && index < EVENTS {
        return Err("the provider was not told");
    }
    if index < shape.first_content && counted.completion() > 0 && !request.reported.has_output {
        return Err("output that nobody saw");
    }
    Ok(())
}

#[tokio::test]
async fn row_89_a_stream_left_before_its_head_costs_the_input() {
    let models: Vec<Model> =
        EVERYWHERE.iter().enumerate().map(|(at, route)| Model::new(format!("m-{at}"), route.1)).collect();
    let stage = Stage::new(models.iter()).await;
    stage.upstream.script(Script::fault(Fault::HangBeforeHead));
    for (model, (dialect, _)) in models.iter().zip(EVERYWHERE) {
        let body = dialect.request(Scenario::Plain, &model.name, true, None);
        let is_there = |all: &[Request]| all.iter().any(|one| one.model == model.upstream_model);
        tokio::select! {
            answer = stage.request(*dialect, &body).send() => panic!("{answer:?}"),
            accepted = stage.upstream.journal().until(is_there) => drop(accepted.unwrap()),
        }
    }
    let is_told = |all: &[Request]| all.iter().all(|one| one.end == End::ClientGone);
    stage.upstream.journal().until(is_told).await.unwrap();
    for row in stage.ledger.at_rest(models.len()).await.unwrap() {
        let said = (row.state.as_str(), row.outcome.as_deref(), row.usage_source.as_deref(), row.client_aborted);
        assert_eq!(said, ("settled", Some("cancelled"), Some("estimated"), true), "{row:?}");
        assert_eq!(row.output_tokens, Some(0), "{row:?}");
        assert!(row.charged_nano > 0 && row.charged_nano <= row.reserved_nano, "{row:?}");
    }
}

/// Row 90, and row 32 for those that stay: the provider's first event is late but in time. What a streaming client hears
/// meanwhile is tested beside the gateway, where its patience can be shortened.
#[tokio::test]
async fn rows_90_and_32_a_plain_call_is_read_to_its_end_and_a_late_answer_is_an_answer() {
    let models: Vec<Model> =
        EVERYWHERE.iter().enumerate().map(|(at, route)| Model::new(format!("m-{at}"), route.1)).collect();
    let stage = Stage::new(models.iter()).await;
    stage.upstream.script(Script { fault: Fault::HangBeforeHead, ..Script::words(12) });
    let (mut leaving, mut staying) = (Vec::new(), Vec::new());
    for (model, (dialect, _)) in models.iter().zip(EVERYWHERE) {
        let request = |stream| stage.request(*dialect, &dialect.request(Scenario::Plain, &model.name, stream, None));
        leaving.push(Box::pin(request(false).send()));
        staying.extend([false, true].map(|stream| (*dialect, stream, request(stream).send())));
    }
    let calls = leaving.len() + staying.len();
    let (dialects, sending): (Vec<(Dialect, bool)>, Vec<_>) =
        staying.into_iter().map(|(dialect, stream, sending)| ((dialect, stream), sending)).unzip();
    let accepted = async {
        stage.upstream.journal().until(|all| all.len() == calls).await.unwrap();
    };
    let (staying, gone) = (futures_util::future::join_all(sending), futures_util::future::join_all(leaving));
    let mut staying = std::pin::pin!(staying);
    tokio::select! {
        () = accepted => {}
        _ = gone => panic!("answers before the provider gave any"),
        _ = staying.as_mut() => panic!("answers before the provider gave any"),
    }
    // The plain calls that leave are dropped by now; the others get their answers.
    stage.upstream.release();
    for ((dialect, stream), answer) in dialects.into_iter().zip(staying.await) {
        let answer = Answer::read(answer.unwrap()).await;
        let said = dialect.read(&answer, stream).unwrap();
        assert!(!said.text.is_empty() && said.usage.is_some(), "{answer:?}");
    }
    let rows = stage.ledger.at_rest(calls).await.unwrap();
    let requests = stage.upstream.journal().until(|all| all.iter().all(|one| one.end == End::Finished)).await.unwrap();
    assert_eq!(rows.iter().filter(|row| row.client_aborted).count(), models.len(), "{rows:#?}");
    for row in rows {
        let request = requests.iter().find(|one| one.attempt == Some(row.id.to_string())).unwrap();
        assert_eq!((row.state.as_str(), row.usage_source.as_deref()), ("settled", Some("final")), "{row:?}");
        assert_eq!(row.cost_nano, Some(kinds::cost_nano(&request.reported.classes)), "{row:?}");
    }
}
