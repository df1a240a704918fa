//! Runs a group of lines: one instance, one model for each line and route, all calls at once, then every cell is checked.

use futures_util::{StreamExt as _, stream};
use reqwest::Client;
use serde_json::{Value, json};
use tests::{
    Answer, Attempt, FakeUpstream, Ledger, TestServer, World,
    dialect::{Dialect, Scenario},
    fake_upstream::{End, Exchange, Request},
    http_client,
    kinds::KINDS,
    virtual_key,
};

use super::{
    books, client,
    row::{Cell, Route, Row},
};

/// Calls in flight at once.
const AT_ONCE: usize = 16;

/// One instance whose models a test names itself.
pub struct Stage {
    pub upstream: FakeUpstream,
    pub ledger: Ledger,
    pub server: TestServer,
    pub key: String,
    pub client: Client,
    database: store::testing::TestDatabase,
}

/// A model of a stage: its public name, the kind of its provider, its name there.
pub struct Model {
    pub name: String,
    pub kind: &'static str,
    pub upstream_model: String,
}

/// One cell, and what became of it.
pub struct Call<'a> {
    pub row: &'a Row,
    pub route: Route,
    pub stream: bool,
    pub cell: &'a Cell,
    pub model: &'a Model,
    pub answer: Answer,
}

/// What the other two parties wrote down about a call.
pub struct Record<'a> {
    pub attempt: &'a Attempt,
    pub request: &'a Request,
    pub exchange: &'a Exchange,
}

impl Stage {
    pub async fn new<'a>(models: impl Iterator<Item = &'a Model>) -> Self {
        let upstream = FakeUpstream::start().await.unwrap();
        let address = upstream.address().to_string();
        let bundle = bundle(&upstream, models);
        Self::with(upstream, &[&address], &bundle).await
    }

    /// `allowed` are the private destinations, `providers` the part of the bundle that describes providers and models.
    pub async fn with(upstream: FakeUpstream, allowed: &[&str], providers: &str) -> Self {
        let database = store::testing::database().await;
        let key = virtual_key("all");
        let secrets = [("LOCAL_KEY", World::PROVIDER_SECRET), ("ALL_KEY", &*key)];
        let bundle = format!(
            "[instance]\nname = \"Faults\"\nallow_private = {allowed:?}\n\n[[teams]]\nslug = \"core\"\nname = \"Core\"\n
[[keys]]\nname = \"all\"\nteam = \"core\"\nsecret_env = \"ALL_KEY\"\nmodels = \"all\"\n{providers}"
        );
        let server = TestServer::start(&database.url, &bundle, &secrets).await.unwrap();
        let ledger = Ledger::connect(&database.url).await.unwrap();
        Self { upstream, ledger, server, key, client: http_client(), database }
    }

    /// The same instance after a change of its settings.
    pub async fn restart(&mut self, change: &str) {
        let server = TestServer::start(&self.database.url, change, &[]).await.unwrap();
        std::mem::replace(&mut self.server, server).stop().await.unwrap();
    }

    /// One attempt and no other.
    pub fn request(&self, dialect: Dialect, body: &Value) -> reqwest::RequestBuilder {
        self.client
            .post(self.server.url(dialect.path()))
            .bearer_auth(&self.key)
            .header("content-type", "application/json")
            .header("anthropic-version", "2023-06-01")
            .header("x-tallygate-fallback", "off")
            .body(body.to_string())
    }

    pub fn leaks(&self, answer: &Answer) -> Vec<String> {
        answer.leaks(&[World::PROVIDER_SECRET, &self.key])
    }
}

/// A provider for each kind, and the models.
fn bundle<'a>(upstream: &FakeUpstream, models: impl Iterator<Item = &'a Model>) -> String {
    let provider = |kind: &str| {
        let base_url = match kind {
            "anthropic" => upstream.root_url(),
            "gemini" => upstream.gemini_base_url(),
            "azure-openai" => upstream.azure_base_url(),
            _ => upstream.base_url(),
        };
        self::provider(kind, kind, &base_url)
    };
    KINDS.iter().map(|kind| provider(kind.name)).chain(models.map(Model::entry)).collect()
}

pub fn provider(slug: &str, kind: &str, base_url: &str) -> String {
    format!(
        "\n[[providers]]\nslug = \"{slug}\"\nkind = \"{kind}\"\nbase_url = \"{base_url}\"\ncredential_env = \"LOCAL_KEY\"\n"
    )
}

impl Model {
    pub fn new(name: String, kind: &'static str) -> Self {
        let own = KINDS.iter().find(|one| one.name == kind).map_or("m", |one| one.upstream_model);
        let upstream_model = format!("{own}-{name}");
        Self { name, kind, upstream_model }
    }

