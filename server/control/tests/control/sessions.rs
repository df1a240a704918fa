//! Signing in and the sessions that come of it.

use std::net::{IpAddr, Ipv4Addr};

use control::sessions;
use domain::ErrorKind;
use serde_json::json;

use crate::world::{PASSWORD, World, kind};

const HOME: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
const TOKEN: &[u8] = b"sixteen byte id!";

async fn sign_in(
    world: &World,
    email: &str,
    password: &str,
    address: IpAddr,
) -> Result<domain::id::UserId, control::Error> {
    sessions::sign_in(&world.ctx, email, password.to_owned(), Some(address)).await
}

async fn start(world: &World) {
    let user = world.user("member").await;
    sessions::start(&world.ctx, TOKEN, user, &json!({"a": 1}), "Firefox on Linux", "192.0.2.1").await.expect("session");
}

async fn is_live(world: &World) -> bool {
    sessions::load(&world.ctx, TOKEN).await.expect("query").is_some()
}

#[tokio::test]
async fn the_right_password_signs_in_whatever_the_case_of_the_address() {
    let world = World::new().await;
    let user = sign_in(&world, " Member@Example.COM ", PASSWORD, HOME).await.expect("signed in");
    assert_eq!(user, world.user("member").await);
}

#[tokio::test]
async fn unknown_disabled_and_wrong_get_the_same_answer() {
    let world = World::new().await;
    world.db.execute("UPDATE users SET disabled_at = clock_timestamp() WHERE email = 'viewer@example.com'").await;
    let mut answers = Vec::new();
    for (email, password) in [
        ("member@example.com", "not the password"),
        ("viewer@example.com", PASSWORD),
        ("viewer@example.com", "not the password"),
        ("unknown@example.com", PASSWORD),
        ("", ""),
        ("member@example.com", &"x".repeat(10_000)),
    ] {
        answers.push(sign_in(&world, email, password, HOME).await.expect_err("refused").into_api());
    }
    assert_eq!(answers[0].kind, ErrorKind::Unauthenticated);
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:?}");
    assert_eq!(world.db.number("SELECT count(*) FROM audit_log WHERE action = 'session.sign_in_failed'").await, 6);
}

#[tokio::test]
async fn failures_slow_down_the_account_from_that_network_only() {
    let world = World::new().await;
    for _ in 0..5 {
        assert_eq!(
            kind(sign_in(&world, "member@example.com", "wrong password", HOME).await),
            Some(ErrorKind::Unauthenticated)
        );
    }
    assert_eq!(kind(sign_in(&world, "member@example.com", PASSWORD, HOME).await), Some(ErrorKind::Throttled));
    let elsewhere = IpAddr::V4(Ipv4Addr::new(198, 51, 100, 7));
    sign_in(&world, "member@example.com", PASSWORD, elsewhere).await.expect("the owner, elsewhere");
    sign_in(&world, "lead@example.com", PASSWORD, HOME).await.expect("somebody else, here");
    world.db.execute("UPDATE sign_in_failures SET last_failed_at = last_failed_at - interval '2 seconds'").await;
    sign_in(&world, "member@example.com", PASSWORD, HOME).await.expect("after the wait");
}

#[tokio::test]
async fn the_wait_doubles_up_to_a_quarter_of_an_hour() {
    let world = World::new().await;
    assert!(sign_in(&world, "member@example.com", "wrong password", HOME).await.is_err());
    world
        .db
        .execute(
            "UPDATE sign_in_failures SET failures = 40, last_failed_at = clock_timestamp() - interval '14 minutes'
                       WHERE subject LIKE 'account %'",
        )
        .await;
    assert_eq!(kind(sign_in(&world, "member@example.com", PASSWORD, HOME).await), Some(ErrorKind::Throttled));
    world.db.execute("UPDATE sign_in_failures SET last_failed_at = clock_timestamp() - interval '16 minutes'").await;
    sign_in(&world, "member@example.com", PASSWORD, HOME).await.expect("a quarter of an hour later");
    assert_eq!(world.db.number("SELECT count(*) FROM sign_in_failures WHERE subject LIKE 'account %'").await, 0);
}

#[tokio::test]
async fn one_network_gets_twenty_tries_a_minute_over_all_accounts() {
    let world = World::new().await;
    let mut refused = Vec::new();
    for nr in 0..22 {
        refused.push(kind(sign_in(&world, &format!("guess-{nr}@example.com"), "wrong password", HOME).await));
    }
    let verified = refused.iter().filter(|kind| **kind == Some(ErrorKind::Unauthenticated)).count();
    assert!((20..=21).contains(&verified), "{verified}: one try comes back every three seconds");
    assert_eq!(refused[21], Some(ErrorKind::Throttled));
}

#[tokio::test]
async fn tries_are_counted_before_the_password_is_checked() {
    let world = World::new().await;
    let guess = || sign_in(&world, "member@example.com", "wrong password", HOME);
    let (a, b, c, d, e, f, g, h) = tokio::join!(guess(), guess(), guess(), guess(), guess(), guess(), guess(), guess());
    let verified =
        [a, b, c, d, e, f, g, h].into_iter().filter(|answer| matches!(answer, Err(control::Error::WrongSignIn)));
    assert_eq!(verified.count(), 5);
}

