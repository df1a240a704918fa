//! Chats in process: what a run sees, what is kept of the exchange, and what it would cost before anything is sent.

use bytes::Bytes;
use domain::ledger::{Origin, Outcome};
use gateway::{Chat, ChatRun, ChatUpdate, Finished};
use llm::event::ChatEvent;
use serde_json::{Value, json};
use store::attempts::Labels;

use crate::world::World;

fn body(model: &str, members: &Value) -> Bytes {
    let mut body = json!({
        "model": model, "stream": true, "messages": [{"role": "user", "content": "Sort a list in Rust"}],
    });
    for (name, value) in members.as_object().into_iter().flatten() {
        body[name] = value.clone();
    }
    Bytes::from(body.to_string())
}

fn asking(body: Bytes) -> Chat {
    Chat { body, labels: Labels::default(), origin: Origin::Playground, keeps_wires: false }
}

fn question(model: &str) -> Chat {
    asking(body(model, &json!({})))
}

async fn read(run: &mut ChatRun) -> (String, Finished) {
    let mut text = String::new();
    loop {
        match run.updates.recv().await.unwrap() {
            ChatUpdate::Event(ChatEvent::Text { text: piece, .. }) => text.push_str(&piece),
            ChatUpdate::Event(_) => {}
            ChatUpdate::Finished(finished) => {
                assert!(run.updates.recv().await.is_none(), "nothing follows the end");
                return (text, *finished);
            }
        }
    }
}

#[tokio::test]
async fn a_chat_streams_its_text_and_ends_with_its_cost_in_the_books() {
    let world = World::with_demo().await;
    let mut run = world.gateway.chat(world.member(), question("swift")).await.unwrap();
    let (text, finished) = read(&mut run).await;
    assert!(text.contains("```rust"));
    assert_eq!((finished.outcome, finished.finish_reason.as_deref()), (Outcome::Success, Some("stop")));
    assert_eq!((finished.provider.as_deref(), finished.attempts, finished.wires.len()), (Some("demo"), 1, 0));
    // No waiting here: whoever hears of the end finds it in the ledger.
    let cost =
        world.database.number("SELECT cost_nano FROM attempts WHERE state = 'settled' AND origin = 'playground'").await;
    assert_eq!(finished.cost, Some(domain::Money(cost)));
    assert!(finished.first_byte_ms.unwrap() <= finished.total_ms);
}

#[tokio::test]
async fn a_stopped_chat_says_what_it_cost_until_then() {
    let world = World::with_demo().await;
    let mut run = world.gateway.chat(world.member(), question("swift")).await.unwrap();
    while !matches!(run.updates.recv().await.unwrap(), ChatUpdate::Event(ChatEvent::Text { .. })) {}
    run.cancel.cancel();
    let (_, finished) = read(&mut run).await;
    assert_eq!((finished.outcome, finished.problem), (Outcome::Cancelled, None));
    assert!(finished.cost.unwrap() > domain::Money::ZERO);
    assert!(world.only_row().await.starts_with("settled cancelled estimated"));
}

#[tokio::test]
async fn a_chat_that_is_dropped_stops_and_is_settled() {
    let world = World::with_demo().await;
    drop(world.gateway.chat(world.member(), question("swift")).await.unwrap());
    world.gateway.drain();
    assert!(world.only_row().await.contains(" cancelled "));
}

#[tokio::test]
async fn an_unknown_model_is_refused_before_anything_starts() {
    let world = World::with_demo().await;
    let refused = world.gateway.chat(world.member(), question("nobody")).await;
    assert!(matches!(refused, Err(gateway::Error::ModelNotFound(_))));
    let whole = asking(body("swift", &json!({"stream": false})));
    assert!(matches!(world.gateway.chat(world.member(), whole).await, Err(gateway::Error::Request(_))));
}

#[tokio::test]
async fn a_failure_of_the_provider_is_told_in_a_sentence() {
    let world = World::with_upstream("127.0.0.1:1", "127.0.0.1").await;
    let mut run = world.gateway.chat(world.member(), question("remote")).await.unwrap();
    let (text, finished) = read(&mut run).await;
    assert_eq!((text.as_str(), finished.outcome), ("", Outcome::Unreachable));
    assert_eq!(finished.problem.unwrap().message, "The provider cannot be reached. Nothing was sent.");
}

const SSE: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"é🦀\"},\"finish_reason\":null}]}\n\n\
                   data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";

