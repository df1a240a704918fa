//! Providers, their addresses and their credentials.

use control::{providers, vault::Rewrapped};
use domain::{
    ErrorKind,
    provider::{CredentialState, ImportModels, NewProvider, ProbeVerdict, ProviderChange},
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

fn change(of: &domain::provider::ProviderSummary, base_url: &str, credential: &str) -> ProviderChange {
    ProviderChange {
        team: "alpha".to_owned(),
        provider: of.id,
        revision: of.revision,
        preset: String::new(),
        base_url: base_url.to_owned(),
        credential: credential.to_owned(),
    }
}

#[tokio::test]
async fn pr_3_another_base_url_needs_the_secret_again_and_the_same_secret_changes_nothing() {
    let world = World::new().await;
    let lead = world.actor("lead").await;
    let mine = providers::create(&world.ctx, &lead, new("mine", "https://api.example.com/v1")).await.expect("created");
    let refused = providers::update(&world.ctx, &lead, change(&mine, "https://api.example.org/v1", "")).await;
    assert_eq!(fields(refused), ["credential"]);
    let same = change(&mine, "https://api.example.com/v1", UPSTREAM_KEY);
    let unchanged = providers::update(&world.ctx, &lead, same).await.expect("nothing to change");
    assert_eq!(unchanged.revision, mine.revision);
    let moved = change(&mine, "https://api.example.org/v1", "sk-other-key-0000");
    let moved = providers::update(&world.ctx, &lead, moved).await.expect("moved");
    assert_eq!(moved.credential, CredentialState::Stored { last_four: "0000".to_owned() });
    let stale = providers::update(&world.ctx, &lead, change(&mine, "https://api.example.net/v1", "sk-x")).await;
    let told = stale.expect_err("stale").into_api();
    assert_eq!(told.kind, ErrorKind::Conflict);
    assert!(told.fields.iter().any(|it| it.field == "base_url" && it.message.contains("example.org")), "{told:?}");
}

#[tokio::test]
async fn pr_5_a_test_of_a_connection_says_a_class_stores_nothing_and_takes_the_right_to_save() {
    let world = World::new().await;
    let (lead, member) = (world.actor("lead").await, world.actor("member").await);
    let before = world.db.number("SELECT count(*) FROM providers").await;
    let good = providers::test(&world.ctx, &lead, new("", "https://api.example.com/v1")).await.expect("verdict");
    assert_eq!(good, ProbeVerdict::Works { models: 3 });
    let bad = providers::test(&world.ctx, &lead, new("x", "https://refused.example.com/v1")).await.expect("verdict");
    assert_eq!(bad, ProbeVerdict::RefusedCredential);
    let forbidden = providers::test(&world.ctx, &lead, new("x", "http://169.254.169.254/v1")).await;
    assert_eq!(fields(forbidden), ["base_url"]);
    assert_eq!(
        kind(providers::test(&world.ctx, &member, new("x", "https://a.example")).await),
        Some(ErrorKind::Forbidden)
    );
    let shared = NewProvider { shared: true, ..new("x", "https://api.example.com/v1") };
    assert_eq!(kind(providers::test(&world.ctx, &lead, shared).await), Some(ErrorKind::Forbidden));
    assert_eq!(world.db.number("SELECT count(*) FROM providers").await, before);
}

#[tokio::test]
async fn pr_6_offered_models_come_with_what_is_known_and_only_offered_ones_are_taken_over() {
    let world = World::new().await;
    let lead = world.actor("lead").await;
    let mine = providers::create(&world.ctx, &lead, new("mine", "https://api.openai.com/v1")).await.expect("created");
    let offered = providers::offered(&world.ctx, &lead, "alpha", mine.id).await.expect("offered");
    assert_eq!(
        offered.iter().map(|it| it.upstream.as_str()).collect::<Vec<_>>(),
        ["big-up", "gpt-4o-mini", "house-special"]
    );
    let import = |models: &[&str]| ImportModels {
        team: "alpha".to_owned(),
        provider: mine.id,
        models: models.iter().map(|id| (*id).to_owned()).collect(),
    };
    let refused = providers::import(&world.ctx, &lead, import(&["house-special", "not-there"])).await;
    assert_eq!(fields(refused), ["models"]);
    let made = providers::import(&world.ctx, &lead, import(&["house-special", "house-special"])).await.expect("made");
    let [model] = made.as_slice() else { panic!("{made:?}") };
    assert_eq!((model.name.as_str(), model.context_window, &model.price), ("house-special", Some(1_000), &None));
    let again = providers::import(&world.ctx, &lead, import(&["house-special"])).await;
    assert!(message(again).contains("already"));
    let seen = providers::offered(&world.ctx, &lead, "alpha", mine.id).await.expect("offered");
    assert_eq!(seen[2].present.as_deref(), Some("house-special"));
}

#[tokio::test]
async fn an_archived_provider_takes_its_models_along_and_its_names_are_free_again() {
    let world = World::new().await;
    let lead = world.actor("lead").await;
    let listed = providers::list(&world.ctx, &lead, "alpha").await.expect("list");
    let local = listed.iter().find(|it| it.slug == "local").expect("local");
    providers::archive(&world.ctx, &lead, "alpha", local.id).await.expect("archived");
    let names = async || {
        let models = control::models::list(&world.ctx, &lead, "alpha").await.expect("models");
        models.into_iter().map(|model| model.name).collect::<Vec<_>>()
    };
    assert_eq!(names().await, ["big"]);
    assert_eq!(kind(providers::archive(&world.ctx, &lead, "alpha", local.id).await), Some(ErrorKind::NotFound));
    assert_eq!(world.apply(crate::world::BUNDLE).await.expect("again").len(), 2);
    assert_eq!(names().await, ["big", "small"]);
    let shared = listed.iter().find(|it| it.slug == "shared").expect("shared");
    assert_eq!(kind(providers::archive(&world.ctx, &lead, "alpha", shared.id).await), Some(ErrorKind::Forbidden));
}

#[tokio::test]
async fn cr_8_another_master_key_takes_over_row_by_row_and_the_old_one_can_go() {
    let world = World::new().await;
    let by = control::vault::sealed_by(&world.ctx).await.expect("count");
    assert_eq!(by.iter().map(|(_, count)| *count).sum::<u64>(), 1);
    assert_eq!(control::vault::rewrap(&world.ctx, 10).await.expect("nothing to do"), Rewrapped::default());
    let (rotating, newest) = world.with_next_master_key();
    let done = control::vault::rewrap(&rotating, 10).await.expect("rewrap");
    assert_eq!(done, Rewrapped { done: 1, left: 0, unreadable: 0 });
    // Without the old key everything opens, the check value too.
    control::vault::check(&newest).await.expect("the new key alone");
    let lead = world.actor("lead").await;
    let verdict = |list: Vec<domain::provider::ProviderSummary>| {
        list.into_iter().find(|it| it.slug == "shared").map(|it| it.credential).expect("shared")
    };
    let opened = verdict(providers::list(&newest, &lead, "alpha").await.expect("list"));
    assert_eq!(opened, CredentialState::Stored { last_four: "6789".to_owned() });
    let lost = verdict(providers::list(&world.ctx, &lead, "alpha").await.expect("list"));
    assert_eq!(lost, CredentialState::Unreadable { last_four: "6789".to_owned() });
}
