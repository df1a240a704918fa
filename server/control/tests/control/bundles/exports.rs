//! An export: applied elsewhere it makes an equal instance, applied here it changes nothing.

use control::{Actor, bundle};

use super::{apply, plan};
use crate::world::{BUNDLE, Named, World, message};

async fn export(world: &World) -> String {
    bundle::export(&world.ctx, &Actor::operator()).await.expect("export")
}

/// The rows of a statement as lines of one text, in order.
macro_rules! lines {
    ($query:literal) => {
        concat!("SELECT coalesce(string_agg(line, '\n' ORDER BY line), '') FROM (", $query, ") AS q (line)")
    };
}

/// What makes two instances equal: everything but ids, times, secrets and where a price came from.
async fn picture(world: &World) -> String {
    let mut picture = String::new();
    for query in [
        lines!(
            "SELECT concat_ws('|', name, reporting_zone, store_content, allow_private) FROM instance"
        ),
        lines!(
            "SELECT concat_ws('|', email, name, role, disabled_at IS NULL) FROM users"
        ),
        lines!(
            "SELECT concat_ws('|', slug, name, store_content) FROM teams"
        ),
        lines!(
            "SELECT concat_ws('|', t.slug, u.email, m.role) FROM memberships m JOIN teams t ON t.id = m.team_id
           JOIN users u ON u.id = m.user_id"
        ),
        lines!(
            "SELECT concat_ws('|', p.slug, p.kind, p.base_url, p.preset, t.slug, c.id IS NULL) FROM providers p
           LEFT JOIN teams t ON t.id = p.team_id LEFT JOIN credentials c ON c.provider_id = p.id
          WHERE p.archived_at IS NULL"
        ),
        lines!(
            "SELECT concat_ws('|', m.name, m.aliases, m.context_window, m.max_output, m.capabilities, m.retires_on, t.slug,
                          d.upstream_model, p.slug, d.credential_id IS NULL)
           FROM models m LEFT JOIN teams t ON t.id = m.team_id JOIN deployments d ON d.model_id = m.id
           JOIN providers p ON p.id = d.provider_id WHERE m.archived_at IS NULL"
        ),
        lines!(
            "SELECT concat_ws('|', m.name, c.class, c.variant, c.above_input_tokens, c.pico) FROM models m
           JOIN deployments d ON d.model_id = m.id
           JOIN LATERAL (SELECT id FROM price_versions WHERE deployment_id = d.id AND effective_from <= clock_timestamp()
                          ORDER BY effective_from DESC LIMIT 1) v ON true
           JOIN price_components c ON c.version_id = v.id WHERE m.archived_at IS NULL"
        ),
        lines!(
            "SELECT concat_ws('|', t.slug, k.name, k.kind, u.email, k.all_models, k.models, k.scopes, k.expires_at, k.networks,
                          k.tags, k.task, k.max_output, k.store_content, k.paused_at IS NULL)
           FROM virtual_keys k JOIN teams t ON t.id = k.team_id LEFT JOIN users u ON u.id = k.user_id
          WHERE k.revoked_at IS NULL"
        ),
    ] {
        picture.push_str(&world.db.text(query).await);
        picture.push('\n');
    }
    picture
}

/// Everything that a bundle can say, beyond the usual one.
const RICH: &str = r#"
[[users]]
email = "gone@example.com"
name = "Gone"
disabled = true
password_env = "PASSWORD"
[[teams]]
slug = "full"
name = "Keeps \"all\""
store_content = "full"
[[models]]
slug = "tiered"
provider = "shared"
capabilities = ["tools", "images"]
retires_on = "2027-01-14"
price = { input = "1", output = "2", more = [
    { class = "output", variant = "batch", rate = "1" },
    { class = "input", above_input_tokens = 200000, rate = "2" },
    { class = "request", rate = "5" },
] }
[[keys]]
name = "locked-down"
team = "alpha"
owner = "member@example.com"
models = ["big", "small"]
scopes = ["inference", "usage.read"]
expires = "2099-01-31"
networks = ["203.0.113.0/24", "2001:db8::/32"]
task = "review"
max_output = 1000
store_content = "metadata"
paused = true
tags = { repo = "core" }
"#;

#[tokio::test]
async fn an_export_applied_to_an_empty_instance_makes_an_equal_one_and_exports_the_same_bytes() {
    let world = World::new().await;
    world.apply(&format!("{BUNDLE}{RICH}")).await.expect("rich");
    let exported = export(&world).await;
    assert!(!exported.contains("canary") && !exported.contains("kettle"), "{exported}");
    let secrets = ["OWNER", "ADMIN", "LEAD", "MEMBER", "VIEWER", "STRANGER", "NOBODY", "GONE"]
        .iter()
        .fold(Named::usual().with("TALLYGATE_SECRET_PROVIDER_SHARED", "sk-new-place-0123"), |secrets, who| {
            secrets.with(&format!("TALLYGATE_SECRET_PASSWORD_{who}_EXAMPLE_COM"), "a quiet green kettle")
        });
    let other = World::empty().await;
    let changes = bundle::apply(&other.ctx, &Actor::operator(), &exported, &secrets).await.expect("apply");
    assert!(!changes.is_empty());
    assert_eq!(picture(&other).await, picture(&world).await);
    assert_eq!(export(&other).await, exported);
    let again = bundle::apply(&other.ctx, &Actor::operator(), &exported, &secrets).await.expect("again");
    assert!(again.is_empty(), "{again:?}");
}

