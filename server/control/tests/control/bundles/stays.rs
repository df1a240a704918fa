//! What a bundle does not speak of stays as people made it, and what it clears it names.

use control::{Actor, bundle::Secrets, keys, models, providers, users};
use domain::{
    catalog::Capability,
    key::{KeyChange, KeyRules, KeySummary},
    model::{ModelChange, ModelSummary},
    provider::ProviderChange,
    role::InstanceRole,
    team::StoreContent,
};

use super::apply;
use crate::world::{BUNDLE, Named, World};

async fn key(world: &World) -> KeySummary {
    keys::list(&world.ctx, &world.actor("lead").await, "alpha").await.expect("keys").remove(0)
}

async fn model(world: &World, name: &str) -> ModelSummary {
    let models = models::list(&world.ctx, &world.actor("owner").await, "alpha").await.expect("models");
    models.into_iter().find(|model| model.name == name).expect("a model of the bundle")
}

/// Every rule of the bundle's key other than a bundle makes it.
async fn tighten(world: &World) {
    let before = key(world).await;
    let rules = KeyRules {
        models: before.rules.models.clone(),
        scopes: domain::key::KeyScope::ALL[..1].iter().chain(&domain::key::KeyScope::ALL[3..]).copied().collect(),
        expires: "2099-01-31".to_owned(),
        networks: vec!["203.0.113.0/24".to_owned()],
        tags: [("repo".to_owned(), "core".to_owned())].into(),
        task: domain::task::TaskClass::parse("review"),
        max_output: Some(500),
        store_content: Some(StoreContent::Metadata),
    };
    let change =
        KeyChange { team: "alpha".to_owned(), key: before.id, revision: before.revision, name: before.name, rules };
    keys::update(&world.ctx, &world.actor("lead").await, change).await.expect("update");
}

#[tokio::test]
async fn whoever_was_disabled_promoted_or_demoted_by_hand_stays_so() {
    let world = World::new().await;
    let owner = world.actor("owner").await;
    users::disable(&world.ctx, &owner, world.user("member").await).await.expect("disabled");
    users::set_role(&world.ctx, &owner, world.user("lead").await, InstanceRole::Admin).await.expect("promoted");
    assert_eq!(apply(&world, BUNDLE).await, [""; 0]);
    let spoken = BUNDLE
        .replace("name = \"Member\"", "name = \"Member\"\ndisabled = false")
        .replace("name = \"Lead\"", "name = \"Lead\"\nrole = \"user\"");
    assert_eq!(
        apply(&world, &spoken).await,
        ["change user lead@example.com: role", "change user member@example.com: disabled"]
    );
    assert_eq!(apply(&world, &spoken).await, [""; 0]);
}

#[tokio::test]
async fn a_key_that_was_paused_and_tightened_by_hand_stays_so() {
    let world = World::new().await;
    tighten(&world).await;
    keys::pause(&world.ctx, &world.actor("lead").await, "alpha", key(&world).await.id).await.expect("paused");
    let before = key(&world).await;
    assert_eq!(apply(&world, BUNDLE).await, [""; 0]);
    assert_eq!(key(&world).await, before);
}

#[tokio::test]
async fn what_a_bundle_says_of_a_key_is_changed_and_nothing_else() {
    let world = World::new().await;
    tighten(&world).await;
    let before = key(&world).await;
    let cleared = format!("{BUNDLE}expires = \"\"\nnetworks = []\ntags = {{}}\npaused = true\n");
    let fields = "expires, networks, tags, paused";
    assert_eq!(apply(&world, &cleared).await, [format!("change key ci of alpha: {fields}")]);
    assert_eq!(apply(&world, &cleared).await, [""; 0]);
    let after = key(&world).await.rules;
    assert!(after.expires.is_empty() && after.networks.is_empty() && after.tags.is_empty());
    let KeyRules { scopes, task, max_output, store_content, .. } = before.rules;
    assert_eq!(
        (after.scopes, after.task, after.max_output, after.store_content),
        (scopes, task, max_output, store_content)
    );
}

