//! Plain calls: what the client reads and what the ledger says.

use domain::key::KeyScope;
use http::HeaderMap;

use crate::world::{World, text};

const QUESTION: &str = r#"{"model":"swift","messages":[{"role":"user","content":"Sort a list"}]}"#;
const REMOTE: &str =
    r#"{ "x_unknown": 1.50, "model": "remote", "messages": [{"role":"user","content":"hi"}], "max_tokens": 10 }"#;
const ANSWER: &str = r#"{"id":"up-1","model":"lab-1-0101","choices":[{"index":0,"message":{"role":"assistant","content":"hello"},"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":3,"total_tokens":12},"vendor":{"b":1,"a":2}}"#;
/// What the attempt reserved: what an uncertain one is charged.
const BOUND: &str = "SELECT reserved_nano FROM attempts";

#[tokio::test]
async fn a_demo_call_answers_with_its_cost_and_settles_it() {
    let world = World::with_demo().await;
    let reply = world.post(QUESTION).await.unwrap();
    let cost = reply.headers["x-tallygate-cost"].to_str().unwrap().to_owned();
    assert_eq!(reply.status, 200);
    assert_eq!(reply.headers["x-tallygate-usage-source"], "provider_final");
    assert_eq!(reply.headers["x-tallygate-model"], "demo/demo-swift");
    assert!(reply.headers["x-request-id"].to_str().unwrap().starts_with("req_"));
    assert!(reply.headers.contains_key("x-tallygate-overhead-ms"));
    assert!(text(reply).await.contains("```python"));
    let database = world.finish().await;
    let nanos = database.number("SELECT cost_nano FROM attempts WHERE state = 'settled' AND outcome = 'success'").await;
    assert_eq!(cost, domain::Money(nanos).exact());
    let by_hand = "SELECT input_tokens * 1000 + output_tokens * 2000 FROM attempts";
    assert_eq!(nanos, database.number(by_hand).await);
}

#[tokio::test]
async fn the_same_wire_keeps_every_byte_but_the_models_name() {
    let (world, mut upstream) = World::with_listening_upstream().await;
    let (reply, conversation) = tokio::join!(world.post(REMOTE), async {
        let conversation = upstream.next().await;
        let seen = (conversation.head.clone(), conversation.body.clone());
        conversation.answer("200 OK", "application/json", ANSWER).await;
        seen
    });
    let reply = reply.unwrap();
    assert_eq!(reply.headers["x-tallygate-cost"], "0.000015000");
    assert_eq!(text(reply).await, ANSWER);
    let (head, body) = conversation;
    assert_eq!(body, REMOTE.replace("\"remote\"", "\"lab-1\""));
    assert!(head.starts_with("post /v1/chat/completions http/1.1"));
    assert!(!head.contains("authorization"), "no credential is stored, so none is sent: {head}");
    let attempt =
        head.split("x-tallygate-attempt-id: ").nth(1).and_then(|rest| rest.lines().next()).unwrap().to_owned();
    let database = world.finish().await;
    assert_eq!(database.text("SELECT id::text FROM attempts").await, attempt);
    assert_eq!(database.text("SELECT model_served || ' ' || upstream_id FROM attempts").await, "lab-1-0101 up-1");
}

#[tokio::test]
async fn an_unpriced_model_says_so_and_costs_no_zero() {
    let world = World::with_demo().await;
    let reply = world.post(&QUESTION.replace("swift", "unpriced")).await.unwrap();
    assert_eq!(reply.headers["x-tallygate-cost"], "unpriced");
    assert_eq!(world.only_row().await, "settled success final 0 unpriced");
}

