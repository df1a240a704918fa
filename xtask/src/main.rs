//! `cargo xtask`: the only runner of this repository. One file per command; what they share is in `shell.rs` and
//! `wasm.rs`. Building and checking only; never anything that the product needs at run time.
//!
//! One more command: a file, an arm in `run`, a line in `HELP`. One more check: a line in `verify::STEPS`.

mod bench;
mod dev;
mod instance;
mod queries;
mod seed;
mod setup;
mod shell;
mod site;
mod verify;
mod wasm;

use std::process::ExitCode;

use anyhow::{Context, Result, bail};

const HELP: &str = "\
cargo xtask <command>

  setup [--tests]                 check what is needed to build and run, add what can be added
                                  --tests: also what `verify` needs (Node, Chromium, Python clients)
  site [--release]                build the browser side into target/site
  dev                             setup, site, then the server; rebuilds on change
  verify [--only STEP] [--fix]    everything CI runs, cheapest first
  seed [--calls N] [--database URL] [--as-built]
                                  an instance with a long history, in target/seed or at URL
  bench gateway [--rounds N] [--as-built]
                                  what the gateway adds to direct and to nginx, into target/bench
  bench history [--calls N] [--rounds N] [--as-built]
                                  how quickly the history of a seeded instance answers";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    std::env::set_current_dir(root).with_context(|| format!("cannot enter {root}"))?;

    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args.as_slice() {
        ["setup"] => setup::run(setup::For::Running),
        ["setup", "--tests"] => setup::run(setup::For::Tests),
        ["site"] => site::run(site::Profile::Dev),
        ["site", "--release"] => site::run(site::Profile::Release),
        ["dev"] => dev::run(),
        ["verify", rest @ ..] => verify::run(rest),
        ["seed", rest @ ..] => seed::run(rest),
        ["bench", rest @ ..] => bench::run(rest),
        [] | ["help" | "--help" | "-h"] => {
            println!("{HELP}\n\nsteps of verify: {}", verify::names());
            Ok(())
        }
        other => bail!("unknown arguments `{}`\n\n{HELP}", other.join(" ")),
    }
}