    /// With the prices that `kinds::cost_nano` knows.
    pub fn entry(&self) -> String {
        let Self { name, kind, upstream_model } = self;
        format!(
            "\n[[models]]\nslug = \"{name}\"\nprovider = \"{kind}\"\nupstream_model = \"{upstream_model}\"\n\
             context_window = 200000\nmax_output = 32000\n\
             price = {{ input = \"3.00\", cache_read = \"0.30\", output = \"15.00\" }}\n"
        )
    }
}

fn model_of(number: usize, (dialect, kind): Route) -> Model {
    let dialect = format!("{dialect:?}").to_lowercase();
    Model::new(format!("row-{number}-{dialect}-{kind}"), kind)
}

/// Runs every cell of `rows`; all that is wrong is reported at once.
pub async fn run(rows: &[Row]) {
    let places: Vec<(&Row, Route, Model)> = rows
        .iter()
        .enumerate()
        .flat_map(|(number, row)| row.routes.iter().map(move |route| (row, *route, model_of(number, *route))))
        .collect();
    let stage = Stage::new(places.iter().map(|(_, _, model)| model)).await;
    let mut calls = Vec::new();
    for (row, route, model) in &places {
        stage.upstream.script_for(&model.upstream_model, row.script.clone());
        for (stream, cell) in [(true, &row.stream), (false, &row.whole)] {
            calls.extend(cell.as_ref().map(|cell| call(&stage, row, *route, stream, cell, model)));
        }
    }
    let calls: Vec<Call<'_>> = stream::iter(calls).buffer_unordered(AT_ONCE).collect().await;
    let wrong = judge(&stage, &calls).await;
    assert!(wrong.is_empty(), "{} of {} cells are wrong\n{}", wrong.len(), calls.len(), wrong.join("\n"));
}

async fn call<'a>(
    stage: &Stage,
    row: &'a Row,
    route: Route,
    stream: bool,
    cell: &'a Cell,
    model: &'a Model,
) -> Call<'a> {
    let (dialect, _) = route;
    let mut body = dialect.request(Scenario::Plain, &model.name, stream, None);
    for (field, value) in &row.body {
        body[*field] = value.clone();
    }
    let mut request = stage.request(dialect, &body);
    if let Some(deadline_ms) = row.deadline_ms {
        request = request.header("x-tallygate-deadline-ms", json!(deadline_ms).to_string());
    }
    let answer = Answer::read(request.send().await.unwrap()).await;
    Call { row, route, stream, cell, model, answer }
}

/// Compares answers, rows and journal. Rows exist before their requests are sent, so what is missing now never comes.
async fn judge(stage: &Stage, calls: &[Call<'_>]) -> Vec<String> {
    let attempts = stage.ledger.until(|all| all.iter().all(|one| one.state != "reserved")).await.unwrap();
    let requests = stage.upstream.journal().until(|all| all.iter().all(|one| one.end != End::Open)).await.unwrap();
    let exchanges = stage.upstream.exchanges();
    assert!(exchanges.len() == requests.len(), "more calls than the fake keeps: make two groups of them");
    let mut wrong = Vec::new();
    for call in calls {
        if let Err(error) = check(stage, call, &attempts, &requests, &exchanges) {
            let Call { row, route, stream, .. } = call;
            wrong.push(format!("--- row {} ({}) {route:?} stream={stream}\n{error}", row.id, row.name));
        }
    }
    wrong.sort();
    wrong
}

fn check(
    stage: &Stage,
    call: &Call<'_>,
    attempts: &[Attempt],
    requests: &[Request],
    exchanges: &[Exchange],
) -> Result<(), String> {
    let name = &call.model.name;
    let rows: Vec<_> = attempts.iter().filter(|one| one.model == *name && one.stream == call.stream).collect();
    let [attempt] = rows[..] else { return Err(format!("{} rows: {rows:#?}\n{}", rows.len(), call.answer.text())) };
    let is_ours = |one: &&Request| one.attempt == Some(attempt.id.to_string());
    let seen: Vec<_> = requests.iter().filter(is_ours).collect();
    let [request] = seen[..] else { return Err(format!("{} requests at the provider", seen.len())) };
    let exchange = exchanges.iter().find(|one| one.seq == request.seq).ok_or("no exchange")?;
    let record = Record { attempt, request, exchange };
    let leaks = stage.leaks(&call.answer);
    if !leaks.is_empty() {
        return Err(format!("leaks {leaks:?}\n{}", call.answer.text()));
    }
    if exchange.head.contains_key("accept-encoding") {
        return Err("the gateway asks for packed answers, which it must not unpack".to_owned());
    }
    if call.row.is_endless && request.end != End::ClientGone {
        return Err(format!("the provider came to its end: {:?}", request.end));
    }
    let seen = client::check(call, &record);
    let booked = books::check(&call.cell.books, &record);
    match (seen, booked) {
        (Ok(()), Ok(())) => Ok(()),
        (seen, booked) => Err([seen.err(), booked.err()].into_iter().flatten().collect::<Vec<_>>().join("\n")),
    }
}
