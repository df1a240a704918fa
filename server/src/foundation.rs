//! What every command stands on: the database (embedded or external), the master key, the operations' context.

use std::sync::Arc;

use auth::{Hasher, Vault};
use domain::clock::{Clock, Entropy};
use store::{
    embedded::{Embedded, Options},
    migrate::{self, Schema},
    pool::{self, Pools},
};

use self::{master_key::Keys, probe::GatewayProbe, workbench::RunsWorkbench};
use crate::{
    clock::{SystemClock, SystemEntropy},
    config::{Config, Database},
};

pub mod master_key;
mod probe;
pub mod rotation;
mod workbench;

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
    /// Waits for a gateway, which only servers have.
    pub workbench: Arc<RunsWorkbench>,
    embedded: Option<Embedded>,
    /// The id of the key that the operator names first.
    newest: [u8; 8],
}

/// When the newest master key becomes the one that seals, where an older one still does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Promotion {
    /// Not by this command: it seals with the key that the running servers have.
    Never,
    /// By a server that starts. One that joins another's embedded database waits: the other one has read the file before.
    AtStart,
    /// By the operator, while no server runs.
    WhenAlone,
}

impl Foundation {
    /// For commands, beside a running server or without one.
    pub async fn lay(config: &mut Config) -> Result<Self, Error> {
        Self::lay_with(config, String::new(), Promotion::Never).await
    }

    /// For a server. `public_url` is what pages print; commands without pages leave it empty.
    pub async fn lay_to_serve(config: &mut Config, public_url: String) -> Result<Self, Error> {
        Self::lay_with(config, public_url, Promotion::AtStart).await
    }

    /// For the end of a rotation.
    pub async fn lay_to_rotate(config: &mut Config) -> Result<Self, Error> {
        Self::lay_with(config, String::new(), Promotion::WhenAlone).await
    }

    /// Only looks: the schema stays as it is, and neither a key nor its check value is made.
    pub async fn look(config: &mut Config) -> Result<Self, Error> {
        let (embedded, url) = find(config).await?;
        expect_current(&url).await?;
        let pools = Pools::connect(&url)?;
        let sealing = rotation::sealing(&pools).await?;
        let keys = match of_settings(config) {
            Some(keys) => keys,
            None => master_key::known(&config.data_dir).map_err(Error::MasterKey)?,
        };
        let newest = keys.newest.id();
        let keys = sealing.into_iter().fold(keys, Keys::sealing_with);
        let foundation = Self::stand(embedded, pools, keys, newest, String::new())?;
        let mut db = pool::connection(&foundation.pools.dashboard).await?;
        if let Some(stored) = store::instance::stored_check_value(&mut db).await? {
            foundation.vault.check(&stored).map_err(|_| control::Error::OtherMasterKey)?;
        }
        Ok(foundation)
    }

    async fn lay_with(config: &mut Config, public_url: String, promotion: Promotion) -> Result<Self, Error> {
        let (embedded, url) = database(config).await?;
        let pools = Pools::connect(&url)?;
        let sealing = rotation::sealing(&pools).await?;
        let is_file = config.master_key.is_none();
        let keys = match (of_settings(config), sealing) {
            (Some(keys), _) => keys,
            (None, None) => master_key::of_data_dir(&config.data_dir, &SystemEntropy).map_err(Error::MasterKey)?,
            // A lost key is put back, never made.
            (None, Some(_)) => master_key::known(&config.data_dir).map_err(Error::MasterKey)?,
        };
        let is_alone = embedded.is_some();
        let may_promote = match promotion {
            Promotion::Never => false,
            Promotion::AtStart => is_alone || !is_file,
            Promotion::WhenAlone => is_alone || !is_file && rotation::live(&pools).await?.is_empty(),
        };
        let newest = keys.newest.id();
        let keys = match sealing {
            Some(sealing) if !may_promote => keys.sealing_with(sealing),
            _ => keys,
        };
        let foundation = Self::stand(embedded, pools, keys, newest, public_url)?;
        control::vault::check(&foundation.control).await?;
        if may_promote && sealing.is_some_and(|sealing| sealing != newest) {
            rotation::promote(&foundation).await?;
        }
        Ok(foundation)
    }

    fn stand(
        embedded: Option<Embedded>,
        pools: Pools,
        keys: Keys,
        newest: [u8; 8],
        public_url: String,
    ) -> Result<Self, Error> {
        let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy);
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let vault = Arc::new(Vault::with_old(keys.newest, keys.older, entropy.clone()));
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let workbench = Arc::new(RunsWorkbench::default());
        let control = control::Context::new(control::Parts {
            pools: pools.clone(),
            vault: vault.clone(),
            passwords: Hasher::new(entropy.clone(), cores)?,
            clock: clock.clone(),
            entropy: entropy.clone(),
            probe: Arc::new(GatewayProbe::new(pools.clone())),
            workbench: workbench.clone(),
            catalog: llm::providers::PROVIDERS.iter().map(|provider| provider.info()).collect(),
            public_url,
        });
        Ok(Self { control, pools, vault, clock, entropy, workbench, embedded, newest })
    }

    /// Did this process start the database? Then nobody else uses it.
    pub fn is_alone(&self) -> bool {
        self.embedded.is_some()
    }

    /// The id of the key that the operator names first.
    pub fn newest_key(&self) -> [u8; 8] {
        self.newest
    }

    /// Is there a newer key than the one that seals?
    pub fn has_waiting_key(&self) -> bool {
        self.newest != self.vault.newest_id()
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

/// The master keys of the environment; `None`: they are in a file of the data folder.
fn of_settings(config: &mut Config) -> Option<Keys> {
    let newest = config.master_key.take()?;
    Some(Keys { newest, older: std::mem::take(&mut config.old_master_keys) })
}

/// Makes sure that the schema is ours: an embedded database is brought up to date, any other one is left as it is.
async fn database(config: &Config) -> Result<(Option<Embedded>, String), Error> {
    let (embedded, url) = find(config).await?;
    match (&config.database, &embedded) {
        (Database::External(_), _) => expect_current(&url).await?,
        (Database::Embedded, Some(_)) => migrate::run(&url).await?,
        // Whoever runs it has done so.
        (Database::Embedded, None) => {}
    }
    Ok((embedded, url))
}

async fn expect_current(url: &str) -> Result<(), Error> {
    match migrate::schema(url).await? {
        Schema::Current => Ok(()),
        Schema::Older => Err(Error::SchemaOlder),
        Schema::Newer => Err(Error::SchemaNewer),
    }
}

/// Starts or finds the database.
async fn find(config: &Config) -> Result<(Option<Embedded>, String), Error> {
    let running = || store::embedded::running(&config.data_dir, store::embedded::DATABASE);
    match &config.database {
        Database::External(url) => Ok((None, url.clone())),
        Database::Embedded => match running() {
            Some(url) => Ok((None, url)),
            None => {
                let mut options = Options::new(&config.data_dir);
                options.on_event = Arc::new(|event| tracing::warn!("{event}"));
                let embedded = tokio::task::spawn_blocking(move || Embedded::start(&options)).await??;
                let url = embedded.database_url(store::embedded::DATABASE);
                Ok((Some(embedded), url))
            }
        },
    }
}

#[cfg(test)]
mod tests;
