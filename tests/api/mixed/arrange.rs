//! The instance of the mix: each kind of provider with one model for each fault, and a view of the rows by call.

use std::{collections::HashMap, fmt::Write, net::SocketAddr, time::Duration};

use sqlx::PgPool;
use store::testing::TestDatabase;
use tests::{
    Attempt, FakeUpstream, Ledger, TestServer, World,
    fake_upstream::Options,
    kinds::{KINDS, Kind},
    virtual_key,
};
use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    time::timeout,
};
use uuid::Uuid;

use super::{faults::FAULTS, mix::Target};

/// On loopback a connection stands at once or not at all.
const FULL_AFTER: Duration = Duration::from_millis(300);

pub struct Place {
    pub upstream: FakeUpstream,
    pub server: TestServer,
    pub key: String,
    database: TestDatabase,
    /// Holds a port at which nobody listens.
    _dead: TcpSocket,
    _full: Full,
}

/// A port whose queue of connections is full, so that one more waits for ever.
struct Full {
    listener: TcpListener,
    _waiting: Vec<TcpStream>,
}

impl Full {
    async fn new() -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        let listener = socket.listen(1).unwrap();
        let address = listener.local_addr().unwrap();
        let mut waiting = Vec::new();
        while let Ok(stream) = timeout(FULL_AFTER, TcpStream::connect(address)).await {
            waiting.push(stream.unwrap());
        }
        Self { listener, _waiting: waiting }
    }
}

/// A row, the call it belongs to and its place among the call's attempts.
#[derive(Clone, Debug)]
pub struct Row {
    pub call: usize,
    pub number: i16,
    pub attempt: Attempt,
}

impl Place {
    pub async fn new() -> Self {
        // Bytes of two thousand exchanges would only fill memory.
        let options = Options { is_recording: false, ..Options::default() };
        let upstream = FakeUpstream::start_with(options).await.unwrap();
        let dead = TcpSocket::new_v4().unwrap();
        dead.bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        let database = store::testing::database().await;
        let key = virtual_key("mixed");
        let secrets = [("LOCAL_KEY", World::PROVIDER_SECRET), ("MIXED_KEY", &*key)];
        let full = Full::new().await;
        let bundle = bundle(&upstream, dead.local_addr().unwrap(), full.listener.local_addr().unwrap());
        let server = TestServer::start(&database.url, &bundle, &secrets).await.unwrap();
        Self { upstream, server, key, database, _dead: dead, _full: full }
    }

    /// Ends the server, which first lets every call come to its end, and reads what the books say.
    pub async fn close(self) -> (FakeUpstream, Vec<Row>) {
        self.server.stop().await.unwrap();
        let attempts = Ledger::connect(&self.database.url).await.unwrap().attempts().await.unwrap();
        let pool = PgPool::connect(&self.database.url).await.unwrap();
        let places: Vec<(Uuid, String, i16)> =
            sqlx::query_as("SELECT id, conversation, attempt_no FROM attempts").fetch_all(&pool).await.unwrap();
        let places: HashMap<Uuid, (usize, i16)> =
            places.into_iter().map(|(id, call, number)| (id, (call.parse().unwrap(), number))).collect();
        let row = |attempt: Attempt| {
            let (call, number) = places[&attempt.id];
            Row { call, number, attempt }
        };
        (self.upstream, attempts.into_iter().map(row).collect())
    }
}

/// The name a kind's model has at the fake.
pub fn upstream_model(kind: Kind, target: Target) -> String {
    match target {
        Target::Dead | Target::Full => "nobody".into(),
        target => format!("{}{}", kind.upstream_model, target.words()),
    }
}

fn base_url(kind: Kind, upstream: &FakeUpstream) -> String {
    match kind.name {
        "anthropic" => upstream.root_url(),
        "gemini" => upstream.gemini_base_url(),
        "azure-openai" => upstream.azure_base_url(),
        _ => upstream.base_url(),
    }
}

fn bundle(upstream: &FakeUpstream, dead: SocketAddr, full: SocketAddr) -> String {
    let mut text = format!(
        r#"
[instance]
name = "Mixed"
allow_private = ["{address}", "{dead}", "{full}"]

[[teams]]
slug = "payments"
name = "Payments"

[[keys]]
name = "mixed"
team = "payments"
secret_env = "MIXED_KEY"
models = "all"
"#,
        address = upstream.address(),
    );
    for (name, address) in [("dead", dead), ("full", full)] {
        provider(&mut text, name, "openai-compatible", &format!("http://{address}/v1"));
        model(&mut text, name, name, "nobody");
    }
    let plain = [Target::Good, Target::Slow, Target::Flaky];
    for kind in KINDS {
        provider(&mut text, kind.name, kind.name, &base_url(kind, upstream));
        for target in plain.into_iter().chain(FAULTS.iter().map(Target::Bad)) {
            let name = format!("{}{}", kind.name, target.suffix());
            model(&mut text, kind.name, &name, &upstream_model(kind, target));
        }
    }
    text
}

fn provider(text: &mut String, slug: &str, kind: &str, base_url: &str) {
    let entry = format!(
        "\n[[providers]]\nslug = \"on-{slug}\"\nkind = \"{kind}\"\nbase_url = \"{base_url}\"\ncredential_env = \"LOCAL_KEY\"\n"
    );
    // Writing to a string cannot fail.
    let _ = text.write_str(&entry);
}

/// At the prices of `kinds::cost_nano`.
fn model(text: &mut String, provider: &str, slug: &str, upstream: &str) {
    let entry = format!(
        r#"
[[models]]
slug = "{slug}"
provider = "on-{provider}"
upstream_model = "{upstream}"
context_window = 200000
max_output = 32000
price = {{ input = "3.00", cache_read = "0.30", output = "15.00" }}
"#
    );
    let _ = text.write_str(&entry);
}
