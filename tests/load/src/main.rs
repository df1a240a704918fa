//! `load`: a bounded number of chat requests at a bounded concurrency, and how long they took.
//!
//! It calls loopback addresses only, so a slip of the hand cannot load somebody else's machine. Never here: anything of the
//! product but its wire. The same flags measure a provider directly, which is the baseline of every figure; whether the
//! ledger agrees with the provider's journal is for the tests that can see both.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use futures_util::StreamExt as _;
use reqwest::{Client, Url};
use serde_json::json;
use tokio::task::JoinSet;

mod report;

const USAGE: &str = "\
usage: load --url http://127.0.0.1:3000 --key KEY --model NAME --requests N --concurrency C [--stream]

Sends N chat requests, C at a time, and prints times in milliseconds. Loopback only.";
const MOST_REQUESTS: usize = 1_000_000;
const MOST_CONCURRENT: usize = 1_024;
const DEADLINE: Duration = Duration::from_secs(120);

struct Plan {
    url: Url,
    key: String,
    model: String,
    requests: usize,
    concurrency: usize,
    stream: bool,
}

/// What one request came to.
struct Sample {
    first_byte: Duration,
    total: Duration,
    /// Absent when it succeeded.
    error: Option<String>,
}

#[tokio::main]
async fn main() -> Result<()> {
    let Some(plan) = plan(std::env::args().skip(1))? else {
        println!("{USAGE}");
        return Ok(());
    };
    let began = Instant::now();
    let samples = run(Arc::new(plan)).await?;
    let failures = samples.iter().filter(|sample| sample.error.is_some()).count();
    print!("{}", report::report(&samples, began.elapsed()));
    ensure!(failures == 0, "{failures} of {} requests failed", samples.len());
    Ok(())
}

/// `None` when help was asked for.
fn plan(mut words: impl Iterator<Item = String>) -> Result<Option<Plan>> {
    let mut given = BTreeMap::new();
    let mut stream = false;
    while let Some(word) = words.next() {
        match word.as_str() {
            "--help" | "-h" => return Ok(None),
            "--stream" => stream = true,
            "--url" | "--key" | "--model" | "--requests" | "--concurrency" => {
                let value = words.next().with_context(|| format!("{word} needs a value\n\n{USAGE}"))?;
                given.insert(word, value);
            }
            _ => bail!("unknown flag {word:?}\n\n{USAGE}"),
        }
    }
    let mut take = |flag: &str| given.remove(flag).with_context(|| format!("{flag} is missing\n\n{USAGE}"));
    let url = Url::parse(&take("--url")?).context("--url is not a URL")?;
    ensure!(is_loopback(&url), "load goes to loopback addresses only, not to {url}");
    Ok(Some(Plan {
        url: url.join("/v1/chat/completions")?,
        key: take("--key")?,
        model: take("--model")?,
        requests: within("--requests", &take("--requests")?, MOST_REQUESTS)?,
        concurrency: within("--concurrency", &take("--concurrency")?, MOST_CONCURRENT)?,
        stream,
    }))
}

fn is_loopback(url: &Url) -> bool {
    // Names are not resolved here: what a name points at can change between the check and the call.
    url.scheme() == "http" && matches!(url.host_str(), Some("127.0.0.1" | "[::1]"))
}

fn within(flag: &str, text: &str, most: usize) -> Result<usize> {
    let count = text.parse().with_context(|| format!("{flag} needs a whole number"))?;
    ensure!((1..=most).contains(&count), "{flag} must be between 1 and {most}");
    Ok(count)
}

async fn run(plan: Arc<Plan>) -> Result<Vec<Sample>> {
    if rustls::crypto::ring::default_provider().install_default().is_err() {
        bail!("a TLS provider was already chosen");
    }
    let client = Client::builder().no_proxy().timeout(DEADLINE).pool_max_idle_per_host(plan.concurrency).build()?;
    let next = Arc::new(AtomicUsize::new(0));
    let mut workers = JoinSet::new();
    for _ in 0..plan.concurrency.min(plan.requests) {
        workers.spawn(work(client.clone(), Arc::clone(&plan), Arc::clone(&next)));
    }
    Ok(workers.join_all().await.into_iter().flatten().collect())
}

async fn work(client: Client, plan: Arc<Plan>, next: Arc<AtomicUsize>) -> Vec<Sample> {
    let mut samples = Vec::new();
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= plan.requests {
            return samples;
        }
        let began = Instant::now();
        let outcome = call(&client, &plan, number, began).await;
        let total = began.elapsed();
        samples.push(match outcome {
            Ok(first_byte) => Sample { first_byte, total, error: None },
            Err(error) => Sample { first_byte: total, total, error: Some(format!("{error:#}")) },
        });
    }
}

/// Sends one request and reads all of it; the time until its first body byte.
async fn call(client: &Client, plan: &Plan, number: usize, began: Instant) -> Result<Duration> {
    let body = json!({
        "model": plan.model,
        "stream": plan.stream,
        "messages": [{"role": "user", "content": format!("load request {number}")}]
    });
    let request = client.post(plan.url.clone()).bearer_auth(&plan.key).header("content-type", "application/json");
    let response = request.body(body.to_string()).send().await.context("no response")?;
    ensure!(response.status().is_success(), "status {}", response.status());

    let mut first_byte = None;
    let mut tail = Vec::new();
    let mut chunks = response.bytes_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.context("broken body")?;
        first_byte.get_or_insert_with(|| began.elapsed());
        tail.extend_from_slice(&chunk);
        tail.drain(..tail.len().saturating_sub(64));
    }
    let is_whole =
        if plan.stream { tail.ends_with(b"data: [DONE]\n\n") } else { tail.trim_ascii_end().ends_with(b"}") };
    ensure!(is_whole, "body without its end");
    first_byte.context("empty body")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Option<Plan>> {
        plan(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn only_loopback_addresses_are_loaded() {
        let rest = "--key k --model m --requests 5 --concurrency 2";
        assert!(parsed(&format!("--url http://127.0.0.1:3000 {rest}")).is_ok());
        for url in ["http://192.0.2.1", "https://127.0.0.1", "http://localhost", "http://127.0.0.1.example"] {
            assert!(parsed(&format!("--url {url} {rest}")).is_err(), "{url}");
        }
    }

    #[test]
    fn counts_are_bounded_and_unknown_flags_refused() {
        let start = "--url http://127.0.0.1:3000 --key k --model m";
        assert!(parsed(&format!("{start} --requests 0 --concurrency 2")).is_err());
        assert!(parsed(&format!("{start} --requests 5 --concurrency 5000")).is_err());
        assert!(parsed(&format!("{start} --requests 5 --concurrency 2 --forever")).is_err());
    }
}
