//! Money: one row per request the provider accepted, committed before it was sent, settled once at tokens times price.

use serde_json::{Value, json};
use tests::{
    Answer, World,
    fake_upstream::{End, Fault, Script, Tokens, UsageForm},
    price::{self, MODELS},
};

fn streamed(model: &str) -> Value {
    let mut body = World::body(model);
    body["stream"] = json!(true);
    body
}

/// The usage the provider journaled for the only request of a test.
async fn journaled(world: &World) -> Tokens {
    let requests = world.upstream.journal().until(|all| all.len() == 1 && all[0].end != End::Open).await.unwrap();
    requests[0].usage.expect("the provider reported usage")
}

#[tokio::test]
async fn the_attempt_is_committed_before_the_provider_sees_anything() {
    for body in [World::body("a"), streamed("a")] {
        let world = World::new().await;
        world.upstream.script(Script::fault(Fault::HangBeforeHead));

        let waiting = world.send(&body);
        let accepted = world.upstream.journal().until(|all| all.len() == 1).await.unwrap();
        let rows = world.ledger.attempts().await.unwrap();

        assert_eq!(rows.len(), 1);
        assert_eq!(rows[0].state, "reserved");
        assert!(rows[0].reserved_nano > 0);
        assert_eq!(accepted[0].attempt, Some(rows[0].id.to_string()));

        world.upstream.release();
        assert_eq!(waiting.await.unwrap().status, 200);
        assert_eq!(world.ledger.only().await.unwrap().id, rows[0].id);
    }
}

#[tokio::test]
async fn a_settled_attempt_costs_the_journals_tokens_times_the_price() {
    for model in MODELS {
        for body in [World::body(model.name), streamed(model.name)] {
            let world = World::new().await;

            let answer = world.chat(&body).await;
            let row = world.ledger.only().await.unwrap();
            let tokens = journaled(&world).await;

            assert_eq!(answer.status, 200);
            assert_eq!((row.state.as_str(), row.outcome.as_deref()), ("settled", Some("success")));
            assert_eq!(row.usage_source.as_deref(), Some("final"));
            assert_eq!(row.cost_nano, Some(model.cost_nano(&tokens)));
            assert_eq!(Some(row.charged_nano), row.cost_nano);
            assert!(row.charged_nano <= row.reserved_nano, "{row:?}");
            let counts = [row.input_tokens, row.cache_read_tokens, row.output_tokens, row.reasoning_tokens];
            let disjoint =
                [tokens.prompt - tokens.cached, tokens.cached, tokens.completion - tokens.reasoning, tokens.reasoning];
            assert_eq!(counts, disjoint.map(|count| i64::try_from(count).ok()));
        }
    }
}

#[tokio::test]
async fn the_cost_header_says_what_the_ledger_says() {
    for model in MODELS {
        let world = World::new().await;
        let answer = world.chat(&World::body(model.name)).await;
        let cost = model.cost_nano(&journaled(&world).await);
        assert_eq!(answer.header("x-tallygate-cost"), Some(price::dollars(cost).as_str()));
        assert_eq!(answer.header("x-tallygate-usage-source"), Some("provider_final"));
        assert_eq!(answer.header("x-request-id"), answer.header("request-id"));
    }
}

#[tokio::test]
async fn a_row_names_its_model_as_the_client_and_the_history_filter_do() {
    let world = World::new().await;
    world.chat(&World::body("a")).await;
    // Not the upstream's name for it: `domain::history` filters by the public one, and two providers may share that.
    assert_eq!(world.ledger.only().await.unwrap().model, "a");
}

#[tokio::test]
async fn many_calls_at_once_are_each_settled_once() {
    let world = World::new().await;
    let waiting: Vec<_> = (0..24)
        .map(|number| {
            let mut body = if number % 2 == 0 { World::body("a") } else { streamed("b") };
            body["messages"][0]["content"] = json!(format!("call {number}"));
            world.send(&body)
        })
        .collect();
    for call in waiting {
        assert_eq!(call.await.unwrap().status, 200);
    }

    let rows = world.ledger.at_rest(24).await.unwrap();
    let requests = world.upstream.journal().requests().unwrap();
    let price = |upstream: &str| MODELS.into_iter().find(|model| model.upstream == upstream).unwrap();
    let expected: i64 = requests.iter().map(|one| price(&one.model).cost_nano(&one.usage.unwrap())).sum();
    assert_eq!(rows.iter().map(|row| row.charged_nano).sum::<i64>(), expected);
    assert!(rows.iter().all(|row| row.state == "settled" && row.usage_source.as_deref() == Some("final")));
}

