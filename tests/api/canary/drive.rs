//! The life of an instance in a few minutes: everything that handles a secret, well and badly.

use std::path::PathBuf;

use http::Method;
use serde_json::json;
use tests::{
    Credential, FakeUpstream, Visitor, http_client,
    program::{self, Environment, Serving},
    settings,
    tenants::email,
    virtual_key,
    visitor::cookie,
};
use tokio_util::task::TaskTracker;

use super::{Watch, echo};

pub const CREDENTIAL: &str = "sk-cnry-provider-credential-7f3a9b52";
const MASTER_KEY: &str = "c0ffee1f6508be34a7d2290c1fb6e83457ac0185de9364f72b1d85c3e0a96d01";
const DATABASE_PASSWORD: &str = "cnry-database-password-91c2";
const OWNER_PASSWORD: &str = "cnry owner password 5d1e of ada";
const NEW_PASSWORD: &str = "cnry changed password 8b44 of ada";
const GUEST_PASSWORD: &str = "cnry guest password 1f0c of bob";
const RESET_PASSWORD: &str = "cnry reset password 66aa of bob";
const WRONG_PASSWORD: &str = "cnry wrong password 3e3e of eve";
const PROMPT: &str = "cnry prompt: where is the treasure of numbers only?";
const NEXT_CREDENTIAL: &str = "sk-cnry-second-credential-c4d8e1f0";
const IN_BUNDLE: &str = "sk-cnry-written-into-a-bundle-by-mistake";
const TEAM: &str = "quiet";

/// What is left of it.
pub struct Driven {
    pub database: store::testing::TestDatabase,
    pub log: PathBuf,
    pub invitation: String,
    pub key: String,
    _folder: tempfile::TempDir,
    _serving: Serving,
    _upstream: FakeUpstream,
    _tasks: TaskTracker,
}

struct Stage {
    environment: Environment,
    folder: tempfile::TempDir,
    log: PathBuf,
    serving: Serving,
    stranger: Visitor,
    code: String,
}

pub async fn everything(watch: &mut Watch) -> Driven {
    let (tasks, upstream) = (TaskTracker::new(), FakeUpstream::start().await.expect("a fake provider"));
    let database = store::testing::database().await;
    let echo = echo::listen(&tasks).await;
    plant(watch);
    let stage = begin(watch, &database.url, &upstream, echo).await;
    let owner = arrive(watch, &stage).await;
    let key = keys(watch, &stage, &owner).await;
    calls(watch, &stage, &key).await;
    providers(watch, &owner, echo).await;
    let invitation = people(watch, &stage, &owner).await;
    bundles(watch, &stage, &owner).await;
    failures(watch, &stage, &owner, &key, &invitation).await;
    pages(watch, &owner).await;
    commands(watch, &stage).await;
    let Stage { folder, log, serving, .. } = stage;
    Driven { database, log, invitation, key, _folder: folder, _serving: serving, _upstream: upstream, _tasks: tasks }
}

fn plant(watch: &mut Watch) {
    for (name, secret) in [
        ("provider credential", CREDENTIAL),
        ("second credential", NEXT_CREDENTIAL),
        ("credential in a bundle", IN_BUNDLE),
        ("master key", MASTER_KEY),
        ("database password", DATABASE_PASSWORD),
        ("password", OWNER_PASSWORD),
        ("changed password", NEW_PASSWORD),
        ("guest's password", GUEST_PASSWORD),
        ("reset password", RESET_PASSWORD),
        ("wrong password", WRONG_PASSWORD),
        ("prompt", PROMPT),
        ("imported key", &virtual_key("canary")),
    ] {
        watch.plant(name, secret);
    }
    for name in ["cnry-ada-owner", "cnry-bob-guest"] {
        watch.private.plant("e-mail address", &email(name));
    }
}

fn bundle(upstream: &FakeUpstream, echo: std::net::SocketAddr) -> String {
    let provider = |slug: &str, url: &str| {
        format!(
            "\n[[providers]]\nslug = \"{slug}\"\nkind = \"openai-compatible\"\nbase_url = \"{url}\"\ncredential_env = \"LOCAL_KEY\"\n"
        )
    };
    let model = |slug: &str, provider: &str| {
        format!(
            "\n[[models]]\nslug = \"{slug}\"\nprovider = \"{provider}\"\nupstream_model = \"{slug}\"\nprice = {{ input = \"1\", output = \"2\" }}\n"
        )
    };
    let models = ["echo-400", "echo-401", "echo-403", "echo-422", "echo-429", "echo-500"]
        .map(|name| model(name, "echo"))
        .concat();
    format!(
        "[instance]\nname = \"Quiet\"\nallow_private = [\"{}\", \"{echo}\"]\n[[teams]]\nslug = \"{TEAM}\"\nname = \"Quiet\"\n{}{}{}{models}
[[keys]]\nname = \"imported\"\nteam = \"{TEAM}\"\nsecret_env = \"IMPORTED_KEY\"\nmodels = \"all\"\n",
        upstream.address(),
        provider("local", &upstream.base_url()),
        provider("echo", &format!("http://{echo}/v1")),
        model("plain", "local"),
    )
}

