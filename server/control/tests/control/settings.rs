//! Settings of the instance.

use control::settings;
use domain::settings::InstanceSettings;

use crate::world::{World, fields};

#[tokio::test]
async fn settings_are_checked_all_at_once_and_the_audit_row_names_what_differs() {
    let world = World::new().await;
    let admin = world.actor("admin").await;
    let now = settings::get(&world.ctx, &admin).await.expect("settings");
    let wrong = InstanceSettings {
        revision: now.revision,
        store_content: now.store_content,
        name: "\u{7}".to_owned(),
        reporting_zone: "Nowhere".to_owned(),
        allow_private: vec!["10.0.0.0/8".to_owned(), "169.254.169.254".to_owned()],
    };
    assert_eq!(fields(settings::update(&world.ctx, &admin, wrong).await), ["name", "reporting_zone", "allow_private"]);

    let changed = InstanceSettings { allow_private: vec![" 10.0.0.0/8 ".to_owned(), String::new()], ..now.clone() };
    settings::update(&world.ctx, &admin, changed).await.expect("update");
    let after = settings::get(&world.ctx, &admin).await.expect("settings");
    assert_eq!(
        after,
        InstanceSettings { allow_private: vec!["10.0.0.0/8".to_owned()], revision: now.revision + 1, ..now }
    );
    let named = "SELECT array_to_string(fields, ',') FROM audit_log WHERE action = 'instance.update'";
    assert_eq!(world.db.text(named).await, "allow_private");
}

#[tokio::test]
async fn all_10_a_save_over_somebody_elses_is_refused_and_says_what_theirs_says() {
    let world = World::new().await;
    let admin = world.actor("admin").await;
    let read = settings::get(&world.ctx, &admin).await.expect("settings");
    let theirs = InstanceSettings { name: "Theirs".to_owned(), ..read.clone() };
    settings::update(&world.ctx, &admin, theirs).await.expect("first save");
    let mine = InstanceSettings { reporting_zone: "UTC".to_owned(), name: "Mine".to_owned(), ..read.clone() };
    let refusal = settings::update(&world.ctx, &admin, mine).await.expect_err("stale").into_api();
    assert_eq!(refusal.kind, domain::ErrorKind::Conflict);
    assert!(refusal.fields.iter().any(|it| it.field == "name" && it.message == "now \"Theirs\""), "{refusal:?}");
    assert_eq!(settings::get(&world.ctx, &admin).await.expect("settings").name, "Theirs");
}

#[tokio::test]
async fn times_are_shown_in_the_zone_of_the_instance() {
    let world = World::new().await;
    let admin = world.actor("admin").await;
    let now = settings::get(&world.ctx, &admin).await.expect("settings");
    settings::update(&world.ctx, &admin, InstanceSettings { reporting_zone: "Asia/Kathmandu".to_owned(), ..now })
        .await
        .expect("update");
    let keys = control::keys::list(&world.ctx, &admin, "alpha").await.expect("keys");
    assert!(keys[0].created.title.contains("+05:45"), "{:?}", keys[0].created);
}
