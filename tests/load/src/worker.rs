//! Connections that call again and again on keep-alive, and what each call came to.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpStream, sync::Barrier, task::JoinSet, time::timeout};

use crate::target::{Kind, Target};

const DEADLINE: Duration = Duration::from_secs(30);
/// Failures of one connection after which it gives up: a dead server must not be called in a tight loop.
const MOST_FAILURES: usize = 100;

/// How much is called in total.
#[derive(Clone, Copy, Debug)]
pub enum Quota {
    Requests(usize),
    Time(Duration),
}

/// What one successful call came to.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// Until the first byte of text of the answer; of a plain answer, of its body.
    pub first_content: Duration,
    pub total: Duration,
    /// What the server says it took before it sent the request on.
    pub overhead_ms: Option<f64>,
}

/// What all connections came to together.
#[derive(Debug, Default)]
pub struct Outcome {
    pub samples: Vec<Sample>,
    /// Calls that failed, by their words. They never enter a percentile: a fast refusal would make a gateway look quick.
    pub failures: BTreeMap<String, usize>,
    pub elapsed: Duration,
}

impl Outcome {
    pub fn add(&mut self, other: Self) {
        self.samples.extend(other.samples);
        for (error, count) in other.failures {
            *self.failures.entry(error).or_default() += count;
        }
        self.elapsed += other.elapsed;
    }

    pub fn failed(&self) -> usize {
        self.failures.values().sum()
    }

    pub fn per_second(&self) -> f64 {
        self.samples.len() as f64 / self.elapsed.as_secs_f64().max(f64::EPSILON)
    }
}

struct Shared {
    target: Arc<Target>,
    kind: Kind,
    quota: Quota,
    taken: AtomicUsize,
    start: Barrier,
}

/// Opens `connections`, makes one unmeasured call on each unless requests are counted, then calls until the quota is used.
pub async fn call(target: &Arc<Target>, kind: Kind, connections: usize, quota: Quota) -> Outcome {
    let shared = Arc::new(Shared {
        target: Arc::clone(target),
        kind,
        quota,
        taken: AtomicUsize::new(0),
        start: Barrier::new(connections),
    });
    let mut workers = JoinSet::new();
    for _ in 0..connections {
        workers.spawn(work(Arc::clone(&shared)));
    }
    let mut all = Outcome::default();
    for one in workers.join_all().await {
        let elapsed = all.elapsed.max(one.elapsed);
        all.add(one);
        all.elapsed = elapsed;
    }
    all
}

impl Shared {
    fn takes_one(&self, began: Instant) -> bool {
        match self.quota {
            Quota::Requests(most) => self.taken.fetch_add(1, Ordering::Relaxed) < most,
            Quota::Time(time) => began.elapsed() < time,
        }
    }
}

async fn work(shared: Arc<Shared>) -> Outcome {
    let mut outcome = Outcome::default();
    let mut began = None;
    while outcome.failed() < MOST_FAILURES {
        match connected(&shared, &mut outcome, &mut began).await {
            Ok(()) => break,
            Err(error) => *outcome.failures.entry(format!("{error:#}")).or_default() += 1,
        }
        // Somebody else may still wait at the start for this one.
        wait_for_start(&shared, &mut began).await;
    }
    outcome.elapsed = began.map(|began| began.elapsed()).unwrap_or_default();
    outcome
}

async fn wait_for_start(shared: &Shared, began: &mut Option<Instant>) -> Instant {
    if began.is_none() {
        shared.start.wait().await;
    }
    *began.get_or_insert_with(Instant::now)
}

/// Calls on one connection until the quota is used. A refused call is a failure; a broken connection is an error.
async fn connected(shared: &Shared, outcome: &mut Outcome, began: &mut Option<Instant>) -> Result<()> {
    let stream = TcpStream::connect(&shared.target.authority).await.context("no connection")?;
    stream.set_nodelay(true)?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let calling = async {
        if began.is_none() && matches!(shared.quota, Quota::Time(_)) {
            exchange(&mut sender, shared).await?;
        }
        let began = wait_for_start(shared, began).await;
        while shared.takes_one(began) {
            let sample = timeout(DEADLINE, exchange(&mut sender, shared)).await.context("no end of the answer")?;
            outcome.samples.push(sample?);
        }
        Ok(())
    };
    // In one task, so that an answer wakes one task and not two.
    tokio::select! {
        called = calling => called,
        ended = connection => match ended {
            Ok(()) => bail!("the server closed the connection"),
            Err(error) => Err(error).context("the connection broke"),
        },
    }
}

/// Sends one request and reads all of its answer.
async fn exchange(sender: &mut SendRequest<Full<Bytes>>, shared: &Shared) -> Result<Sample> {
    sender.ready().await?;
    let began = Instant::now();
    let response = sender.send_request(shared.target.request(shared.kind)).await.context("no response")?;
    let status = response.status();
    let overhead = response.headers().get("x-tallygate-overhead-ms").and_then(|value| value.to_str().ok());
    let overhead_ms = overhead.and_then(|text| text.parse().ok());
    let mut text = Text::new(shared.kind);
    let mut first_content = None;
    let mut body = response.into_body();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.context("broken body")?.into_data() else { continue };
        if text.push(&data) && first_content.is_none() {
            first_content = Some(began.elapsed());
        }
    }
    let total = began.elapsed();
    ensure!(status.is_success(), "status {status}: {}", text.start());
    ensure!(text.is_whole(), "body without its end");
    Ok(Sample { first_content: first_content.context("no content")?, total, overhead_ms })
}

/// The body so far.
struct Text {
    kind: Kind,
    bytes: Vec<u8>,
    has_content: bool,
}

impl Text {
    fn new(kind: Kind) -> Self {
        Self { kind, bytes: Vec::with_capacity(2048), has_content: false }
    }

    /// True from the first byte of content on.
    fn push(&mut self, data: &[u8]) -> bool {
        const MARK: &[u8] = br#""content":""#;
        // A mark may have begun in the piece before.
        let from = self.bytes.len().saturating_sub(MARK.len());
        self.bytes.extend_from_slice(data);
        self.has_content |= match self.kind {
            Kind::Plain => !self.bytes.is_empty(),
            Kind::Stream => self.bytes[from..]
                .windows(MARK.len() + 1)
                .any(|window| window.starts_with(MARK) && window.last() != Some(&b'"')),
        };
        self.has_content
    }

    fn is_whole(&self) -> bool {
        match self.kind {
            Kind::Plain => self.bytes.trim_ascii_end().ends_with(b"}"),
            Kind::Stream => self.bytes.ends_with(b"data: [DONE]\n\n"),
        }
    }

    fn start(&self) -> String {
        String::from_utf8_lossy(&self.bytes).chars().take(200).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_piece_is_no_content_and_a_split_mark_is_found() {
        let mut text = Text::new(Kind::Stream);
        assert!(!text.push(br#"data: {"delta":{"role":"assistant","content":""}}"#));
        assert!(!text.push(br#"data: {"delta":{"cont"#));
        assert!(text.push(br#"ent":"word"}}"#));
        assert!(!text.is_whole());
        text.push(b"data: [DONE]\n\n");
        assert!(text.is_whole());
    }

    #[test]
    fn outcomes_add_up() {
        let mut all = Outcome::default();
        for _ in 0..2 {
            let failures = BTreeMap::from([("status 503".to_owned(), 1)]);
            all.add(Outcome { failures, elapsed: Duration::from_secs(1), ..Outcome::default() });
        }
        assert_eq!((all.failed(), all.elapsed), (2, Duration::from_secs(2)));
    }
}
