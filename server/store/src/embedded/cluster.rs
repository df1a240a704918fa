//! `initdb`, once. A killed first start leaves only a folder that the next one throws away.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use super::error::Error;
use super::place::{self, Place};
use super::{DATABASE, Durability, SUPERUSER};

/// Makes the cluster of `place` with one empty database, complete or not at all.
pub(super) fn initialise(place: &Place, programs: &Path, durability: Durability) -> Result<(), Error> {
    let fresh = place.cluster.with_extension("new");
    if fresh.exists() {
        fs::remove_dir_all(&fresh).map_err(Error::io("remove", &fresh))?;
    }
    place::private_folder(&fresh, &place.owner)?;

    let mut initdb = place.owner.command(&programs.join("initdb"));
    initdb.arg("-D").arg(&fresh).arg(format!("--username={SUPERUSER}")).args([
        // The private folder of the socket is the door; nothing listens on the network.
        "--auth-local=trust",
        "--auth-host=reject",
        // Sorting by bytes does not change under an index when the system's library does.
        "--encoding=UTF8",
        "--locale=C",
        if cfg!(target_os = "macos") { "--lc-ctype=en_US.UTF-8" } else { "--lc-ctype=C.UTF-8" },
        "--no-instructions",
        if durability == Durability::Tests { "--no-sync" } else { "--data-checksums" },
    ]);
    succeed("initdb", initdb.stdin(Stdio::null()).output(), &fresh)?;

    create_database(place, programs, &fresh)?;
    fs::rename(&fresh, &place.cluster).map_err(Error::io("move into place", &place.cluster))?;
    let home = place.cluster.parent().unwrap_or(Path::new("/"));
    File::open(home).and_then(|home| home.sync_all()).map_err(Error::io("write", home))
}

/// In single-user mode, so that no client program is needed.
fn create_database(place: &Place, programs: &Path, cluster: &Path) -> Result<(), Error> {
    let mut single = place.owner.command(&programs.join("postgres"));
    single.arg("--single").arg("-D").arg(cluster).arg("postgres");
    let output = talk(&mut single, &format!("CREATE DATABASE {DATABASE};\n"));
    let output = succeed("postgres --single", output, cluster)?;
    // A statement that fails there does not change the exit code.
    let said = String::from_utf8_lossy(&output.stderr);
    if said.contains("ERROR:") {
        return Err(Error::Program { name: "postgres --single", output: last_lines(&said) });
    }
    Ok(())
}

fn talk(command: &mut Command, input: &str) -> std::io::Result<Output> {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(input.as_bytes())?;
    }
    child.wait_with_output()
}

fn succeed(name: &'static str, output: std::io::Result<Output>, cluster: &Path) -> Result<Output, Error> {
    let output = output.map_err(Error::io(&format!("run {name} on"), cluster))?;
    if output.status.success() {
        return Ok(output);
    }
    Err(Error::Program { name, output: last_lines(&String::from_utf8_lossy(&output.stderr)) })
}

/// The end of a program's output on one line: enough to act on, short enough for a message.
pub(super) fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    lines[lines.len().saturating_sub(4)..].join("; ")
}
