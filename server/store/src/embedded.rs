//! A PostgreSQL of our own: find it, initialise it once, serve it on a private unix socket, stop it with us.
//!
//! Used by `tallygate serve` without a `DATABASE_URL`, by every test and by `xtask`. Standard library and rustix only,
//! so that it builds without sqlx. No SQL beyond creating one empty database, no environment, no async.
//!
//! | file | holds |
//! |---|---|
//! | `find.rs` | where programs of PostgreSQL 14 or newer live, and the line that installs them. One more place is one line |
//! | `owner.rs` | who runs the server: ourselves, or as root an unprivileged user |
//! | `place.rs` | the folders: data, socket, lock; what to do when the data folder is closed to that user |
//! | `cluster.rs` | `initdb`, into a temporary folder that is renamed when complete |
//! | `guard.rs` | the shell guard on a pipe, readiness, and what an earlier life left behind |
//! | `supervisor.rs` | restarts a server that died, a bounded number of times |

mod cluster;
mod error;
mod find;
mod guard;
mod owner;
mod place;
mod supervisor;

use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use error::Error;
pub use find::install_line;
use place::Place;
use supervisor::Supervisor;

/// The superuser of an embedded cluster, and the name of the database that a new cluster holds.
pub const SUPERUSER: &str = "tallygate";
pub const DATABASE: &str = "tallygate";

/// How much a crash of the machine may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// Nothing that was committed: what people run.
    Full,
    /// The whole cluster: quick, and only for tests.
    Tests,
}

/// What happens to the server while it runs. `Display` is one line for the log.
#[derive(Debug)]
pub enum Event {
    /// The data folder is closed to the user that runs the server: a new cluster lives elsewhere, behind a link.
    Moved { to: PathBuf, user: String },
    /// The server ended although nobody asked it to.
    Died { status: String },
    /// It is back.
    Restarted { attempt: u32 },
    /// It stays down.
    GaveUp { reason: String },
}

impl std::fmt::Display for Event {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Moved { to, user } => {
                write!(
                    f,
                    "the data folder is closed to user {user}: the database lives in {}, linked from there",
                    to.display()
                )
            }
            Self::Died { status } => write!(f, "the embedded PostgreSQL ended unexpectedly ({status})"),
            Self::Restarted { attempt } => write!(f, "the embedded PostgreSQL is back (restart {attempt})"),
            Self::GaveUp { reason } => write!(f, "the embedded PostgreSQL stays down: {reason}"),
        }
    }
}

/// What to start.
#[derive(Clone)]
pub struct Options {
    /// The folder that keeps the cluster; `None` is a cluster under `/tmp` that is deleted when it stops.
    pub data_dir: Option<PathBuf>,
    pub durability: Durability,
    pub max_connections: u16,
    /// Called from the supervisor's thread, so it must not wait for the server.
    pub on_event: Arc<dyn Fn(&Event) + Send + Sync>,
}

impl Options {
    /// A durable cluster in `data_dir/postgres`.
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            data_dir: Some(data_dir.into()),
            durability: Durability::Full,
            max_connections: 100,
            on_event: Arc::new(|_| {}),
        }
    }

    /// A throw-away cluster that leaves nothing behind, however its owner ends.
    pub fn temporary() -> Self {
        Self { data_dir: None, durability: Durability::Tests, max_connections: 200, on_event: Arc::new(|_| {}) }
    }
}

/// A running server. Dropping it stops the server and waits for it; so does [`Embedded::stop`], which also reports.
pub struct Embedded {
    // Field order is drop order: the server first, then its folders and their lock.
    supervisor: Supervisor,
    place: Place,
    programs: PathBuf,
}

impl Embedded {
    /// Starts the server and waits until it accepts connections; the first start in a folder initialises it.
    ///
    /// A server that an earlier, killed owner left behind is stopped first. [`Error::InUse`] when the owner lives.
    pub fn start(options: &Options) -> Result<Self, Error> {
        let place = Place::open(options)?;
        let programs = find::programs(place.made_by()?)?;
        if place.made_by()?.is_none() {
            cluster::initialise(&place, &programs, options.durability)?;
        }
        let supervisor = Supervisor::start(place.launch(&programs, options), Arc::clone(&options.on_event))?;
        Ok(Self { supervisor, place, programs })
    }

    /// Address of one database of this server, as the superuser: for sqlx, libpq and `DATABASE_URL` alike.
    pub fn database_url(&self, database: &str) -> String {
        self.database_url_as(SUPERUSER, database)
    }

    /// The same for another role. The private folder of the socket is the credential; no role has a password.
    pub fn database_url_as(&self, role: &str, database: &str) -> String {
        url(&self.place.socket_dir, role, database)
    }

    /// The folder with the server's programs (`postgres`, and `psql` where the client is installed).
    pub fn programs(&self) -> &Path {
        &self.programs
    }

    /// Stops the server: open connections are closed, everything is written, and it has ended when this returns.
    pub fn stop(mut self) -> Result<(), Error> {
        self.supervisor.stop()
    }
}

/// The folder with the newest PostgreSQL on this machine that can run here.
pub fn installed() -> Result<PathBuf, Error> {
    find::programs(None)
}

/// Address of a database in the server that another process runs for `data_dir`; `None` when there is no such server.
pub fn running(data_dir: &Path, database: &str) -> Option<String> {
    let socket_dir = guard::running(&place::cluster_of(data_dir).ok()?)?;
    Some(url(&socket_dir, SUPERUSER, database))
}

/// Every part that the environment could change otherwise (`PGPORT`, `PGSSLMODE`) is spelled out.
fn url(socket_dir: &Path, role: &str, database: &str) -> String {
    format!("postgres:///{database}?host={}&port={}&user={role}&sslmode=disable", socket_dir.display(), guard::PORT)
}