async fn begin(watch: &mut Watch, url: &str, upstream: &FakeUpstream, echo: std::net::SocketAddr) -> Stage {
    let folder = tempfile::tempdir().expect("a folder");
    let mut environment = settings(folder.path()).expect("settings");
    let imported = virtual_key("canary");
    for (name, value) in [
        ("DATABASE_URL", format!("{url}&password={DATABASE_PASSWORD}").as_str()),
        ("MASTER_KEY", MASTER_KEY),
        ("LOG", "trace"),
        ("LOCAL_KEY", CREDENTIAL),
        ("IMPORTED_KEY", imported.as_str()),
    ] {
        environment.insert(name.to_owned(), value.to_owned());
    }
    let applied = program::output(&environment, &["apply", &written(folder.path(), &bundle(upstream, echo))]).await;
    let applied = applied.expect("the command runs");
    assert!(applied.is_success, "{}", applied.text);
    watch.note("output of apply", applied.text);
    let log = folder.path().join("server.log");
    let mut serving = Serving::start_logged(&environment, &log).await.expect("a server");
    let code = serving.setup_code().await.expect("a code");
    watch.plant("set-up code", &code);
    let stranger = Visitor::stranger(http_client(), serving.url.clone());
    Stage { environment, folder, log, serving, stranger, code }
}

fn written(folder: &std::path::Path, bundle: &str) -> String {
    let path = folder.join("bundle.toml");
    std::fs::write(&path, bundle).expect("a file");
    path.to_str().expect("a plain name").to_owned()
}

/// A session begins: whoever has the cookie is somebody.
fn signed_in(watch: &mut Watch, stage: &Stage, name: &str, answer: &tests::Answer) -> Visitor {
    assert_eq!(answer.status, 303, "{name}: {}", answer.text());
    let cookie = cookie(answer).expect("a cookie");
    watch.plant(name, cookie.split_once('=').expect("a value").1);
    stage.stranger.with(Credential::Cookie(cookie))
}

