//! Requests the gateway itself refuses: a clear error in the client's dialect, nothing sent, nothing in the ledger.

use serde_json::json;
use tests::{Answer, Refusal, World, virtual_key};

/// A refusal is an OpenAI error object with our request id, and it left no trace in the ledger or at the provider.
async fn assert_refused(world: &World, answer: &Answer, expected: &Refusal) {
    assert_eq!(&answer.refusal(), expected, "{}", answer.text());
    let error = &answer.json()["error"];
    assert!(error["message"].as_str().is_some_and(|message| message.len() > 10), "{error}");
    assert!(error.as_object().unwrap().contains_key("param"), "{error}");
    assert_eq!(error["tallygate"]["request_id"].as_str(), answer.header("x-request-id"), "{error}");
    assert!(answer.header("x-request-id").unwrap().starts_with("req_"));
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(world.leaks(answer), [""; 0]);
    assert_eq!(world.ledger.attempts().await.unwrap(), []);
    assert_eq!(world.upstream.journal().requests().unwrap(), []);
}

#[tokio::test]
async fn an_unknown_key_is_401() {
    let world = World::new().await;
    let stranger = virtual_key("stranger");
    for key in [stranger.as_str(), "sk-not-one-of-ours", "tg_", ""] {
        let answer = world.post_as(key, World::body("a").to_string()).await;
        assert_refused(&world, &answer, &Refusal::new(401, "invalid_request_error", "invalid_api_key")).await;
        assert!(key.is_empty() || !answer.text().contains(&key[3..]) || key.len() < 4, "the key is repeated");
    }
}

#[tokio::test]
async fn a_request_without_a_key_is_401() {
    let world = World::new().await;
    let request = tests::http_client().post(world.chat_url()).body(World::body("a").to_string());
    let answer = Answer::read(request.send().await.unwrap()).await;
    assert_refused(&world, &answer, &Refusal::new(401, "invalid_request_error", "invalid_api_key")).await;
}

#[tokio::test]
async fn a_key_whose_secret_is_wrong_gets_the_same_answer_as_an_unknown_one() {
    let world = World::new().await;
    // The public part exists, the rest belongs to another key: an answer must not tell the difference.
    let half_right = format!("{}{}", &world.key[..16], &virtual_key("stranger")[16..]);
    let strip = |answer: &Answer| {
        let mut body = answer.json();
        body["error"]["tallygate"]["request_id"] = json!("");
        (answer.status, body)
    };
    let known = strip(&world.post_as(&half_right, World::body("a").to_string()).await);
    let unknown = strip(&world.post_as(&virtual_key("stranger"), World::body("a").to_string()).await);
    assert_eq!((known.0, &known), (401, &unknown));
}

#[tokio::test]
async fn an_unknown_model_is_404() {
    let world = World::new().await;
    let answer = world.chat(&World::body("no-such-model")).await;
    assert_refused(&world, &answer, &Refusal::new(404, "invalid_request_error", "model_not_found")).await;
}

#[tokio::test]
async fn a_model_the_key_may_not_use_gets_the_same_answer_as_an_unknown_one() {
    let world = World::new().await;
    let forbidden = world.post_as(&world.narrow_key, World::body("b").to_string()).await;
    assert_refused(&world, &forbidden, &Refusal::new(404, "invalid_request_error", "model_not_found")).await;
    let unknown = world.post_as(&world.narrow_key, World::body("c").to_string()).await;
    let message = |answer: &Answer| answer.json()["error"]["message"].as_str().unwrap().to_owned();
    assert_eq!(message(&forbidden).replace("'b'", "'c'"), message(&unknown));
}

#[tokio::test]
async fn malformed_json_is_400() {
    let world = World::new().await;
    let bodies: [&[u8]; 6] = [
        b"",
        b"{\"model\": \"a\", \"messages\": [",
        b"[]",
        b"\"a\"",
        b"{\"model\": \"a\", \"messages\": []} trailing",
        b"{\"model\": \"\xff\", \"messages\": []}",
    ];
    for body in bodies {
        let answer = world.post_as(&world.key, body.to_vec()).await;
        assert_eq!((answer.status, answer.refusal().kind.as_str()), (400, "invalid_request_error"), "{body:?}");
        assert_eq!(world.leaks(&answer), [""; 0]);
    }
    assert_eq!(world.ledger.attempts().await.unwrap(), []);
}

#[tokio::test]
async fn a_wrong_field_is_400_and_named() {
    let world = World::new().await;
    let cases = [
        (json!({"messages": [{"role": "user", "content": "hi"}]}), "model"),
        (json!({"model": 7, "messages": [{"role": "user", "content": "hi"}]}), "model"),
        (json!({"model": "a"}), "messages"),
        (json!({"model": "a", "messages": "hi"}), "messages"),
    ];
    for (body, field) in cases {
        let answer = world.chat(&body).await;
        assert_eq!((answer.status, answer.refusal().kind.as_str()), (400, "invalid_request_error"), "{body}");
        assert_eq!(answer.json()["error"]["param"], field, "{body}");
    }
    assert_eq!(world.ledger.attempts().await.unwrap(), []);
}

#[tokio::test]
async fn an_oversize_body_is_413() {
    let world = World::new().await;
    let mut body = World::body("a");
    body["messages"][0]["content"] = json!("x".repeat(33 << 20));
    let answer = world.post_as(&world.key, body.to_string()).await;
    assert_refused(&world, &answer, &Refusal::new(413, "invalid_request_error", "request_too_large")).await;
}

#[tokio::test]
async fn an_unknown_header_of_ours_is_400_and_named() {
    let world = World::new().await;
    let request = world.request(&world.key).header("x-tallygate-taks", "review").body(World::body("a").to_string());
    let answer = Answer::read(request.send().await.unwrap()).await;
    assert_eq!((answer.status, answer.refusal().kind.as_str()), (400, "invalid_request_error"));
    assert!(answer.text().contains("x-tallygate-taks"), "{}", answer.text());
    assert_eq!(world.ledger.attempts().await.unwrap(), []);
}
