//! What the instance holds: do its secrets open, and do its providers answer?

use std::collections::BTreeSet;

use control::{Actor, Error, providers, teams, vault};
use domain::provider::{CredentialState, ProviderSummary};

use super::Finding;
use crate::foundation::Foundation;

/// Providers that are asked at the same time.
const AT_ONCE: usize = 8;

pub async fn check(foundation: &Foundation) -> Vec<Finding> {
    let mut findings = Vec::new();
    match keys(foundation).await {
        Ok(found) => findings.extend(found),
        Err(error) => findings.push(unread("secrets", error)),
    }
    match upstreams(foundation).await {
        Ok(found) => findings.extend(found),
        Err(error) => findings.push(unread("providers", error)),
    }
    findings
}

fn unread(check: &'static str, error: Error) -> Finding {
    Finding::failure(check, error.into_api().message, "LOG=debug says more")
}

fn hex(id: [u8; 8]) -> String {
    id.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The master keys are good, and one of them opens the check value, or the foundation would not stand.
async fn keys(foundation: &Foundation) -> Result<Vec<Finding>, Error> {
    let newest = hex(foundation.vault.newest_id());
    let counts = vault::sealed_by(&foundation.control).await?;
    let (under_newest, under_others): (Vec<_>, Vec<_>) = counts.into_iter().partition(|(id, _)| *id == newest);
    let under_newest: u64 = under_newest.iter().map(|(_, count)| count).sum();
    let mut findings =
        vec![Finding::ok("secrets", format!("the master key is {newest}; secrets under it: {under_newest}"))];
    for (id, count) in under_others {
        let says = format!("secrets under another key, {id}: {count}");
        let advice = "a rotation is under way: `tallygate admin rotate-master-key --finish` ends it";
        findings.push(Finding::warning("secrets", says, advice));
    }
    findings.extend(foundation.has_waiting_key().then(|| waiting(foundation.newest_key())));
    Ok(findings)
}

fn waiting(id: [u8; 8]) -> Finding {
    let advice = "restart the server, then `tallygate admin rotate-master-key --finish`";
    Finding::warning("secrets", format!("the new master key {} seals nothing yet", hex(id)), advice)
}

/// All providers of all teams, each once, with a team that it can be asked for.
async fn all(foundation: &Foundation) -> Result<Vec<(String, ProviderSummary)>, Error> {
    let (ctx, operator) = (&foundation.control, Actor::operator());
    let (mut seen, mut found) = (BTreeSet::new(), Vec::new());
    for team in teams::list(ctx, &operator).await? {
        for provider in providers::list(ctx, &operator, &team.slug).await? {
            if seen.insert(provider.id) {
                found.push((team.slug.clone(), provider));
            }
        }
    }
    Ok(found)
}

async fn upstreams(foundation: &Foundation) -> Result<Vec<Finding>, Error> {
    use futures_util::StreamExt;
    let all = all(foundation).await?;
    if all.is_empty() {
        let advice = "connect one in the dashboard or with a bundle";
        return Ok(vec![Finding::warning("providers", "none is connected: no model can be called", advice)]);
    }
    let asked = all.into_iter().map(|(team, provider)| upstream(foundation, team, provider));
    Ok(futures_util::stream::iter(asked).buffered(AT_ONCE).collect().await)
}

/// The free question that "test connection" asks.
async fn upstream(foundation: &Foundation, team: String, provider: ProviderSummary) -> Finding {
    let ProviderSummary { id, slug, credential, .. } = provider;
    if matches!(credential, CredentialState::Unreadable { .. }) {
        let advice = "enter the credential again: its master key or its address has changed";
        return Finding::failure("secrets", format!("the credential of provider {slug} cannot be opened"), advice);
    }
    match providers::test_stored(&foundation.control, &Actor::operator(), &team, id).await {
        Ok(verdict) if verdict.is_good() => Finding::ok("providers", format!("{slug}: {}", verdict.sentence())),
        Ok(verdict) => {
            let advice = "its models cannot be called until this is well; see the provider's page";
            Finding::warning("providers", format!("{slug}: {}", verdict.sentence()), advice)
        }
        Err(error) => {
            Finding::warning("providers", format!("{slug}: {}", error.into_api().message), "see the provider's page")
        }
    }
}
