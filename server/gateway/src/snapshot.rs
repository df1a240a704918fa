//! All settings the data plane needs, as one immutable value (`architecture.md` 8).
//!
//! Nothing that refuses or charges money will rely on it: budgets are read inside the admission. `watch.rs` keeps it fresh,
//! `keys.rs` finds the key of a secret, `clock.rs` carries the database's clock on.

mod clock;
mod keys;
mod watch;

use std::{collections::HashMap, sync::Arc};

use auth::{Credential, Origin, SealContext, Vault};
use chrono::{DateTime, Utc};
use domain::{
    catalog::Capability,
    id::{DeploymentId, ModelId, ProviderId, TeamId},
    price::Price,
    provider::AuthScheme,
};
use llm::Provider;
use store::{
    prices::{PriceTarget, Version},
    snapshot::{Rows, SealedCredential},
};
use url::Url;

use crate::{
    caller::Caller,
    upstream::{AllowList, allow_list},
};

pub(crate) use keys::{Key, KeyLabels, Keys};
pub(crate) use watch::Watch;

/// The configuration at one version.
pub(crate) struct Snapshot {
    pub version: i64,
    pub allow_private: Arc<AllowList>,
    pub keys: Keys,
    /// By owner (`None`: the whole instance), then by name or alias.
    models: HashMap<Option<TeamId>, HashMap<String, Arc<Model>>>,
}

#[derive(Debug)]
pub(crate) struct Model {
    pub name: String,
    pub context_window: Option<u32>,
    pub max_output: Option<u32>,
    /// What it can do; `None` when nobody has told.
    pub capabilities: Option<Vec<Capability>>,
    pub created_at: DateTime<Utc>,
    pub deployments: Vec<Arc<Deployment>>,
}

/// A model at a provider, ready to be called.
pub(crate) struct Deployment {
    pub id: DeploymentId,
    pub provider_id: ProviderId,
    pub provider_slug: String,
    pub provider: &'static dyn Provider,
    /// The very URL whose origin the credential was opened for.
    pub base_url: Option<Url>,
    /// The vendor's preset; empty for none.
    pub preset: String,
    pub upstream_model: String,
    pub secret: Secret,
    prices: Vec<Version>,
}

/// What a deployment authenticates with.
pub(crate) enum Secret {
    /// None stored.
    None,
    Open(Credential),
    /// Stored, but the master key or the destination changed: it must be entered again.
    Unreadable,
}

impl std::fmt::Debug for Deployment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Deployment")
            .field("id", &self.id)
            .field("provider", &self.provider_slug)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
impl Deployment {
    /// One that costs nothing, for tests of what it is sent and what is kept of it.
    pub(crate) fn for_test(kind: &str, base_url: &str, secret: Option<&str>) -> Self {
        Self {
            id: DeploymentId(uuid::Uuid::nil()),
            provider_id: ProviderId(uuid::Uuid::nil()),
            provider_slug: "lab".to_owned(),
            provider: llm::providers::find(kind).unwrap(),
            base_url: Url::parse(base_url).ok(),
            preset: String::new(),
            upstream_model: "lab-1".to_owned(),
            secret: secret.map_or(Secret::None, |secret| Secret::Open(Credential::new(secret.to_owned()))),
            prices: Vec::new(),
        }
    }
}

impl Deployment {
    /// The price in force for a team: its own before everybody's, the deployment's before the model's.
    pub(crate) fn price(&self, team: TeamId, now: DateTime<Utc>) -> Option<&Price> {
        let rank = |version: &Version| (matches!(version.target, PriceTarget::Deployment(_)), version.team.is_some());
        self.prices
            .iter()
            .filter(|version| version.effective_from <= now && version.team.is_none_or(|owner| owner == team))
            .max_by_key(|version| (rank(version), version.effective_from))
            .map(|version| &version.price)
    }

    /// As clients read it in `x-tallygate-model`.
    pub(crate) fn public_name(&self) -> String {
        format!("{}/{}", self.provider_slug, self.upstream_model)
    }
}

