//! Providers, their addresses and their credentials.

use control::providers;
use domain::{
    ErrorKind,
    provider::{CredentialState, NewProvider},
};

use crate::world::{UPSTREAM_KEY, World, fields, kind, message};

fn new(slug: &str, base_url: &str) -> NewProvider {
    NewProvider {
        team: "alpha".to_owned(),
        shared: false,
        slug: slug.to_owned(),
        kind: "openai-compatible".to_owned(),
        preset: String::new(),
        base_url: base_url.to_owned(),
        credential: UPSTREAM_KEY.to_owned(),
    }
}

#[tokio::test]
async fn a_connected_provider_shows_the_last_four_and_nothing_more_of_its_secret() {
    let world = World::new().await;
    let lead = world.actor("lead").await;
    let created =
        providers::create(&world.ctx, &lead, new("mine", "https://api.example.com/v1/")).await.expect("created");
    assert_eq!(created.base_url, "https://api.example.com/v1");
    assert_eq!(created.credential, CredentialState::Stored { last_four: "6789".to_owned() });
    let listed = format!("{:?}", providers::list(&world.ctx, &lead, "alpha").await.expect("list"));
    assert!(!listed.contains("canary"));
    let dump = world
        .db
        .text("SELECT string_agg(c::text, ' ') || string_agg(encode(sealed, 'escape'), ' ') FROM credentials c")
        .await;
    assert!(!dump.contains("canary"));
}

#[tokio::test]
async fn a_private_address_needs_the_allow_list_and_some_are_never_allowed() {
    let world = World::new().await;
    let lead = world.actor("lead").await;
    let said = message(providers::create(&world.ctx, &lead, new("a", "http://10.1.2.3:8000/v1")).await);
    assert_eq!(said, "ask an instance admin to add 10.1.2.3:8000 to the private-address allow-list");
    let said = message(providers::create(&world.ctx, &lead, new("a", "http://169.254.169.254/")).await);
    assert_eq!(said, "this address is never allowed");
    providers::create(&world.ctx, &lead, new("a", "http://localhost:9000/v1")).await.expect("on the list");
}

#[tokio::test]
async fn all_wrong_fields_are_named_at_once() {
    let world = World::new().await;
    let lead = world.actor("lead").await;
    let wrong = NewProvider { slug: "Bad Slug".to_owned(), credential: "two words".to_owned(), ..new("", "ftp://x") };
    assert_eq!(fields(providers::create(&world.ctx, &lead, wrong).await), ["slug", "base_url", "credential"]);
    let unknown = NewProvider { kind: "telepathy".to_owned(), ..new("a", "https://a.example") };
    assert!(message(providers::create(&world.ctx, &lead, unknown).await).contains("openai-compatible, demo"));
}

#[tokio::test]
async fn a_preset_brings_its_address_and_its_title() {
    let world = World::new().await;
    let lead = world.actor("lead").await;
    let vendor = NewProvider { preset: "vendor".to_owned(), ..new("v", "") };
    let created = providers::create(&world.ctx, &lead, vendor).await.expect("created");
    assert_eq!((created.title.as_str(), created.preset.as_str()), ("Vendor", "vendor"));
    assert_eq!(created.base_url, "https://api.vendor.example/v1");
    let own = NewProvider { preset: "own".to_owned(), credential: String::new(), ..new("o", "") };
    let created = providers::create(&world.ctx, &lead, own).await.expect("on the list, and needs no key");
    assert_eq!((created.base_url.as_str(), created.credential), ("http://localhost:9000/v1", CredentialState::None));
    let unknown = NewProvider { preset: "nobody".to_owned(), ..new("n", "") };
    assert_eq!(fields(providers::create(&world.ctx, &lead, unknown).await), ["preset", "base_url"]);
}

#[tokio::test]
async fn a_vendors_own_address_needs_a_key_and_a_proxy_may_not() {
    let world = World::new().await;
    let lead = world.actor("lead").await;
    let without = |slug: &str, base_url: &str| NewProvider {
        preset: "vendor".to_owned(),
        credential: String::new(),
        ..new(slug, base_url)
    };
    for own in ["", "https://api.vendor.example/v1/"] {
        assert_eq!(fields(providers::create(&world.ctx, &lead, without("v", own)).await), ["credential"]);
    }
    providers::create(&world.ctx, &lead, without("p", "https://proxy.example/v1")).await.expect("a proxy");
}

#[tokio::test]
async fn a_taken_slug_is_a_conflict_that_names_the_field() {
    let world = World::new().await;
    let lead = world.actor("lead").await;
    let answer = providers::create(&world.ctx, &lead, new("local", "https://a.example")).await;
    let error = answer.expect_err("refused").into_api();
    assert_eq!((error.kind, error.of_field("slug")), (ErrorKind::Conflict, Some("provider \"local\" already exists")));
}

#[tokio::test]
async fn a_credential_does_not_open_after_its_address_changed() {
    let world = World::new().await;
    let lead = world.actor("lead").await;
    world.db.execute("UPDATE providers SET base_url = 'https://evil.example.com/v1' WHERE slug = 'shared'").await;
    let listed = providers::list(&world.ctx, &lead, "alpha").await.expect("list");
    let shared = listed.iter().find(|provider| provider.slug == "shared").expect("provider");
    assert_eq!(shared.credential, CredentialState::Unreadable { last_four: "6789".to_owned() });
}

#[tokio::test]
async fn the_demo_comes_with_priced_models_and_connecting_it_twice_is_once() {
    let world = World::new().await;
    let lead = world.actor("lead").await;
    let (first, second) = tokio::join!(
        providers::connect_demo(&world.ctx, &lead, "alpha"),
        providers::connect_demo(&world.ctx, &lead, "alpha")
    );
    let (first, second) = (first.expect("first"), second.expect("second"));
    assert_eq!((first.id, first.models), (second.id, 2));
    let models = control::models::list(&world.ctx, &lead, "alpha").await.expect("models");
    let deep = models.iter().find(|model| model.name == "demo-deep").expect("demo model");
    let price = deep.price.as_ref().expect("priced");
    assert_eq!((price.input.as_str(), price.output.as_str(), deep.provider.as_str()), ("3.00", "15.00", "demo"));
}

#[tokio::test]
async fn a_kind_that_brings_models_brings_them_by_the_form_too() {
    let world = World::new().await;
    let admin = world.actor("admin").await;
    let demo = NewProvider { kind: "demo".to_owned(), credential: String::new(), shared: true, ..new("tour", "") };
    let created = providers::create(&world.ctx, &admin, demo).await.expect("created");
    assert_eq!((created.title.as_str(), created.models, created.shared), ("Demo", 2, true));
}

#[tokio::test]
async fn two_teams_can_both_connect_the_demo_and_neither_sees_the_others() {
    let world = World::new().await;
    let (lead, stranger) = (world.actor("lead").await, world.actor("stranger").await);
    providers::connect_demo(&world.ctx, &lead, "alpha").await.expect("alpha");
    let theirs = providers::connect_demo(&world.ctx, &stranger, "beta").await.expect("beta");
    assert_eq!((theirs.slug.as_str(), theirs.models), ("demo-beta", 2));
    let seen = providers::list(&world.ctx, &stranger, "beta").await.expect("list");
    let slugs: Vec<&str> = seen.iter().map(|provider| provider.slug.as_str()).collect();
    assert_eq!(slugs, ["demo-beta", "shared"]);
    assert_eq!(kind(providers::list(&world.ctx, &stranger, "alpha").await), Some(ErrorKind::NotFound));
}