#[tokio::test]
async fn what_is_wrong_with_a_call_is_said_before_anything_is_reserved() {
    let world = World::with_demo().await;
    for (body, status, param) in [
        ("{", 400, None),
        (r#"{"model":"swift"}"#, 400, Some("messages")),
        (&*QUESTION.replace("swift", "nobody"), 404, Some("model")),
    ] {
        let problem = world.post(body).await.unwrap_err();
        assert_eq!((problem.kind.status(), problem.param.as_deref()), (status, param), "{body}");
    }
    let typo = HeaderMap::from_iter([("x-tallygate-dedline-ms".parse().unwrap(), "5".parse().unwrap())]);
    assert_eq!(world.post_with(typo, QUESTION).await.unwrap_err().kind.status(), 400);
    let database = world.finish().await;
    assert_eq!(database.number("SELECT count(*) FROM attempts").await, 0);
}

#[tokio::test]
async fn an_alias_reaches_its_model_and_the_list_shows_names() {
    let world = World::with_demo().await;
    assert!(world.post(&QUESTION.replace("swift", "quick")).await.is_ok());
    let names: Vec<_> = world.gateway.models(&world.caller()).into_iter().map(|model| model.name).collect();
    assert_eq!(names, ["remote", "swift", "unpriced"]);
    assert_eq!(world.finish().await.text("SELECT model_asked FROM attempts").await, "quick");
}

#[tokio::test]
async fn a_refused_connection_is_a_502_and_costs_nothing() {
    // Nobody listens on port 1.
    let world = World::with_upstream("127.0.0.1:1", "127.0.0.1").await;
    let problem = world.post(REMOTE).await.unwrap_err();
    assert_eq!((problem.kind.as_str(), problem.kind.status()), ("upstream_unreachable", 502));
    assert_eq!(world.only_row().await, "released unreachable none 0");
}

#[tokio::test]
async fn a_private_address_that_is_not_listed_is_never_called() {
    let world = World::with_upstream("127.0.0.1:1", "10.0.0.0/8").await;
    let problem = world.post(REMOTE).await.unwrap_err();
    assert_eq!(problem.kind.as_str(), "destination_blocked");
    assert_eq!(world.only_row().await, "released destination_blocked none 0");
}

/// Status, body and content type of an upstream's answer; what the client gets; what the row says.
async fn refused(status: &str, content_type: &str, body: &str) -> (Result<(u16, String), (u16, &'static str)>, String) {
    let (world, mut upstream) = World::with_listening_upstream().await;
    let (reply, ()) = tokio::join!(world.post(REMOTE), async {
        upstream.next().await.answer(status, content_type, body).await;
    });
    let seen = match reply {
        Ok(reply) => Ok((reply.status.as_u16(), text(reply).await)),
        Err(problem) => {
            assert!(!problem.message.contains("CANARY"), "{}", problem.message);
            Err((problem.kind.status(), problem.kind.as_str()))
        }
    };
    let database = world.finish().await;
    let bound = database.number(BOUND).await;
    let row = database.text("SELECT concat_ws(' ', state, outcome, charged_nano) FROM attempts").await;
    (seen, row.replace(&bound.to_string(), "bound"))
}

#[tokio::test]
async fn a_refusal_of_the_callers_own_request_passes_without_keys() {
    let body = r#"{"error":{"message":"bad max_tokens for sk-CANARY-0123456789","param":"max_tokens"}}"#;
    let (seen, row) = refused("422 Unprocessable Entity", "application/json", body).await;
    let clean = r#"{"error":{"message":"bad max_tokens for [redacted]","param":"max_tokens"}}"#;
    assert_eq!(seen, Ok((422, clean.to_owned())));
    assert_eq!(row, "released caller_fault 0");
}

#[tokio::test]
async fn every_other_refusal_is_told_in_our_words() {
    let own = r#"{"error":{"message":"CANARY"}}"#;
    for (status, content_type, body, seen, row) in [
        ("401 Unauthorized", "application/json", own, (502, "upstream_account"), "released account_fault 0"),
        ("403 Forbidden", "application/json", own, (502, "upstream_account"), "released account_fault 0"),
        ("404 Not Found", "application/json", own, (502, "upstream_account"), "released account_fault 0"),
        ("429 Too Many", "application/json", own, (429, "upstream_rate_limited"), "released capacity 0"),
        ("503 Away", "text/html", "<p>CANARY", (503, "no_target_available"), "released capacity 0"),
        ("307 There", "text/html", "CANARY", (502, "upstream_error"), "released provider_fault 0"),
        ("500 Oops", "application/json", own, (502, "upstream_error"), "released provider_fault 0"),
        ("500 Oops", "text/html", "<p>CANARY", (502, "upstream_error"), "uncertain provider_fault bound"),
        ("502 Bad", "application/json", own, (502, "upstream_error"), "uncertain provider_fault bound"),
        ("200 OK", "text/html", "<p>CANARY", (502, "upstream_error"), "uncertain provider_fault bound"),
        ("200 OK", "application/json", "", (502, "upstream_error"), "uncertain provider_fault bound"),
        ("400 Bad", "text/html", "<p>CANARY", (400, "invalid_request"), "released caller_fault 0"),
    ] {
        assert_eq!(refused(status, content_type, body).await, (Err(seen), row.to_owned()), "{status} {body}");
    }
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_uncertain_and_charged_as_reserved() {
    let (world, mut upstream) = World::with_listening_upstream().await;
    let (reply, ()) = tokio::join!(world.post(REMOTE), async {
        upstream.next().await.say("HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n{\"choices\":").await;
    });
    assert_eq!(reply.unwrap_err().kind.as_str(), "upstream_error");
    let database = world.finish().await;
    assert_eq!(database.number("SELECT charged_nano - reserved_nano FROM attempts WHERE state = 'uncertain'").await, 0);
}

#[tokio::test]
async fn a_deadline_ends_a_call_that_nobody_answers() {
    let (world, mut upstream) = World::with_listening_upstream().await;
    // Long enough for the admission on a slow machine: the upstream must have the request when time is up.
    let soon = HeaderMap::from_iter([("x-tallygate-deadline-ms".parse().unwrap(), "1500".parse().unwrap())]);
    let (reply, _silent) = tokio::join!(world.post_with(soon, REMOTE), upstream.next());
    assert_eq!(reply.unwrap_err().kind.as_str(), "deadline_exceeded");
    assert!(world.only_row().await.starts_with("uncertain timeout none "));
}

#[tokio::test]
async fn a_deadline_that_is_over_before_anything_was_sent_costs_nothing() {
    let world = World::with_demo().await;
    let past = HeaderMap::from_iter([("x-tallygate-deadline-ms".parse().unwrap(), "1".parse().unwrap())]);
    let problem = world.post_with(past, REMOTE).await.unwrap_err();
    assert_eq!(problem.kind.as_str(), "deadline_exceeded");
    assert_eq!(world.only_row().await, "released timeout none 0");
}

#[tokio::test]
async fn a_plain_call_is_read_to_its_end_when_its_client_leaves() {
    let (world, mut upstream) = World::with_listening_upstream().await;
    let mut conversation = {
        let waiting = world.post(REMOTE);
        tokio::select! { _ = waiting => panic!("nothing was answered yet"), conversation = upstream.next() => conversation }
    };
    conversation.say(&format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{ANSWER}", ANSWER.len())).await;
    world.gateway.drain();
    conversation.left().await;
    assert_eq!(world.only_row().await, "settled success final 15000");
}

#[tokio::test]
async fn a_connection_that_ends_without_an_answer_is_uncertain() {
    let (world, mut upstream) = World::with_listening_upstream().await;
    let (reply, ()) = tokio::join!(world.post(REMOTE), async { drop(upstream.next().await) });
    assert_eq!(reply.unwrap_err().kind.as_str(), "upstream_error");
    assert!(world.only_row().await.starts_with("uncertain provider_fault none "));
}

#[tokio::test]
async fn a_key_works_until_it_is_revoked_and_every_wrong_key_reads_the_same() {
    let world = World::with_demo().await;
    let told = |headers: &HeaderMap| {
        let id = domain::id::RequestId(uuid::Uuid::nil());
        world.gateway.authenticate(headers, None, KeyScope::Inference).map_err(|error| error.problem(id))
    };
    let good = world.headers();
    assert!(told(&good).is_ok());
    let mut unknown = HeaderMap::new();
    let other = auth::api_key::make(&crate::world::Counting::default());
    unknown.insert("x-api-key", other.expose_secret().parse().unwrap());
    let refused = told(&unknown).unwrap_err();
    let mut mistyped = HeaderMap::new();
    mistyped.insert("x-api-key", "tg_nonsense".parse().unwrap());
    assert_eq!(told(&mistyped).unwrap_err(), refused);

    let revoke = "UPDATE virtual_keys SET revoked_at = clock_timestamp()";
    let next = world.gateway.snapshot_version() + 1;
    assert_eq!(world.database.execute(revoke).await, 1);
    // Without a notification: the poll finds it.
    world.database.execute("UPDATE config_version SET version = version + 1").await;
    world.gateway.wait_for_version(next).await;
    assert_eq!(told(&good).unwrap_err(), refused);
}

#[tokio::test]
async fn without_a_database_a_valid_key_gets_503_and_nothing_is_sent() {
    let (world, mut upstream) = World::with_listening_upstream().await;
    world.database.pools.admission.close().await;
    let problem = world.post(REMOTE).await.unwrap_err();
    assert_eq!((problem.kind.as_str(), problem.retry_after), ("admission_unavailable", Some(1)));
    assert!(!world.gateway.ready().await);
    assert!(futures_util::poll!(Box::pin(upstream.next())).is_pending());
}
