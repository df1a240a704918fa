//! `verify`: everything CI runs, cheapest first. A missing tool fails with its install line; nothing is skipped.
//!
//! One more check is one line in `STEPS`.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::{queries, setup, shell, site, wasm};

/// The same packages and features everywhere, so that nothing is compiled twice.
const HOST: &[&str] = &["--workspace", "--exclude", "frontend"];

struct Step {
    name: &'static str,
    run: fn(fix: bool) -> Result<()>,
}

const STEPS: &[Step] = &[
    Step { name: "setup", run: |_| setup::run(setup::For::Tests) },
    Step { name: "fmt", run: fmt },
    Step { name: "architecture", run: |_| host(&["test"], &["--test", "architecture"]) },
    Step { name: "queries", run: queries::run },
    Step { name: "clippy", run: |_| host(&["clippy"], &["--all-targets", "--", "-D", "warnings"]) },
    Step { name: "clippy-wasm", run: |_| clippy_wasm() },
    Step { name: "tests", run: |_| tests() },
    Step { name: "site", run: |_| site::run(site::Profile::Release) },
    Step { name: "clients", run: |_| outside("target/python/bin/python", &["-m", "pytest", "tests/clients", "-q"]) },
    Step { name: "browser", run: |_| outside("node", &["tests/e2e/run.mjs"]) },
];

/// The steps in order, for the help text.
pub fn names() -> String {
    STEPS.iter().map(|step| step.name).collect::<Vec<_>>().join(" ")
}

pub fn run(args: &[&str]) -> Result<()> {
    let (mut only, mut fix) = (None, false);
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        match *arg {
            "--fix" => fix = true,
            "--only" => only = Some(args.next().copied().context("--only wants the name of a step")?),
            other => bail!("verify does not know `{other}`; it knows --only STEP and --fix"),
        }
    }
    let chosen: Vec<&Step> = STEPS.iter().filter(|step| only.is_none_or(|name| step.name == name)).collect();
    if chosen.is_empty() {
        bail!("there is no step `{}`; the steps are: {}", only.unwrap_or_default(), names());
    }
    summarise(&chosen, fix)
}

/// Runs all steps even when one fails, so that one run tells everything.
fn summarise(steps: &[&Step], fix: bool) -> Result<()> {
    let mut results: Vec<(&str, Duration, Result<()>)> = Vec::new();
    for step in steps {
        println!("\n== {}", step.name);
        let began = Instant::now();
        let result = (step.run)(fix);
        if let Err(error) = &result {
            eprintln!("error: {error:#}");
        }
        results.push((step.name, began.elapsed(), result));
    }
    println!();
    for (name, took, result) in &results {
        let word = if result.is_ok() { "passed" } else { "FAILED" };
        println!("{word}  {:>7.1} s  {name}", took.as_secs_f64());
    }
    let failed = results.iter().filter(|(_, _, result)| result.is_err()).count();
    println!("{} passed, {failed} failed", results.len() - failed);
    if failed > 0 {
        bail!("verify found problems");
    }
    Ok(())
}

fn host(command: &[&str], rest: &[&str]) -> Result<()> {
    shell::run(shell::cargo(command).args(HOST).args(rest))
}

fn fmt(fix: bool) -> Result<()> {
    let check: &[&str] = if fix { &[] } else { &["--check"] };
    shell::run(shell::cargo(&["fmt", "--all"]).args(check))
}

/// The browser side, and the two pure packages that must stay able to run there.
fn clippy_wasm() -> Result<()> {
    let linter = wasm::linter()?;
    let mut lint = wasm::cargo(&[linter, "-p", "frontend", "-p", "domain", "-p", "llm"])?;
    if linter == "clippy" {
        lint.args(["--", "-D", "warnings"]);
    }
    shell::run(&mut lint)
}

/// Tests that kill a server need it as a process.
fn tests() -> Result<()> {
    build_programs()?;
    let mut test = shell::cargo(&["test"]);
    with_programs(test.args(HOST).arg("--no-fail-fast"))
}

/// A test program that is not ours to compile; it gets a server and a fake provider to start.
fn outside(name: &str, args: &[&str]) -> Result<()> {
    build_programs()?;
    with_programs(&mut setup::with_node(name, args))
}

fn build_programs() -> Result<()> {
    host(&["build"], &["--bin", "tallygate", "--bin", "fake-upstream"])
}

fn with_programs(command: &mut Command) -> Result<()> {
    command
        .env("TALLYGATE_BIN", shell::absolute("target/debug/tallygate")?)
        .env("FAKE_UPSTREAM_BIN", shell::absolute("target/debug/fake-upstream")?)
        .env("SITE_DIR", shell::absolute(site::OUTPUT)?);
    shell::run(command)
}