async fn arrive(watch: &mut Watch, stage: &Stage) -> Visitor {
    let ada = email("cnry-ada-owner");
    let set_up = |code: &str, password: &str| {
        [
            ("code", code),
            ("instance", "Quiet"),
            ("email", &ada),
            ("name", "Ada"),
            ("password", password),
            ("zone", "UTC"),
            ("team", "First"),
            ("store_content", "metadata"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
    };
    for (code, password) in [("cnry-no-code-at-all", OWNER_PASSWORD), (&stage.code, "short")] {
        let fields = set_up(code, password);
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        // A form that was refused gives the code back that was not what was wrong.
        let answer = stage.stranger.form("/setup", &fields).await.expect("an answer");
        assert!(answer.status >= 400, "{}", answer.text());
    }
    let fields = set_up(&stage.code, OWNER_PASSWORD);
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let made = watch.form(&stage.stranger, "/setup", &fields).await;
    let first = signed_in(watch, stage, "first session", &made);
    watch.done(&first, "members/join", &json!({"team": TEAM, "role": "admin"})).await;
    let change = json!({"input": {"current": OWNER_PASSWORD, "new": NEW_PASSWORD}});
    let refused = json!({"input": {"current": WRONG_PASSWORD, "new": NEW_PASSWORD}});
    assert_eq!(watch.ask(&first, "profile/change_password", &refused).await.status, 400);
    watch.done(&first, "profile/change_password", &change).await;
    for password in [WRONG_PASSWORD, OWNER_PASSWORD] {
        let answer = watch.form(&stage.stranger, "/sign-in", &[("email", &ada), ("password", password)]).await;
        assert_eq!(answer.status, 401);
    }
    let answer = watch.form(&stage.stranger, "/sign-in", &[("email", &ada), ("password", NEW_PASSWORD)]).await;
    signed_in(watch, stage, "session", &answer)
}

async fn keys(watch: &mut Watch, stage: &Stage, owner: &Visitor) -> String {
    let input = json!({"team": TEAM, "name": "shown once", "kind": "service", "rules": {"models": "all"}});
    let made = watch.done(owner, "keys/create", &json!({"input": input})).await;
    let key = made["secret"].as_str().expect("a key").to_owned();
    watch.plant("virtual key", &key);
    let caller = stage.stranger.bearer(&key);
    while watch.send(&caller, Method::GET, "/v1/models", None).await.status != 200 {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let rotate = json!({"team": TEAM, "key": made["key"]["id"], "overlap_hours": 1});
    let rotated = watch.done(owner, "keys/rotate", &rotate).await;
    watch.plant("rotated key", rotated["secret"].as_str().expect("a key"));
    let input = json!({"name": "script", "scopes": ["keys.read", "keys.write"], "team": "", "expires": ""});
    let made = watch.done(owner, "tokens/create", &json!({"input": input})).await;
    let token = made["secret"].as_str().expect("a token").to_owned();
    watch.plant("management token", &token);
    let script = stage.stranger.bearer(&token);
    for path in ["/api/v1/teams", "/api/v1/teams/quiet/keys", "/api/v1/teams/quiet/members", "/api/v1/nowhere"] {
        watch.send(&script, Method::GET, path, None).await;
    }
    let wrong = json!({"name": "x", "secret": key, "models": "all"});
    assert_eq!(watch.send(&script, Method::POST, "/api/v1/teams/quiet/keys", Some(&wrong)).await.status, 400);
    watch.done(owner, "keys/list", &json!({"team": TEAM})).await;
    for operation in ["tokens/list", "sessions/list"] {
        watch.done(owner, operation, &json!({})).await;
    }
    key
}

/// Calls that go well, and calls that a careless provider refuses.
async fn calls(watch: &mut Watch, stage: &Stage, key: &str) {
    let caller = stage.stranger.bearer(key);
    let body = |model: &str| json!({"model": model, "messages": [{"role": "user", "content": PROMPT}]});
    assert_eq!(watch.send(&caller, Method::POST, "/v1/chat/completions", Some(&body("plain"))).await.status, 200);
    for model in ["echo-400", "echo-401", "echo-403", "echo-422", "echo-429", "echo-500"] {
        let answer = watch.send(&caller, Method::POST, "/v1/chat/completions", Some(&body(model))).await;
        assert!(answer.status >= 400, "{model}");
    }
    let streamed = json!({"model": "plain", "stream": true, "messages": [{"role": "user", "content": PROMPT}]});
    watch.send(&caller, Method::POST, "/v1/chat/completions", Some(&streamed)).await;
}

async fn providers(watch: &mut Watch, owner: &Visitor, echo: std::net::SocketAddr) {
    let input = |slug: &str, url: &str| json!({"input": {"team": TEAM, "shared": false, "slug": slug, "kind": "openai-compatible", "base_url": url, "credential": NEXT_CREDENTIAL}});
    let url = format!("http://{echo}/v1");
    watch.done(owner, "providers/test", &input("tried", &url)).await;
    let made = watch.done(owner, "providers/create", &input("second", &url)).await;
    let stored = json!({"team": TEAM, "provider": made["id"]});
    watch.done(owner, "providers/test_stored", &stored).await;
    watch.ask(owner, "providers/offered", &stored).await;
    watch.done(owner, "providers/list", &json!({"team": TEAM})).await;
    for url in ["http://169.254.169.254/v1", "ftp://x", "http://user:pass@example.com/v1", "http://127.0.0.1:1/v1"] {
        assert!(watch.ask(owner, "providers/create", &input("refused", url)).await.status >= 400, "{url}");
    }
    let moved = json!({"input": {"team": TEAM, "provider": made["id"], "revision": made["revision"], "base_url": format!("http://{echo}/v2")}});
    watch.ask(owner, "providers/update", &moved).await;
}

async fn people(watch: &mut Watch, stage: &Stage, owner: &Visitor) -> String {
    let bob = email("cnry-bob-guest");
    let link = watch
        .done(owner, "invitations/create", &json!({"input": {"team": TEAM, "role": "member", "email": bob}}))
        .await;
    let invitation = tests::tenants::of_link(&link).expect("a link");
    watch.plant("invitation", &invitation);
    let short = [("token", invitation.as_str()), ("name", "Bob"), ("email", &bob), ("password", "short")];
    // A form that was refused gives the link back that was not what was wrong.
    let refused = stage.stranger.form("/invite", &short).await.expect("an answer");
    assert!(refused.status >= 400, "{}", refused.text());
    let form = [("token", invitation.as_str()), ("name", "Bob"), ("email", &bob), ("password", GUEST_PASSWORD)];
    let joined = watch.form(&stage.stranger, "/invite", &form).await;
    signed_in(watch, stage, "guest's session", &joined);
    assert_eq!(watch.form(&stage.stranger, "/invite", &form).await.status, 404);
    let list = watch.done(owner, "users/list", &json!({})).await;
    let user = list.as_array().and_then(|all| all.iter().find(|one| one["email"] == bob.as_str())).expect("the guest")
        ["id"]
        .clone();
    let link = watch.done(owner, "users/reset_link", &json!({"user": user})).await;
    let reset = tests::tenants::of_link(&link).expect("a link");
    watch.plant("reset link", &reset);
    let form = [("token", reset.as_str()), ("password", RESET_PASSWORD)];
    let done = watch.form(&stage.stranger, "/reset", &form).await;
    assert_eq!(done.status, 303, "{}", done.text());
    assert_eq!(watch.form(&stage.stranger, "/reset", &form).await.status, 404);
    watch.done(owner, "invitations/list", &json!({"team": TEAM})).await;
    watch.done(owner, "members/list", &json!({"team": TEAM})).await;
    invitation
}

async fn bundles(watch: &mut Watch, stage: &Stage, owner: &Visitor) {
    for text in [
        format!("[[providers]]\nslug = \"a\"\nkind = \"demo\"\ncredential = \"{IN_BUNDLE}\"\n"),
        format!("[[providers]]\nslug = \"a\"\nkind = \"openai\"\ncredential_env = \"{IN_BUNDLE}\"\n"),
        format!("[[keys]]\nname = \"a\"\nteam = \"{TEAM}\"\nmodels = \"all\"\nsecret = \"{IN_BUNDLE}\"\n"),
        format!("broken = \"{IN_BUNDLE}\n"),
    ] {
        let is_quoted = text.contains("credential_env");
        let answer = owner.ask("bundle/plan", &json!({"input": {"text": text}})).await.expect("an answer");
        assert_eq!(answer.status, 400, "{text}");
        // The name of a variable is no secret, even if somebody pastes one there.
        if !is_quoted {
            watch.answer("POST /ui/bundle/plan", &answer);
            let path = written(stage.folder.path(), &text);
            watch.note(
                "output of plan",
                program::output(&stage.environment, &["plan", &path]).await.expect("it runs").text,
            );
        }
    }
    watch.done(owner, "bundle/export", &json!({})).await;
}

/// What people and programs do wrong, with secrets in their hands.
async fn failures(watch: &mut Watch, stage: &Stage, owner: &Visitor, key: &str, invitation: &str) {
    let (stranger, caller) = (&stage.stranger, stage.stranger.bearer(key));
    for path in [
        format!("/invite?token={invitation}"),
        format!("/reset?token={invitation}"),
        format!("/v1/models?key={key}"),
        format!("/v1/models?api_key={key}"),
        format!("/t/{key}"),
        format!("/nowhere/{key}"),
    ] {
        // What a reader types into the address may stand in the page that answers it; the log must not have it.
        owner.get(&path).await.expect("an answer");
        stranger.get(&path).await.expect("an answer");
    }
    for body in [json!({"model": key, "messages": []}), json!({"nope": key})] {
        caller.send(Method::POST, "/v1/chat/completions", Some(&body)).await.expect("an answer");
    }
    watch.send(&caller, Method::GET, "/v1/models/none", None).await;
    watch.send(&caller, Method::POST, "/v1/chat/completions", Some(&json!({"model": "plain"}))).await;
    for operation in ["keys/create", "providers/create", "tokens/create", "profile/change_password"] {
        let body = json!({"input": {"current": OWNER_PASSWORD, "credential": CREDENTIAL, "secret": key}});
        assert_eq!(watch.ask(owner, operation, &body).await.status, 400, "{operation}");
    }
    let dead = stranger.with(Credential::Cookie(format!("tg={invitation}")));
    watch.send(&dead, Method::GET, "/t/quiet", None).await;
}

async fn pages(watch: &mut Watch, owner: &Visitor) {
    for (route, class) in server::http::inventory::ROUTES {
        let Some(path) = route.strip_prefix("GET ") else { continue };
        let is_page = !path.contains('*')
            && matches!(class, server::http::inventory::Class::Person | server::http::inventory::Class::Instance(_));
        if is_page && !path.replace("{team}", "").contains('{') {
            watch.send(owner, Method::GET, &path.replace("{team}", TEAM), None).await;
        }
    }
    for operation in ["audit/list", "history/list"] {
        watch.done(owner, operation, &json!({"query": {"team": TEAM}})).await;
    }
}

async fn commands(watch: &mut Watch, stage: &Stage) {
    for words in [vec!["doctor"], vec!["export"], vec!["--help"], vec!["apply", "/nowhere.toml"]] {
        let output = program::output(&stage.environment, &words).await.expect("the command runs");
        watch.note(&format!("output of {}", words[0]), output.text);
    }
}
