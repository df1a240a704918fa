//! The bundle through the real binary: applied twice, exported, applied elsewhere, and what it may not name.

use std::path::Path;

use serde_json::json;
use tests::{
    Visitor, http_client,
    program::{self, Environment, Serving},
    settings,
    tables::Tables,
    virtual_key,
};

const PASSWORD: &str = "seven grey bundles of paper";

/// Everything that the issue's example shows.
const BUNDLE: &str = r#"
[instance]
name = "Acme"
reporting_zone = "Europe/Berlin"
store_content = "full"
allow_private = ["127.0.0.1:9000", "10.0.0.0/8"]

[[users]]
email = "ada@example.com"
name = "Ada \"the countess\" Lovelace"
role = "owner"
password_env = "ADA_PASSWORD"

[[users]]
email = "bob@example.com"
name = "Böb"
password_env = "ADA_PASSWORD"

[[teams]]
slug = "payments"
name = "Payments"
members = [{ email = "ada@example.com", role = "admin" }, { email = "bob@example.com", role = "viewer" }]

[[teams]]
slug = "search"
name = "Search"
members = [{ email = "bob@example.com", role = "member" }]

[[providers]]
slug = "local"
kind = "openai-compatible"
base_url = "http://127.0.0.1:9000/v1"
credential_env = "LOCAL_KEY"
team = "payments"

[[providers]]
slug = "claude"
kind = "anthropic"
credential_env = "LOCAL_KEY"

[[providers]]
slug = "ollama"
kind = "openai-compatible"
base_url = "http://127.0.0.1:9000/v1"

[[models]]
slug = "gpt-4o"
provider = "local"
upstream_model = "gpt-4o-2024-11-20"
context_window = 128000
max_output = 16384
price = { input = "2.50", cache_read = "1.25", output = "10.00" }
aliases = ["gpt-4o-latest", "best"]

[[models]]
slug = "unpriced"
provider = "ollama"

[[keys]]
name = "ci"
team = "payments"
secret_env = "CI_KEY"
models = "all"

[[keys]]
name = "narrow"
team = "payments"
secret_env = "NARROW_KEY"
models = ["gpt-4o"]

[[keys]]
name = "none"
team = "search"
secret_env = "NONE_KEY"
models = ["unpriced"]
"#;

/// What two instances must have in common, in words: no ids, no times, no secrets.
const ESSENCE: &str = "
    SELECT 'instance ' || (to_jsonb(i) - '{revision,created_at,only_row}'::text[])::text FROM instance i
    UNION ALL SELECT 'user ' || email || ' ' || name || ' ' || role || ' ' || (disabled_at IS NULL)::text FROM users
    UNION ALL SELECT 'team ' || slug || ' ' || name || ' ' || store_content FROM teams
    UNION ALL SELECT 'member ' || t.slug || ' ' || u.email || ' ' || m.role
      FROM memberships m JOIN teams t ON t.id = m.team_id JOIN users u ON u.id = m.user_id
    UNION ALL SELECT 'provider ' || p.slug || ' ' || p.kind || ' ' || p.base_url || ' ' || p.preset || ' ' || coalesce(t.slug, 'all')
                     || ' ' || (SELECT count(*) FROM credentials c WHERE c.provider_id = p.id)
      FROM providers p LEFT JOIN teams t ON t.id = p.team_id WHERE p.archived_at IS NULL
    UNION ALL SELECT 'model ' || m.name || ' ' || coalesce(t.slug, 'all') || ' ' || m.aliases::text || ' '
                     || coalesce(m.context_window::text, '') || ' ' || coalesce(m.max_output::text, '') || ' ' || p.slug || ' ' || d.upstream_model
      FROM models m JOIN deployments d ON d.model_id = m.id JOIN providers p ON p.id = d.provider_id
      LEFT JOIN teams t ON t.id = m.team_id WHERE m.archived_at IS NULL
    UNION ALL SELECT 'price ' || m.name || ' ' || c.class || ' ' || c.variant || ' ' || c.above_input_tokens || ' ' || c.pico
      FROM price_components c JOIN price_versions v ON v.id = c.version_id
      JOIN deployments d ON d.id = v.deployment_id JOIN models m ON m.id = d.model_id
    UNION ALL SELECT 'key ' || t.slug || ' ' || k.name || ' ' || k.kind || ' ' || k.all_models || ' ' || k.models::text || ' ' || k.scopes::text
                     || ' ' || k.networks::text || ' ' || k.tags::text || ' ' || k.task || ' ' || coalesce(k.store_content, '')
      FROM virtual_keys k JOIN teams t ON t.id = k.team_id WHERE k.revoked_at IS NULL
    ORDER BY 1";

/// An instance that only the command line knows.
struct Instance {
    environment: Environment,
    folder: tempfile::TempDir,
    tables: Tables,
    _database: store::testing::TestDatabase,
}

