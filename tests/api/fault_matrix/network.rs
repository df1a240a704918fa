//! Rows 1 to 10: connections that never are, that lead where they must not, or that end between two calls.
//!
//! Each row has a provider of its own whose address does it. Left out, because this repository has no tool that makes
//! certificates: row 4 (expired), row 5 (self-signed) and row 6 (wrong host). Row 7 (TLS 1.1) is a server that
//! refuses the version by the alert such a server sends.

use std::net::SocketAddr;

use tests::{
    Answer, FakeUpstream,
    dialect::{Dialect, Scenario},
    fake_upstream::Script,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpSocket, TcpStream},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    row::{FROM_MESSAGES, OWN, Problem, TO_ANTHROPIC},
    stage::{Model, Stage, provider},
};

/// A TLS record of one fatal alert: the protocol version is not supported.
const PROTOCOL_VERSION: &[u8] = b"\x15\x03\x02\x00\x02\x02\x46";
/// Of the rows that wait for it.
const DEADLINE_MS: &str = "700";

/// One row: where the provider is, and what must come of calling it.
struct Row {
    id: &'static str,
    name: &'static str,
    base_url: String,
    problem: Problem,
    outcome: &'static str,
    deadline_ms: Option<&'static str>,
}

/// Addresses that are held, so that they stay what they are, and what serves them.
struct Addresses {
    _refused: TcpSocket,
    _full: (TcpListener, TcpStream),
    stop: CancellationToken,
}

impl Drop for Addresses {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

fn loopback() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

/// An address that nobody listens on, and nobody else will.
fn refused() -> (TcpSocket, SocketAddr) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(loopback()).unwrap();
    let address = socket.local_addr().unwrap();
    (socket, address)
}

/// An address whose queue of connections is full: further ones get no answer.
async fn full() -> ((TcpListener, TcpStream), SocketAddr) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(loopback()).unwrap();
    let listener = socket.listen(0).unwrap();
    let address = listener.local_addr().unwrap();
    let only = TcpStream::connect(address).await.unwrap();
    ((listener, only), address)
}

/// An address that takes every connection, sends `answer` to its first bytes, and then says nothing.
async fn speaking(answer: &'static [u8], tasks: &TaskTracker, stop: &CancellationToken) -> SocketAddr {
    let listener = TcpListener::bind(loopback()).await.unwrap();
    let address = listener.local_addr().unwrap();
    let stop = stop.clone();
    let more = tasks.clone();
    tasks.spawn(async move {
        while let Some(Ok((mut stream, _))) = stop.run_until_cancelled(listener.accept()).await {
            let stop = stop.clone();
            more.spawn(async move {
                let mut hello = [0; 512];
                let talking = async {
                    if stream.read(&mut hello).await? > 0 {
                        stream.write_all(answer).await?;
                    }
                    // Until the other side leaves, in whatever way.
                    while stream.read(&mut hello).await? > 0 {}
                    std::io::Result::Ok(())
                };
                let _left = stop.run_until_cancelled(talking).await;
            });
        }
    });
    address
}

async fn rows() -> (Vec<Row>, [SocketAddr; 6], Addresses) {
    let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
    let (refusing, at_refused) = refused();
    let (full, at_full) = full().await;
    let old = speaking(PROTOCOL_VERSION, &tasks, &stop).await;
    let silent = speaking(b"", &tasks, &stop).await;
    let plain = speaking(b"HTTP/1.1 400 Bad Request\r\n\r\n", &tasks, &stop).await;
    let forbidden = speaking(b"", &tasks, &stop).await;
    let unreachable = |id, name, base_url| Row {
        id,
        name,
        base_url,
        problem: Problem::Unreachable,
        outcome: "unreachable",
        deadline_ms: None,
    };
    let late = |row: Row| Row { problem: Problem::Deadline, outcome: "timeout", deadline_ms: Some(DEADLINE_MS), ..row };
    let rows = vec![
        unreachable("1", "connection refused", format!("http://{at_refused}/v1")),
        late(unreachable("2", "no answer to a connection", format!("http://{at_full}/v1"))),
        // Reserved for names that never exist.
        unreachable("3", "no such name", "https://provider.invalid/v1".to_owned()),
        unreachable("7", "TLS 1.1", format!("https://{old}/v1")),
        unreachable("7", "no TLS at all", format!("https://{plain}/v1")),
        late(unreachable("8", "a handshake that stalls", format!("https://{silent}/v1"))),
        // Allowed when it was typed: the name is judged by where it leads at the moment of the call.
        Row {
            id: "9",
            name: "a name that leads to a forbidden address",
            base_url: format!("https://localhost:{}/v1", forbidden.port()),
            problem: Problem::Blocked,
            outcome: "destination_blocked",
            deadline_ms: None,
        },
    ];
    let addresses = Addresses { _refused: refusing, _full: full, stop };
    (rows, [forbidden, at_refused, at_full, old, silent, plain], addresses)
}

