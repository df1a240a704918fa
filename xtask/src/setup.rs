//! `setup`: is everything here that building and running need? It adds what it can and prints the line for the rest.
//!
//! Safe to repeat and quick when nothing is missing. One more need is a function and a line in `run`.

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
const PYTHON: &str = "target/python";
const REQUIREMENTS: &str = "tests/clients/requirements.txt";
const E2E: &str = "tests/e2e";

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum For {
    Running,
    Tests,
}

type Check = fn() -> Result<String>;

const RUNNING: &[(&str, Check)] =
    &[("Rust", rust), ("C compiler", c_compiler), ("browser target", wasm::ensure), ("PostgreSQL", postgres)];
const TESTS: &[(&str, Check)] = &[
    ("Chromium", chromium),
    ("Node", node),
    ("wasm-opt", binaryen),
    ("browser test packages", e2e_packages),
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

/// wasm-opt from PATH or from npm, ready for its arguments.
pub fn wasm_opt() -> Option<Command> {
    let local = Path::new(TOOLS).join("node_modules/.bin/wasm-opt");
    let found = if local.exists() { Some(local) } else { shell::find(&["wasm-opt"]) };
    found.map(|path| shell::program(path, &[]))
}

fn rust() -> Result<String> {
    let version =
        shell::ask(&mut shell::program("rustc", &["--version"])).context("install it with https://rustup.rs")?;
    for part in ["clippy", "fmt"] {
        if shell::ask(&mut shell::cargo(&[part, "--version"])).is_none() {
            bail!("cargo {part} is not installed; run `rustup component add clippy rustfmt`");
        }
    }
    Ok(version)
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
    let find = || shell::find(&["npm"]).and(shell::find(&["node"]));
    found_or_installed(find, &["nodejs", "npm"])
}

fn binaryen() -> Result<String> {
    if wasm_opt().is_none() {
        fs::create_dir_all(TOOLS)?;
        shell::run(&mut shell::program("npm", &["install", "--no-audit", "--no-fund", "--prefix", TOOLS, BINARYEN]))?;
    }
    let found = wasm_opt().context("npm installed binaryen, but not wasm-opt")?;
    Ok(found.get_program().to_string_lossy().into_owned())
}

fn e2e_packages() -> Result<String> {
    let lock = Path::new(E2E).join("package-lock.json");
    let wanted = Path::new(E2E).join("package.json");
    once("e2e", &[&wanted, &lock], Path::new("tests/e2e/node_modules"), || {
        let install = if lock.exists() { "ci" } else { "install" };
        shell::run(&mut shell::program("npm", &[install, "--no-audit", "--no-fund", "--prefix", E2E]))
    })
}

fn python_clients() -> Result<String> {
    once("python", &[Path::new(REQUIREMENTS)], Path::new(PYTHON), || {
        if shell::find(&["python3"]).is_none() || !shell::run(&mut python3_venv()).is_ok_and(|()| has_pip()) {
            install(&["python3", "python3-venv"])?;
            shell::run(&mut python3_venv())?;
        }
        let pip = format!("{PYTHON}/bin/pip");
        shell::run(&mut shell::program(pip, &["install", "--quiet", "--disable-pip-version-check", "-r", REQUIREMENTS]))
    })
}

fn python3_venv() -> Command {
    shell::program("python3", &["-m", "venv", "--clear", PYTHON])
}

/// Debian's Python makes an environment without pip when `python3-venv` is missing.
fn has_pip() -> bool {
    Path::new(PYTHON).join("bin/pip").exists()
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
        shell::run(apt.arg("--no-install-recommends").args(packages))
    };
    if attempt().is_err() {
        shell::run(&mut as_root("apt-get", &["update", "--quiet"]))?;
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