impl Instance {
    async fn new() -> Self {
        let database = store::testing::database().await;
        let folder = tempfile::tempdir().unwrap();
        let mut environment = settings(folder.path()).unwrap();
        let secrets = [
            ("DATABASE_URL", database.url.clone()),
            ("ADA_PASSWORD", PASSWORD.to_owned()),
            ("LOCAL_KEY", "sk-local-0123456789".to_owned()),
            ("CI_KEY", virtual_key("ci")),
            ("NARROW_KEY", virtual_key("narrow")),
            ("NONE_KEY", virtual_key("none")),
        ];
        environment.extend(secrets.map(|(name, value)| (name.to_owned(), value)));
        let tables = Tables::connect(&database.url).await.unwrap();
        let instance = Self { environment, folder, tables, _database: database };
        // The first command of all leaves a value that only the same master key opens.
        instance.run("plan", "").await;
        instance
    }

    fn file(&self, text: &str) -> String {
        let path = self.folder.path().join("bundle.toml");
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    async fn run(&self, command: &str, text: &str) -> String {
        program::run(&self.environment, &[command, &self.file(text)]).await.unwrap()
    }

    async fn refused(&self, command: &str, text: &str) -> String {
        let output = program::output(&self.environment, &[command, &self.file(text)]).await.unwrap();
        assert!(!output.is_success, "{text} was not refused: {}", output.text);
        output.text
    }

    async fn export(&self) -> String {
        program::run(&self.environment, &["export"]).await.unwrap()
    }

    async fn essence(&self) -> Vec<String> {
        sqlx::query_scalar(ESSENCE).fetch_all(self.tables.pool()).await.unwrap()
    }
}

#[tokio::test]
async fn a_second_apply_says_that_there_is_nothing_to_change_and_changes_nothing() {
    let instance = Instance::new().await;
    let planned = instance.run("plan", BUNDLE).await;
    let first = instance.run("apply", BUNDLE).await;
    assert!(first.contains("changes applied"), "{first}");
    assert_eq!(planned.replace(" planned", " applied"), first, "the plan is what is done");
    let (rows, audited) = (instance.tables.digest().await.unwrap(), instance.tables.audit_rows().await.unwrap());
    for command in ["apply", "plan"] {
        assert_eq!(instance.run(command, BUNDLE).await, "nothing to change\n");
    }
    assert_eq!(instance.tables.digest().await.unwrap(), rows);
    assert_eq!(instance.tables.audit_rows().await.unwrap(), audited);
}

#[tokio::test]
async fn an_export_applied_to_an_empty_instance_makes_an_equal_one() {
    let mut first = Instance::new().await;
    first.run("apply", BUNDLE).await;
    let exported = first.export().await;
    for (name, _) in needed(&exported) {
        let own = if name.contains("PASSWORD") { PASSWORD } else { "sk-local-0123456789" };
        first.environment.insert(name, own.to_owned());
    }
    let mut second = Instance::new().await;
    for (name, value) in needed(&exported) {
        second.environment.insert(name, value);
    }
    second.run("apply", &exported).await;
    assert_eq!(second.essence().await, first.essence().await);
    assert!(first.essence().await.len() > 15, "there is something to compare");
    assert_eq!(second.export().await, exported, "exported again it is the same, byte for byte");
    assert_eq!(second.run("apply", &exported).await, "nothing to change\n");
    assert_eq!(first.run("plan", &exported).await.lines().last(), Some("nothing to change"), "{exported}");
    for secret in [PASSWORD, "sk-local-0123456789", &virtual_key("ci")] {
        assert!(!exported.contains(secret), "secrets are references only");
    }
}

/// A value for every variable that a bundle names.
fn needed(bundle: &str) -> Vec<(String, String)> {
    let document: toml::Table = bundle.parse().unwrap();
    let mut found = Vec::new();
    for entries in ["users", "providers", "keys"].iter().filter_map(|section| document.get(*section)?.as_array()) {
        for (field, value) in entries.iter().filter_map(toml::Value::as_table).flatten() {
            let Some(name) = field.ends_with("_env").then(|| value.as_str()).flatten() else { continue };
            let secret = if field == "secret_env" { virtual_key(name) } else { format!("a-secret-for-{name}") };
            found.push((name.to_owned(), secret));
        }
    }
    assert!(found.len() >= 4, "an export names its secrets: {bundle}");
    found
}

#[tokio::test]
async fn unknown_tables_and_fields_are_refused_by_name_and_nothing_is_written() {
    let instance = Instance::new().await;
    let before = instance.tables.digest().await.unwrap();
    for (text, named) in [
        ("[[routes]]\nslug = \"a\"\n", "routes"),
        ("[[budgets]]\nslug = \"a\"\n", "budgets"),
        ("[[prompts]]\nslug = \"a\"\n", "prompts"),
        ("[instance]\nname = \"a\"\ncolour = \"red\"\n", "colour"),
        ("[[users]]\nemail = \"a@example.com\"\nname = \"A\"\npassword = \"x\"\n", "password"),
        (
            "[[teams]]\nslug = \"a\"\nname = \"A\"\nmembers = [{ email = \"a@example.com\", role = \"admin\", since = 1 }]\n",
            "since",
        ),
        ("[[providers]]\nslug = \"a\"\nkind = \"demo\"\nallow_private = true\n", "allow_private"),
        ("[[models]]\nslug = \"a\"\nprovider = \"p\"\nprice = { inptu = \"1\" }\n", "inptu"),
        ("[[keys]]\nname = \"a\"\nteam = \"t\"\nmodels = \"all\"\nrole = \"owner\"\n", "role"),
    ] {
        for command in ["plan", "apply"] {
            let said = instance.refused(command, text).await;
            assert!(said.contains(&format!("`{named}`")), "{named}: {said}");
        }
    }
    assert_eq!(instance.tables.digest().await.unwrap(), before);
}

#[tokio::test]
async fn one_wrong_entry_undoes_the_whole_bundle() {
    let instance = Instance::new().await;
    let before = instance.tables.digest().await.unwrap();
    let text = format!("{BUNDLE}\n[[models]]\nslug = \"late\"\nprovider = \"no-such-provider\"\n");
    let said = instance.refused("apply", &text).await;
    assert!(said.contains("models.late.provider"), "{said}");
    assert_eq!(instance.tables.digest().await.unwrap(), before);
}

#[tokio::test]
async fn a_bundle_never_names_a_setting_of_the_product() {
    let instance = Instance::new().await;
    for name in ["MASTER_KEY", "MASTER_KEY_FILE", "DATABASE_URL", "LOG", "OTEL_EXPORTER_OTLP_HEADERS"] {
        let said = instance.refused("apply", &provider(&format!("credential_env = \"{name}\""))).await;
        assert!(said.contains("setting of the product"), "{name}: {said}");
    }
    let data = Path::new(&instance.environment["DATA_DIR"]).join("master.key");
    let said = instance.refused("apply", &provider(&format!("credential_file = \"{}\"", data.display()))).await;
    assert!(said.contains("setting of the product"), "{said}");
}

fn provider(reference: &str) -> String {
    format!("[[providers]]\nslug = \"p\"\nkind = \"anthropic\"\n{reference}\n")
}

#[tokio::test]
async fn a_bundle_from_the_browser_names_secrets_made_for_it_and_nothing_else() {
    let mut instance = Instance::new().await;
    for (name, value) in [("TALLYGATE_SECRET_GOOD", "sk-good-0123456789"), ("OTHER_SECRET", "sk-other-0123456789")] {
        instance.environment.insert(name.to_owned(), value.to_owned());
    }
    instance.run("apply", BUNDLE).await;
    let serving = Serving::start(&instance.environment).await.unwrap();
    let owner =
        Visitor::stranger(http_client(), serving.url.clone()).sign_in("ada@example.com", PASSWORD).await.unwrap();
    let before = instance.tables.digest().await.unwrap();
    let ours = format!("{}/bundle.toml", instance.folder.path().display());
    for reference in [
        "credential_env = \"MASTER_KEY\"".to_owned(),
        "credential_env = \"DATABASE_URL\"".to_owned(),
        "credential_env = \"OTHER_SECRET\"".to_owned(),
        "credential_env = \"LOCAL_KEY\"".to_owned(),
        "credential_env = \"PATH\"".to_owned(),
        "credential_env = \"TALLYGATE_SECRET_\"".to_owned(),
        "credential_env = \"TALLYGATE_SECRET_MISSING\"".to_owned(),
        "credential_env = \"tallygate_secret_good\"".to_owned(),
        "credential_file = \"/etc/passwd\"".to_owned(),
        "credential_file = \"/proc/self/environ\"".to_owned(),
        format!("credential_file = \"{ours}\""),
    ] {
        for operation in ["bundle/plan", "bundle/apply"] {
            let answer = owner.ask(operation, &json!({"input": {"text": provider(&reference)}})).await.unwrap();
            assert_eq!(answer.status, 400, "{operation} {reference}: {}", answer.text());
            assert_eq!(answer.leaks(&["sk-other", "sk-local", "root:", "9f1c27d6508be34a"]), [""; 0], "{reference}");
        }
    }
    assert_eq!(instance.tables.digest().await.unwrap(), before);
    let good = provider("credential_env = \"TALLYGATE_SECRET_GOOD\"");
    let plan = owner.done("bundle/plan", &json!({"input": {"text": good}})).await.unwrap();
    assert_eq!(plan.as_array().map(Vec::len), Some(1), "{plan}");
    assert_eq!(instance.tables.digest().await.unwrap(), before, "a plan writes nothing");
    owner.done("bundle/apply", &json!({"input": {"text": good}})).await.unwrap();
    assert_ne!(instance.tables.digest().await.unwrap(), before);
}
