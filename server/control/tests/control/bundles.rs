//! The bundle: applied twice it changes nothing, refused it leaves nothing.

use control::{Actor, bundle};
use domain::ErrorKind;

use crate::world::{BUNDLE, Named, World, kind, message};

mod exports;
mod guards;
mod keys;
mod models;
mod stays;

async fn plan(world: &World, text: &str) -> Vec<String> {
    let changes = bundle::plan(&world.ctx, &Actor::operator(), text, &Named::usual()).await.expect("plan");
    changes.iter().map(ToString::to_string).collect()
}

async fn apply(world: &World, text: &str) -> Vec<String> {
    world.apply(text).await.expect("apply").iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn a_second_apply_changes_nothing() {
    let world = World::new().await;
    let rows = "SELECT (SELECT count(*) FROM audit_log) + (SELECT version FROM config_version) + (SELECT count(*) FROM price_versions)";
    let before = world.db.number(rows).await;
    assert_eq!(apply(&world, BUNDLE).await, [""; 0]);
    assert_eq!(world.db.number(rows).await, before);
}

#[tokio::test]
async fn a_plan_says_what_apply_does_and_writes_nothing() {
    let world = World::empty().await;
    let planned = plan(&world, BUNDLE).await;
    assert_eq!(world.db.number("SELECT (SELECT count(*) FROM users) + (SELECT count(*) FROM audit_log)").await, 0);
    assert_eq!(apply(&world, BUNDLE).await, planned);
    insta::assert_snapshot!(planned.join("\n"));
}

#[tokio::test]
async fn what_differs_is_changed_and_named() {
    let world = World::new().await;
    let changed = BUNDLE
        .replace("name = \"Acme\"", "name = \"Acme 2\"\nreporting_zone = \"Europe/Berlin\"")
        .replace("name = \"Lead\"", "name = \"Leader\"\nrole = \"admin\"")
        .replace("name = \"Alpha\"", "name = \"Alpha Team\"")
        .replace(
            "email = \"viewer@example.com\", role = \"viewer\"",
            "email = \"viewer@example.com\", role = \"member\"",
        )
        .replace("input = \"0.0375\"", "input = \"0.04\"")
        .replace("\"big-latest\"", "\"big-newest\"")
        .replace("models = \"all\"", "models = [\"big\"]");
    let expected = [
        "change instance Acme 2: name, reporting_zone",
        "change user lead@example.com: name, role",
        "change team alpha: name",
        "change member viewer@example.com of alpha: role",
        "change model big: aliases",
        "change model small: price",
        "change key ci of alpha: models",
    ];
    assert_eq!(plan(&world, &changed).await, expected);
    assert_eq!(apply(&world, &changed).await, expected);
    assert_eq!(plan(&world, &changed).await, [""; 0]);
    let versions = "SELECT count(*) FROM price_versions v JOIN deployments d ON d.id = v.deployment_id WHERE d.upstream_model = 'small'";
    assert_eq!(world.db.number(versions).await, 2);
}

#[tokio::test]
async fn all_wrong_entries_are_named_and_nothing_is_written() {
    let world = World::empty().await;
    let wrong = BUNDLE
        .replace("[\"127.0.0.1:9000\"]", "[]")
        .replace(
            "email = \"viewer@example.com\", role = \"viewer\"",
            "email = \"ghost@example.com\", role = \"viewer\"",
        )
        .replace("credential_env = \"UPSTREAM_KEY\"", "credential_env = \"MASTER_KEY\"")
        .replace("\"0.0375\"", "\"0.0000375\"")
        .replace("secret_env = \"CI_KEY\"", "secret_env = \"PASSWORD\"");
    let said = message(world.apply(&wrong).await);
    for part in [
        "providers.local.base_url: ask an instance admin to add 127.0.0.1:9000",
        "teams.alpha.members: there is no user ghost@example.com",
        "providers.shared.credential_env: MASTER_KEY is a setting of the product itself",
        "models.small.price.input: use at most six decimals",
        "keys.ci.secret_env: not of the form tg_",
    ] {
        assert!(said.contains(part), "{part}\nin\n{said}");
    }
    assert!(!said.contains(crate::world::PASSWORD));
    assert_eq!(world.db.number("SELECT (SELECT count(*) FROM users) + (SELECT count(*) FROM instance)").await, 0);
}

#[tokio::test]
async fn a_missing_secret_is_named() {
    let world = World::empty().await;
    let said = message(world.apply(&BUNDLE.replace("\"UPSTREAM_KEY\"", "\"NOT_THERE\"")).await);
    assert!(said.contains("providers.shared.credential_env: the variable NOT_THERE is not set"), "{said}");
}

#[tokio::test]
async fn the_last_owner_and_the_last_team_admin_stay() {
    let world = World::new().await;
    let no_owner = BUNDLE.replace("role = \"owner\"", "role = \"user\"");
    assert!(message(world.apply(&no_owner).await).contains("the last owner of the instance stays one"));
    let no_lead = BUNDLE
        .replace("email = \"lead@example.com\", role = \"admin\"", "email = \"lead@example.com\", role = \"member\"");
    assert!(message(world.apply(&no_lead).await).contains("teams.alpha: the last admin of alpha stays one"));
}

#[tokio::test]
async fn a_new_base_url_needs_the_credential_again() {
    let world = World::new().await;
    let moved = BUNDLE.replace("https://api.example.com/v1", "https://api.example.org/v1");
    let without = moved.replace("credential_env = \"UPSTREAM_KEY\"\n", "");
    assert!(message(world.apply(&without).await).contains("needs the credential again"));
    assert_eq!(apply(&world, &moved).await, ["change provider shared: base_url, credential"]);
    assert_eq!(apply(&world, &moved).await, [""; 0]);
}

#[tokio::test]
async fn a_new_credential_replaces_the_old_one() {
    let world = World::new().await;
    let secrets = Named::usual().with("UPSTREAM_KEY", "sk-another-upstream-key");
    let changes = bundle::apply(&world.ctx, &Actor::operator(), BUNDLE, &secrets).await.expect("apply");
    assert_eq!(changes.iter().map(ToString::to_string).collect::<Vec<_>>(), ["change provider shared: credential"]);
    assert_eq!(world.db.number("SELECT count(*) FROM credentials").await, 1);
    assert!(bundle::apply(&world.ctx, &Actor::operator(), BUNDLE, &secrets).await.expect("again").is_empty());
}

#[tokio::test]
async fn a_bundle_takes_an_owner() {
    let world = World::new().await;
    let admin = world.actor("admin").await;
    let answer = bundle::apply(&world.ctx, &admin, BUNDLE, &Named::usual()).await;
    assert_eq!(kind(answer), Some(ErrorKind::Forbidden));
}

/// The shape that people were promised, word for word.
const PROMISED: &str = r#"
[instance]
name = "Acme"
reporting_zone = "Europe/Berlin"
store_content = "metadata"          # full | metadata, for new teams
allow_private = ["127.0.0.1:9000"]  # private upstream addresses this instance may call
[[users]]
email = "ada@example.com"
name = "Ada"
role = "owner"                      # owner | admin | user
password_env = "ADA_PASSWORD"       # or password_file
[[teams]]
slug = "payments"
name = "Payments"
members = [{ email = "ada@example.com", role = "admin" }]   # admin | member | viewer
[[providers]]
slug = "local"
kind = "openai-compatible"          # openai | anthropic | gemini | azure-openai | openai-compatible | demo
base_url = "http://127.0.0.1:9000/v1"
credential_env = "LOCAL_KEY"        # or credential_file
team = "payments"                   # absent = the whole instance
[[models]]
slug = "gpt-4o"                     # the name that clients send
provider = "local"
upstream_model = "gpt-4o-2024-11-20"
context_window = 128000
max_output = 16384
price = { input = "2.50", cache_read = "1.25", output = "10.00" }   # USD per million tokens, decimal strings
aliases = ["gpt-4o-latest"]
[[keys]]
name = "ci"
team = "payments"
secret_env = "CI_KEY"               # optional: a key made by `tallygate admin new-key`
models = "all"                      # or a list of slugs
# [[routes]], [[budgets]], [[prompts]] join in a later round: unknown tables are refused by name until then
"#;

#[tokio::test]
async fn the_promised_shape_is_applied_once() {
    let world = World::empty().await;
    let secrets = Named::usual().with("ADA_PASSWORD", "a quiet green kettle").with("LOCAL_KEY", "sk-local-0123456789");
    let expected = [
        "create instance Acme",
        "create user ada@example.com",
        "create team payments",
        "create member ada@example.com of payments",
        "create provider local",
        "create model gpt-4o",
        "create key ci of payments",
    ];
    let apply = async || bundle::apply(&world.ctx, &Actor::operator(), PROMISED, &secrets).await.expect("apply");
    assert_eq!(apply().await.iter().map(ToString::to_string).collect::<Vec<_>>(), expected);
    assert!(apply().await.is_empty());
}
