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
        name: "\u{7}".to_owned(),
        reporting_zone: "Nowhere".to_owned(),
        allow_private: vec!["10.0.0.0/8".to_owned(), "169.254.169.254".to_owned()],
    };
    assert_eq!(fields(settings::update(&world.ctx, &admin, wrong).await), ["name", "reporting_zone", "allow_private"]);

    let changed = InstanceSettings { allow_private: vec![" 10.0.0.0/8 ".to_owned(), String::new()], ..now.clone() };
    settings::update(&world.ctx, &admin, changed).await.expect("update");
    let after = settings::get(&world.ctx, &admin).await.expect("settings");
    assert_eq!(after, InstanceSettings { allow_private: vec!["10.0.0.0/8".to_owned()], ..now });
    let named = "SELECT array_to_string(fields, ',') FROM audit_log WHERE action = 'instance.update'";
    assert_eq!(world.db.text(named).await, "allow_private");
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
