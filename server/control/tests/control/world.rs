//! An instance of its own for one test: set up by a bundle, as people do it.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, Ordering},
    },
};

use auth::{Hasher, MasterKey, Vault};
use chrono::{DateTime, Utc};
use control::{Actor, Context, Error, OfferedId, Parts, Probe, ProbeTarget, Probed, bundle::Secrets};
use domain::{
    ErrorKind,
    clock::{Clock, Entropy},
    id::{SessionId, UserId},
    provider::{AuthScheme, BuiltInModel, Preset, ProbeVerdict, ProviderInfo},
};
use store::testing::TestDatabase;

use crate::workbench::Counting;

/// Two teams; one person per role. `stranger` is an admin of the other team, `nobody` has no team.
pub const BUNDLE: &str = r#"
[instance]
name = "Acme"
allow_private = ["127.0.0.1:9000"]
[[users]]
email = "owner@example.com"
name = "Owner"
role = "owner"
password_env = "PASSWORD"
[[users]]
email = "admin@example.com"
name = "Admin"
role = "admin"
password_env = "PASSWORD"
[[users]]
email = "lead@example.com"
name = "Lead"
password_env = "PASSWORD"
[[users]]
email = "member@example.com"
name = "Member"
password_env = "PASSWORD"
[[users]]
email = "viewer@example.com"
name = "Viewer"
password_env = "PASSWORD"
[[users]]
email = "stranger@example.com"
name = "Stranger"
password_env = "PASSWORD"
[[users]]
email = "nobody@example.com"
name = "Nobody"
password_env = "PASSWORD"
[[teams]]
slug = "alpha"
name = "Alpha"
members = [
    { email = "lead@example.com", role = "admin" },
    { email = "member@example.com", role = "member" },
    { email = "viewer@example.com", role = "viewer" },
]
[[teams]]
slug = "beta"
name = "Beta"
members = [{ email = "stranger@example.com", role = "admin" }]
[[providers]]
slug = "shared"
kind = "openai-compatible"
base_url = "https://api.example.com/v1"
credential_env = "UPSTREAM_KEY"
[[providers]]
slug = "local"
kind = "openai-compatible"
base_url = "http://127.0.0.1:9000/v1"
team = "alpha"
[[models]]
slug = "big"
provider = "shared"
upstream_model = "big-2026"
context_window = 128000
max_output = 16384
price = { input = "2.50", cache_read = "1.25", output = "10.00" }
aliases = ["big-latest"]
[[models]]
slug = "small"
provider = "local"
price = { input = "0.0375", output = "0.15" }
[[keys]]
name = "ci"
team = "alpha"
models = "all"
secret_env = "CI_KEY"
"#;

pub const PASSWORD: &str = "a quiet green kettle";
pub const UPSTREAM_KEY: &str = "sk-canary-upstream-0123456789";

static OPENAI: ProviderInfo = ProviderInfo {
    kind: "openai-compatible",
    title: "OpenAI-compatible",
    summary: "Any server with the OpenAI API",
    auth: AuthScheme::Bearer,
    needs_base_url: true,
    base_url: "",
    presets: &[
        Preset { id: "vendor", title: "Vendor", base_url: "https://api.vendor.example/v1", is_local: false },
        Preset { id: "own", title: "Own", base_url: "http://localhost:9000/v1", is_local: true },
    ],
    models: &[],
};
static DEMO: ProviderInfo = ProviderInfo {
    kind: "demo",
    title: "Demo",
    summary: "Offline answers",
    auth: AuthScheme::None,
    needs_base_url: false,
    base_url: "",
    presets: &[],
    models: &[
        BuiltInModel { name: "demo-fast", context_window: 8_000, max_output: 1_000, input: "0.10", output: "0.40" },
        BuiltInModel { name: "demo-deep", context_window: 32_000, max_output: 4_000, input: "3.00", output: "15.00" },
    ],
};

/// Every reading is a millisecond later than the one before.
struct Ticking(AtomicI64);

impl Clock for Ticking {
    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.0.fetch_add(1, Ordering::Relaxed)).expect("time")
    }
}

/// SplitMix64, seeded.
pub struct Seeded(Mutex<u64>);

impl Seeded {
    pub fn new(seed: u64) -> Self {
        Self(Mutex::new(seed))
    }
}

impl Entropy for Seeded {
    fn fill(&self, bytes: &mut [u8]) {
        let mut state = self.0.lock().expect("seed");
        for chunk in bytes.chunks_mut(8) {
            *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = *state;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            chunk.copy_from_slice(&(z ^ (z >> 31)).to_le_bytes()[..chunk.len()]);
        }
    }
}

/// Secrets of a test: named values, no environment.
#[derive(Clone, Default)]
pub struct Named(pub HashMap<String, String>);

impl Named {
    pub fn usual() -> Self {
        let key = auth::MadeKey::make(&Seeded::new(77)).show_once();
        let pairs = [("PASSWORD", PASSWORD.to_owned()), ("UPSTREAM_KEY", UPSTREAM_KEY.to_owned()), ("CI_KEY", key)];
        Self(pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }

    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.0.insert(name.to_owned(), value.to_owned());
        self
    }
}

