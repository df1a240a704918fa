//! Chats in process: what a run sees.

use domain::ledger::{Origin, Outcome};
use gateway::{ChatRun, ChatUpdate, Finished};
use llm::{
    chat::{ChatRequest, Message, Role},
    event::ChatEvent,
};

use crate::world::World;

fn question(model: &str) -> ChatRequest {
    let messages = vec![Message::text(Role::User, "Sort a list in Rust")];
    ChatRequest { model: model.to_owned(), messages, stream: true, ..ChatRequest::default() }
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
    let mut run = world.gateway.chat(world.member(), question("swift"), Origin::Playground).await.unwrap();
    let (text, finished) = read(&mut run).await;
    assert!(text.contains("```rust"));
    assert_eq!((finished.outcome, finished.finish_reason.as_deref()), (Outcome::Success, Some("stop")));
    // No waiting here: whoever hears of the end finds it in the ledger.
    let cost =
        world.database.number("SELECT cost_nano FROM attempts WHERE state = 'settled' AND origin = 'playground'").await;
    assert_eq!(finished.cost, Some(domain::Money(cost)));
    assert!(finished.first_byte_ms.unwrap() <= finished.total_ms);
}

#[tokio::test]
async fn a_stopped_chat_says_what_it_cost_until_then() {
    let world = World::with_demo().await;
    let mut run = world.gateway.chat(world.member(), question("swift"), Origin::Playground).await.unwrap();
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
    drop(world.gateway.chat(world.member(), question("swift"), Origin::Playground).await.unwrap());
    world.gateway.drain();
    assert!(world.only_row().await.contains(" cancelled "));
}

#[tokio::test]
async fn an_unknown_model_is_refused_before_anything_starts() {
    let world = World::with_demo().await;
    let refused = world.gateway.chat(world.member(), question("nobody"), Origin::Playground).await;
    assert!(matches!(refused, Err(gateway::Error::ModelNotFound(_))));
}

#[tokio::test]
async fn a_failure_of_the_provider_is_told_in_a_sentence() {
    let world = World::with_upstream("127.0.0.1:1", "127.0.0.1").await;
    let mut run = world.gateway.chat(world.member(), question("remote"), Origin::Playground).await.unwrap();
    let (text, finished) = read(&mut run).await;
    assert_eq!((text.as_str(), finished.outcome), ("", Outcome::Unreachable));
    assert_eq!(finished.problem.unwrap().message, "The provider cannot be reached. Nothing was sent.");
}
