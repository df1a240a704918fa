//! Running other programs: one place that starts them, prints them and reports how they ended.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// A command, not started. Folders are relative to the repository.
#[expect(clippy::disallowed_methods, reason = "xtask is one of the three places that start programs")]
pub fn program(name: impl AsRef<OsStr>, args: &[&str]) -> Command {
    let mut command = Command::new(name);
    command.args(args);
    command
}

/// Cargo with our own target folder, whatever the caller's shell says. `RUSTFLAGS` there would split the cache.
pub fn cargo(args: &[&str]) -> Command {
    let mut command = program("cargo", args);
    command.env_remove("CARGO_TARGET_DIR").env_remove("RUSTFLAGS");
    command
}

/// Runs it in front of the user; an error names the command.
pub fn run(command: &mut Command) -> Result<()> {
    let line = line(command);
    println!("$ {line}");
    let status = command.status().with_context(|| format!("cannot start `{line}`"))?;
    if !status.success() {
        bail!("`{line}` ended with {status}");
    }
    Ok(())
}

/// Runs it silently and returns what it printed; `None` when it is missing or did not succeed.
pub fn ask(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// The first of these programs that PATH knows.
pub fn find(names: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    names
        .iter()
        .find_map(|name| std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file()))
}

/// The client among the server's own programs, or the one that PATH knows.
pub fn psql(programs: &Path) -> Result<PathBuf> {
    let beside = programs.join("psql");
    if beside.is_file() { Ok(beside) } else { find(&["psql"]).context("psql is missing") }
}

/// An absolute path for a child that runs elsewhere.
pub fn absolute(path: &str) -> Result<PathBuf> {
    std::path::absolute(Path::new(path)).with_context(|| format!("cannot resolve {path}"))
}

fn line(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}
