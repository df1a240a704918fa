//! Which models does a provider offer, and do its address and credential work? A free question (`product.md` PR-5, PR-6).
//!
//! The answer is a list or a class, never the upstream's words. The question is `llm`'s, the client is `upstream.rs`: the same
//! checks of the address, no redirects, and nothing longer than [`LONGEST`] or slower than [`PATIENCE`]. The private addresses
//! that may be asked are read from the database each time, so that what was just allowed can be tested.

use std::{collections::HashSet, sync::Arc, time::Duration};

use auth::Credential;
use domain::provider::ProbeVerdict;
use llm::{
    Provider,
    offer::{Listing, Offered, Page},
    providers::Fault,
};
use store::pool::{self, Pools};
use tokio::time::timeout;
use url::Url;

use crate::upstream::{AllowList, Answer, Broken, Question, SendError, Upstream, allow_list};

/// For the whole question, all pages of its answer among it.
const PATIENCE: Duration = Duration::from_secs(10);
/// Bytes of all pages together.
const LONGEST: usize = 4 * 1024 * 1024;
/// Bytes of a refusal that are looked at.
const LONGEST_REFUSAL: usize = 64 * 1024;
const MOST_PAGES: usize = 10;
/// Models that are taken over from one list.
const MOST_MODELS: usize = 2_000;

/// Where to ask, and as whom.
#[derive(Clone, Copy)]
pub struct ProbeTarget<'a> {
    pub kind: &'a str,
    /// Empty: none.
    pub preset: &'a str,
    /// `None` when the kind has no address at all.
    pub url: Option<&'a Url>,
    /// It is sent to the origin of `url` and nowhere else.
    pub credential: Option<&'a Credential>,
}

/// Asks providers for their models.
pub struct Prober {
    upstream: Upstream,
    pools: Pools,
}

impl Prober {
    pub fn new(pools: Pools) -> Self {
        Self { upstream: Upstream::new(), pools }
    }

    /// The models that the provider offers, each once, or why there are none.
    pub async fn models(&self, target: ProbeTarget<'_>) -> Result<Vec<Offered>, ProbeVerdict> {
        let provider = llm::providers::find(target.kind).ok_or(ProbeVerdict::NotOffered)?;
        let verdict = timeout(PATIENCE, self.ask(provider, target)).await;
        verdict.unwrap_or(Err(ProbeVerdict::Unreachable))
    }

    async fn ask(&self, provider: &dyn Provider, target: ProbeTarget<'_>) -> Result<Vec<Offered>, ProbeVerdict> {
        let ProbeTarget { kind: _, preset, url, credential } = target;
        let base_url = url.map_or("", Url::as_str).trim_end_matches('/');
        let mut listing = provider.listing(base_url, preset, None);
        if let Listing::BuiltIn(models) = listing {
            return Ok(models);
        }
        // Without an address of its own a question would take the credential to whoever the kind usually means.
        let base = url.ok_or(ProbeVerdict::NotOffered)?;
        let allow = Arc::new(self.allow_list().await?);
        let (mut models, mut known, mut left) = (Vec::new(), HashSet::new(), LONGEST);
        for _ in 0..MOST_PAGES {
            let Listing::Ask(request) = listing else { return Err(ProbeVerdict::NotOffered) };
            let scheme = provider.info().auth;
            let question = Question { allow: &allow, base, request, scheme, credential };
            let answer = self.upstream.ask(question).await.map_err(|error| unsent(&error))?;
            let Page { models: page, next } = read(provider, answer, &mut left).await?;
            models.extend(page.into_iter().filter(|model| known.insert(model.id.clone())));
            match next {
                Some(after) if models.len() < MOST_MODELS => listing = provider.listing(base_url, preset, Some(&after)),
                _ => break,
            }
        }
        models.truncate(MOST_MODELS);
        Ok(models)
    }

    async fn allow_list(&self) -> Result<AllowList, ProbeVerdict> {
        let loading = async {
            let mut connection = pool::connection(&self.pools.dashboard).await?;
            store::instance::load(&mut connection).await
        };
        match loading.await {
            Ok(instance) => Ok(allow_list(&instance.map(|instance| instance.allow_private).unwrap_or_default())),
            // Without the list nobody knows whom we may ask.
            Err(error) => {
                tracing::error!(%error, "a provider was not probed: the allowed addresses cannot be read");
                Err(ProbeVerdict::Unreachable)
            }
        }
    }
}

fn unsent(error: &SendError) -> ProbeVerdict {
    match error {
        SendError::Blocked => ProbeVerdict::AddressNotAllowed,
        SendError::Untrusted => ProbeVerdict::Tls,
        // No header can carry it, so nobody can have given it out.
        SendError::Unreadable => ProbeVerdict::RefusedCredential,
        SendError::Unreachable { .. } | SendError::Lost => ProbeVerdict::Unreachable,
    }
}

/// One page of the list, within what is left of the length of all.
async fn read(provider: &dyn Provider, mut answer: Answer, left: &mut usize) -> Result<Page, ProbeVerdict> {
    let status = answer.status;
    let unexpected = ProbeVerdict::Unexpected { status };
    if !(200..300).contains(&status) {
        return Err(refused(provider, answer).await);
    }
    // The time of all is limited outside. Too long, or broken off: no API of this kind answers so.
    let body = answer.read(*left, PATIENCE).await.map_err(|Broken| unexpected)?;
    *left = left.saturating_sub(body.len());
    provider.read_listing(&body).map_err(|_| unexpected)
}

/// What a refusal means. Gemini says with 400 that it does not know a key.
async fn refused(provider: &dyn Provider, mut answer: Answer) -> ProbeVerdict {
    match answer.status {
        401 | 403 => ProbeVerdict::RefusedCredential,
        429 | 529 => ProbeVerdict::RateLimited,
        status @ 400 => {
            let body = answer.read(LONGEST_REFUSAL, PATIENCE).await.unwrap_or_default();
            match provider.classify(status, &body).fault {
                Fault::Account => ProbeVerdict::RefusedCredential,
                Fault::Caller | Fault::Capacity | Fault::Provider => ProbeVerdict::Unexpected { status },
            }
        }
        status => ProbeVerdict::Unexpected { status },
    }
}
