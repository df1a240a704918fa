//! What a figure means nothing without: the machine, the versions, the day.

use std::fs;
use std::path::Path;

use crate::shell;

/// Lines for the head of a report.
pub fn lines(build: &str, data: &Path) -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load: Vec<&str> = load.split_whitespace().take(3).collect();
    let facts = [
        ("date", ask("date", &["-u", "+%Y-%m-%d %H:%M UTC"])),
        ("machine", format!("{cores} cores, {}, {}", model(), memory())),
        ("system", ask("uname", &["-sr"])),
        ("load before", load.join(" ")),
        ("commit", commit()),
        ("build", build.to_owned()),
        ("Postgres", postgres()),
        ("data folder", file_system(data)),
    ];
    facts.iter().map(|(name, value)| format!("- {name}: {value}\n")).collect()
}

fn ask(program: &str, args: &[&str]) -> String {
    shell::ask(&mut shell::program(program, args)).unwrap_or_else(|| "unknown".into())
}

fn commit() -> String {
    let commit = ask("git", &["rev-parse", "--short", "HEAD"]);
    let changed =
        shell::ask(&mut shell::program("git", &["status", "--porcelain"])).is_some_and(|text| !text.is_empty());
    if changed { format!("{commit} with changes") } else { commit }
}

fn postgres() -> String {
    let Ok(programs) = store::embedded::installed() else { return "unknown".into() };
    shell::ask(&mut shell::program(programs.join("postgres"), &["--version"])).unwrap_or_else(|| "unknown".into())
}

fn model() -> String {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = text.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    name.map_or_else(|| "unknown processor".into(), |(_, name)| name.to_owned())
}

fn memory() -> String {
    let text = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let kilobytes = text.lines().find_map(|line| line.strip_prefix("MemTotal:")?.split_whitespace().next());
    let kilobytes: Option<u64> = kilobytes.and_then(|text| text.parse().ok());
    kilobytes.map_or_else(|| "unknown memory".into(), |kilobytes| format!("{} GB", kilobytes >> 20))
}

/// A commit costs nothing where nothing is written to a disk, and that must show.
fn file_system(folder: &Path) -> String {
    let folder = folder.to_string_lossy();
    match ask("df", &["--output=fstype", &folder]).lines().last().unwrap_or("unknown") {
        "tmpfs" => "tmpfs: commits reach no disk, so set TMPDIR to a folder on one".into(),
        kind => kind.to_owned(),
    }
}
