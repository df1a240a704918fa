//! Who pays for a call: a key, or a run that a member started. Only this file makes a `Caller`.
//!
//! Keys are in the snapshot, so authenticating reads memory only. Checksum first, then the look-up by the public part, then
//! the digest in constant time; every wrong key gets the same answer (`security.md` VK-1, VK-3, VK-7). Only who has shown a
//! right key learns why it may not be used here and now: it is paused, comes from elsewhere, or lacks a scope.

use std::{net::IpAddr, sync::Arc};

use chrono::{DateTime, Utc};
use domain::{
    id::{KeyId, RunId, TeamId, UserId},
    key::{AllowedModels, KeyScope},
    team::StoreContent,
};
use http::{HeaderMap, header};

use crate::{
    error::Error,
    snapshot::{Key, KeyLabels, Keys},
};

/// Somebody who may call models, and on whose account.
#[derive(Clone, Debug)]
pub struct Caller {
    pub(crate) team: TeamId,
    pub(crate) key: Option<KeyId>,
    pub(crate) user: Option<UserId>,
    pub(crate) run: Option<RunId>,
    pub(crate) models: AllowedModels,
    /// How much of a call's text may be kept.
    pub(crate) store_content: StoreContent,
    /// What its calls are labelled with unless they say otherwise.
    pub(crate) labels: Arc<KeyLabels>,
    /// The most tokens an answer may have.
    pub(crate) max_output: Option<u32>,
}

impl Caller {
    pub fn team(&self) -> TeamId {
        self.team
    }

    pub fn key(&self) -> Option<KeyId> {
        self.key
    }

    /// A run that a member started: every model of the team. `control` checked the member when the run began. A run keeps
    /// its text itself.
    pub(crate) fn of_member(team: TeamId, user: UserId, run: Option<RunId>) -> Self {
        Self {
            team,
            key: None,
            user: Some(user),
            run,
            models: AllowedModels::All,
            store_content: StoreContent::Metadata,
            labels: Arc::default(),
            max_output: None,
        }
    }

    fn of_key(key: &Key) -> Self {
        Self {
            team: key.team,
            key: Some(key.id),
            user: key.user,
            run: None,
            models: key.models.clone(),
            store_content: key.store_content,
            labels: key.labels.clone(),
            max_output: key.max_output,
        }
    }
}

/// The caller that the headers name, if their key may be used for this, from there, at this moment of the database's clock.
pub(crate) fn authenticate(
    headers: &HeaderMap,
    address: Option<IpAddr>,
    scope: KeyScope,
    keys: &Keys,
    now: DateTime<Utc>,
) -> Result<Caller, Error> {
    let text = credential(headers)?;
    let sent = auth::api_key::parse(text).map_err(|_| Error::InvalidKey)?;
    let key = keys.find(&sent, now).ok_or(Error::InvalidKey)?;
    if key.is_paused {
        return Err(Error::KeyPaused);
    }
    if !key.networks.allow(address) {
        return Err(Error::NetworkNotAllowed);
    }
    if !key.scopes.contains(&scope) {
        return Err(Error::ScopeMissing(scope));
    }
    Ok(Caller::of_key(key))
}

/// The one credential of a request. The same one in several places is fine, two different ones are not.
fn credential(headers: &HeaderMap) -> Result<&str, Error> {
    let mut found: Option<&str> = None;
    for name in [header::AUTHORIZATION.as_str(), "x-api-key", "api-key"] {
        for value in headers.get_all(name) {
            let value = value.to_str().map_err(|_| Error::InvalidKey)?.trim();
            let text = if name == header::AUTHORIZATION.as_str() { bearer(value)? } else { value };
            if found.is_some_and(|other| other != text) {
                return Err(Error::TwoCredentials);
            }
            found = Some(text);
        }
    }
    found.filter(|text| !text.is_empty()).ok_or(Error::NoKey)
}

fn bearer(value: &str) -> Result<&str, Error> {
    match value.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Ok(token.trim()),
        _ => Err(Error::InvalidKey),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(pairs: &[(&'static str, &str)]) -> Result<String, String> {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, value.parse().unwrap());
        }
        credential(&headers).map(str::to_owned).map_err(|error| error.to_string())
    }

    #[test]
    fn a_key_may_come_in_three_places_but_only_one_may_come() {
        for place in
            [("authorization", "Bearer k"), ("authorization", "bearer  k"), ("x-api-key", "k"), ("api-key", "k")]
        {
            assert_eq!(found(&[place]), Ok("k".to_owned()), "{place:?}");
        }
        assert_eq!(found(&[("authorization", "Bearer k"), ("x-api-key", "k")]), Ok("k".to_owned()));
        let two = Err(Error::TwoCredentials.to_string());
        assert_eq!(found(&[("authorization", "Bearer k"), ("x-api-key", "l")]), two);
        assert_eq!(found(&[("api-key", "k"), ("api-key", "l")]), two);
        assert_eq!(found(&[]), Err(Error::NoKey.to_string()));
        assert_eq!(found(&[("authorization", "Bearer ")]), Err(Error::InvalidKey.to_string()));
        assert_eq!(found(&[("authorization", "Basic k")]), Err(Error::InvalidKey.to_string()));
    }
}
