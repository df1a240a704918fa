//! What every command stands on: the database (embedded or external), the master key, the operations' context.

use std::sync::Arc;

use auth::{Hasher, Vault};
use domain::clock::{Clock, Entropy};
use store::{
    embedded::{Embedded, Options},
    migrate::{self, Schema},
    pool::Pools,
};

use crate::{
    clock::{SystemClock, SystemEntropy},
    config::{Config, Database},
};

mod master_key;

/// Why a command cannot start. Each message says what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Embedded(#[from] store::embedded::Error),
    #[error("database: {0}")]
    Store(#[from] store::Error),
    #[error("the database's schema is older than this binary: run `tallygate migrate`")]
    SchemaOlder,
    #[error("the database's schema is newer than this binary: start the newer version")]
    SchemaNewer,
    #[error("{0}")]
    MasterKey(String),
    #[error(transparent)]
    Password(#[from] auth::password::Error),
    #[error(transparent)]
    Control(#[from] control::Error),
    #[error("a background task ended early")]
    Task(#[from] tokio::task::JoinError),
}

/// The ground under a command. [`Foundation::remove`] ends it cleanly; a killed process is cleaned up by the guard of the
/// embedded server.
pub struct Foundation {
    pub control: control::Context,
    pub pools: Pools,
    pub vault: Arc<Vault>,
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
    embedded: Option<Embedded>,
}

impl Foundation {
    pub async fn lay(config: &mut Config) -> Result<Self, Error> {
        Self::lay_at(config, String::new()).await
    }

    /// `public_url` is what pages print; commands without pages leave it empty.
    pub async fn lay_at(config: &mut Config, public_url: String) -> Result<Self, Error> {
        let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy);
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let (embedded, url) = database(config).await?;
        let master = match config.master_key.take() {
            Some(master) => master,
            None => master_key::of_data_dir(&config.data_dir, &*entropy).map_err(Error::MasterKey)?,
        };
        let vault = Arc::new(Vault::new(master, entropy.clone()));
        let pools = Pools::connect(&url)?;
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let control = control::Context::new(control::Parts {
            pools: pools.clone(),
            vault: vault.clone(),
            passwords: Hasher::new(entropy.clone(), cores)?,
            clock: clock.clone(),
            entropy: entropy.clone(),
            catalog: llm::providers::PROVIDERS.iter().map(|provider| provider.info()).collect(),
            public_url,
        });
        control::vault::check(&control).await?;
        Ok(Self { control, pools, vault, clock, entropy, embedded })
    }

    /// Closes the pools, then stops the embedded Postgres, last of all.
    pub async fn remove(self) -> Result<(), Error> {
        self.pools.close().await;
        if let Some(embedded) = self.embedded {
            tokio::task::spawn_blocking(move || embedded.stop()).await??;
        }
        Ok(())
    }
}

/// Starts or finds the database and makes sure that its schema is ours.
async fn database(config: &Config) -> Result<(Option<Embedded>, String), Error> {
    match &config.database {
        Database::External(url) => match migrate::schema(url).await? {
            Schema::Current => Ok((None, url.clone())),
            Schema::Older => Err(Error::SchemaOlder),
            Schema::Newer => Err(Error::SchemaNewer),
        },
        Database::Embedded => {
            if let Some(url) = store::embedded::running(&config.data_dir, store::embedded::DATABASE) {
                return Ok((None, url));
            }
            let mut options = Options::new(&config.data_dir);
            options.on_event = Arc::new(|event| tracing::warn!("{event}"));
            let embedded = tokio::task::spawn_blocking(move || Embedded::start(&options)).await??;
            let url = embedded.database_url(store::embedded::DATABASE);
            migrate::run(&url).await?;
            Ok((Some(embedded), url))
        }
    }
}
