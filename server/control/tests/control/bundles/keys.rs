//! Keys of a bundle: a secret is brought in once, and never back.

use control::{Actor, bundle, keys};
use domain::{id::KeyId, key::KeySummary};

use super::{apply, plan};
use crate::world::{BUNDLE, Named, Seeded, World, fields, message};

async fn live(world: &World) -> Vec<KeySummary> {
    let keys = keys::list(&world.ctx, &world.actor("lead").await, "alpha").await.expect("keys");
    keys.into_iter().filter(|key| key.revoked.is_none()).collect()
}

async fn rotate(world: &World, key: KeyId) {
    keys::rotate(&world.ctx, &world.actor("lead").await, "alpha", key, 0).await.expect("rotated");
}

async fn revoke(world: &World, key: KeyId) {
    keys::revoke(&world.ctx, &world.actor("lead").await, "alpha", key).await.expect("revoked");
}

const GONE: &str = "this key was rotated or revoked: make another with `tallygate admin new-key`";

#[tokio::test]
async fn a_key_without_a_secret_is_made_and_shown_once() {
    let world = World::new().await;
    let more = format!("{BUNDLE}[[keys]]\nname = \"fresh\"\nteam = \"alpha\"\nmodels = [\"small\"]\n");
    let planned = bundle::plan(&world.ctx, &Actor::operator(), &more, &Named::usual()).await.expect("plan");
    assert!(planned.iter().all(|change| change.shown_once.is_none()));
    let changes = world.apply(&more).await.expect("apply");
    let secret = changes[0].shown_once.as_deref().expect("shown once");
    assert!(auth::api_key::parse(secret).is_ok());
    assert!(!format!("{:?} {}", changes[0], changes[0]).contains(secret));
    assert!(world.apply(&more).await.expect("again").is_empty());
}

#[tokio::test]
async fn a_rotation_is_not_taken_back() {
    let world = World::new().await;
    let key = live(&world).await.remove(0).id;
    rotate(&world, key).await;
    let rotated = live(&world).await;
    assert_eq!(apply(&world, BUNDLE).await, [""; 0]);
    rotate(&world, key).await;
    assert_eq!(apply(&world, BUNDLE).await, [""; 0]);
    let now = live(&world).await;
    assert_eq!(now.len(), 1);
    assert_eq!(now[0].id, key);
    assert_ne!(now[0].public, rotated[0].public);
}

#[tokio::test]
async fn a_secret_that_was_rotated_out_or_revoked_does_not_come_back() {
    for is_rotated in [true, false] {
        let world = World::new().await;
        let key = live(&world).await.remove(0).id;
        if is_rotated {
            rotate(&world, key).await;
        }
        revoke(&world, key).await;
        assert_eq!(message(world.apply(BUNDLE).await), format!("keys.ci.secret_env: {GONE}"));
        assert_eq!(fields(world.apply(BUNDLE).await), ["keys.ci.secret_env"]);
        assert!(live(&world).await.is_empty());
    }
}

#[tokio::test]
async fn a_secret_of_one_key_is_never_that_of_another() {
    let world = World::new().await;
    let entry = "[[keys]]\nname = \"second\"\nteam = \"beta\"\nmodels = \"all\"\nsecret_env = \"CI_KEY\"\n";
    let both = format!("{BUNDLE}{entry}");
    assert!(message(world.apply(&both).await).starts_with("keys.second.secret_env: another key has this secret"));
    rotate(&world, live(&world).await.remove(0).id).await;
    assert_eq!(message(world.apply(&both).await), format!("keys.second.secret_env: {GONE}"));
    // Nor that of a key which is there already.
    world.apply(&format!("{BUNDLE}{}", entry.replace("secret_env = \"CI_KEY\"\n", ""))).await.expect("a made one");
    assert_eq!(message(world.apply(&both).await), format!("keys.second.secret_env: {GONE}"));
}

#[tokio::test]
async fn a_secret_with_the_public_part_of_another_is_refused() {
    let world = World::new().await;
    let key = live(&world).await.remove(0);
    world.db.execute("UPDATE virtual_keys SET digest = decode(repeat('00', 32), 'hex')").await;
    assert_eq!(fields(world.apply(BUNDLE).await), ["keys.ci.secret_env"]);
    assert_eq!(live(&world).await[0].public, key.public);
}

#[tokio::test]
async fn a_new_secret_replaces_the_old_one_of_the_same_key_at_once() {
    let world = World::new().await;
    let before = live(&world).await.remove(0);
    let secrets = Named::usual().with("CI_KEY", &auth::MadeKey::make(&Seeded::new(78)).show_once());
    let again = async || bundle::apply(&world.ctx, &Actor::operator(), BUNDLE, &secrets).await.expect("apply");
    assert_eq!(again().await.iter().map(ToString::to_string).collect::<Vec<_>>(), ["change key ci of alpha: secret"]);
    let after = live(&world).await.remove(0);
    assert_eq!((after.id, after.imported), (before.id, true));
    assert_ne!(after.public, before.public);
    assert!(after.retiring.is_empty(), "the old one works no more");
    assert!(again().await.is_empty());
    // The file that still names the old one changes nothing either.
    assert_eq!(apply(&world, BUNDLE).await, [""; 0]);
    assert_eq!(live(&world).await.remove(0).public, after.public);
}

#[tokio::test]
async fn a_key_that_was_made_here_may_get_a_secret_from_outside() {
    let world = World::new().await;
    let entry = "[[keys]]\nname = \"fresh\"\nteam = \"alpha\"\nmodels = \"all\"\n";
    world.apply(&format!("{BUNDLE}{entry}")).await.expect("made");
    let secrets = Named::usual().with("FRESH", &auth::MadeKey::make(&Seeded::new(79)).show_once());
    let text = format!("{BUNDLE}{entry}secret_env = \"FRESH\"\n");
    let changes = bundle::apply(&world.ctx, &Actor::operator(), &text, &secrets).await.expect("apply");
    assert_eq!(changes.iter().map(ToString::to_string).collect::<Vec<_>>(), ["change key fresh of alpha: secret"]);
    let fresh = live(&world).await.into_iter().find(|key| key.name == "fresh").expect("fresh");
    assert!(fresh.imported);
}

#[tokio::test]
async fn a_name_with_spaces_around_it_is_the_same_key_the_next_time() {
    let world = World::new().await;
    let text = format!("{BUNDLE}[[keys]]\nname = \" spaced \"\nteam = \"alpha\"\nmodels = \"all\"\n");
    assert_eq!(apply(&world, &text).await, ["create key spaced of alpha"]);
    assert_eq!(apply(&world, &text).await, [""; 0]);
    assert_eq!(plan(&world, &text).await, [""; 0]);
}
