//! `bench gateway`: what the gateway adds to a provider's own time, with everything on.
//!
//! A fresh instance with a Postgres of its own in a temporary folder, set up from a bundle like anybody's; a provider and
//! nginx on loopback; `load compare` measures. The report is printed and kept in `target/bench/gateway.md`.

use std::fs;
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use store::embedded::{self, DATABASE};

use super::OUTPUT;
use super::facts;
use super::started::{Folder, Started, nginx};
use crate::shell;

const REPORT: &str = "gateway.md";
const LOG: &str = "gateway.log";
const LOAD: &str = "target/release/load";
const MODEL: &str = "bench";

/// What is measured.
struct Wanted {
    program: &'static str,
    build: &'static str,
    /// Build it first; otherwise it is measured as it lies there.
    is_built: bool,
    rounds: Option<String>,
}

pub fn run(args: &[&str]) -> Result<()> {
    let wanted = wanted(args)?;
    if wanted.is_built {
        // The product exactly as it is shipped; a build together with tools could switch on more of its libraries.
        shell::run(&mut shell::cargo(&["build", "--release", "-p", "server", "--bin", "tallygate"]))?;
    }
    shell::run(&mut shell::cargo(&["build", "--release", "-p", "load"]))?;

    fs::create_dir_all(OUTPUT)?;
    let log = Path::new(OUTPUT).join(LOG);
    fs::write(&log, "")?;
    let folder = Folder::temporary()?;
    let head = facts::lines(wanted.build, &folder.0);
    let measured = measure(&wanted, &folder, &log)?;

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

const RELEASE: &str = "target/release/tallygate";
const DEBUG: &str = "target/debug/tallygate";

fn wanted(args: &[&str]) -> Result<Wanted> {
    let mut wanted = Wanted { program: RELEASE, build: "release", is_built: true, rounds: None };
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        match *arg {
            // Sources that others edit meanwhile would be another product at every run.
            "--as-built" => (wanted.build, wanted.is_built) = ("release, as built before", false),
            // For work on the bench itself.
            "--debug" => {
                wanted = Wanted { program: DEBUG, build: "debug: figures mean nothing", is_built: false, ..wanted };
            }
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

fn measure(wanted: &Wanted, folder: &Folder, log: &Path) -> Result<Measured> {
    let (upstream, upstream_url) = Started::listening(&mut shell::program(LOAD, &["upstream"]), log)?;
    let address: SocketAddr = upstream_url.trim_start_matches("http://").parse().context("the provider's address")?;
    let proxy = nginx(address, folder, log)?;

    let instance = Instance::new(wanted.program, folder)?;
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

/// Settings of a fresh instance; nothing is inherited but `PATH`.
struct Instance {
    program: PathBuf,
    data: PathBuf,
    site: PathBuf,
}

impl Instance {
    fn new(program: &str, folder: &Folder) -> Result<Self> {
        let site = folder.0.join("site");
        fs::create_dir(&site)?;
        // No browser comes here, so browser files without content will do.
        fs::write(site.join("site.json"), r#"{"hash": "none"}"#)?;
        let program = shell::absolute(program)?;
        if !program.is_file() {
            bail!("there is no {}", program.display());
        }
        Ok(Self { program, data: folder.0.join("data"), site })
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = shell::program(&self.program, args);
        command.env_clear().env("LISTEN", "127.0.0.1:0").env("LOG", "warn");
        command.env("DATA_DIR", &self.data).env("SITE_DIR", &self.site);
        if let Some(path) = std::env::var_os("PATH") {
            command.env("PATH", path);
        }
        command
    }

    /// Runs a command to its end; what it printed.
    fn run(&self, args: &[&str], secrets: &[(&str, &str)]) -> Result<String> {
        let mut command = self.command(args);
        let output = command.envs(secrets.iter().copied()).stdin(Stdio::null()).output().context("tallygate")?;
        if !output.status.success() {
            std::io::stderr().write_all(&output.stderr)?;
            bail!("tallygate {} ended with {}", args.join(" "), output.status);
        }
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }
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
