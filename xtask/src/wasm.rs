//! The wasm target and which toolchain has it. Only wasm builds may run on another toolchain than the pinned one.

use std::path::Path;
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
    command.args(["--target", TARGET, "--target-dir", TARGET_DIR]);
    if let Some(toolchain) = find()? {
        command.env("RUSTUP_TOOLCHAIN", toolchain);
    }
    Ok(command)
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