/// The variables that a bundle names, in its order.
fn variables(text: &str) -> Vec<&str> {
    text.lines().filter_map(|line| line.split_once("_env = \"")).map(|(_, rest)| rest.trim_end_matches('"')).collect()
}

#[tokio::test]
async fn two_names_that_are_spelled_alike_have_two_variables_and_others_keep_the_plain_one() {
    let world = World::new().await;
    let provider = |slug: &str| {
        format!(
            "[[providers]]\nslug = \"{slug}\"\nkind = \"openai-compatible\"\nbase_url = \"https://{slug}.example.com/v1\"\n\
             credential_env = \"UPSTREAM_KEY\"\n"
        )
    };
    let more = format!("{BUNDLE}{}{}", provider("a.b"), provider("a-b"));
    world.apply(&more).await.expect("providers");
    let first = export(&world).await;
    let names = variables(&first);
    let alike: Vec<&&str> = names.iter().filter(|name| name.starts_with("TALLYGATE_SECRET_PROVIDER_A_B")).collect();
    assert_eq!(alike.len(), 2, "{names:?}");
    assert_ne!(alike[0], alike[1]);
    // Whoever set the plain name for one of them must not give its secret to the other one day.
    assert!(!names.contains(&"TALLYGATE_SECRET_PROVIDER_A_B"), "{names:?}");
    assert!(names.contains(&"TALLYGATE_SECRET_PROVIDER_SHARED"), "{names:?}");
    assert_eq!(export(&world).await, first);
}

#[tokio::test]
async fn an_export_applied_where_it_was_made_changes_nothing_and_asks_for_no_secret() {
    let world = World::new().await;
    world.apply(&format!("{BUNDLE}{RICH}")).await.expect("rich");
    let exported = export(&world).await;
    let none = Named::default();
    let changes = bundle::apply(&world.ctx, &Actor::operator(), &exported, &none).await.expect("apply");
    assert!(changes.is_empty(), "{changes:?}");
    let before = picture(&world).await;
    let renamed = exported.replace("name = \"Alpha\"", "name = \"Alpha 2\"");
    let changes = bundle::apply(&world.ctx, &Actor::operator(), &renamed, &none).await.expect("one line");
    assert_eq!(changes.iter().map(ToString::to_string).collect::<Vec<_>>(), ["change team alpha: name"]);
    assert_ne!(picture(&world).await, before);
}

#[tokio::test]
async fn a_secret_that_is_not_set_is_missed_where_it_is_needed() {
    let world = World::new().await;
    let refused = async |text: &str| {
        let answer = bundle::plan(&world.ctx, &Actor::operator(), text, &Named::default()).await;
        message(answer)
    };
    let keyless = BUNDLE.replace("secret_env = \"CI_KEY\"\n", "");
    let moved = keyless.replace("https://api.example.com/v1", "https://api.example.org/v1");
    assert_eq!(refused(&moved).await, "providers.shared.credential_env: the variable UPSTREAM_KEY is not set");
    let new = format!(
        "{keyless}[[providers]]\nslug = \"new\"\nkind = \"openai-compatible\"\nbase_url = \"https://new.example.com\"\ncredential_env = \"NEW\"\n"
    );
    assert_eq!(refused(&new).await, "providers.new.credential_env: the variable NEW is not set");
    let first = keyless.replace("http://127.0.0.1:9000/v1\"", "http://127.0.0.1:9000/v1\"\ncredential_env = \"LOCAL\"");
    assert_eq!(refused(&first).await, "providers.local.credential_env: the variable LOCAL is not set");
    let own = keyless.replace("\"UPSTREAM_KEY\"", "\"MASTER_KEY\"");
    assert!(refused(&own).await.contains("MASTER_KEY is a setting of the product itself"));
    let file = keyless.replace("credential_env = \"UPSTREAM_KEY\"", "credential_file = \"/gone\"");
    assert_eq!(refused(&file).await, "providers.shared.credential_file: there is no file /gone");
}

#[tokio::test]
async fn a_credential_that_cannot_be_opened_does_not_stay_for_want_of_another() {
    let world = World::new().await;
    let text = BUNDLE.replace("secret_env = \"CI_KEY\"\n", "");
    let ctx = world.with_other_master_key();
    let said = message(bundle::plan(&ctx, &Actor::operator(), &text, &Named::default()).await);
    assert_eq!(said, "providers.shared.credential_env: the variable UPSTREAM_KEY is not set");
}

#[tokio::test]
async fn names_of_models_that_are_gone_are_left_out_of_an_export() {
    let world = World::new().await;
    let keys = "[[keys]]\nname = \"both\"\nteam = \"alpha\"\nmodels = [\"big\", \"small\"]\n\
                [[keys]]\nname = \"only\"\nteam = \"alpha\"\nmodels = [\"small\"]\n";
    world.apply(&format!("{BUNDLE}{keys}")).await.expect("keys");
    let lead = world.actor("lead").await;
    let models = control::models::list(&world.ctx, &lead, "alpha").await.expect("models");
    let small = models.iter().find(|model| model.name == "small").expect("small").id;
    control::models::archive(&world.ctx, &lead, "alpha", small).await.expect("archived");
    let exported = export(&world).await;
    assert!(exported.contains("models = [\"big\"]") && !exported.contains("name = \"only\""), "{exported}");
    assert!(exported.contains("# Left out: the key \"only\" of alpha"), "{exported}");
    assert_eq!(plan(&world, &exported).await, ["change key both of alpha: models"]);
    assert_eq!(apply(&world, &exported).await, ["change key both of alpha: models"]);
}