#[tokio::test]
async fn a_save_after_the_end_changes_no_row() {
    let world = World::new().await;
    start(&world).await;
    assert!(sessions::save(&world.ctx, TOKEN, &json!({"a": 2})).await.expect("save"));
    assert_eq!(sessions::load(&world.ctx, TOKEN).await.expect("query").expect("live").data, json!({"a": 2}));

    sessions::end(&world.ctx, TOKEN).await.expect("end");

    assert!(!sessions::save(&world.ctx, TOKEN, &json!({"a": 3})).await.expect("save"));
    assert!(!is_live(&world).await);
    assert_eq!(world.db.text("SELECT data::text FROM sessions").await, "{}");
    sessions::end(&world.ctx, TOKEN).await.expect("ending twice is no error");
}

#[tokio::test]
async fn sessions_end_when_idle_and_when_old_by_the_database_clock() {
    let world = World::new().await;
    start(&world).await;
    world.db.execute("UPDATE sessions SET last_seen_at = clock_timestamp() - interval '7 hours 59 minutes'").await;
    assert!(is_live(&world).await);
    world.db.execute("UPDATE sessions SET last_seen_at = clock_timestamp() - interval '8 hours'").await;
    assert!(!is_live(&world).await);
    assert!(!sessions::save(&world.ctx, TOKEN, &json!({})).await.expect("save"));
    world.db.execute("UPDATE sessions SET last_seen_at = clock_timestamp(), created_at = clock_timestamp() - interval '167 hours'").await;
    assert!(is_live(&world).await);
    world.db.execute("UPDATE sessions SET created_at = clock_timestamp() - interval '7 days'").await;
    assert!(!is_live(&world).await);
}

#[tokio::test]
async fn a_disabled_user_has_no_session() {
    let world = World::new().await;
    start(&world).await;
    world.db.execute("UPDATE users SET disabled_at = clock_timestamp()").await;
    assert!(!is_live(&world).await);
}

#[tokio::test]
async fn last_use_is_written_at_most_once_a_minute() {
    let world = World::new().await;
    start(&world).await;
    world.db.execute("UPDATE sessions SET last_seen_at = clock_timestamp() - interval '50 seconds'").await;
    assert!(is_live(&world).await);
    assert_eq!(
        world
            .db
            .number("SELECT count(*) FROM sessions WHERE last_seen_at < clock_timestamp() - interval '45 seconds'")
            .await,
        1
    );
    world.db.execute("UPDATE sessions SET last_seen_at = clock_timestamp() - interval '70 seconds'").await;
    assert!(is_live(&world).await);
    assert_eq!(
        world
            .db
            .number("SELECT count(*) FROM sessions WHERE last_seen_at < clock_timestamp() - interval '45 seconds'")
            .await,
        0
    );
}

#[tokio::test]
async fn people_list_and_end_their_own_sessions_only() {
    let world = World::new().await;
    let (member, lead) = (world.user("member").await, world.user("lead").await);
    let mut ids = Vec::new();
    for (token, user) in [(b"a".as_slice(), member), (b"b", member), (b"c", lead)] {
        ids.push(
            sessions::start(&world.ctx, token, user, &json!({}), "Safari\u{7} on Mac", "::1").await.expect("session"),
        );
    }
    let actor = control::actor::load(&world.ctx, member, ids[0]).await.expect("query").expect("actor");

    let listed = sessions::list(&world.ctx, &actor).await.expect("list");
    assert_eq!(listed.len(), 2);
    assert!(
        listed.iter().all(|session| session.current == (session.id == ids[0]) && session.device == "Safari on Mac")
    );
    assert_eq!(kind(sessions::revoke(&world.ctx, &actor, ids[2]).await), Some(ErrorKind::NotFound));
    sessions::revoke(&world.ctx, &actor, ids[1]).await.expect("own");
    assert!(sessions::load(&world.ctx, b"b").await.expect("query").is_none());
    assert!(sessions::load(&world.ctx, b"c").await.expect("query").is_some());
}

#[tokio::test]
async fn ending_all_others_keeps_this_one() {
    let world = World::new().await;
    let member = world.user("member").await;
    let here = sessions::start(&world.ctx, b"a", member, &json!({}), "", "").await.expect("session");
    sessions::start(&world.ctx, b"b", member, &json!({}), "", "").await.expect("session");
    let actor = control::actor::load(&world.ctx, member, here).await.expect("query").expect("actor");
    sessions::revoke_others(&world.ctx, &actor).await.expect("others");
    assert!(sessions::load(&world.ctx, b"a").await.expect("query").is_some());
    assert!(sessions::load(&world.ctx, b"b").await.expect("query").is_none());
}

#[tokio::test]
async fn a_new_password_ends_every_session_and_replaces_the_old_one() {
    let world = World::new().await;
    start(&world).await;
    let operator = control::Actor::operator();
    control::users::reset_password(&world.ctx, &operator, "member@example.com", "another long phrase".to_owned())
        .await
        .expect("reset");
    assert!(!is_live(&world).await);
    assert!(sign_in(&world, "member@example.com", PASSWORD, HOME).await.is_err());
    sign_in(&world, "member@example.com", "another long phrase", HOME).await.expect("new password");
}

#[tokio::test]
async fn a_dump_of_the_table_holds_no_token() {
    let world = World::new().await;
    start(&world).await;
    let dump = world.db.text("SELECT string_agg(sessions::text, ' ') FROM sessions").await;
    let hex: String = TOKEN.iter().map(|byte| format!("{byte:02x}")).collect();
    assert!(!dump.contains(&hex) && !dump.contains("sixteen byte id!"));
}
