//! `bench gateway`: what the gateway adds to a provider's own time, with everything on.
//!
//! A fresh instance with a Postgres of its own in a temporary folder, set up from a bundle like anybody's; a provider and
//! nginx on loopback; `load compare` measures. The report is printed and kept in `target/bench/gateway.md`.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;

use anyhow::{Context, Result, bail};
use store::embedded::{self, DATABASE};

use super::OUTPUT;
use super::facts;
use super::started::{Folder, Started, nginx};
use crate::instance::{Build, Instance};
use crate::shell;

const REPORT: &str = "gateway.md";
const LOG: &str = "gateway.log";
const LOAD: &str = "target/release/load";
const MODEL: &str = "bench";

/// What is measured.
struct Wanted {
    build: Build,
    rounds: Option<String>,
}

pub fn run(args: &[&str]) -> Result<()> {
    let wanted = wanted(args)?;
    let program = wanted.build.program()?;
    shell::run(&mut shell::cargo(&["build", "--release", "-p", "load"]))?;

    fs::create_dir_all(OUTPUT)?;
    let log = Path::new(OUTPUT).join(LOG);
    fs::write(&log, "")?;
    let folder = Folder::temporary()?;
    let head = facts::lines(wanted.build.words(), &folder.0);
    let measured = measure(&wanted, Instance::new(program, &folder.0, None)?, &folder, &log)?;

    let version = match &measured.nginx {
        Some(version) => format!("- nginx: {version}\n"),
        None => "- nginx: not on this machine\n".into(),
    };
    let report = format!("# Gateway bench\n\n{head}{version}\n{}", measured.text);
    let path = Path::new(OUTPUT).join(REPORT);
    fs::write(&path, &report).with_context(|| format!("cannot write {}", path.display()))?;
    println!("\n{report}\nkept in {}", path.display());
    if !measured.succeeded {
        bail!("the bench found errors; see above and {}", log.display());
    }
    Ok(())
}

fn wanted(args: &[&str]) -> Result<Wanted> {
    let mut wanted = Wanted { build: Build::Release, rounds: None };
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        match *arg {
            "--as-built" => wanted.build = Build::AsBuilt,
            "--debug" => wanted.build = Build::Debug,
            "--rounds" => wanted.rounds = Some((*args.next().context("--rounds wants a number")?).to_owned()),
            other => bail!("bench gateway does not know `{other}`; it knows --rounds N, --as-built and --debug"),
        }
    }
    Ok(wanted)
}

struct Measured {
    text: String,
    nginx: Option<String>,
    succeeded: bool,
}

fn measure(wanted: &Wanted, instance: Instance, folder: &Folder, log: &Path) -> Result<Measured> {
    let (upstream, upstream_url) = Started::listening(&mut shell::program(LOAD, &["upstream"]), log)?;
    let address: SocketAddr = upstream_url.trim_start_matches("http://").parse().context("the provider's address")?;
    let proxy = nginx(address, folder, log)?;

    let key = instance.run(&["admin", "new-key"], &[])?;
    let bundle = folder.write("bundle.toml", &bundle(address))?;
    let bundle = bundle.to_str().context("the folder has a plain name")?;
    instance.run(&["apply", bundle], &[("BENCH_KEY", &key), ("BENCH_CREDENTIAL", "sk-bench")])?;
    let (mut server, server_url) = Started::listening(&mut instance.command(&["serve"]), log)?;
    let database = embedded::running(&instance.data, DATABASE).context("the server runs no Postgres of its own")?;

    let mut load = shell::program(LOAD, &["compare", "--key", &key, "--model", MODEL, "--database", &database]);
    load.args(["--direct", &format!("{upstream_url}/direct/v1"), "--gateway", &format!("{server_url}/v1")]);
    load.args(["--server-pid", &server.pid().to_string(), "--upstream-pid", &upstream.pid().to_string()]);
    if let Some((_, address)) = &proxy {
        load.args(["--nginx", &format!("http://{address}/nginx/v1")]);
    }
    if let Some(rounds) = &wanted.rounds {
        load.args(["--rounds", rounds]);
    }
    let output = load.stdin(Stdio::null()).stderr(Stdio::inherit()).output().context("cannot start the generator")?;
    server.stop()?;
    let nginx = proxy.is_some().then(nginx_version);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    Ok(Measured { text, nginx, succeeded: output.status.success() })
}

/// It prints its version as if it were an error.
fn nginx_version() -> String {
    let output = shell::program("nginx", &["-v"]).output();
    let said = output.map(|output| String::from_utf8_lossy(&output.stderr).trim().to_owned()).unwrap_or_default();
    said.trim_start_matches("nginx version: ").to_owned()
}

/// One team, one provider, one priced model, one key. Contents are not kept; everything else is on.
fn bundle(upstream: SocketAddr) -> String {
    format!(
        r#"
[instance]
name = "Bench"
store_content = "metadata"
allow_private = ["{upstream}"]

[[teams]]
slug = "bench"
name = "Bench"

[[providers]]
slug = "loopback"
kind = "openai-compatible"
base_url = "http://{upstream}/gateway/v1"
credential_env = "BENCH_CREDENTIAL"

[[models]]
slug = "{MODEL}"
provider = "loopback"
upstream_model = "load"
context_window = 128000
max_output = 4096
price = {{ input = "2.50", output = "10.00" }}

[[keys]]
name = "bench"
team = "bench"
secret_env = "BENCH_KEY"
models = "all"
"#
    )
}
