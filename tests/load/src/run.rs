//! `load`: a bounded number of chat requests at a bounded concurrency, as text.

use std::{fmt::Write as _, sync::Arc, time::Duration};

use anyhow::{Context, Result, ensure};

use crate::{
    arguments::Arguments,
    figures::{Times, shown},
    target::{Kind, Target},
    worker::{self, Outcome, Quota, Sample},
};

const FLAGS: &[&str] = &["--url", "--key", "--model", "--requests", "--concurrency"];
const MOST_REQUESTS: usize = 1_000_000;
const MOST_CONCURRENT: usize = 1_024;

struct Plan {
    target: Arc<Target>,
    kind: Kind,
    requests: usize,
    concurrency: usize,
}

pub async fn run(words: &[&str]) -> Result<()> {
    let plan = plan(words)?;
    let connections = plan.concurrency.min(plan.requests);
    let outcome = worker::call(&plan.target, plan.kind, connections, Quota::Requests(plan.requests)).await;
    print!("{}", report(&outcome));
    ensure!(outcome.failed() == 0, "{} of {} requests failed", outcome.failed(), plan.requests);
    Ok(())
}

fn plan(words: &[&str]) -> Result<Plan> {
    let arguments = Arguments::read(words, FLAGS, &["--stream"])?;
    let url = format!("{}/v1", arguments.text("--url")?.trim_end_matches('/'));
    let target = Target::new(&url, arguments.text("--key")?, arguments.text("--model")?)?;
    Ok(Plan {
        target: Arc::new(target),
        kind: if arguments.find("--stream").is_some() { Kind::Stream } else { Kind::Plain },
        requests: arguments.number("--requests", 1, MOST_REQUESTS)?.context("--requests is missing")?,
        concurrency: arguments.number("--concurrency", 1, MOST_CONCURRENT)?.context("--concurrency is missing")?,
    })
}

fn report(outcome: &Outcome) -> String {
    let mut text = String::new();
    // Writing into a `String` cannot fail.
    let _written = writeln!(
        text,
        "requests {}  failed {}  seconds {:.2}  per_second {:.1}",
        outcome.samples.len() + outcome.failed(),
        outcome.failed(),
        outcome.elapsed.as_secs_f64(),
        outcome.per_second()
    );
    text.push_str(&row("first_content_ms", &outcome.samples, |sample| sample.first_content));
    text.push_str(&row("total_ms", &outcome.samples, |sample| sample.total));
    for (error, count) in &outcome.failures {
        let _written = writeln!(text, "error {count} x {error}");
    }
    text
}

fn row(name: &str, samples: &[Sample], time: impl Fn(&Sample) -> Duration) -> String {
    let times = Times::new(samples.iter().map(time));
    let [p50, p90, p99, worst] = [50, 90, 99, 100].map(|percent| shown(times.percentile_ms(percent)));
    format!("{name:<16} p50 {p50}  p90 {p90}  p99 {p99}  max {worst}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_bounded_and_unknown_flags_refused() {
        let parsed = |rest: &str| {
            let line = format!("--url http://127.0.0.1:3000 --key k --model m {rest}");
            plan(&line.split_whitespace().collect::<Vec<_>>())
        };
        assert!(parsed("--requests 5 --concurrency 2").is_ok());
        assert!(parsed("--requests 0 --concurrency 2").is_err());
        assert!(parsed("--requests 5 --concurrency 5000").is_err());
        assert!(parsed("--requests 5 --concurrency 2 --forever").is_err());
    }

    #[test]
    fn failures_are_counted_and_kept_out_of_the_times() {
        let mut outcome = Outcome { elapsed: Duration::from_secs(1), ..Outcome::default() };
        let time = Duration::from_millis(10);
        outcome.samples.push(Sample { first_content: time, total: time, overhead_ms: None });
        outcome.failures.insert("status 503".into(), 2);
        let text = report(&outcome);
        assert!(text.contains("requests 3  failed 2") && text.contains("error 2 x status 503"), "{text}");
        assert!(text.contains("p50 10.00"), "{text}");
    }
}