#[tokio::test]
async fn pg_16_every_attempt_is_kept_as_it_went_over_the_wire_and_unknown_members_pass() {
    let (world, mut upstream) = World::with_listening_upstream().await;
    let members = json!({"mystery": {"x": 1}, "max_completion_tokens": 7});
    let chat = Chat { keeps_wires: true, ..asking(body("remote", &members)) };
    let mut run = world.gateway.chat(world.member(), chat).await.unwrap();
    let busy = upstream.next().await;
    busy.answer("503 Service Unavailable", "application/json", r#"{"error":{"message":"busy: sk-aaaaaaaaaaaaaaaa"}}"#)
        .await;
    let mut second = upstream.next().await;
    second.open_stream().await;
    // Cut in the middle of a character: what is kept is whole again.
    let cut = SSE.find('🦀').unwrap() + 1;
    second.say_bytes(&SSE.as_bytes()[..cut]).await;
    second.say_bytes(&SSE.as_bytes()[cut..]).await;
    let sent = second.body.clone();
    drop(second);
    let (text, finished) = read(&mut run).await;
    assert_eq!((text.as_str(), finished.outcome, finished.attempts), ("é🦀", Outcome::Success, 2));
    assert_eq!(finished.provider.as_deref(), Some("lab"));

    let [first, last] = finished.wires.as_slice() else { panic!("two attempts: {:?}", finished.wires) };
    assert_eq!((first.status, first.answer.as_str()), (Some(503), r#"{"error":{"message":"busy: [redacted]"}}"#));
    assert_eq!((last.status, last.answer.as_str(), last.is_cut), (Some(200), SSE, false));
    assert!(last.url.starts_with("http://127.0.0.1:") && last.url.ends_with("/v1/chat/completions"));
    assert_eq!(last.body, sent);
    let body: Value = serde_json::from_str(&sent).unwrap();
    assert_eq!((&body["mystery"]["x"], &body["max_tokens"], &body["model"]), (&json!(1), &json!(7), &json!("lab-1")));
    assert!(last.headers.iter().any(|(name, value)| name == "accept" && value == "text/event-stream"));
    assert!(last.headers.iter().all(|(name, _)| name != "authorization"));
}

#[tokio::test]
async fn pg_16_an_upstream_that_cannot_be_reached_leaves_the_request_and_no_answer() {
    let world = World::with_upstream("127.0.0.1:1", "127.0.0.1").await;
    let chat = Chat { keeps_wires: true, ..question("remote") };
    let mut run = world.gateway.chat(world.member(), chat).await.unwrap();
    let (_, finished) = read(&mut run).await;
    assert_eq!(finished.wires.len(), usize::from(finished.attempts));
    assert!(finished.wires.iter().all(|wire| wire.status.is_none() && wire.answer.is_empty() && !wire.body.is_empty()));
}

#[tokio::test]
async fn pg_4_a_forecast_is_what_the_same_call_reserves() {
    let world = World::with_demo().await;
    for members in [
        json!({}),
        json!({"max_completion_tokens": 50}),
        json!({"n": 3, "max_completion_tokens": 50}),
        json!({"tools": [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}], "top_k": 3}),
        json!({"messages": [{"role": "system", "content": "é".repeat(500)}, {"role": "user", "content": [
            {"type": "text", "text": "see"}, {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
        ]}]}),
    ] {
        let body = body("swift", &members);
        let forecasted = world.gateway.forecast(&world.member(), body.clone()).unwrap();
        let mut run = world.gateway.chat(world.member(), asking(body)).await.unwrap();
        read(&mut run).await;
        let reserved =
            world.database.number("SELECT reserved_nano FROM attempts ORDER BY admitted_at DESC LIMIT 1").await;
        assert_eq!(forecasted.worst, Some(domain::Money(reserved)), "{members}");
        assert!(forecasted.cost(forecasted.input_tokens, 10).unwrap() <= forecasted.worst.unwrap());
        assert!(forecasted.worst_after(100).unwrap() > forecasted.worst.unwrap());
    }
}

#[tokio::test]
async fn pg_4_a_model_without_a_price_has_no_worst_cost_and_an_unknown_one_no_forecast() {
    let world = World::with_demo().await;
    let forecasted = world.gateway.forecast(&world.member(), body("unpriced", &json!({}))).unwrap();
    assert_eq!((forecasted.worst, forecasted.cost(1, 1), forecasted.provider.as_str()), (None, None, "demo"));
    let refused = world.gateway.forecast(&world.member(), body("nobody", &json!({})));
    assert!(matches!(refused, Err(gateway::Error::ModelNotFound(_))));
    assert_eq!(world.database.number("SELECT count(*) FROM attempts").await, 0);
}

#[tokio::test]
async fn gw_10_a_chat_carries_its_task_into_the_ledger() {
    let world = World::with_demo().await;
    let labels = Labels { task: Some(domain::task::TaskClass::Review), ..Labels::default() };
    let mut run = world.gateway.chat(world.member(), Chat { labels, ..question("swift") }).await.unwrap();
    read(&mut run).await;
    assert_eq!(world.database.text("SELECT task FROM attempts").await, "review");
}
