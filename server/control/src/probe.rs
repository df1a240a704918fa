//! Asking a provider for its models, free of charge. `server` hands the implementation down: this crate opens no socket.

use std::pin::Pin;

use auth::Credential;
use domain::provider::ProbeVerdict;
use url::Url;

/// Where to ask, and as whom.
#[derive(Clone, Copy)]
pub struct ProbeTarget<'a> {
    pub kind: &'a str,
    /// Empty: none.
    pub preset: &'a str,
    /// `None` when the kind has no address at all.
    pub url: Option<&'a Url>,
    pub credential: Option<&'a Credential>,
}

/// A model that a provider offers, as far as its list tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfferedId {
    pub id: String,
    pub context_window: Option<u32>,
    pub max_output: Option<u32>,
}

/// The models, or why there are none: a class, never what the upstream said.
pub type Probed<'a> = Pin<Box<dyn Future<Output = Result<Vec<OfferedId>, ProbeVerdict>> + Send + 'a>>;

pub trait Probe: Send + Sync {
    fn models<'a>(&'a self, target: ProbeTarget<'a>) -> Probed<'a>;
}
