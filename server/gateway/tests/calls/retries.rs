//! What follows a failed attempt (`ledger.md` 7): never after content, never what may have been paid, never a flood.

use http::HeaderMap;

use crate::world::{Upstream, World, text};

const REMOTE: &str = r#"{"model":"remote","messages":[{"role":"user","content":"hi"}],"max_tokens":10}"#;
const ANSWER: &str = r#"{"choices":[{"message":{"content":"hello"},"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":3}}"#;
const BUSY: &str = r#"{"error":{"message":"busy"}}"#;
const ROWS: &str =
    "SELECT string_agg(concat_ws(' ', attempt_no, state, outcome), ', ' ORDER BY attempt_no) FROM attempts";
/// The same model once more, at a provider of its own that listens at the same place.
const SECOND: &str = "INSERT INTO providers (id, slug, kind, base_url) SELECT '00000000-0000-0000-0000-0000000000f1', 'lab2', kind, base_url FROM providers WHERE slug = 'lab';
INSERT INTO deployments (id, model_id, provider_id, upstream_model) VALUES ('00000000-0000-0000-0000-0000000000f2', '00000000-0000-0000-0000-000000000006', '00000000-0000-0000-0000-0000000000f1', 'lab-2');
UPDATE config_version SET version = version + 1";

async fn answer(upstream: &mut Upstream, answers: &[(&str, &str)]) -> Vec<String> {
    let mut asked = Vec::new();
    for (status, body) in answers {
        let conversation = upstream.next().await;
        asked.push(conversation.body.clone());
        conversation.answer(status, "application/json", body).await;
    }
    asked
}

#[tokio::test]
async fn a_provider_without_room_is_asked_again_and_each_attempt_is_a_row() {
    let (world, mut upstream) = World::with_listening_upstream().await;
    let (reply, asked) = tokio::join!(
        world.post_with(HeaderMap::new(), REMOTE),
        answer(&mut upstream, &[("503 Away", BUSY), ("429 Too Many", BUSY), ("200 OK", ANSWER)])
    );
    let reply = reply.unwrap();
    assert_eq!(reply.headers["x-tallygate-route"], "route=direct; candidates=1; attempt=3");
    assert!(text(reply).await.contains("hello"));
    assert!(asked.iter().all(|body| *body == asked[0]));
    let rows = world.finish().await.text(ROWS).await;
    assert_eq!(rows, "1 released capacity, 2 released capacity, 3 settled success");
}

#[tokio::test]
async fn three_attempts_are_the_most_and_the_last_refusal_is_told() {
    let (world, mut upstream) = World::with_listening_upstream().await;
    let (reply, _) = tokio::join!(
        world.post_with(HeaderMap::new(), REMOTE),
        answer(&mut upstream, &[("503 Away", BUSY), ("503 Away", BUSY), ("429 Too Many", BUSY)])
    );
    assert_eq!(reply.unwrap_err().kind.as_str(), "upstream_rate_limited");
    let rows = world.finish().await.text(ROWS).await;
    assert_eq!(rows, "1 released capacity, 2 released capacity, 3 released capacity");
}

#[tokio::test]
async fn a_long_wait_is_the_clients_to_decide() {
    let (world, mut upstream) = World::with_listening_upstream().await;
    let (reply, ()) = tokio::join!(world.post_with(HeaderMap::new(), REMOTE), async {
        let mut conversation = upstream.next().await;
        conversation.say("HTTP/1.1 429 No\r\nretry-after: 31\r\ncontent-length: 0\r\n\r\n").await;
    });
    assert_eq!(reply.unwrap_err().retry_after, Some(31));
    assert_eq!(world.finish().await.text(ROWS).await, "1 released capacity");
}

#[tokio::test]
async fn what_may_have_been_paid_is_not_asked_again() {
    let (world, mut upstream) = World::with_listening_upstream().await;
    let (reply, _) =
        tokio::join!(world.post_with(HeaderMap::new(), REMOTE), answer(&mut upstream, &[("502 Bad", BUSY)]));
    assert_eq!(reply.unwrap_err().kind.as_str(), "upstream_error");
    assert_eq!(world.finish().await.text(ROWS).await, "1 uncertain provider_fault");
}

#[tokio::test]
async fn a_refused_account_moves_on_to_the_next_target_but_is_not_asked_again() {
    let (world, mut upstream) = World::with_listening_upstream().await;
    world.change(SECOND).await;
    let (reply, asked) = tokio::join!(
        world.post_with(HeaderMap::new(), REMOTE),
        answer(&mut upstream, &[("401 No", BUSY), ("401 No", BUSY)])
    );
    assert_eq!(reply.unwrap_err().kind.as_str(), "upstream_account");
    assert!(asked[0].contains("lab-1") && asked[1].contains("lab-2"), "{asked:?}");
    let rows = world.finish().await.text(ROWS).await;
    assert_eq!(rows, "1 released account_fault, 2 released account_fault");
}

#[tokio::test]
async fn a_stream_without_content_yet_moves_on_as_well() {
    let (world, mut upstream) = World::with_listening_upstream().await;
    let body = REMOTE.replace("\"max_tokens\"", "\"stream\":true,\"max_tokens\"");
    let (reply, ()) = tokio::join!(world.post_with(HeaderMap::new(), &body), async {
        upstream.next().await.answer("503 Away", "application/json", BUSY).await;
        let mut conversation = upstream.next().await;
        conversation.open_stream().await;
        let frames =
            "data: {\"choices\":[{\"delta\":{\"content\":\"hi\"},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";
        conversation.say(frames).await;
    });
    let answer = text(reply.unwrap()).await;
    assert!(answer.contains("\"attempts\":2") && answer.ends_with("data: [DONE]\n\n"), "{answer}");
    assert_eq!(world.finish().await.text(ROWS).await, "1 released capacity, 2 settled success");
}
