//! What every operation needs: pools, secrets, time, randomness and the catalogue that `server` hands down.

use std::sync::Arc;

use auth::{Hasher, Vault};
use domain::{
    clock::{Clock, Entropy},
    provider::ProviderInfo,
};
use store::pool::{Pools, Tx};

use crate::{Error, probe::Probe, workbench::Workbench};

/// The parts of a [`Context`], named at its one construction.
pub struct Parts {
    pub pools: Pools,
    pub vault: Arc<Vault>,
    pub passwords: Hasher,
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
    /// Asks providers for their models.
    pub probe: Arc<dyn Probe>,
    /// What only the engine knows about grids and stored bodies.
    pub workbench: Arc<dyn Workbench>,
    /// Which provider kinds exist.
    pub catalog: Vec<&'static ProviderInfo>,
    /// The address clients use, without a trailing slash.
    pub public_url: String,
}

/// Cheap to clone; clones share everything.
#[derive(Clone)]
pub struct Context {
    pub pools: Pools,
    pub vault: Arc<Vault>,
    pub passwords: Hasher,
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
    pub probe: Arc<dyn Probe>,
    pub workbench: Arc<dyn Workbench>,
    pub catalog: Arc<[&'static ProviderInfo]>,
    pub public_url: Arc<str>,
}

impl Context {
    pub fn new(parts: Parts) -> Self {
        let Parts { pools, vault, passwords, clock, entropy, probe, workbench, catalog, public_url } = parts;
        let (catalog, public_url) = (catalog.into(), public_url.into());
        Self { pools, vault, passwords, clock, entropy, probe, workbench, catalog, public_url }
    }

    /// The provider kind with this name.
    pub fn provider_kind(&self, kind: &str) -> Option<&'static ProviderInfo> {
        self.catalog.iter().copied().find(|info| info.kind == kind)
    }

    pub(crate) async fn begin(&self) -> Result<Tx, Error> {
        Ok(store::pool::begin(&self.pools.dashboard).await?)
    }
}