impl Secrets for Named {
    fn variable(&self, name: &str) -> Result<String, String> {
        self.0.get(name).cloned().ok_or_else(|| format!("the variable {name} is not set"))
    }

    fn file(&self, path: &str) -> Result<String, String> {
        Err(format!("there is no file {path}"))
    }

    fn is_unset(&self, variable: &str) -> bool {
        !self.0.contains_key(variable)
    }
}

pub struct World {
    pub db: TestDatabase,
    pub ctx: Context,
    /// The first reading of its clock, in milliseconds: the database's, because people ask for spans until now.
    start: i64,
}

impl World {
    /// Migrated, and nothing else.
    pub async fn empty() -> Self {
        let db = store::testing::database().await;
        let start = db.number("SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint").await;
        let ctx = context(&db, start, 1);
        Self { db, ctx, start }
    }

    /// Set up by [`BUNDLE`].
    pub async fn new() -> Self {
        let world = Self::empty().await;
        world.apply(BUNDLE).await.expect("the usual bundle");
        world
    }

    /// Another process on the same database, with another master key.
    pub fn with_other_master_key(&self) -> Context {
        context(&self.db, self.start, 2)
    }

    /// Two more processes on the same database, in the middle of a change of the master key and after it: one holds the new key
    /// beside the old one, the other the new key alone.
    pub fn with_next_master_key(&self) -> (Context, Context) {
        let master = |seed: u64| MasterKey::generate(&Seeded::new(seed)).expect("random key").0;
        let (old, mut rotating, mut newest) = (master(1), self.context(), self.context());
        let entropy = Arc::clone(&rotating.entropy);
        rotating.vault = Arc::new(Vault::with_old(master(3), vec![old], Arc::clone(&entropy)));
        newest.vault = Arc::new(Vault::new(master(3), entropy));
        (rotating, newest)
    }

    /// Another process on the same database.
    fn context(&self) -> Context {
        context(&self.db, self.start, 1)
    }

    pub async fn apply(&self, bundle: &str) -> Result<Vec<domain::bundle::PlannedChange>, Error> {
        control::bundle::apply(&self.ctx, &Actor::operator(), bundle, &Named::usual()).await
    }

    pub async fn user(&self, name: &str) -> UserId {
        let mut db = store::pool::connection(&self.db.pools.dashboard).await.expect("connection");
        let user = store::users::by_email(&mut db, &format!("{name}@example.com")).await.expect("query");
        user.expect("a person of the bundle").id
    }

    /// The person with this name of the bundle, signed in.
    pub async fn actor(&self, name: &str) -> Actor {
        let session = SessionId::new(&*self.ctx.clock, &*self.ctx.entropy);
        let user = self.user(name).await;
        control::actor::load(&self.ctx, user, session).await.expect("query").expect("an enabled account")
    }
}

/// Providers that answer by their host name.
struct Scripted;

impl Probe for Scripted {
    fn models<'a>(&'a self, target: ProbeTarget<'a>) -> Probed<'a> {
        let host = target.url.and_then(|url| url.host_str()).unwrap_or_default();
        let offered = |id: &str| OfferedId { id: id.to_owned(), context_window: Some(1_000), max_output: None };
        let answer = match host {
            "refused.example.com" => Err(ProbeVerdict::RefusedCredential),
            _ if target.credential.is_none() => Err(ProbeVerdict::RefusedCredential),
            _ => Ok(vec![offered("gpt-4o-mini"), offered("big-up"), offered("house-special")]),
        };
        Box::pin(std::future::ready(answer))
    }
}

fn context(db: &TestDatabase, start: i64, seed: u64) -> Context {
    let entropy: Arc<dyn Entropy> = Arc::new(Seeded::new(seed));
    let (master, _) = MasterKey::generate(&*entropy).expect("random key");
    Context::new(Parts {
        pools: db.pools.clone(),
        vault: Arc::new(Vault::new(master, Arc::clone(&entropy))),
        passwords: Hasher::new(Arc::clone(&entropy), 2).expect("hasher"),
        clock: Arc::new(Ticking(AtomicI64::new(start))),
        entropy,
        probe: Arc::new(Scripted),
        workbench: Arc::new(Counting),
        catalog: vec![&OPENAI, &DEMO],
        public_url: "http://localhost:3000".to_owned(),
    })
}

/// The kind of the public error, or `None` for a success.
pub fn kind<T>(result: Result<T, Error>) -> Option<ErrorKind> {
    result.err().map(|error| error.into_api().kind)
}

/// The public message of a refusal.
pub fn message<T>(result: Result<T, Error>) -> String {
    result.err().expect("a refusal").into_api().message
}

/// The names of the wrong fields.
pub fn fields<T>(result: Result<T, Error>) -> Vec<String> {
    result.err().expect("a refusal").into_api().fields.into_iter().map(|field| field.field).collect()
}

/// The secret in the fragment of a link.
pub fn secret(link: &domain::person::NewLink) -> String {
    link.url.split_once('#').expect("a fragment").1.to_owned()
}
