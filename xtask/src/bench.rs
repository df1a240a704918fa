//! `bench`: figures instead of opinions. One file per bench in `bench/`; what they start and stop is in
//! `bench/started.rs`. The measuring itself is a program of its own (`tests/load`), so that nothing heavy is built here.
//!
//! A bench fails for errors, never for a time. One more: a file, and an arm in `run`.

mod facts;
mod gateway;
mod history;
mod started;

use anyhow::{Result, bail};

/// Where reports go.
const OUTPUT: &str = "target/bench";

pub fn run(args: &[&str]) -> Result<()> {
    match args {
        ["gateway", rest @ ..] => gateway::run(rest),
        ["history", rest @ ..] => history::run(rest),
        [] => bail!("bench wants a name; it knows: gateway history"),
        [other, ..] => bail!("there is no bench `{other}`; it knows: gateway history"),
    }
}
