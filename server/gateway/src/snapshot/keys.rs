//! Keys by the public part of their secrets: the newest secret of each, and those that a rotation replaced, until their
//! overlap ends. What a key's rules say about one call is decided in `caller.rs`.

use std::{
    collections::{BTreeMap, HashMap},
    net::IpAddr,
    sync::Arc,
};

use auth::{ApiKey, KeyDigest};
use chrono::{DateTime, Utc};
use domain::{
    id::{KeyId, TeamId, UserId},
    key::{AllowedModels, KeyScope},
    network::Network,
    task::TaskClass,
    team::StoreContent,
};
use store::snapshot::RetiredSecret;

/// A key and its rules.
pub(crate) struct Key {
    pub id: KeyId,
    pub team: TeamId,
    pub user: Option<UserId>,
    pub models: AllowedModels,
    pub scopes: Vec<KeyScope>,
    pub networks: Networks,
    pub labels: Arc<KeyLabels>,
    pub max_output: Option<u32>,
    /// The stricter of the team's policy and the key's own.
    pub store_content: StoreContent,
    pub is_paused: bool,
    expires_at: Option<DateTime<Utc>>,
}

/// What the calls of a key are labelled with unless they say otherwise.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct KeyLabels {
    pub tags: BTreeMap<String, String>,
    pub task: Option<TaskClass>,
}

/// Where a key may come from.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Networks {
    Any,
    Only(Vec<Network>),
}

impl Networks {
    /// No entry means anywhere. An entry that cannot be read allows nothing, and leaves the key as bound as it was meant to be.
    fn read(key: KeyId, entries: &[String]) -> Self {
        if entries.is_empty() {
            return Self::Any;
        }
        let network = |entry: &String| match Network::parse(entry) {
            Ok(network) => Some(network),
            Err(problem) => {
                tracing::warn!(%key, problem, "a network of a key cannot be read and allows nothing");
                None
            }
        };
        Self::Only(entries.iter().filter_map(network).collect())
    }

    /// May a caller at this address use it? Who has no address is nowhere in particular.
    pub(crate) fn allow(&self, address: Option<IpAddr>) -> bool {
        match self {
            Self::Any => true,
            Self::Only(networks) => {
                address.is_some_and(|address| networks.iter().any(|network| network.contains(address)))
            }
        }
    }
}

/// One secret of a key.
struct Secret {
    digest: KeyDigest,
    key: Arc<Key>,
    /// `None`: as long as the key lives.
    valid_until: Option<DateTime<Utc>>,
}

#[derive(Default)]
pub(crate) struct Keys(HashMap<String, Secret>);

impl Keys {
    pub(super) fn new(keys: Vec<store::snapshot::Key>, retired: Vec<RetiredSecret>) -> Self {
        let mut secrets = HashMap::with_capacity(keys.len() + retired.len());
        let mut by_id = HashMap::with_capacity(keys.len());
        for row in keys {
            let (public, digest, key) = key(row);
            by_id.insert(key.id, key.clone());
            // A digest of another length is no digest; its key lives on in the secrets that a rotation left.
            if let Some(digest) = KeyDigest::from_stored(&digest) {
                secrets.insert(public, Secret { digest, key, valid_until: None });
            }
        }
        for RetiredSecret { key, public, digest, valid_until } in retired {
            // The secrets of a key that may not be used any more have gone with it.
            if let (Some(key), Some(digest)) = (by_id.get(&key), KeyDigest::from_stored(&digest)) {
                let secret = Secret { digest, key: key.clone(), valid_until: Some(valid_until) };
                secrets.entry(public).or_insert(secret);
            }
        }
        Self(secrets)
    }

    /// The key that this is a secret of at this moment of the database's clock. Unknown, wrong, replaced and expired are the
    /// same `None`.
    pub(crate) fn find(&self, sent: &ApiKey, now: DateTime<Utc>) -> Option<&Key> {
        let Secret { digest, key, valid_until } = self.0.get(sent.public())?;
        let ends = [*valid_until, key.expires_at];
        let is_over = ends.into_iter().flatten().any(|end| end <= now);
        (sent.digest() == *digest && !is_over).then_some(key)
    }
}

fn key(row: store::snapshot::Key) -> (String, Vec<u8>, Arc<Key>) {
    let store::snapshot::Key { id, team, user, public, digest, models, scopes, expires_at, networks, .. } = row;
    let store::snapshot::Key { tags, task, max_output, store_content, paused, .. } = row;
    let key = Key {
        id,
        team,
        user,
        models,
        scopes,
        networks: Networks::read(id, &networks),
        labels: Arc::new(KeyLabels { tags, task }),
        max_output,
        store_content,
        is_paused: paused,
        expires_at,
    };
    (public, digest, Arc::new(key))
}

#[cfg(test)]
mod tests;
