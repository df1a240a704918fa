//! What people change of themselves.

use control::{Actor, profile};
use domain::{
    ErrorKind,
    person::{Density, PasswordChange, Profile, Theme},
};
use serde_json::json;

use crate::world::{PASSWORD, World, fields, kind};

const FRESH: &str = "another long phrase";

fn change(current: &str, new: &str) -> PasswordChange {
    PasswordChange { current: current.to_owned(), new: new.to_owned() }
}

async fn here(world: &World, token: &[u8]) -> Actor {
    let user = world.user("member").await;
    let session = control::sessions::start(&world.ctx, token, user, &json!({}), "", "").await.expect("session");
    let actor = control::actor::load(&world.ctx, user, session).await.expect("query").expect("actor");
    actor.at(Some("192.0.2.1".to_owned()), None)
}

async fn is_live(world: &World, token: &[u8]) -> bool {
    control::sessions::load(&world.ctx, token).await.expect("query").is_some()
}

#[tokio::test]
async fn a_profile_is_what_was_saved_and_the_audit_row_names_what_differs() {
    let world = World::new().await;
    let member = world.actor("member").await;
    let before = profile::get(&world.ctx, &member).await.expect("profile");
    let usual =
        Profile { name: "Member".to_owned(), zone: String::new(), theme: Theme::System, density: Density::Comfortable };
    assert_eq!(before, usual);
    let asked = Profile {
        name: " Zoë ".to_owned(),
        zone: "asia/kathmandu".to_owned(),
        theme: Theme::Dark,
        density: Density::Compact,
    };
    let wrong = Profile { name: String::new(), zone: "Nowhere".to_owned(), ..asked.clone() };
    assert_eq!(fields(profile::update(&world.ctx, &member, wrong).await), ["name", "zone"]);
    let asked = Profile { zone: "Asia/Kathmandu".to_owned(), ..asked };
    let saved = profile::update(&world.ctx, &member, asked.clone()).await.expect("saved");
    assert_eq!(saved, Profile { name: "Zoë".to_owned(), ..asked });
    assert_eq!(profile::get(&world.ctx, &member).await.expect("profile"), saved);
    profile::update(&world.ctx, &member, saved).await.expect("nothing differs");
    let rows = "SELECT string_agg(array_to_string(fields, ','), ';') FROM audit_log WHERE action = 'profile.update'";
    assert_eq!(world.db.text(rows).await, "name,zone,theme,density");
}

#[tokio::test]
async fn times_are_shown_in_the_zone_that_the_reader_chose() {
    let world = World::new().await;
    world.db.execute("UPDATE instance SET reporting_zone = 'Europe/Berlin'").await;
    let member = here(&world, b"a").await;
    assert_eq!(control::teams::me(&world.ctx, &member).await.expect("me").zone, "Europe/Berlin");
    let mine = profile::get(&world.ctx, &member).await.expect("profile");
    let mine = Profile { zone: "Asia/Kathmandu".to_owned(), ..mine };
    profile::update(&world.ctx, &member, mine).await.expect("saved");

    let (member, lead) = (world.actor("member").await, world.actor("lead").await);

    assert_eq!(control::teams::me(&world.ctx, &member).await.expect("me").zone, "Asia/Kathmandu");
    let title = |listed: Vec<domain::person::Member>| listed[0].joined.title.clone();
    let seen = control::members::list(&world.ctx, &member, "alpha").await.expect("list");
    assert!(title(seen).contains(" +05:45 "));
    let seen = control::members::list(&world.ctx, &lead, "alpha").await.expect("list");
    assert!(title(seen).contains(" CE"));
}

#[tokio::test]
async fn pw_5_a_new_password_takes_the_current_one_and_ends_all_other_sessions() {
    let world = World::new().await;
    let member = here(&world, b"here").await;
    here(&world, b"elsewhere").await;
    let admin = world.actor("admin").await;
    let link = control::users::reset_link(&world.ctx, &admin, world.user("member").await).await.expect("link");

    profile::change_password(&world.ctx, &member, change(PASSWORD, FRESH)).await.expect("changed");

    assert!(is_live(&world, b"here").await);
    assert!(!is_live(&world, b"elsewhere").await);
    let sign_in = |password: &str| {
        let address = [198, 51, 100, 7].into();
        control::sessions::sign_in(&world.ctx, "member@example.com", password.to_owned(), Some(address))
    };
    assert!(sign_in(PASSWORD).await.is_err());
    sign_in(FRESH).await.expect("the new one");
    let reset = control::users::redeem_reset(&world.ctx, &crate::world::secret(&link), PASSWORD.to_owned(), None).await;
    assert_eq!(kind(reset), Some(ErrorKind::NotFound), "an open reset link dies with the old password");
    let rows = "SELECT count(*) FROM audit_log WHERE action = 'profile.change_password'";
    assert_eq!(world.db.number(rows).await, 1);
}

#[tokio::test]
async fn a_wrong_current_password_counts_like_a_failed_sign_in() {
    let world = World::new().await;
    let member = here(&world, b"here").await;
    here(&world, b"elsewhere").await;
    for _ in 0..5 {
        let refusal = profile::change_password(&world.ctx, &member, change("not the password", FRESH)).await;
        assert_eq!(fields(refusal), ["current"]);
    }
    let right = profile::change_password(&world.ctx, &member, change(PASSWORD, FRESH)).await;
    assert_eq!(kind(right), Some(ErrorKind::Throttled));
    let sign_in =
        control::sessions::sign_in(&world.ctx, "member@example.com", PASSWORD.to_owned(), Some([192, 0, 2, 1].into()));
    assert_eq!(kind(sign_in.await), Some(ErrorKind::Throttled), "the same counter");
    assert!(is_live(&world, b"elsewhere").await);
    let rows = "SELECT count(*) FROM audit_log WHERE action = 'profile.change_password_failed'";
    assert_eq!(world.db.number(rows).await, 5);
    world.db.execute("UPDATE sign_in_failures SET last_failed_at = last_failed_at - interval '2 seconds'").await;
    profile::change_password(&world.ctx, &member, change(PASSWORD, FRESH)).await.expect("after the wait");
}

#[tokio::test]
async fn pw_3_a_new_password_follows_the_rules_and_is_another() {
    let world = World::new().await;
    let member = here(&world, b"here").await;
    for new in ["short", "member@example.com", PASSWORD, &"x".repeat(257)] {
        let refusal = profile::change_password(&world.ctx, &member, change(PASSWORD, new)).await;
        assert_eq!(fields(refusal), ["new"], "{new}");
    }
}
