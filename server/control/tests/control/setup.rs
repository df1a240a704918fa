//! First run: one code, one owner.

use control::setup::{self, NewOwner};
use domain::{ErrorKind, team::StoreContent};

use crate::world::{PASSWORD, World, fields, kind};

fn owner(code: &str) -> NewOwner {
    NewOwner {
        code: code.to_owned(),
        instance: "Acme".to_owned(),
        email: "Ada@Example.com".to_owned(),
        name: "Ada".to_owned(),
        password: PASSWORD.to_owned(),
        zone: "Europe/Berlin".to_owned(),
        store_content: Some(StoreContent::Metadata),
        team_name: "First Team".to_owned(),
    }
}

async fn code(world: &World) -> String {
    setup::ensure_code(&world.ctx).await.expect("code").expect("no owner yet")
}

#[tokio::test]
async fn the_code_makes_the_owner_the_instance_and_the_first_team() {
    let world = World::empty().await;
    let code = code(&world).await;
    assert!(setup::is_open(&world.ctx).await.expect("query"));

    let id = setup::create_owner(&world.ctx, owner(&format!(" {code}\n")), Some("192.0.2.1")).await.expect("owner");

    let session = domain::id::SessionId(uuid::Uuid::from_u128(1));
    let actor = control::actor::load(&world.ctx, id, session).await.expect("query").expect("actor");
    let me = control::teams::me(&world.ctx, &actor).await.expect("me");
    assert_eq!(
        (me.email.as_str(), me.instance_name.as_str(), me.zone.as_str()),
        ("ada@example.com", "Acme", "Europe/Berlin")
    );
    assert_eq!((me.teams.len(), me.teams[0].slug.as_str()), (1, "first-team"));
    assert!(!setup::is_open(&world.ctx).await.expect("query"));
}

#[tokio::test]
async fn a_used_code_and_a_second_set_up_are_closed_for_ever() {
    let world = World::empty().await;
    let code = code(&world).await;
    setup::create_owner(&world.ctx, owner(&code), None).await.expect("owner");
    let again = setup::create_owner(&world.ctx, owner(&code), None).await;
    assert_eq!(kind(again), Some(ErrorKind::Conflict));
    assert_eq!(setup::ensure_code(&world.ctx).await.expect("query"), None);
    assert_eq!(world.db.number("SELECT count(*) FROM setup_code").await, 0);
}

#[tokio::test]
async fn a_wrong_code_is_refused_and_five_tries_a_minute_are_all_there_are() {
    let world = World::empty().await;
    let code = code(&world).await;
    for _ in 0..5 {
        assert_eq!(kind(setup::create_owner(&world.ctx, owner("wrong"), None).await), Some(ErrorKind::Forbidden));
    }
    assert_eq!(kind(setup::create_owner(&world.ctx, owner(&code), None).await), Some(ErrorKind::Throttled));
    world.db.execute("UPDATE setup_code SET window_started_at = window_started_at - interval '61 seconds'").await;
    setup::create_owner(&world.ctx, owner(&code), None).await.expect("a minute later");
}

#[tokio::test]
async fn a_new_code_replaces_the_one_before_and_only_its_hash_is_stored() {
    let world = World::empty().await;
    let (first, second) = (code(&world).await, code(&world).await);
    assert_eq!(kind(setup::create_owner(&world.ctx, owner(&first), None).await), Some(ErrorKind::Forbidden));
    let stored = world.db.text("SELECT encode(code_hash, 'escape') FROM setup_code").await;
    assert!(!stored.contains(&second));
}

#[tokio::test]
async fn simultaneous_set_ups_make_exactly_one_owner() {
    let world = World::empty().await;
    let code = code(&world).await;
    // Nothing but the owner is shared: no unique name may do the refusing.
    let attempt = |nr: u8| {
        let (email, team_name) = (format!("u{nr}@example.com"), format!("Team {nr}"));
        setup::create_owner(&world.ctx, NewOwner { email, team_name, ..owner(&code) }, None)
    };
    let answers = tokio::join!(attempt(1), attempt(2), attempt(3), attempt(4));
    let answers = [answers.0, answers.1, answers.2, answers.3];
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    assert_eq!(answers.iter().filter(|answer| matches!(answer, Err(control::Error::SetupClosed))).count(), 3);
    assert_eq!(world.db.number("SELECT count(*) FROM users").await, 1);
    assert_eq!(world.db.number("SELECT count(*) FROM teams").await, 1);
}

#[tokio::test]
async fn all_wrong_fields_are_named_at_once_and_cost_no_try() {
    let world = World::empty().await;
    let code = code(&world).await;
    let wrong = || NewOwner {
        instance: " ".to_owned(),
        email: "ada".to_owned(),
        password: "short".to_owned(),
        zone: "Mars/Olympus".to_owned(),
        store_content: None,
        ..owner(&code)
    };
    for _ in 0..6 {
        let answer = setup::create_owner(&world.ctx, wrong(), None).await;
        assert_eq!(fields(answer), ["instance", "email", "password", "zone", "store_content"]);
    }
    setup::create_owner(&world.ctx, owner(&code), None).await.expect("the tries are all there");
}

#[tokio::test]
async fn another_master_key_is_refused_at_start() {
    let world = World::empty().await;
    control::vault::check(&world.ctx).await.expect("the first start keeps the check value");
    control::vault::check(&world.ctx).await.expect("the same key");
    let other = control::vault::check(&world.with_other_master_key()).await;
    assert!(matches!(other, Err(control::Error::OtherMasterKey)));
}
