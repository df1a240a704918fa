//! `bench history`: how long the pages of a long history take to answer, at the operations that they call.
//!
//! A seeded instance (`cargo xtask seed`, made when it is not there) is served as anybody would; `load history` signs in and
//! asks. The report is printed and kept in `target/bench/history.md`.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use anyhow::{Context, Result, bail};

use super::started::Started;
use super::{OUTPUT, facts};
use crate::instance::Build;
use crate::{seed, shell};

const REPORT: &str = "history.md";
const LOG: &str = "history.log";
const LOAD: &str = "target/release/load";

struct Wanted {
    calls: Option<u64>,
    rounds: Option<String>,
    build: Build,
}

pub fn run(args: &[&str]) -> Result<()> {
    let wanted = wanted(args)?;
    shell::run(&mut shell::cargo(&["build", "--release", "-p", "load"]))?;
    let seeded = seed::ready(wanted.calls, wanted.build)?;
    fs::create_dir_all(OUTPUT)?;
    let log = Path::new(OUTPUT).join(LOG);
    fs::write(&log, "")?;
    let head = facts::lines(wanted.build.words(), &seeded.folder);

    let (mut server, url) = Started::listening(&mut seeded.instance.command(&["serve"]), &log)?;
    let mut load = shell::program(LOAD, &["history", "--url", &url, "--team", seed::TEAM, "--email", seed::EMAIL]);
    load.args(["--password", &seeded.password]);
    if let Some(rounds) = &wanted.rounds {
        load.args(["--rounds", rounds]);
    }
    let output = load.stdin(Stdio::null()).stderr(Stdio::inherit()).output().context("cannot start the generator")?;
    server.stop()?;

    let measured = String::from_utf8_lossy(&output.stdout);
    let report = format!("# History bench\n\n{head}- calls: {}\n\n{measured}", seeded.calls);
    let path = Path::new(OUTPUT).join(REPORT);
    fs::write(&path, &report).with_context(|| format!("cannot write {}", path.display()))?;
    println!("\n{report}\nkept in {}", path.display());
    if !output.status.success() {
        bail!("the bench found errors; see above and {}", log.display());
    }
    Ok(())
}

fn wanted(args: &[&str]) -> Result<Wanted> {
    let mut wanted = Wanted { calls: None, rounds: None, build: Build::Release };
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        match *arg {
            "--calls" => wanted.calls = Some(seed::calls(args.next())?),
            "--rounds" => wanted.rounds = Some((*args.next().context("--rounds wants a number")?).to_owned()),
            "--as-built" => wanted.build = Build::AsBuilt,
            "--debug" => wanted.build = Build::Debug,
            other => {
                bail!("bench history does not know `{other}`; it knows --calls N, --rounds N, --as-built and --debug")
            }
        }
    }
    Ok(wanted)
}
