//! What goes wrong behind the gateway: the client's error, the ledger's row, and nothing of the provider's inner words.
//!
//! Rows of the fault matrix (`ledger.md` 18) as far as one target without fallback reaches.

use serde_json::{Value, json};
use tests::{
    Answer, Attempt, Refusal, World,
    fake_upstream::{Cut, End, ErrorBody, Fault, Script},
};

fn streamed() -> Value {
    let mut body = World::body("a");
    body["stream"] = json!(true);
    body
}

fn bodies() -> [Value; 2] {
    [World::body("a"), streamed()]
}

/// One call under `script`: the answer and the only row, at rest.
async fn call(script: &Script, body: &Value) -> (Answer, Attempt) {
    let world = World::new().await;
    world.upstream.script(script.clone());
    let answer = world.chat(body).await;
    assert_eq!(world.leaks(&answer), [""; 0], "{script:?}");
    assert!(!answer.is_broken, "{script:?}");
    (answer, world.ledger.only().await.unwrap())
}

fn assert_released(row: &Attempt, outcome: &str) {
    assert_eq!((row.state.as_str(), row.outcome.as_deref(), row.charged_nano), ("released", Some(outcome), 0));
    assert!(matches!(row.cost_nano, None | Some(0)), "{row:?}");
}

/// Charged as reserved: nobody can know, and a hard limit must stay true.
fn assert_uncertain(row: &Attempt) {
    assert_eq!((row.state.as_str(), row.charged_nano), ("uncertain", row.reserved_nano), "{row:?}");
    assert!(row.reserved_nano > 0);
}

#[tokio::test]
async fn a_refused_connection_is_502_and_costs_nothing() {
    for body in bodies() {
        let world = World::new().await;
        world.upstream.refuse_connections().await.unwrap();

        let answer = world.chat(&body).await;

        assert_eq!(answer.refusal(), Refusal::new(502, "server_error", "upstream_unreachable"), "{}", answer.text());
        assert_eq!(answer.json()["error"]["tallygate"]["request_id"].as_str(), answer.header("x-request-id"));
        assert_eq!(world.leaks(&answer), [""; 0]);
        assert_released(&world.ledger.only().await.unwrap(), "unreachable");
        assert_eq!(world.upstream.journal().requests().unwrap(), []);
    }
}

#[tokio::test]
async fn a_provider_that_comes_back_is_used_again() {
    let world = World::new().await;
    world.upstream.refuse_connections().await.unwrap();
    assert_eq!(world.chat(&World::body("a")).await.status, 502);
    world.upstream.accept_connections().await.unwrap();
    assert_eq!(world.chat(&World::body("a")).await.status, 200);
    let states: Vec<_> = world.ledger.at_rest(2).await.unwrap().into_iter().map(|row| row.state).collect();
    assert_eq!(states, ["released", "settled"]);
}

#[tokio::test]
async fn a_refused_credential_is_502_and_its_words_stay_inside() {
    for status in [401, 403] {
        for body in bodies() {
            let (answer, row) = call(&Script::status(status), &body).await;
            assert_eq!(answer.refusal(), Refusal::new(502, "server_error", "upstream_account"), "{}", answer.text());
            assert_released(&row, "account_fault");
            assert_eq!(row.http_status, Some(status.cast_signed()));
        }
    }
}

#[tokio::test]
async fn a_full_provider_is_429_with_a_sane_retry_after() {
    for (said, passed_on) in [("7", "7"), ("999999", "3600"), ("0", "1")] {
        for body in bodies() {
            let (answer, row) = call(&Script::rate_limited(said), &body).await;
            assert_eq!(answer.status, 429, "{}", answer.text());
            assert_eq!(answer.header("retry-after"), Some(passed_on));
            assert!(answer.json()["error"]["message"].is_string());
            assert_released(&row, "capacity");
        }
    }
}

#[tokio::test]
async fn a_provider_error_in_its_dialect_is_a_server_error_and_costs_nothing() {
    for (status, expected) in [(500, 502), (503, 503)] {
        for body in bodies() {
            let (answer, row) = call(&Script::status(status), &body).await;
            assert_eq!(
                (answer.status, answer.refusal().kind.as_str()),
                (expected, "server_error"),
                "{}",
                answer.text()
            );
            assert_eq!(row.state, "released");
            assert_eq!(row.charged_nano, 0);
        }
    }
}

#[tokio::test]
async fn a_redirect_is_never_followed() {
    let (answer, row) = call(&Script::status(307), &World::body("a")).await;
    assert_eq!((answer.status, answer.refusal().kind.as_str()), (502, "server_error"), "{}", answer.text());
    assert_eq!(row.state, "released");
}

#[tokio::test]
async fn the_callers_own_fault_arrives_unchanged() {
    for status in [400, 422] {
        let world = World::new().await;
        world.upstream.script(Script::status(status));
        let answer = world.chat(&World::body("a")).await;
        assert_eq!(answer.status, status);
        assert_eq!(answer.json()["error"]["type"], "invalid_request_error");
        assert!(answer.json()["error"]["message"].as_str().unwrap().len() > 20);
        assert_eq!(world.leaks(&answer), [""; 0]);
        assert_released(&world.ledger.only().await.unwrap(), "caller_fault");
    }
}

#[tokio::test]
async fn a_foreign_answer_is_502_and_uncertain() {
    let scripts = [
        Script::foreign(500, ErrorBody::Foreign),
        Script::foreign(200, ErrorBody::Html),
        Script::foreign(200, ErrorBody::Empty),
        Script::foreign(502, ErrorBody::Html),
    ];
    for script in scripts {
        for body in bodies() {
            let (answer, row) = call(&script, &body).await;
            assert_eq!((answer.status, answer.refusal().kind.as_str()), (502, "server_error"), "{script:?} {answer:?}");
            assert_uncertain(&row);
        }
    }
}

