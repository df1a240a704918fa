//! `load compare`: the provider itself, nginx before it and the gateway before it, in short turns within one run.
//!
//! Noise of the machine hits all three alike, and so does the generator. Every round also measures one committed insert
//! on the gateway's own Postgres. The run fails for errors and for rows that do not match, never for a time.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use http_body_util::{BodyExt as _, Empty};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::{
    arguments::Arguments,
    figures::Times,
    machine::{Processes, Spent},
    postgres::Postgres,
    table,
    target::{Kind, Target},
    worker::{self, Outcome, Quota},
};

const FLAGS: &[&str] = &[
    "--direct",
    "--nginx",
    "--gateway",
    "--key",
    "--model",
    "--database",
    "--server-pid",
    "--upstream-pid",
    "--rounds",
];
pub const CONNECTIONS: [usize; 3] = [1, 16, 64];
pub const KINDS: [Kind; 2] = [Kind::Plain, Kind::Stream];
const ROUNDS: u32 = 5;
/// Six rounds stay below four minutes.
const MOST_ROUNDS: u32 = 6;
const PLAIN_TURN: Duration = Duration::from_millis(1_400);
/// Longer, because one stream takes a tenth of a second and one connection makes few of them.
const STREAM_TURN: Duration = Duration::from_millis(2_200);
/// Twice in each round, right before what it is compared with.
const INSERT_TURN: Duration = Duration::from_millis(500);
const WARM_UP: Duration = Duration::from_millis(700);
/// How long the last rows may take to be settled.
const SETTLING: Duration = Duration::from_secs(20);
const LOOK: Duration = Duration::from_millis(50);

/// Who answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Direct,
    Nginx,
    Gateway,
}

impl Way {
    pub fn name(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Nginx => "nginx",
            Self::Gateway => "Tallygate",
        }
    }
}

/// One place of the table: all rounds of one way, kind and number of connections.
pub struct Cell {
    pub way: Way,
    pub kind: Kind,
    pub connections: usize,
    pub outcome: Outcome,
    /// The median of each round, to show how far apart the rounds were.
    pub medians_ms: Vec<f64>,
    pub spent: Spent,
}

/// Rows against the provider's count.
pub struct Parity {
    pub answered: usize,
    pub accepted: u64,
    pub settled: u64,
    /// Rows in every other state, and rows whose usage is not the provider's own.
    pub other: u64,
    pub not_final: u64,
    pub settled_after: Duration,
}

impl Parity {
    pub fn is_whole(&self) -> bool {
        self.accepted > 0 && self.accepted == self.settled && self.other == 0
    }
}

/// Everything a report shows.
pub struct Report {
    pub rounds: u32,
    pub took: Duration,
    pub cells: Vec<Cell>,
    pub inserts: Times,
    pub insert_medians_ms: Vec<f64>,
    pub parity: Parity,
    pub server_mb: Option<f64>,
    pub server_peak_mb: Option<f64>,
    pub server_before_mb: Option<f64>,
    pub postgres_mb: Option<f64>,
}

struct Bench {
    ways: Vec<(Way, Arc<Target>)>,
    processes: Processes,
    postgres: Postgres,
    rounds: u32,
    cells: Vec<Cell>,
    inserts: Vec<Duration>,
    insert_medians_ms: Vec<f64>,
    /// Calls through the gateway that were answered, warm-up included.
    answered: usize,
}

pub async fn run(words: &[&str]) -> Result<()> {
    let arguments = Arguments::read(words, FLAGS, &[])?;
    let direct = arguments.text("--direct")?.to_owned();
    let mut bench = Bench::new(&arguments)?;
    let began = Instant::now();
    let (server_before_mb, _) = bench.processes.server_memory();
    bench.warm_up().await;
    for round in 0..bench.rounds {
        eprintln!("round {} of {}", round + 1, bench.rounds);
        bench.round(round).await?;
    }
    let parity = bench.parity(&direct).await?;
    let (server_mb, server_peak_mb) = bench.processes.server_memory();
    let report = Report {
        rounds: bench.rounds,
        took: began.elapsed(),
        inserts: Times::new(bench.inserts),
        insert_medians_ms: bench.insert_medians_ms,
        server_mb,
        server_peak_mb,
        server_before_mb,
        postgres_mb: bench.processes.postgres_memory(),
        cells: bench.cells,
        parity,
    };
    print!("{}", table::render(&report));
    let failed: usize = report.cells.iter().map(|cell| cell.outcome.failed()).sum();
    ensure!(failed == 0, "{failed} calls failed");
    ensure!(report.parity.is_whole(), "the rows of the ledger are not what the provider accepted");
    Ok(())
}

impl Bench {
    fn new(arguments: &Arguments) -> Result<Self> {
        let (key, model) = (arguments.text("--key")?, arguments.text("--model")?);
        let mut ways = Vec::new();
        for (way, flag) in [(Way::Direct, "--direct"), (Way::Nginx, "--nginx"), (Way::Gateway, "--gateway")] {
            match arguments.find(flag) {
                Some(url) => ways.push((way, Arc::new(Target::new(url, key, model)?))),
                None => ensure!(way == Way::Nginx, "{flag} is missing"),
            }
        }
        let pid = |flag| arguments.number(flag, 1, u32::MAX)?.with_context(|| format!("{flag} is missing"));
        let mut postgres = Postgres::connect(arguments.text("--database")?)?;
        postgres.prepare_insert()?;
        Ok(Self {
            ways,
            processes: Processes { server: pid("--server-pid")?, upstream: pid("--upstream-pid")? },
            postgres,
            rounds: arguments.number("--rounds", 1, MOST_ROUNDS)?.unwrap_or(ROUNDS),
            cells: Vec::new(),
            inserts: Vec::new(),
            insert_medians_ms: Vec::new(),
            answered: 0,
        })
    }

