//! Two servers on one database: what is taken away on one is gone on the other within a second of its commit.
//!
//! The clock starts before the request that takes away is sent, so the time measured is never shorter than the real one.
//! Sessions, roles and tokens are read with every request and act with the next one; keys live in each server's snapshot.

use std::time::{Duration, Instant};

use http::Method;
use serde_json::{Value, json};
use tests::{Answer, Tenants, TestServer, Visitor, tenants::Issued};

const LIMIT: Duration = Duration::from_secs(1);
const LOOK: Duration = Duration::from_millis(10);
const TIMES: usize = 15;

/// The world, and a second server beside its own.
struct Pair {
    tenants: Tenants,
    other: TestServer,
}

impl Pair {
    async fn new() -> Self {
        let tenants = Tenants::new().await;
        let other = tenants.server.beside().await.expect("a second server");
        Self { tenants, other }
    }

    /// The same asker at the second server.
    fn there(&self, visitor: &Visitor) -> Visitor {
        visitor.at(self.other.url(""))
    }

    fn admin(&self) -> &Visitor {
        &self.tenants["alpha-admin"].visitor
    }

    fn owner(&self) -> &Visitor {
        &self.tenants["owner"].visitor
    }

    /// A service key that the second server knows.
    async fn known_key(&self, name: &str) -> (Issued, Visitor) {
        self.key_of(self.admin(), name, "service").await
    }

    async fn key_of(&self, who: &Visitor, name: &str, kind: &str) -> (Issued, Visitor) {
        let input = json!({"team": "alpha", "name": name, "kind": kind, "rules": {"models": "all"}});
        let made = who.done("keys/create", &json!({"input": input})).await.expect("a key");
        let text = |value: &Value| value.as_str().expect("text").to_owned();
        let key = Issued { id: text(&made["key"]["id"]), secret: text(&made["secret"]) };
        let there = self.there(&self.tenants.stranger.bearer(&key.secret));
        until(&there, "/v1/models", |it| it.status == 200).await;
        (key, there)
    }
}

/// Asks until the answer is right; how long that took.
async fn until(visitor: &Visitor, path: &str, is_right: impl Fn(&Answer) -> bool) -> Duration {
    let start = Instant::now();
    let look = async {
        loop {
            let answer = visitor.get(path).await.expect("an answer");
            if is_right(&answer) {
                return;
            }
            tokio::time::sleep(LOOK).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), look).await.unwrap_or_else(|_| panic!("{path} never got there"));
    start.elapsed()
}

/// Takes something away here and waits until it is gone there; the time from before the request.
async fn taken(here: &Visitor, operation: &str, body: &Value, there: &Visitor, path: &str, status: u16) -> Duration {
    let start = Instant::now();
    here.done(operation, body).await.expect("it is taken away");
    until(there, path, |it| it.status == status).await;
    start.elapsed()
}

