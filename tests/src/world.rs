//! One small instance for one test: a database, a fake provider, a server, a team, two models with prices, two keys.
//!
//! `World::new().await` is the whole arrangement of most tests. What a test needs beyond it belongs into that test.

#![expect(clippy::expect_used, reason = "the arrangement of a test: without it there is nothing to assert")]

use reqwest::{Body, RequestBuilder};
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio_util::task::TaskTracker;

use crate::{
    Answer, FakeUpstream, Ledger, TestServer, http_client, key, kinds,
    price::{MODELS, Model},
};

pub struct World {
    pub upstream: FakeUpstream,
    pub ledger: Ledger,
    pub server: TestServer,
    /// May call every model.
    pub key: String,
    /// May call model `a` only.
    pub narrow_key: String,
    tasks: TaskTracker,
    _database: store::testing::TestDatabase,
}

impl World {
    /// What the gateway must send to the provider and show to nobody.
    pub const PROVIDER_SECRET: &str = "sk-provider-secret-of-the-test-instance";

    pub async fn new() -> Self {
        Self::with(bundle).await
    }

    /// Beside the usual models one for each kind of provider, named as the kind is.
    pub async fn with_every_kind() -> Self {
        Self::with(|upstream| bundle(upstream) + &kinds::bundle(upstream)).await
    }

    async fn with(bundle: impl Fn(&FakeUpstream) -> String) -> Self {
        let upstream = FakeUpstream::start().await.expect("a fake provider");
        let database = store::testing::database().await;
        let (key, narrow_key) = (key::virtual_key("all"), key::virtual_key("narrow"));
        let secrets = [("LOCAL_KEY", Self::PROVIDER_SECRET), ("ALL_KEY", &*key), ("NARROW_KEY", &*narrow_key)];
        let server = TestServer::start(&database.url, &bundle(&upstream), &secrets).await.expect("a server");
        let ledger = Ledger::connect(&database.url).await.expect("a view of the database");
        Self { upstream, ledger, server, key, narrow_key, tasks: TaskTracker::new(), _database: database }
    }

    /// A small chat request for `model`.
    pub fn body(model: &str) -> Value {
        let messages = json!([{"role": "user", "content": "Say something about größere Ledger."}]);
        json!({"model": model, "messages": messages})
    }

    pub fn url(&self, path: &str) -> String {
        self.server.url(path)
    }

    pub fn chat_url(&self) -> String {
        self.url("/v1/chat/completions")
    }

    /// A call of another dialect.
    pub async fn call(&self, path: &str, body: &Value) -> Answer {
        let request = http_client().post(self.url(path)).bearer_auth(&self.key);
        let request = request.header("content-type", "application/json").body(body.to_string());
        Answer::read(request.send().await.expect("an answer from the gateway")).await
    }

    /// A chat request without its body. One attempt and no other: what follows a failed one is the gateway's own test.
    pub fn request(&self, key: &str) -> RequestBuilder {
        http_client()
            .post(self.chat_url())
            .bearer_auth(key)
            .header("content-type", "application/json")
            .header("x-tallygate-fallback", "off")
    }

    pub async fn post_as(&self, key: &str, body: impl Into<Body>) -> Answer {
        Answer::read(self.request(key).body(body).send().await.expect("an answer from the gateway")).await
    }

    pub async fn chat(&self, body: &Value) -> Answer {
        self.post_as(&self.key, body.to_string()).await
    }

    /// `chat` in the background.
    pub fn send(&self, body: &Value) -> JoinHandle<Answer> {
        let request = self.request(&self.key).body(body.to_string());
        self.tasks.spawn(async move { Answer::read(request.send().await.expect("an answer from the gateway")).await })
    }

    /// Secrets and inner words of the provider that `answer` shows; must be empty.
    pub fn leaks(&self, answer: &Answer) -> Vec<String> {
        answer.leaks(&[Self::PROVIDER_SECRET, &self.key, &self.narrow_key])
    }
}

/// The instance as one file. `ALL_KEY`, `NARROW_KEY` and `LOCAL_KEY` hold its secrets.
pub fn bundle(upstream: &FakeUpstream) -> String {
    let models: String = MODELS.iter().map(model).collect();
    format!(
        r#"
[instance]
name = "Tests"
allow_private = ["{address}"]

[[teams]]
slug = "payments"
name = "Payments"

[[providers]]
slug = "local"
kind = "openai-compatible"
base_url = "{base_url}"
credential_env = "LOCAL_KEY"
{models}
[[keys]]
name = "all"
team = "payments"
secret_env = "ALL_KEY"
models = "all"

[[keys]]
name = "narrow"
team = "payments"
secret_env = "NARROW_KEY"
models = ["a"]
"#,
        address = upstream.address(),
        base_url = upstream.base_url(),
    )
}

fn model(model: &Model) -> String {
    let Model { name, upstream, input, cache_read, output, pico: _ } = model;
    format!(
        r#"
[[models]]
slug = "{name}"
provider = "local"
upstream_model = "{upstream}"
context_window = 128000
max_output = 16384
price = {{ input = "{input}", cache_read = "{cache_read}", output = "{output}" }}
"#
    )
}