    async fn warm_up(&mut self) {
        for kind in KINDS {
            for (way, target) in self.ways.clone() {
                let outcome = worker::call(&target, kind, CONNECTIONS[1], Quota::Time(WARM_UP)).await;
                self.keep(way, kind, CONNECTIONS[1], outcome, Spent::default(), IsMeasured::No);
            }
        }
    }

    async fn round(&mut self, number: u32) -> Result<()> {
        for kind in KINDS {
            self.insert()?;
            let turn = if kind == Kind::Plain { PLAIN_TURN } else { STREAM_TURN };
            for connections in CONNECTIONS {
                let mut ways = self.ways.clone();
                // Nobody is always the one that comes after the gateway's last commits.
                let turns = ways.len();
                ways.rotate_left(usize::try_from(number)? % turns);
                for (way, target) in ways {
                    let before = self.processes.spent();
                    let outcome = worker::call(&target, kind, connections, Quota::Time(turn)).await;
                    let spent = self.processes.spent() - before;
                    self.keep(way, kind, connections, outcome, spent, IsMeasured::Yes);
                }
            }
        }
        Ok(())
    }

    fn keep(
        &mut self,
        way: Way,
        kind: Kind,
        connections: usize,
        outcome: Outcome,
        spent: Spent,
        is_measured: IsMeasured,
    ) {
        if way == Way::Gateway {
            // Each connection makes one call that is not measured.
            self.answered += outcome.samples.len() + connections;
        }
        let is_it = |cell: &Cell| (cell.way, cell.kind, cell.connections) == (way, kind, connections);
        let at = self.cells.iter().position(is_it).unwrap_or_else(|| {
            let (outcome, medians_ms, spent) = (Outcome::default(), Vec::new(), Spent::default());
            self.cells.push(Cell { way, kind, connections, outcome, medians_ms, spent });
            self.cells.len() - 1
        });
        let cell = &mut self.cells[at];
        if is_measured == IsMeasured::No {
            // A warm-up that failed is still a failure.
            cell.outcome.add(Outcome { failures: outcome.failures, ..Outcome::default() });
            return;
        }
        cell.medians_ms.extend(cell_times(kind, &outcome).percentile_ms(50));
        cell.outcome.add(outcome);
        cell.spent.add(spent);
    }

    /// Blocks the thread: nothing else is measured meanwhile.
    fn insert(&mut self) -> Result<()> {
        let began = Instant::now();
        let mut times = Vec::new();
        while began.elapsed() < INSERT_TURN {
            times.push(self.postgres.insert()?);
        }
        self.inserts.extend(&times);
        self.insert_medians_ms.extend(Times::new(times).percentile_ms(50));
        Ok(())
    }

    /// Waits for the last settlements, then counts.
    async fn parity(&mut self, direct: &str) -> Result<Parity> {
        let began = Instant::now();
        let mut count = |condition: &str| -> Result<u64> {
            let rows = self.postgres.query(&format!("SELECT count(*) FROM attempts WHERE {condition}"))?;
            rows.first().and_then(|count| count.parse().ok()).context("no count of rows")
        };
        while count("state = 'reserved'")? > 0 && began.elapsed() < SETTLING {
            tokio::time::sleep(LOOK).await;
        }
        let settled_after = began.elapsed();
        Ok(Parity {
            answered: self.answered,
            accepted: accepted(direct).await?,
            settled: count("state = 'settled'")?,
            other: count("state <> 'settled'")?,
            not_final: count("state = 'settled' AND usage_source <> 'final'")?,
            settled_after,
        })
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum IsMeasured {
    Yes,
    No,
}

/// The time a kind is judged by: the whole plain answer, the first content of a stream.
pub fn cell_times(kind: Kind, outcome: &Outcome) -> Times {
    Times::new(outcome.samples.iter().map(|sample| match kind {
        Kind::Plain => sample.total,
        Kind::Stream => sample.first_content,
    }))
}

/// What the provider accepted from the gateway. `direct` is the provider's own base URL, which was checked before.
async fn accepted(direct: &str) -> Result<u64> {
    let uri: http::Uri = direct.parse()?;
    let authority = uri.authority().context("the provider has an address")?.to_string();
    let (mut sender, connection) = http1::handshake(TokioIo::new(TcpStream::connect(&authority).await?)).await?;
    let asking = async {
        let request = http::Request::get("/count/gateway").header("host", &authority);
        let answer = sender.send_request(request.body(Empty::<bytes::Bytes>::new())?).await?;
        let text = answer.into_body().collect().await?.to_bytes();
        String::from_utf8_lossy(&text).parse().context("the provider gives no count")
    };
    tokio::select! {
        count = asking => count,
        ended = connection => { ended?; anyhow::bail!("the provider closed the connection") }
    }
}
