//! Virtual keys: shown once, never more than the team.

use control::keys;
use domain::{
    ErrorKind,
    key::{AllowedModels, KeyKind, NewKey},
};

use crate::world::{World, fields, kind, message};

fn new(name: &str, kind: KeyKind, models: AllowedModels) -> NewKey {
    NewKey { team: "alpha".to_owned(), name: name.to_owned(), kind, models }
}

fn only(names: &[&str]) -> AllowedModels {
    AllowedModels::Only(names.iter().map(|name| (*name).to_owned()).collect())
}

#[tokio::test]
async fn a_key_is_shown_once_and_no_list_or_table_holds_its_secret() {
    let world = World::new().await;
    let lead = world.actor("lead").await;
    let created = keys::create(&world.ctx, &lead, new("laptop", KeyKind::Personal, only(&["big-latest", "big"])))
        .await
        .expect("key");
    assert!(auth::api_key::parse(&created.secret).is_ok());
    assert_eq!(created.key.models, only(&["big"]));
    assert_eq!(created.key.owner.as_deref(), Some("Lead"));
    let secret_part = &created.secret[16..48];
    let listed = keys::list(&world.ctx, &lead, "alpha").await.expect("list");
    assert_eq!(listed.iter().map(|key| key.name.as_str()).collect::<Vec<_>>(), ["laptop", "ci"]);
    assert!(listed[1].imported && !listed[0].imported);
    assert!(!serde_json::to_string(&listed).expect("json").contains(secret_part));
    assert!(!format!("{created:?}").contains(secret_part));
    let dump = world.db.text("SELECT string_agg(k::text, ' ') FROM virtual_keys k").await;
    assert!(!dump.contains(secret_part));
}

#[tokio::test]
async fn a_key_lists_models_of_its_team_only_and_never_none() {
    let world = World::new().await;
    let stranger = world.actor("stranger").await;
    let foreign = NewKey { team: "beta".to_owned(), ..new("k", KeyKind::Service, only(&["small"])) };
    assert!(message(keys::create(&world.ctx, &stranger, foreign).await).contains("choose among big"));
    let lead = world.actor("lead").await;
    let answer = keys::create(&world.ctx, &lead, new(" ", KeyKind::Service, only(&[]))).await;
    assert_eq!(fields(answer), ["name", "models"]);
}

#[tokio::test]
async fn a_member_sees_and_ends_their_own_keys_only() {
    let world = World::new().await;
    let (lead, member) = (world.actor("lead").await, world.actor("member").await);
    let theirs =
        keys::create(&world.ctx, &lead, new("theirs", KeyKind::Personal, AllowedModels::All)).await.expect("key");
    let own = keys::create(&world.ctx, &member, new("own", KeyKind::Personal, AllowedModels::All)).await.expect("key");
    let seen = keys::list(&world.ctx, &member, "alpha").await.expect("list");
    assert_eq!(seen.iter().map(|key| key.name.as_str()).collect::<Vec<_>>(), ["own"]);
    assert_eq!(kind(keys::revoke(&world.ctx, &member, "alpha", theirs.key.id).await), Some(ErrorKind::Forbidden));
    keys::revoke(&world.ctx, &member, "alpha", own.key.id).await.expect("own");
    assert!(keys::list(&world.ctx, &member, "alpha").await.expect("list")[0].revoked.is_some());
}

#[tokio::test]
async fn revoking_raises_the_configuration_version_once() {
    let world = World::new().await;
    let lead = world.actor("lead").await;
    let key =
        keys::create(&world.ctx, &lead, new("k", KeyKind::Service, AllowedModels::All)).await.expect("key").key.id;
    let version = "SELECT version FROM config_version";
    let before = world.db.number(version).await;
    keys::revoke(&world.ctx, &lead, "alpha", key).await.expect("revoke");
    keys::revoke(&world.ctx, &lead, "alpha", key).await.expect("revoked before");
    assert_eq!(world.db.number(version).await, before + 1);
}

#[tokio::test]
async fn a_live_name_is_taken_and_free_again_after_revoking() {
    let world = World::new().await;
    let lead = world.actor("lead").await;
    let again = || keys::create(&world.ctx, &lead, new("same", KeyKind::Service, AllowedModels::All));
    let first = again().await.expect("first").key.id;
    assert_eq!(kind(again().await), Some(ErrorKind::Conflict));
    keys::revoke(&world.ctx, &lead, "alpha", first).await.expect("revoke");
    again().await.expect("free again");
}

#[tokio::test]
async fn a_key_of_another_team_does_not_exist_here() {
    let world = World::new().await;
    let (lead, stranger) = (world.actor("lead").await, world.actor("stranger").await);
    let key =
        keys::create(&world.ctx, &lead, new("k", KeyKind::Service, AllowedModels::All)).await.expect("key").key.id;
    assert_eq!(kind(keys::revoke(&world.ctx, &stranger, "beta", key).await), Some(ErrorKind::NotFound));
    assert_eq!(kind(keys::revoke(&world.ctx, &stranger, "alpha", key).await), Some(ErrorKind::NotFound));
}