#[tokio::test]
async fn what_is_known_of_a_model_stays_and_so_do_its_other_names() {
    let world = World::new().await;
    let before = model(&world, "small").await;
    let change = ModelChange {
        team: "alpha".to_owned(),
        model: before.id,
        revision: before.revision,
        name: before.name,
        upstream: "small-2026".to_owned(),
        aliases: vec!["tiny".to_owned()],
        context_window: Some(9_000),
        max_output: Some(900),
        capabilities: vec![Capability::Tools],
        retires_on: "2027-01-14".to_owned(),
    };
    models::update(&world.ctx, &world.actor("lead").await, change).await.expect("update");
    let known = model(&world, "small").await;
    assert_eq!(apply(&world, BUNDLE).await, [""; 0]);
    assert_eq!(model(&world, "small").await, known);
    let cleared = BUNDLE.replace("slug = \"small\"\n", "slug = \"small\"\naliases = []\ncontext_window = 8000\n");
    assert_eq!(apply(&world, &cleared).await, ["change model small: context_window, aliases"]);
    let after = model(&world, "small").await;
    assert_eq!(
        (after.context_window, after.max_output, after.upstream),
        (Some(8_000), Some(900), "small-2026".to_owned())
    );
}

#[tokio::test]
async fn a_providers_vendor_and_address_stay() {
    let world = World::new().await;
    let entry = "[[providers]]\nslug = \"own\"\nkind = \"openai-compatible\"\n";
    let named = format!("{BUNDLE}{entry}preset = \"vendor\"\n");
    assert_eq!(apply(&world, &named).await, ["create provider own"]);
    let owner = world.actor("owner").await;
    let provider = async || {
        let listed = providers::list(&world.ctx, &owner, "alpha").await.expect("providers");
        listed.into_iter().find(|it| it.slug == "own").expect("own")
    };
    let before = provider().await;
    let change = ProviderChange {
        team: "alpha".to_owned(),
        provider: before.id,
        revision: before.revision,
        preset: "vendor".to_owned(),
        base_url: "https://proxy.example.com/v1".to_owned(),
        credential: String::new(),
    };
    providers::update(&world.ctx, &owner, change).await.expect("update");
    for silent in [&named, &format!("{BUNDLE}{entry}")] {
        assert_eq!(apply(&world, silent).await, [""; 0]);
    }
    // Another vendor comes with its own address.
    let moved = format!("{BUNDLE}{entry}preset = \"own\"\n");
    assert_eq!(apply(&world, &moved).await, ["change provider own: base_url, preset"]);
    assert_eq!(provider().await.base_url, "http://localhost:9000/v1");
    let none = format!("{BUNDLE}{entry}preset = \"\"\nbase_url = \"http://localhost:9000/v1\"\n");
    assert_eq!(apply(&world, &none).await, ["change provider own: preset"]);
}

/// Looks, whenever a secret is asked for, whether an instance-wide change could happen meanwhile.
struct Beside<'a>(&'a World, Named);

impl Secrets for Beside<'_> {
    fn variable(&self, name: &str) -> Result<String, String> {
        let pool = &self.0.db.pools.dashboard;
        tokio::task::block_in_place(|| {
            tokio::runtime::Handle::current().block_on(async {
                let mut tx = store::pool::begin(pool).await.expect("connection");
                store::instance::lock(&mut tx).await.expect("nobody holds the instance");
            });
        });
        self.1.variable(name)
    }

    fn file(&self, path: &str) -> Result<String, String> {
        self.1.file(path)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_waits_for_a_bundle_while_its_secrets_are_read() {
    let world = World::empty().await;
    let secrets = Beside(&world, Named::usual());
    let changes = control::bundle::apply(&world.ctx, &Actor::operator(), BUNDLE, &secrets).await.expect("apply");
    assert!(!changes.is_empty());
}