#[tokio::test]
async fn a_connection_cut_before_the_head_is_502_and_uncertain() {
    for how in [Cut::Fin, Cut::Rst] {
        for body in bodies() {
            let (answer, row) = call(&Script::fault(Fault::CutBeforeHead { how }), &body).await;
            assert_eq!((answer.status, answer.refusal().kind.as_str()), (502, "server_error"), "{how:?} {answer:?}");
            assert_uncertain(&row);
        }
    }
}

#[tokio::test]
async fn a_cut_plain_answer_is_502_and_uncertain() {
    for script in [Script::cut_after(1, Cut::Fin), Script::cut_after(1, Cut::Rst)] {
        let (answer, row) = call(&script, &World::body("a")).await;
        assert_eq!((answer.status, answer.refusal().kind.as_str()), (502, "server_error"), "{}", answer.text());
        assert_uncertain(&row);
    }
}

#[tokio::test]
async fn a_stream_cut_before_its_first_content_is_a_clean_502() {
    let (answer, row) = call(&Script::cut_after(1, Cut::Fin), &streamed()).await;
    assert_eq!((answer.status, answer.refusal().kind.as_str()), (502, "server_error"), "{}", answer.text());
    assert_uncertain(&row);
}

#[tokio::test]
async fn a_cut_stream_ends_in_an_error_event_and_never_in_done() {
    for how in [Cut::Fin, Cut::Rst] {
        let (answer, row) = call(&Script::cut_after(6, how), &streamed()).await;
        assert_broken_stream(&answer, &row);
        assert!(answer.streamed_text().starts_with("Grüße: "), "{}", answer.text());
    }
}

#[tokio::test]
async fn an_error_in_the_middle_of_a_stream_is_passed_on_as_one() {
    let (answer, row) = call(&Script::fault(Fault::ErrorAfter { frames: 6 }), &streamed()).await;
    assert_broken_stream(&answer, &row);
}

fn assert_broken_stream(answer: &Answer, row: &Attempt) {
    assert_eq!(answer.status, 200);
    let data = answer.data();
    let last: Value = serde_json::from_str(data.last().unwrap()).unwrap();
    assert!(last["error"]["message"].is_string(), "{}", answer.text());
    assert!(!data.contains(&"[DONE]"), "{}", answer.text());
    assert_eq!((row.state.as_str(), row.outcome.as_deref()), ("settled", Some("incomplete")), "{row:?}");
    assert_eq!(row.usage_source.as_deref(), Some("estimated"));
    assert!(row.charged_nano > 0 && row.charged_nano <= row.reserved_nano, "{row:?}");
}

#[tokio::test]
async fn a_bad_frame_is_skipped_and_counted() {
    let (answer, row) = call(&Script::fault(Fault::BadFrameAfter { frames: 6 }), &streamed()).await;
    assert_eq!(answer.data().last(), Some(&"[DONE]"));
    assert!(!answer.text().contains("chatcmpl-broken"), "{}", answer.text());
    assert_eq!((row.state.as_str(), row.usage_source.as_deref()), ("settled", Some("final")));
    assert!(row.flags.contains(&"bad_frames".to_owned()), "{row:?}");
}

#[tokio::test]
async fn a_truncated_plain_answer_is_502_and_uncertain() {
    let (answer, row) = call(&Script::fault(Fault::BadFrameAfter { frames: 1 }), &World::body("a")).await;
    assert_eq!((answer.status, answer.refusal().kind.as_str()), (502, "server_error"), "{}", answer.text());
    assert_uncertain(&row);
}

/// One call that the provider holds at `fault` until its own deadline.
async fn held(fault: Fault, body: &Value) -> (Answer, Attempt) {
    let world = World::new().await;
    world.upstream.script(Script::fault(fault));
    let request = world.request(&world.key).header("x-tallygate-deadline-ms", "400").body(body.to_string());
    let answer = Answer::read(request.send().await.unwrap()).await;
    // The gateway must have let go of the provider as well.
    world.upstream.journal().until(|all| all.len() == 1 && all[0].end == End::ClientGone).await.unwrap();
    (answer, world.ledger.only().await.unwrap())
}

#[tokio::test]
async fn a_silent_provider_is_504_at_the_deadline_and_uncertain() {
    for body in bodies() {
        let (answer, row) = held(Fault::HangBeforeHead, &body).await;
        assert_eq!(answer.refusal(), Refusal::new(504, "server_error", "deadline_exceeded"), "{}", answer.text());
        assert_uncertain(&row);
    }
}

#[tokio::test]
async fn a_plain_answer_that_stalls_in_its_middle_is_504_and_uncertain() {
    let (answer, row) = held(Fault::HangAfter { frames: 1 }, &World::body("a")).await;
    assert_eq!(answer.refusal(), Refusal::new(504, "server_error", "deadline_exceeded"), "{}", answer.text());
    assert_uncertain(&row);
}

#[tokio::test]
async fn a_stream_that_stalls_in_its_middle_ends_in_an_error_event() {
    let (answer, row) = held(Fault::HangAfter { frames: 6 }, &streamed()).await;
    assert_eq!(answer.status, 200);
    let last: Value = serde_json::from_str(answer.data().last().unwrap()).unwrap();
    assert!(last["error"]["message"].is_string() && !answer.text().contains("[DONE]"), "{}", answer.text());
    assert_eq!((row.state.as_str(), row.usage_source.as_deref()), ("settled", Some("estimated")), "{row:?}");
    assert!(row.charged_nano > 0 && row.charged_nano <= row.reserved_nano, "{row:?}");
}