#[track_caller]
fn assert_quick(what: &str, times: &[Duration]) {
    let most = times.iter().max().copied().unwrap_or_default();
    println!("{what}: {} times, at most {} ms", times.len(), most.as_millis());
    assert!(most <= LIMIT, "{what} took {} ms on the other server", most.as_millis());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_end_and_pause_on_the_other_server_within_a_second() {
    let pair = Pair::new().await;
    let (mut revoked, mut paused, mut rotated) = (Vec::new(), Vec::new(), Vec::new());
    for nr in 0..TIMES {
        let (key, there) = pair.known_key(&format!("end {nr}")).await;
        let body = json!({"team": "alpha", "key": key.id});
        paused.push(taken(pair.admin(), "keys/pause", &body, &there, "/v1/models", 403).await);
        pair.admin().done("keys/resume", &body).await.expect("it works again");
        until(&there, "/v1/models", |it| it.status == 200).await;
        let rotation = json!({"team": "alpha", "key": key.id, "overlap_hours": 0});
        rotated.push(taken(pair.admin(), "keys/rotate", &rotation, &there, "/v1/models", 401).await);
        let (key, there) = pair.known_key(&format!("revoke {nr}")).await;
        let body = json!({"team": "alpha", "key": key.id});
        revoked.push(taken(pair.admin(), "keys/revoke", &body, &there, "/v1/models", 401).await);
    }
    assert_quick("a revoked key", &revoked);
    assert_quick("a paused key", &paused);
    assert_quick("a rotated key without overlap", &rotated);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_ended_session_is_gone_on_the_other_server_with_the_next_request() {
    let pair = Pair::new().await;
    let mut times = Vec::new();
    for _ in 0..TIMES {
        let person = &pair.tenants["alpha-member"];
        let fresh = pair.tenants.stranger.sign_in(&person.email, tests::tenants::PASSWORD).await.expect("a session");
        let there = pair.there(&fresh);
        until(&there, "/t/alpha/keys", |it| it.status == 200).await;
        let list = fresh.done("sessions/list", &json!({})).await.expect("sessions");
        let mine = list.as_array().and_then(|all| all.iter().find(|one| one["current"] == true)).expect("its own");
        let body = json!({"session": mine["id"]});
        times.push(taken(&person.visitor, "sessions/revoke", &body, &there, "/t/alpha/keys", 303).await);
    }
    assert_quick("an ended session", &times);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_removed_member_and_their_personal_key_are_out_on_the_other_server_within_a_second() {
    let pair = Pair::new().await;
    let (person, tables) = (&pair.tenants["alpha-spare"], &pair.tenants.tables);
    let kept = tables.keep().await.expect("a copy");
    let ask = json!({"team": "alpha"});
    let (mut out, mut keys, mut tokens) = (Vec::new(), Vec::new(), Vec::new());
    for nr in 0..TIMES {
        let (_, key) = pair.key_of(&person.visitor, &format!("own {nr}"), "personal").await;
        let there = pair.there(&person.visitor);
        let token = pair.there(&pair.tenants.stranger.bearer(&person.token.secret));
        assert_eq!(there.ask("keys/list", &ask).await.expect("an answer").status, 200);
        let start = Instant::now();
        pair.admin().done("members/remove", &json!({"team": "alpha", "user": person.id})).await.expect("removed");
        until_asked(&there, "keys/list", &ask, 404).await;
        out.push(start.elapsed());
        until(&token, "/api/v1/teams/alpha/keys", |it| it.status == 404).await;
        tokens.push(start.elapsed());
        until(&key, "/v1/models", |it| it.status == 401).await;
        keys.push(start.elapsed());
        tables.restore(&kept).await.expect("as it was");
    }
    assert_quick("a removed member's session", &out);
    assert_quick("a removed member's token", &tokens);
    assert_quick("a removed member's key", &keys);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disabled_user_is_dead_everywhere_within_a_second() {
    let pair = Pair::new().await;
    let (person, tables) = (&pair.tenants["alpha-spare"], &pair.tenants.tables);
    let kept = tables.keep().await.expect("a copy");
    let (mut out, mut keys, mut tokens) = (Vec::new(), Vec::new(), Vec::new());
    for nr in 0..TIMES {
        let (_, key) = pair.key_of(&person.visitor, &format!("own {nr}"), "personal").await;
        let there = pair.there(&person.visitor);
        let token = pair.there(&pair.tenants.stranger.bearer(&person.token.secret));
        let start = Instant::now();
        pair.owner().done("users/disable", &json!({"user": person.id})).await.expect("disabled");
        until_asked(&there, "teams/me", &json!({}), 401).await;
        out.push(start.elapsed());
        until(&token, "/api/v1/teams", |it| it.status == 401).await;
        tokens.push(start.elapsed());
        until(&key, "/v1/models", |it| it.status == 401).await;
        keys.push(start.elapsed());
        tables.restore(&kept).await.expect("as it was");
    }
    assert_quick("a disabled user's session", &out);
    assert_quick("a disabled user's token", &tokens);
    assert_quick("a disabled user's key", &keys);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lower_role_and_a_revoked_token_act_on_the_other_server_with_the_next_request() {
    let pair = Pair::new().await;
    let tables = &pair.tenants.tables;
    let kept = tables.keep().await.expect("a copy");
    let deputy = &pair.tenants["alpha-deputy"];
    let second = &pair.tenants["second"];
    let (mut team, mut instance, mut tokens) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..TIMES {
        let there = pair.there(&deputy.visitor);
        assert_eq!(there.ask("invitations/list", &json!({"team": "alpha"})).await.expect("an answer").status, 200);
        let start = Instant::now();
        let body = json!({"team": "alpha", "user": deputy.id, "role": "member"});
        pair.admin().done("members/set_role", &body).await.expect("a member now");
        until_asked(&there, "invitations/list", &json!({"team": "alpha"}), 403).await;
        team.push(start.elapsed());

        let there = pair.there(&second.visitor);
        let start = Instant::now();
        pair.owner().done("users/set_role", &json!({"user": second.id, "role": "user"})).await.expect("a user now");
        until_asked(&there, "users/list", &json!({}), 403).await;
        instance.push(start.elapsed());

        let own = &pair.tenants.alpha().tokens["own"];
        let there = pair.there(&pair.tenants.stranger.bearer(&own.secret));
        until(&there, "/api/v1/teams", |it| it.status == 200).await;
        let body = json!({"token": own.id});
        tokens.push(taken(pair.admin(), "tokens/revoke", &body, &there, "/api/v1/teams", 401).await);
        tables.restore(&kept).await.expect("as it was");
    }
    assert_quick("a lower role in the team", &team);
    assert_quick("a lower role at the instance", &instance);
    assert_quick("a revoked token", &tokens);
}

async fn until_asked(visitor: &Visitor, operation: &str, body: &Value, status: u16) {
    let path = format!("/ui/{operation}");
    let look = async {
        while visitor.send(Method::POST, &path, Some(body)).await.expect("an answer").status != status {
            tokio::time::sleep(LOOK).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), look)
        .await
        .unwrap_or_else(|_| panic!("{operation} is never {status}"));
}
