//! Why there is no embedded server: each variant is one sentence that says what to do.

use std::io;
use std::path::{Path, PathBuf};

/// What keeps the embedded server from running.
#[derive(Debug)]
pub enum Error {
    /// No PostgreSQL 14 or newer on this machine. `install` is the line to type.
    NotFound { install: String },
    /// The cluster belongs to another major version than any that is installed.
    OtherVersion { cluster: PathBuf, made_by: u32 },
    /// Another process runs a server on this folder.
    InUse { data_dir: PathBuf },
    /// The cluster belongs to another user and we may not change to it.
    Foreign { cluster: PathBuf },
    /// Started as root, and there is no user to run the server as.
    NoUser,
    /// A folder on the way to an existing cluster is closed to the user that runs it.
    Closed { cluster: PathBuf, user: String },
    /// The server of an earlier owner does not end.
    StillRunning { pid: i32 },
    /// A program of PostgreSQL failed; `output` is the end of what it said.
    Program { name: &'static str, output: String },
    /// No private folder for the socket could be made.
    NoSocketFolder,
    /// The operating system refused something.
    Io { what: String, source: io::Error },
}

impl Error {
    /// For `map_err`: "cannot <doing> <path>".
    pub(super) fn io(doing: &str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let what = format!("{doing} {}", path.display());
        move |source| Self::Io { what, source }
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotFound { install } => {
                write!(f, "no PostgreSQL 14 or newer found; install it with `{install}` or set DATABASE_URL")
            }
            Self::OtherVersion { cluster, made_by } => write!(
                f,
                "the database in {} was made by PostgreSQL {made_by}, which is not installed; install that version or use pg_upgrade",
                cluster.display()
            ),
            Self::InUse { data_dir } => {
                write!(
                    f,
                    "{} is in use by another running process; stop it or choose another DATA_DIR",
                    data_dir.display()
                )
            }
            Self::Foreign { cluster } => {
                write!(
                    f,
                    "the database in {} belongs to another user; start as that user or as root",
                    cluster.display()
                )
            }
            Self::NoUser => write!(
                f,
                "PostgreSQL does not run as root and there is neither a user `postgres` nor `nobody`; add one or set DATABASE_URL"
            ),
            Self::Closed { cluster, user } => write!(
                f,
                "user {user} runs the database but may not enter {}; open the folders above it or choose another DATA_DIR",
                cluster.display()
            ),
            Self::StillRunning { pid } => {
                write!(f, "an earlier PostgreSQL (process {pid}) still holds the data folder and does not end")
            }
            Self::Program { name, output } => write!(f, "{name} did not succeed: {output}"),
            Self::NoSocketFolder => write!(f, "no private folder for the database socket could be made under /tmp"),
            Self::Io { what, .. } => write!(f, "cannot {what}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}
