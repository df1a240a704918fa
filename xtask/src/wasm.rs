//! The wasm target and which toolchain has it. Only wasm builds may run on another toolchain than the pinned one.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};

use crate::shell;

pub const TARGET: &str = "wasm32-unknown-unknown";
pub const TARGET_DIR: &str = "target/wasm";

/// A toolchain with the target: `None` is the active one.
type Toolchain = Option<String>;

/// Cargo for the wasm target, in its own target folder.
pub fn cargo(args: &[&str]) -> Result<Command> {
    let mut command = shell::cargo(args);
    command.args(["--target", TARGET, "--target-dir", TARGET_DIR, "--config", &flags()]);
    // With its assertions every file of a page asks whether the program is the one it was cut from. The hash in their
    // address has answered that.
    command.args(["--config", "profile.dev.package.wasm_split_helpers.debug-assertions=false"]);
    if let Some(toolchain) = find()? {
        command.env("RUSTUP_TOOLCHAIN", toolchain);
    }
    Ok(command)
}

/// What the compiler is told, as one line of cargo's configuration: it takes the place of the set in `.cargo/config.toml`, so
/// that set is repeated. Panics then name `tachys-0.2/src/view.rs` and not where on this machine that was compiled: the
/// browser would download 10 kB of folder names that are nobody's business.
fn flags() -> String {
    let mut flags = vec!["--cfg".to_owned(), "erase_components".to_owned()];
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(std::env::home_dir()?.join(".cargo")));
    let registries = home.and_then(|home| fs::read_dir(home.join("registry/src")).ok());
    let mut folders: Vec<PathBuf> =
        registries.into_iter().flatten().filter_map(|entry| entry.ok().map(|entry| entry.path())).collect();
    // Another order would be another set of flags, and everything would be compiled again.
    folders.sort();
    flags.extend(folders.iter().map(|folder| format!("--remap-path-prefix={}/=", folder.display())));
    let flags: Vec<String> = flags.iter().map(|flag| format!("{flag:?}")).collect();
    format!("target.{TARGET}.rustflags=[{}]", flags.join(", "))
}

/// The linter, where the toolchain with the target has one; a packaged toolchain may come without it.
pub fn linter() -> Result<&'static str> {
    let mut probe = shell::cargo(&["clippy", "--version"]);
    if let Some(toolchain) = find()? {
        probe.env("RUSTUP_TOOLCHAIN", toolchain);
    }
    Ok(if shell::ask(&mut probe).is_some() { "clippy" } else { "check" })
}

/// Adds the target to the active toolchain when it is missing and can be fetched. Returns one line for people.
pub fn ensure() -> Result<String> {
    if !has_target(None) {
        // When the download is refused, another installed toolchain may still have it.
        let _ = shell::run(&mut shell::program("rustup", &["target", "add", TARGET]));
    }
    Ok(match find()? {
        None => TARGET.to_owned(),
        Some(toolchain) => format!("{TARGET}, from toolchain {toolchain}"),
    })
}

fn find() -> Result<Toolchain> {
    if has_target(None) {
        return Ok(None);
    }
    let installed = shell::ask(&mut shell::program("rustup", &["toolchain", "list", "--quiet"])).unwrap_or_default();
    let other = installed.lines().find(|name| has_target(Some(name)));
    match other {
        Some(name) => Ok(Some(name.to_owned())),
        None => bail!("no Rust toolchain here can build for the browser; run `rustup target add {TARGET}`"),
    }
}

fn has_target(toolchain: Option<&str>) -> bool {
    let mut rustc = shell::program("rustc", &["--print", "target-libdir", "--target", TARGET]);
    if let Some(toolchain) = toolchain {
        rustc.env("RUSTUP_TOOLCHAIN", toolchain);
    }
    shell::ask(&mut rustc).is_some_and(|folder| Path::new(&folder).is_dir())
}
