//! What the rules of a key do at its use: who is refused and how, and what its calls carry.

use std::net::IpAddr;

use auth::ApiKey;
use domain::{id::RequestId, key::KeyScope};
use http::HeaderMap;
use llm::Problem;

use crate::world::{Counting, World, text};

const QUESTION: &str = r#"{"model":"swift","messages":[{"role":"user","content":"Sort a list"}]}"#;
const ANSWER: &str = r#"{"choices":[{"message":{"content":"hello"},"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":3}}"#;

fn ask(world: &World, headers: &HeaderMap, address: Option<&str>, scope: KeyScope) -> Result<(), Problem> {
    let address: Option<IpAddr> = address.map(|address| address.parse().unwrap());
    let problem = |error: gateway::Error| error.problem(RequestId(uuid::Uuid::nil()));
    world.gateway.authenticate(headers, address, scope).map(drop).map_err(problem)
}

fn kind(world: &World, address: Option<&str>, scope: KeyScope) -> String {
    match ask(world, &world.headers(), address, scope) {
        Ok(()) => "allowed".to_owned(),
        Err(problem) => format!("{} {}", problem.kind.status(), problem.kind.as_str()),
    }
}

fn with(key: &ApiKey) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert("x-api-key", key.expose_secret().parse().unwrap());
    headers
}

#[tokio::test]
async fn a_paused_key_says_so_until_it_is_resumed() {
    let world = World::with_demo().await;
    world
        .change(
            "UPDATE virtual_keys SET paused_at = clock_timestamp();\nUPDATE config_version SET version = version + 1",
        )
        .await;
    assert_eq!(kind(&world, None, KeyScope::Inference), "403 key_paused");
    world.change("UPDATE virtual_keys SET paused_at = NULL;\nUPDATE config_version SET version = version + 1").await;
    assert_eq!(kind(&world, None, KeyScope::Inference), "allowed");
}

#[tokio::test]
async fn a_key_that_is_bound_to_networks_works_from_nowhere_else() {
    let world = World::with_demo().await;
    assert_eq!(kind(&world, None, KeyScope::Inference), "allowed");
    world.change("UPDATE virtual_keys SET networks = '{203.0.113.0/24,2001:db8::/32}';\nUPDATE config_version SET version = version + 1").await;
    for (address, told) in [
        (Some("203.0.113.7"), "allowed"),
        (Some("::ffff:203.0.113.7"), "allowed"),
        (Some("2001:db8::1"), "allowed"),
        (Some("203.0.114.1"), "403 network_not_allowed"),
        (Some("::1"), "403 network_not_allowed"),
        (None, "403 network_not_allowed"),
    ] {
        assert_eq!(kind(&world, address, KeyScope::Inference), told, "{address:?}");
    }
    world
        .change("UPDATE virtual_keys SET networks = '{nonsense}';\nUPDATE config_version SET version = version + 1")
        .await;
    assert_eq!(kind(&world, Some("203.0.113.7"), KeyScope::Inference), "403 network_not_allowed");
}

#[tokio::test]
async fn a_missing_scope_is_named() {
    let world = World::with_demo().await;
    let problem = ask(&world, &world.headers(), None, KeyScope::UsageRead).unwrap_err();
    assert_eq!((problem.kind.status(), problem.kind.as_str()), (403, "scope_missing"));
    assert!(problem.message.contains("'usage.read'"), "{}", problem.message);
    world
        .change("UPDATE virtual_keys SET scopes = '{usage.read}';\nUPDATE config_version SET version = version + 1")
        .await;
    assert_eq!(kind(&world, None, KeyScope::UsageRead), "allowed");
    assert_eq!(kind(&world, None, KeyScope::Inference), "403 scope_missing");
}

#[tokio::test]
async fn an_expired_key_and_a_token_read_like_a_key_that_never_was() {
    let world = World::with_demo().await;
    let stranger =
        ask(&world, &with(&auth::api_key::make(&Counting::default())), None, KeyScope::Inference).unwrap_err();
    // The rules of the moment are no business of whoever has no valid key.
    world.change("UPDATE virtual_keys SET expires_at = clock_timestamp() + interval '1 hour', networks = '{203.0.113.7}', paused_at = clock_timestamp();\nUPDATE config_version SET version = version + 1").await;
    assert_eq!(kind(&world, None, KeyScope::Inference), "403 key_paused");
    world
        .change(
            "UPDATE virtual_keys SET expires_at = clock_timestamp();\nUPDATE config_version SET version = version + 1",
        )
        .await;
    assert_eq!(ask(&world, &world.headers(), None, KeyScope::Inference).unwrap_err(), stranger);

    let mut token = HeaderMap::new();
    let made = auth::api_token::make(&Counting::default());
    token.insert("authorization", format!("Bearer {}", made.expose_secret()).parse().unwrap());
    assert_eq!(ask(&world, &token, None, KeyScope::Inference).unwrap_err(), stranger);
}