impl Snapshot {
    /// Makes the value from its rows: opens credentials, sorts out what cannot be served and says so in the log.
    pub(crate) fn new(rows: Rows, vault: &Vault) -> Self {
        let Rows { version, now: _, allow_private, keys, retired, models, deployments, prices } = rows;
        let mut by_model = HashMap::<ModelId, Vec<Arc<Deployment>>>::new();
        for row in deployments {
            let model = row.model;
            if let Some(deployment) = deployment(row, &prices, vault) {
                by_model.entry(model).or_default().push(Arc::new(deployment));
            }
        }
        Self {
            version,
            allow_private: Arc::new(allow_list(&allow_private)),
            keys: Keys::new(keys, retired),
            models: by_owner(models, by_model),
        }
    }

    /// The model a name means for a team: its own before the instance's.
    pub(crate) fn model(&self, team: TeamId, name: &str) -> Option<&Arc<Model>> {
        [Some(team), None].iter().find_map(|owner| self.models.get(owner)?.get(name))
    }

    /// Every model that the caller may use, by name.
    pub(crate) fn models_of(&self, caller: &Caller) -> Vec<Arc<Model>> {
        let owners = [Some(caller.team), None];
        let names = owners
            .iter()
            .filter_map(|owner| self.models.get(owner))
            .flatten()
            .filter(|(name, model)| **name == model.name);
        let mut models: Vec<Arc<Model>> =
            names.filter_map(|(name, _)| crate::allow::model(self, caller, name).ok()).collect();
        models.sort_by(|a, b| a.name.cmp(&b.name));
        models.dedup_by(|a, b| a.name == b.name);
        models
    }
}

fn by_owner(
    rows: Vec<store::snapshot::Model>,
    mut deployments: HashMap<ModelId, Vec<Arc<Deployment>>>,
) -> HashMap<Option<TeamId>, HashMap<String, Arc<Model>>> {
    let mut owners = HashMap::<Option<TeamId>, HashMap<String, Arc<Model>>>::new();
    let mut aliases = Vec::new();
    for row in rows {
        let model = Arc::new(Model {
            name: row.name.clone(),
            context_window: row.context_window,
            max_output: row.max_output,
            capabilities: row.capabilities,
            created_at: row.created_at,
            deployments: deployments.remove(&row.id).unwrap_or_default(),
        });
        aliases.extend(row.aliases.into_iter().map(|alias| (row.team, alias, model.clone())));
        owners.entry(row.team).or_default().insert(row.name, model);
    }
    // A name beats an alias, whoever came first.
    for (team, alias, model) in aliases {
        owners.entry(team).or_default().entry(alias).or_insert(model);
    }
    owners
}

fn deployment(row: store::snapshot::Deployment, prices: &[Version], vault: &Vault) -> Option<Deployment> {
    let Some(provider) = llm::providers::find(&row.provider_kind) else {
        tracing::warn!(kind = row.provider_kind, deployment = %row.id, "this version does not know the provider's kind");
        return None;
    };
    let base_url = Url::parse(row.base_url.trim_end_matches('/')).ok();
    if provider.info().auth != AuthScheme::None && base_url.is_none() {
        tracing::warn!(deployment = %row.id, "the provider has no usable base URL");
        return None;
    }
    let secret = row.credential.map_or(Secret::None, |sealed| open(&sealed, base_url.as_ref(), vault));
    let is_ours = |version: &&Version| match version.target {
        PriceTarget::Deployment(id) => id == row.id,
        PriceTarget::Model(id) => id == row.model,
    };
    Some(Deployment {
        id: row.id,
        provider_id: row.provider,
        provider_slug: row.provider_slug,
        provider,
        base_url,
        preset: row.preset,
        upstream_model: row.upstream_model,
        secret,
        prices: prices.iter().filter(is_ours).cloned().collect(),
    })
}

/// Opens a credential for the origin it will be sent to, and no other.
fn open(sealed: &SealedCredential, base_url: Option<&Url>, vault: &Vault) -> Secret {
    let Some(origin) = base_url.and_then(Origin::of) else { return Secret::Unreadable };
    let context =
        SealContext { table: "credentials", row: sealed.id.0, owner: sealed.team, field: "secret", origin: &origin };
    match vault.open(&context, &sealed.sealed) {
        Ok(credential) => Secret::Open(credential),
        Err(error) => {
            tracing::warn!(credential = %sealed.id, %error, "a provider's credential cannot be opened: enter it again");
            Secret::Unreadable
        }
    }
}
