//! The server: composition and the HTTP edge.
//!
//! Here: the command line, settings, the accept loop, layers, routes, the session cookie, the threads that render pages, ticks,
//! shutdown, and the real clock and randomness. Never here: business rules (they live in `control`, `gateway`, `domain`) and SQL
//! (`store`).
//! One more route: a handler in `http/`, its line in the `routes()` of its file, and its class in `http/inventory.rs`. One more
//! endpoint of the public API: an entry in `http/admin/`.

pub mod cli;
pub mod clock;
pub mod config;
mod foundation;
pub mod http;
mod telemetry;
mod ticks;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use gateway::Gateway;
use runs::Executor;
use tokio::net::TcpListener;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub use config::Config;
use foundation::Foundation;

use crate::http::{listen, public_origin::PublicOrigin, render::Renderers, router, site};

/// How long tasks may take to settle after their streams were cut.
const AFTER_CUT: Duration = Duration::from_secs(5);

/// Why a server cannot start or stop. Each message says what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Foundation(#[from] foundation::Error),
    #[error("cannot listen on {address}: {source}")]
    Listen { address: SocketAddr, source: std::io::Error },
    #[error(transparent)]
    Site(#[from] site::Error),
    #[error(transparent)]
    Control(#[from] control::Error),
    #[error("gateway: {0}")]
    Gateway(#[from] gateway::StartError),
    #[error("runs: {0}")]
    Runs(#[from] runs::Error),
    #[error("the system gives no more threads: {0}")]
    Threads(#[source] std::io::Error),
}

/// A running server. [`Server::stop`] ends it cleanly.
pub struct Server {
    address: SocketAddr,
    public_url: String,
    setup_code: Option<String>,
    foundation: Foundation,
    gateway: Gateway,
    /// Streams and calls that may finish.
    tasks: TaskTracker,
    /// Writers and ticks that must outlive them.
    core: TaskTracker,
    accept: CancellationToken,
    work: CancellationToken,
    core_stop: CancellationToken,
    grace: Duration,
}

async fn start_gateway(
    foundation: &Foundation,
    tasks: &TaskTracker,
    core: &TaskTracker,
    stop: &CancellationToken,
) -> Result<Gateway, Error> {
    let parts = gateway::Parts {
        pools: foundation.pools.clone(),
        vault: foundation.vault.clone(),
        clock: foundation.clock.clone(),
        entropy: foundation.entropy.clone(),
        patience: gateway::Patience::default(),
        tasks: tasks.clone(),
        core: core.clone(),
        stop: stop.clone(),
    };
    Ok(Gateway::start(parts).await?)
}

impl Server {
    /// Starts everything and returns once requests are answered. Tests use the same door as `tallygate serve`.
    pub async fn start(mut config: Config) -> Result<Self, Error> {
        let site = site::Site::open(config.site_dir.as_deref())?;
        let listener = TcpListener::bind(config.listen).await;
        let listener = listener.map_err(|source| Error::Listen { address: config.listen, source })?;
        let address = listener.local_addr().map_err(|source| Error::Listen { address: config.listen, source })?;
        let origin = PublicOrigin::new(config.public_url.as_ref(), address.port());
        let foundation = Foundation::lay_to_serve(&mut config, origin.url().to_owned()).await?;
        let setup_code = control::setup::ensure_code(&foundation.control).await?;

        let (tasks, core) = (TaskTracker::new(), TaskTracker::new());
        let (accept, work, core_stop) = (CancellationToken::new(), CancellationToken::new(), CancellationToken::new());
        let gateway = start_gateway(&foundation, &tasks, &core, &core_stop).await?;
        foundation.workbench.bring(runs::Workbench::new(gateway.clone(), foundation.pools.clone()));
        let watch = Executor::start(runs::Parts {
            pools: foundation.pools.clone(),
            gateway: gateway.clone(),
            clock: foundation.clock.clone(),
            entropy: foundation.entropy.clone(),
            tasks: tasks.clone(),
            stop: work.clone(),
        })
        .await?;
        core.spawn(ticks::run(
            gateway.clone(),
            foundation.control.clone(),
            foundation.pools.clone(),
            core_stop.clone(),
        ));
        let router = router::build(router::AppState {
            control: foundation.control.clone(),
            gateway: gateway.clone(),
            watch,
            site,
            public_origin: origin.clone(),
            bundle_secrets: config.bundle_secrets.clone(),
            reference: Arc::new(http::admin::reference(origin.url())),
            trusted_proxies: config.trusted_proxies,
            renderers: Renderers::start().map_err(Error::Threads)?,
            tasks: tasks.clone(),
            stop: work.clone(),
        });
        core.spawn(listen::serve(listener, router, tasks.clone(), accept.clone()));
        Ok(Self {
            address,
            public_url: origin.url().to_owned(),
            setup_code,
            foundation,
            gateway,
            tasks,
            core,
            accept,
            work,
            core_stop,
            grace: config.shutdown_grace,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address people type, without a trailing slash.
    pub fn public_url(&self) -> &str {
        &self.public_url
    }

    /// The one-time set-up code, while there is no owner.
    pub fn setup_code(&self) -> Option<&str> {
        self.setup_code.as_deref()
    }

    /// Stops accepting, lets open streams finish within the grace, settles, and stops the embedded Postgres last.
    pub async fn stop(self) -> Result<(), Error> {
        self.accept.cancel();
        self.work.cancel();
        self.gateway.drain();
        self.tasks.close();
        if tokio::time::timeout(self.grace, self.tasks.wait()).await.is_err() {
            tracing::warn!(open = self.tasks.len(), "grace is over: open streams are cut");
            self.gateway.cut();
            if tokio::time::timeout(AFTER_CUT, self.tasks.wait()).await.is_err() {
                tracing::warn!(
                    open = self.tasks.len(),
                    "tasks did not end: the sweep of the next start resolves their rows"
                );
            }
        }
        self.core_stop.cancel();
        self.core.close();
        if tokio::time::timeout(self.grace, self.core.wait()).await.is_err() {
            tracing::warn!("the writers did not finish: the sweep of the next start resolves what is left");
        }
        self.foundation.remove().await.map_err(Error::from)
    }
}
