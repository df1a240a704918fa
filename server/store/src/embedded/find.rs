//! Where the programs of PostgreSQL live, and how to install them.
//!
//! One more place is one line in `FOLDERS`; one more system is one line in `install_line`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::error::Error;

const OLDEST: u32 = 14;

/// Folders that hold `<name>/<rest>` with the programs, for each name that starts as given.
const FOLDERS: &[(&str, &str, &str)] = &[
    ("/usr/lib/postgresql", "", "bin"),                          // Debian, Ubuntu, Arch
    ("/usr", "pgsql-", "bin"),                                   // Fedora, Red Hat: packages of the project
    ("/usr/libexec", "postgresql", ""),                          // Alpine
    ("/usr/local", "pgsql", "bin"),                              // built from source
    ("/opt/homebrew/opt", "postgresql", "bin"),                  // Homebrew on Apple silicon
    ("/usr/local/opt", "postgresql", "bin"),                     // Homebrew on Intel
    ("/home/linuxbrew/.linuxbrew/opt", "postgresql", "bin"),     // Homebrew on Linux
    ("/Applications/Postgres.app/Contents/Versions", "", "bin"), // Postgres.app
];

/// The folder with `postgres` and `initdb`: of the version that made the cluster, or else the newest.
pub(super) fn programs(made_by: Option<(PathBuf, u32)>) -> Result<PathBuf, Error> {
    let found: Vec<(u32, PathBuf)> =
        candidates().into_iter().filter_map(|folder| Some((version(&folder)?, folder))).collect();
    if let Some((cluster, major)) = made_by {
        let same = found.into_iter().find(|(version, _)| *version == major);
        return same.map(|(_, folder)| folder).ok_or(Error::OtherVersion { cluster, made_by: major });
    }
    let newest = found.into_iter().filter(|(version, _)| *version >= OLDEST).max_by_key(|(version, _)| *version);
    newest.map(|(_, folder)| folder).ok_or_else(|| Error::NotFound { install: install_line() })
}

fn candidates() -> Vec<PathBuf> {
    let in_folders = FOLDERS.iter().flat_map(|(parent, start, rest)| {
        let entries = fs::read_dir(parent).into_iter().flatten().flatten();
        entries
            .filter(move |entry| entry.file_name().to_string_lossy().starts_with(start))
            .map(move |entry| entry.path().join(rest))
    });
    on_path().into_iter().chain(in_folders).filter(|folder| folder.join("initdb").is_file()).collect()
}

/// The shell knows PATH; links are followed because Debian puts only links there.
fn on_path() -> Option<PathBuf> {
    let output = shell("command -v postgres")?;
    let program = fs::canonicalize(output.trim()).ok()?;
    program.parent().map(Path::to_path_buf)
}

/// Major version, from `postgres (PostgreSQL) 15.18 (Debian …)`. Versions before 10 read as 9, which is too old anyway.
fn version(folder: &Path) -> Option<u32> {
    let output = command(&folder.join("postgres")).arg("--version").output().ok()?;
    major(&String::from_utf8_lossy(&output.stdout))
}

fn major(line: &str) -> Option<u32> {
    let number = line.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
    let digits: String = number.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

/// The line that installs PostgreSQL on this system.
pub fn install_line() -> String {
    if cfg!(target_os = "macos") {
        return "brew install postgresql@17".to_owned();
    }
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let sudo = if rustix::process::geteuid().is_root() { "" } else { "sudo " };
    format!("{sudo}{}", install_command(&release))
}

fn install_command(os_release: &str) -> &'static str {
    let ids: Vec<&str> = os_release
        .lines()
        .filter_map(|line| line.strip_prefix("ID=").or_else(|| line.strip_prefix("ID_LIKE=")))
        .flat_map(|value| value.trim_matches('"').split_whitespace())
        .collect();
    let is = |names: &[&str]| names.iter().any(|name| ids.contains(name));
    match () {
        () if is(&["fedora", "rhel", "centos"]) => "dnf install postgresql-server",
        () if is(&["suse", "opensuse"]) => "zypper install postgresql-server",
        () if is(&["arch"]) => "pacman -S postgresql",
        () if is(&["alpine"]) => "apk add postgresql",
        () => "apt-get install postgresql",
    }
}

fn shell(line: &str) -> Option<String> {
    let output = command(Path::new("/bin/sh")).args(["-c", line]).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

#[expect(clippy::disallowed_methods, reason = "the embedded server is one of the three places that start programs")]
pub(super) fn command(program: &Path) -> Command {
    Command::new(program)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_is_read_from_any_packaging() {
        assert_eq!(major("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)"), Some(15));
        assert_eq!(major("postgres (PostgreSQL) 18beta1"), Some(18));
        assert_eq!(major("postgres (PostgreSQL) 9.6.24"), Some(9));
        assert_eq!(major("nothing"), None);
    }

    #[test]
    fn each_system_gets_its_own_install_line() {
        assert_eq!(install_command("ID=debian\n"), "apt-get install postgresql");
        assert_eq!(
            install_command("NAME=x\nID=rocky\nID_LIKE=\"rhel centos fedora\"\n"),
            "dnf install postgresql-server"
        );
        assert_eq!(install_command("ID=alpine\n"), "apk add postgresql");
    }

    #[test]
    fn a_cluster_of_a_missing_version_is_named() {
        let error = programs(Some((PathBuf::from("/data/postgres"), 9))).unwrap_err();
        assert!(matches!(error, Error::OtherVersion { made_by: 9, .. }), "{error}");
    }
}