#[tokio::test]
async fn usage_that_is_missing_or_malformed_is_estimated_and_says_so() {
    let forms = [
        (UsageForm::Missing, false),
        (UsageForm::Null, false),
        (UsageForm::Negative, true),
        (UsageForm::Huge, true),
        (UsageForm::Fraction, true),
        (UsageForm::Text, true),
        (UsageForm::Object, true),
    ];
    for (form, is_malformed) in forms {
        for body in [World::body("a"), streamed("a")] {
            let world = World::new().await;
            world.upstream.script(Script::usage(form));

            assert_eq!(world.chat(&body).await.status, 200);

            let row = world.ledger.only().await.unwrap();
            assert_eq!((row.state.as_str(), row.usage_source.as_deref()), ("settled", Some("estimated")), "{form:?}");
            assert!(row.charged_nano > 0 && row.charged_nano <= row.reserved_nano, "{form:?} {row:?}");
            assert_eq!(row.flags.contains(&"usage_malformed".to_owned()), is_malformed, "{form:?} {row:?}");
        }
    }
}

#[tokio::test]
async fn explicit_zero_usage_is_zero_and_a_whole_float_is_a_number() {
    let world = World::new().await;
    world.upstream.script(Script::usage(UsageForm::Zero));
    world.chat(&World::body("a")).await;
    let row = world.ledger.only().await.unwrap();
    assert_eq!((row.usage_source.as_deref(), row.cost_nano, row.input_tokens), (Some("final"), Some(0), Some(0)));

    let world = World::new().await;
    world.upstream.script(Script::usage(UsageForm::WholeFloat));
    world.chat(&World::body("a")).await;
    let row = world.ledger.only().await.unwrap();
    assert_eq!(row.cost_nano, Some(price::A.cost_nano(&journaled(&world).await)));
    assert_eq!(row.usage_source.as_deref(), Some("final"));
}

#[tokio::test]
async fn a_client_that_leaves_a_stream_stops_the_provider_and_pays_for_what_it_saw() {
    let world = World::new().await;
    world.upstream.script(Script::fault(Fault::HangAfter { frames: 8 }));

    let mut response = world.request(&world.key).body(streamed("a").to_string()).send().await.unwrap();
    response.chunk().await.unwrap().unwrap();
    drop(response);

    let seen = world.upstream.journal().until(|all| all.iter().any(|one| one.end == End::ClientGone)).await.unwrap();
    let row = world.ledger.only().await.unwrap();
    assert_eq!(seen.len(), 1);
    assert_eq!((row.state.as_str(), row.outcome.as_deref()), ("settled", Some("cancelled")));
    assert!(row.client_aborted);
    assert!(row.charged_nano > 0 && row.charged_nano <= row.reserved_nano, "{row:?}");
}

#[tokio::test]
async fn a_client_that_leaves_a_plain_call_is_charged_its_exact_usage() {
    let world = World::new().await;
    world.upstream.script(Script::fault(Fault::HangBeforeHead));

    let waiting = world.send(&World::body("a"));
    world.upstream.journal().until(|all| all.len() == 1).await.unwrap();
    waiting.abort();
    // Joined, so the client's connection is closed before the provider goes on.
    assert!(waiting.await.unwrap_err().is_cancelled());
    world.upstream.release();

    let row = world.ledger.only().await.unwrap();
    assert_eq!((row.state.as_str(), row.usage_source.as_deref()), ("settled", Some("final")));
    assert_eq!(row.cost_nano, Some(price::A.cost_nano(&journaled(&world).await)));
}

#[tokio::test]
async fn a_finish_without_a_terminator_is_settled_once_and_flagged() {
    let world = World::new().await;
    world.upstream.script(Script { terminator: tests::fake_upstream::Terminator::Missing, ..Script::words(20) });

    let answer: Answer = world.chat(&streamed("a")).await;

    assert_eq!(answer.data().last(), Some(&"[DONE]"));
    let row = world.ledger.only().await.unwrap();
    assert_eq!((row.state.as_str(), row.usage_source.as_deref()), ("settled", Some("final")));
    assert!(row.flags.contains(&"no_terminal".to_owned()), "{row:?}");
}

#[tokio::test]
async fn what_follows_the_terminator_is_ignored() {
    for terminator in [tests::fake_upstream::Terminator::Doubled, tests::fake_upstream::Terminator::DataAfter] {
        let world = World::new().await;
        world.upstream.script(Script { terminator, ..Script::words(20) });

        let answer = world.chat(&streamed("a")).await;

        assert_eq!(answer.data().iter().filter(|data| **data == "[DONE]").count(), 1, "{terminator:?}");
        assert_eq!(answer.data().last(), Some(&"[DONE]"), "{terminator:?}");
        assert_eq!(world.ledger.only().await.unwrap().usage_source.as_deref(), Some("final"));
    }
}
