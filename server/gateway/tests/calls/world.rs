//! One gateway on a database of its own, with one team, one key, the demo models and an upstream that says what it is told.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use auth::{ApiKey, MasterKey, Vault};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use domain::{
    clock::{Clock, Entropy},
    id::{RunId, TeamId, UserId},
    key::KeyScope,
};
use gateway::{Body, Call, Caller, Gateway, Parts, Patience, Reply};
use http::HeaderMap;
use llm::{Dialect, Problem};
use store::testing::TestDatabase;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    time::Instant,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use uuid::Uuid;

pub struct World {
    pub gateway: Gateway,
    pub database: TestDatabase,
    key: ApiKey,
    tasks: TaskTracker,
    core: TaskTracker,
    stop: CancellationToken,
}

/// One conversation with the upstream: what it got, and what it says.
pub struct Upstream {
    conversations: mpsc::Receiver<Conversation>,
}

pub struct Conversation {
    pub head: String,
    pub body: String,
    socket: TcpStream,
}

struct TestClock;

impl Clock for TestClock {
    /// Stands still: ids differ by their randomness, and the database's own clock decides about rows.
    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp(1_795_000_000, 0).unwrap_or_default()
    }
}

/// Randomness that counts: every call gives other bytes.
#[derive(Default)]
pub struct Counting(AtomicU64);

impl Entropy for Counting {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let next = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
            chunk.copy_from_slice(
                &(next ^ (next >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9).to_le_bytes()[..chunk.len()],
            );
        }
    }
}

fn leaked(sql: String) -> &'static str {
    Box::leak(sql.into_boxed_str())
}

impl World {
    /// The models `swift` (demo) and `remote`, which `upstream` serves; both cost 1 $ in and 2 $ out per million tokens.
    pub async fn with_upstream(upstream: &str, allow: &str) -> Self {
        Self::with_patience(upstream, allow, Patience::default()).await
    }

    pub async fn with_patience(upstream: &str, allow: &str, patience: Patience) -> Self {
        let database = store::testing::database().await;
        let entropy = Arc::new(Counting(AtomicU64::new(1)));
        let key = auth::api_key::make(entropy.as_ref());
        let digest: String = key.digest().as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        let public = key.public();
        for statement in SEED.split(";\n") {
            let statement = statement
                .replace("{upstream}", upstream)
                .replace("{allow}", allow)
                .replace("{public}", public)
                .replace("{digest}", &digest);
            database.execute(leaked(statement)).await;
        }
        let (tasks, core, stop) = (TaskTracker::new(), TaskTracker::new(), CancellationToken::new());
        let (master, _) = MasterKey::generate(entropy.as_ref()).unwrap();
        let gateway = Gateway::start(Parts {
            pools: database.pools.clone(),
            vault: Arc::new(Vault::new(master, entropy.clone())),
            clock: Arc::new(TestClock),
            entropy,
            patience,
            tasks: tasks.clone(),
            core: core.clone(),
            stop: stop.clone(),
        })
        .await
        .unwrap();
        Self { gateway, database, key, tasks, core, stop }
    }

    pub async fn with_demo() -> Self {
        Self::with_upstream("127.0.0.1:1", "").await
    }

    pub async fn with_listening_upstream() -> (Self, Upstream) {
        Self::with_impatience(Patience::default()).await
    }

    pub async fn with_impatience(patience: Patience) -> (Self, Upstream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (sender, conversations) = mpsc::channel(8);
        let world = Self::with_patience(&address, &address, patience).await;
        let stop = world.stop.clone();
        world.tasks.spawn(async move {
            loop {
                let accepted =
                    tokio::select! { accepted = listener.accept() => accepted, () = stop.cancelled() => return };
                let Some(conversation) = Conversation::read(accepted.unwrap().0).await else { continue };
                if sender.send(conversation).await.is_err() {
                    return;
                }
            }
        });
        (world, Upstream { conversations })
    }

    pub fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert("authorization", format!("Bearer {}", self.key.expose_secret()).parse().unwrap());
        headers
    }

    pub fn caller(&self) -> Caller {
        self.gateway.authenticate(&self.headers(), None, KeyScope::Inference).unwrap()
    }

    pub fn member(&self) -> Caller {
        let id = Uuid::from_u128(1);
        self.gateway.run_caller(TeamId(id), UserId(id), RunId(id))
    }

    /// One attempt and no other.
    pub async fn post(&self, body: &str) -> Result<Reply, Problem> {
        let mut headers = HeaderMap::new();
        headers.insert("x-tallygate-fallback", "off".parse().unwrap());
        self.post_with(headers, body).await
    }

    pub async fn post_with(&self, headers: HeaderMap, body: &str) -> Result<Reply, Problem> {
        let request_id = self.gateway.request_id();
        let call = Call {
            request_id,
            caller: self.caller(),
            dialect: dialect(),
            headers,
            body: Bytes::copy_from_slice(body.as_bytes()),
            received: Instant::now(),
        };
        self.gateway.serve(call).await.map_err(|error| error.problem(request_id))
    }

    /// Changes the settings, and waits until they are in force.
    pub async fn change(&self, sql: &'static str) {
        for statement in sql.split(";\n") {
            self.database.execute(statement).await;
        }
        let version = self.database.number("SELECT version FROM config_version").await;
        self.gateway.wait_for_version(version).await;
    }

    /// Ends the gateway; every row is in its last state afterwards.
    pub async fn finish(self) -> TestDatabase {
        self.tasks.close();
        self.stop.cancel();
        self.core.close();
        self.core.wait().await;
        self.database
    }

    /// Like `finish`, and the row that there must be exactly one of: state, outcome, source, charge and flags.
    pub async fn only_row(self) -> String {
        let database = self.finish().await;
        database
            .text(
                "SELECT concat_ws(' ', state, outcome, usage_source, charged_nano, array_to_string(flags, ' ')) \
                 FROM (SELECT *, count(*) OVER () AS rows FROM attempts) AS a WHERE rows = 1",
            )
            .await
            .trim_end()
            .to_owned()
    }
}