#[tokio::test]
async fn the_replaced_secret_of_a_rotation_works_until_its_overlap_ends_by_the_databases_clock() {
    let world = World::with_demo().await;
    // The old secret is the one that the world holds; the row gets another one.
    world.change("INSERT INTO retired_secrets (public, key_id, team_id, digest, last_four, valid_until) SELECT public, id, team_id, digest, last_four, clock_timestamp() + interval '1 hour' FROM virtual_keys;\nUPDATE virtual_keys SET public = 'AAAAAAAAAAAA', digest = decode(repeat('00', 32), 'hex');\nUPDATE config_version SET version = version + 1").await;
    assert_eq!(kind(&world, None, KeyScope::Inference), "allowed");
    assert_eq!(world.caller().key().unwrap().0.as_u128(), 2);
    world.change("UPDATE retired_secrets SET valid_until = clock_timestamp();\nUPDATE config_version SET version = version + 1").await;
    assert_eq!(kind(&world, None, KeyScope::Inference), "401 invalid_api_key");
    world.change("UPDATE retired_secrets SET valid_until = clock_timestamp() + interval '1 hour';\nUPDATE virtual_keys SET revoked_at = clock_timestamp();\nUPDATE config_version SET version = version + 1").await;
    assert_eq!(
        kind(&world, None, KeyScope::Inference),
        "401 invalid_api_key",
        "a revoked key takes its old secrets along"
    );
}

#[tokio::test]
async fn calls_carry_the_keys_tags_and_task_unless_they_name_their_own() {
    let world = World::with_demo().await;
    world
        .change(
            r#"UPDATE virtual_keys SET tags = '{"repo":"main","team":"core"}', task = 'tests';
UPDATE config_version SET version = version + 1"#,
        )
        .await;
    let mut own = HeaderMap::new();
    own.insert("x-tallygate-tags", "repo=fork".parse().unwrap());
    own.insert("x-tallygate-task", "review".parse().unwrap());
    for headers in [HeaderMap::new(), own] {
        text(world.post_with(headers, QUESTION).await.unwrap()).await;
    }
    let rows = "SELECT string_agg(concat_ws(' ', task, tags->>'repo', tags->>'team'), ', ' ORDER BY admitted_at) FROM attempts";
    assert_eq!(world.finish().await.text(rows).await, "tests main core, review fork core");
}

#[tokio::test]
async fn the_keys_limit_goes_upstream_and_bounds_the_call_where_the_clients_is_larger_or_missing() {
    let (world, mut upstream) = World::with_listening_upstream().await;
    world.change("UPDATE virtual_keys SET max_output = 20;\nUPDATE config_version SET version = version + 1").await;
    let mut sent = Vec::new();
    for limit in ["", r#","max_tokens":500"#, r#","max_tokens":7"#] {
        let body = format!(r#"{{"model":"remote","messages":[{{"role":"user","content":"hi"}}]{limit}}}"#);
        let (reply, asked) = tokio::join!(world.post(&body), async {
            let conversation = upstream.next().await;
            let asked = conversation.body.clone();
            conversation.answer("200 OK", "application/json", ANSWER).await;
            asked
        });
        text(reply.unwrap()).await;
        sent.push(asked.split("\"max_tokens\":").nth(1).unwrap().trim_end_matches('}').to_owned());
    }
    assert_eq!(sent, ["20", "20", "7"]);
    let caps = "SELECT string_agg(output_cap::text, ' ' ORDER BY admitted_at) FROM attempts";
    assert_eq!(world.finish().await.text(caps).await, "20 20 7");
}

#[tokio::test]
async fn a_limit_that_the_model_has_anyway_changes_no_byte() {
    let (world, mut upstream) = World::with_listening_upstream().await;
    world.change("UPDATE virtual_keys SET max_output = 5000;\nUPDATE models SET max_output = 4000;\nUPDATE config_version SET version = version + 1").await;
    let body = r#"{"model":"remote","messages":[{"role":"user","content":"hi"}]}"#;
    let (reply, asked) = tokio::join!(world.post(body), async {
        let conversation = upstream.next().await;
        let asked = conversation.body.clone();
        conversation.answer("200 OK", "application/json", ANSWER).await;
        asked
    });
    text(reply.unwrap()).await;
    assert_eq!(asked, body.replace("remote", "lab-1"));
    assert_eq!(world.finish().await.number("SELECT output_cap FROM attempts").await, 4_000);
}
