//! A provider that does what a test tells it and remembers what it did.
//!
//! It speaks the wires of OpenAI, Azure, Anthropic and Google over real sockets on a loopback address, refuses what they
//! refuse, and never leaves the machine. Its journal is the oracle of every accounting test: tests compare the ledger
//! with it, never with the gateway's own word. It knows nothing of the product: no package of it may be used here. The
//! binary `fake-upstream` is the same thing for browser tests, demos and load.
//!
//! A request goes through `endpoint` (whose door), `wire/*/read` (strict, into `asked`), `answer` (what is said),
//! `wire` (how this vendor says it), `faults` and `events` (what goes wrong, as bytes) and `player` (when).
//! One more misbehaviour starts in `script`; one more wire in `endpoint`.

use std::{
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, PoisonError},
};

use anyhow::{Context, Result, ensure};
use tokio::{net::TcpListener, sync::Mutex, task::JoinHandle};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

mod answer;
mod asked;
mod base64;
mod check;
mod endpoint;
mod errors;
mod events;
mod faults;
mod journal;
mod listen;
mod models;
mod player;
mod script;
mod seal;
mod serve;
mod summary;
mod tally;
mod wire;

use self::serve::Shared;
pub use self::{
    endpoint::Wire,
    errors::CANARY,
    journal::{End, Entry, Journal, Request, Tally, read as read_journal, requests as journal_requests},
    script::{
        CachePlace, Cut, DataForm, Ending, ErrorBody, Fault, IdForm, LengthForm, LineEnd, Says, Script, Speech,
        Terminator, UsageForm, UsagePlace,
    },
    serve::Exchange,
    summary::{Call, Format, Image, Said, Summary, Tool, ToolResult},
    tally::{Classes, Report, ReportKind, Tokens},
};

/// How to start one. The default: any free port, a journal of its own, well behaved, any key.
pub struct Options {
    pub listen: SocketAddr,
    /// Absent: a file in a folder that goes away with the fake.
    pub journal: Option<PathBuf>,
    pub script: Script,
    /// When set, any other credential is refused, wherever the vendor looks for it.
    pub api_key: Option<String>,
    /// Keeps the bytes of the last exchanges in memory, for tests that compare them.
    pub is_recording: bool,
}

impl Default for Options {
    fn default() -> Self {
        let listen = SocketAddr::from(([127, 0, 0, 1], 0));
        Self { listen, journal: None, script: Script::default(), api_key: None, is_recording: true }
    }
}

/// A running fake. Dropping it ends its connections.
pub struct FakeUpstream {
    address: SocketAddr,
    shared: Arc<Shared>,
    listening: Mutex<Option<Listening>>,
    tasks: TaskTracker,
    kill: CancellationToken,
    _folder: Option<tempfile::TempDir>,
}

struct Listening {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl FakeUpstream {
    pub async fn start() -> Result<Self> {
        Self::start_with(Options::default()).await
    }

    pub async fn start_with(options: Options) -> Result<Self> {
        let Options { listen, journal, script, api_key, is_recording } = options;
        ensure!(listen.ip().is_loopback(), "the fake upstream listens on loopback only, not on {listen}");
        let (folder, path) = match journal {
            Some(path) => (None, path),
            None => {
                let folder = tempfile::tempdir()?;
                let path = folder.path().join("journal.jsonl");
                (Some(folder), path)
            }
        };
        let journal = Journal::open(&path)?;
        let next_seq = journal.entries()?.iter().map(Entry::seq).max().unwrap_or(0) + 1;
        let shared = Arc::new(Shared::new(journal, next_seq, script, api_key, is_recording));
        let listener = TcpListener::bind(listen).await.with_context(|| format!("cannot listen on {listen}"))?;
        let fake = Self {
            address: listener.local_addr()?,
            shared,
            listening: Mutex::new(None),
            tasks: TaskTracker::new(),
            kill: CancellationToken::new(),
            _folder: folder,
        };
        fake.listen(listener).await;
        Ok(fake)
    }

    async fn listen(&self, listener: TcpListener) {
        let stop = CancellationToken::new();
        let router = serve::router(Arc::clone(&self.shared));
        let accepting = listen::accept(listener, router, self.tasks.clone(), stop.clone(), self.kill.clone());
        let task = self.tasks.spawn(accepting);
        *self.listening.lock().await = Some(Listening { stop, task });
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What a provider's form asks for: `http://127.0.0.1:PORT/v1`.
    pub fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// Where Anthropic's and Google's paths begin, and the bare host of the others: `http://127.0.0.1:PORT`.
    pub fn root_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Google's: `http://127.0.0.1:PORT/v1beta`.
    pub fn gemini_base_url(&self) -> String {
        format!("http://{}/v1beta", self.address)
    }

    /// Azure's: `http://127.0.0.1:PORT/openai/v1`.
    pub fn azure_base_url(&self) -> String {
        format!("http://{}/openai/v1", self.address)
    }

    /// From now on every request is treated so, unless its model has a script of its own.
    pub fn script(&self, script: Script) {
        self.shared.scripts.lock().unwrap_or_else(PoisonError::into_inner).general = script;
    }

    pub fn script_for(&self, model: &str, script: Script) {
        self.shared.scripts.lock().unwrap_or_else(PoisonError::into_inner).by_model.insert(model.into(), script);
    }

    /// Lets requests go on that a `Hang…` fault holds, now and until `hold`.
    pub fn release(&self) {
        self.shared.gate.send_replace(true);
    }

    pub fn hold(&self) {
        self.shared.gate.send_replace(false);
    }

    /// Closes the listening socket and idle connections; what is being served goes on.
    pub async fn refuse_connections(&self) -> Result<()> {
        if let Some(listening) = self.listening.lock().await.take() {
            listening.stop.cancel();
            listening.task.await.context("the accept loop failed")?;
        }
        Ok(())
    }

    /// Listens again, on the same port.
    pub async fn accept_connections(&self) -> Result<()> {
        let is_listening = self.listening.lock().await.is_some();
        if !is_listening {
            self.listen(TcpListener::bind(self.address).await?).await;
        }
        Ok(())
    }

    pub fn journal(&self) -> &Journal {
        &self.shared.journal
    }

    /// The latest requests with the bytes sent for each, oldest first.
    pub fn exchanges(&self) -> Vec<Exchange> {
        self.shared.exchanges()
    }

    /// Runs until the process ends; the binary's main loop.
    pub async fn serve_forever(&self) {
        self.kill.cancelled().await;
    }
}

impl Drop for FakeUpstream {
    fn drop(&mut self) {
        self.kill.cancel();
        if let Ok(mut listening) = self.listening.try_lock()
            && let Some(listening) = listening.take()
        {
            listening.stop.cancel();
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the journal is an outside observer with a clock of its own")]
fn unix_ms() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |elapsed| u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests;