pub fn dialect() -> &'static dyn Dialect {
    llm::DIALECTS[0]
}

impl Upstream {
    /// The next request that arrives.
    pub async fn next(&mut self) -> Conversation {
        self.conversations.recv().await.unwrap()
    }
}

impl Conversation {
    async fn read(mut socket: TcpStream) -> Option<Self> {
        let mut bytes = Vec::new();
        let head = loop {
            let mut piece = [0; 4096];
            let length = socket.read(&mut piece).await.ok().filter(|length| *length > 0)?;
            bytes.extend_from_slice(&piece[..length]);
            if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
                break end + 4;
            }
        };
        let text = String::from_utf8(bytes[..head].to_vec()).unwrap().to_lowercase();
        let length =
            text.split("content-length: ").nth(1).and_then(|rest| rest.lines().next()).unwrap().parse().unwrap();
        let mut body = bytes.split_off(head);
        while body.len() < length {
            let mut piece = [0; 4096];
            let length = socket.read(&mut piece).await.ok()?;
            body.extend_from_slice(&piece[..length]);
        }
        Some(Self { head: text, body: String::from_utf8(body).unwrap(), socket })
    }

    /// Says something, as it is.
    pub async fn say(&mut self, text: &str) {
        self.say_bytes(text.as_bytes()).await;
    }

    /// The same where a piece is no text by itself.
    pub async fn say_bytes(&mut self, bytes: &[u8]) {
        self.socket.write_all(bytes).await.unwrap();
        self.socket.flush().await.unwrap();
    }

    /// A whole answer; the connection closes.
    pub async fn answer(mut self, status: &str, content_type: &str, body: &str) {
        let length = body.len();
        let head = format!(
            "HTTP/1.1 {status}\r\ncontent-type: {content_type}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
        );
        self.say(&(head + body)).await;
    }

    /// The head of a stream that ends when the connection does.
    pub async fn open_stream(&mut self) {
        self.say("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n").await;
    }

    /// Returns when the other side has gone away.
    pub async fn left(&mut self) {
        let mut piece = [0; 64];
        while self.socket.read(&mut piece).await.is_ok_and(|length| length > 0) {}
    }
}

/// Everything of a stream, joined.
pub async fn text(reply: Reply) -> String {
    match reply.body {
        Body::Whole(bytes) => String::from_utf8(bytes.to_vec()).unwrap(),
        Body::Stream(mut receiver) => {
            let mut text = String::new();
            while let Some(bytes) = receiver.recv().await {
                text.push_str(std::str::from_utf8(&bytes).unwrap());
            }
            text
        }
    }
}

const SEED: &str = "INSERT INTO instance (name, allow_private) VALUES ('test', CASE '{allow}' WHEN '' THEN '{}' ELSE ARRAY['{allow}'] END::text[]);
INSERT INTO teams (id, slug, name, store_content) VALUES ('00000000-0000-0000-0000-000000000001', 'core', 'Core', 'metadata');
INSERT INTO virtual_keys (id, team_id, name, kind, public, digest, last_four, all_models) VALUES ('00000000-0000-0000-0000-000000000002', '00000000-0000-0000-0000-000000000001', 'k', 'service', '{public}', decode('{digest}', 'hex'), 'abcd', true);
INSERT INTO providers (id, slug, kind, base_url) VALUES ('00000000-0000-0000-0000-000000000003', 'demo', 'demo', ''), ('00000000-0000-0000-0000-000000000004', 'lab', 'openai-compatible', 'http://{upstream}/v1');
INSERT INTO models (id, name, aliases) VALUES ('00000000-0000-0000-0000-000000000005', 'swift', '{quick}'), ('00000000-0000-0000-0000-000000000006', 'remote', '{}'), ('00000000-0000-0000-0000-000000000007', 'unpriced', '{}');
INSERT INTO deployments (id, model_id, provider_id, upstream_model) VALUES ('00000000-0000-0000-0000-000000000008', '00000000-0000-0000-0000-000000000005', '00000000-0000-0000-0000-000000000003', 'demo-swift'), ('00000000-0000-0000-0000-000000000009', '00000000-0000-0000-0000-000000000006', '00000000-0000-0000-0000-000000000004', 'lab-1'), ('00000000-0000-0000-0000-00000000000a', '00000000-0000-0000-0000-000000000007', '00000000-0000-0000-0000-000000000003', 'demo-swift');
INSERT INTO price_versions (id, model_id, effective_from, source) VALUES ('00000000-0000-0000-0000-00000000000b', '00000000-0000-0000-0000-000000000005', '2026-01-01', 'test'), ('00000000-0000-0000-0000-00000000000c', '00000000-0000-0000-0000-000000000006', '2026-01-01', 'test');
INSERT INTO price_components (version_id, class, pico) SELECT v.id, c.class, c.pico FROM price_versions AS v, (VALUES ('input', 1000000), ('output', 2000000)) AS c(class, pico);
UPDATE config_version SET version = version + 1";