#[tokio::test]
async fn rows_1_to_9_what_never_was_a_connection_costs_nothing() {
    let (rows, allowed, _addresses) = rows().await;
    let upstream = FakeUpstream::start().await.unwrap();
    let mut bundle = String::new();
    for (number, row) in rows.iter().enumerate() {
        for kind in ["openai-compatible", "anthropic"] {
            let slug = format!("at-{number}-{kind}");
            let model = Model { name: slug.clone(), kind, upstream_model: "m".to_owned() };
            let entry = model.entry().replace(&format!("provider = \"{kind}\""), &format!("provider = \"{slug}\""));
            bundle = bundle + &provider(&slug, kind, &row.base_url) + &entry;
        }
    }
    let allowed = allowed.map(|address| address.to_string());
    let allowed = allowed.each_ref().map(String::as_str);
    let mut stage = Stage::with(upstream, &allowed, &bundle).await;
    // The name of row 9 leads to the same place as before, which is now none that may be called.
    stage.restart(&format!("[instance]\nname = \"Faults\"\nallow_private = {:?}\n", &allowed[1..])).await;
    let cells = rows.iter().enumerate().flat_map(|(number, row)| {
        [OWN, FROM_MESSAGES, TO_ANTHROPIC]
            .into_iter()
            .flat_map(move |route| [true, false].map(|stream| (number, row, route, stream)))
    });
    let stage = &stage;
    let errors = cells.map(|(number, row, (dialect, kind), stream)| {
        let body = dialect.request(Scenario::Plain, &format!("at-{number}-{kind}"), stream, None);
        let mut request = stage.request(dialect, &body);
        if let Some(deadline_ms) = row.deadline_ms {
            request = request.header("x-tallygate-deadline-ms", deadline_ms);
        }
        async move {
            let answer = Answer::read(request.send().await.unwrap()).await;
            let leaks = stage.leaks(&answer);
            let error = if leaks.is_empty() { check(row, dialect, &answer).err() } else { Some(format!("{leaks:?}")) };
            error.map(|error| format!("--- row {} ({}) {dialect:?} {kind} {stream}\n{error}", row.id, row.name))
        }
    });
    let mut wrong: Vec<String> = futures_util::future::join_all(errors).await.into_iter().flatten().collect();
    let attempts = stage.ledger.at_rest(rows.len() * 6).await.unwrap();
    for (number, row) in rows.iter().enumerate() {
        let is_its = |model: &str| model.starts_with(&format!("at-{number}-"));
        for one in attempts.iter().filter(|one| is_its(&one.model)) {
            let is_released = one.state == "released" && one.charged_nano == 0 && one.cost_nano.unwrap_or(0) == 0;
            if !is_released || one.outcome.as_deref() != Some(row.outcome) {
                wrong.push(format!(
                    "--- row {} ({}) books: expected released {}: {one:?}",
                    row.id, row.name, row.outcome
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{} are wrong\n{}", wrong.len(), wrong.join("\n"));
}

fn check(row: &Row, dialect: Dialect, answer: &Answer) -> Result<(), String> {
    let (status, error_type, code, kind) = row.problem.facts(dialect);
    let error = &answer.json()["error"];
    let is_right = answer.status == status
        && error["type"] == error_type
        && error["code"].as_str() == code
        && error["tallygate"]["kind"] == kind;
    if is_right { Ok(()) } else { Err(format!("client: expected {status} {error_type} {kind}: {answer:?}")) }
}

#[tokio::test]
async fn row_10_a_pooled_connection_that_was_closed_is_opened_again() {
    let models = [Model::new("a".to_owned(), "openai-compatible")];
    let stage = Stage::new(models.iter()).await;
    stage.upstream.script(Script::words(5));
    for stream in [false, true] {
        let body = Dialect::Chat.request(Scenario::Plain, "a", stream, None);
        for _ in 0..2 {
            let answer = Answer::read(stage.request(Dialect::Chat, &body).send().await.unwrap()).await;
            assert_eq!((answer.status, answer.is_broken), (200, false), "{answer:?}");
            // Closes what is idle, and is there again at once.
            stage.upstream.refuse_connections().await.unwrap();
            stage.upstream.accept_connections().await.unwrap();
        }
    }
    let rows = stage.ledger.at_rest(4).await.unwrap();
    assert!(rows.iter().all(|row| row.state == "settled" && row.usage_source.as_deref() == Some("final")), "{rows:#?}");
    assert_eq!(stage.upstream.journal().requests().unwrap().len(), 4, "each was sent once");
}
