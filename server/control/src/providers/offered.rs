//! Asking a provider what it offers: whether address and credential are right, and which models can be taken over. The call is
//! free of charge; what the upstream says beyond its list never leaves this file.

use std::collections::HashMap;

use auth::Credential;
use domain::{
    ApiError, ErrorKind,
    error::FieldErrors,
    id::{CredentialId, DeploymentId, ModelId, ProviderId},
    model::ModelSummary,
    price::{PriceClass, PriceComponent, Variant, version::PriceSource},
    provider::{ImportModels, NewProvider, OfferedModel, ProbeVerdict},
    text,
};
use store::{
    pool::Tx,
    providers::{Listed, Provider},
};
use url::Url;

use super::{Typed, allow_list, change::changeable, check, open, require};
use crate::{Access, Actor, Context, Error, OfferedId, ProbeTarget, base_url, catalog, models, prices::Provenance};

/// Models that one import takes over.
const MOST_IMPORTED: usize = 200;

/// Tries a provider as it is typed, before it is saved. It takes the right to save it, and nothing is stored.
pub async fn test(ctx: &Context, actor: &Actor, input: NewProvider) -> Result<ProbeVerdict, Error> {
    let team = actor.team(ctx, &input.team).await?;
    require(actor, &team, input.shared)?;
    let mut tx = ctx.begin().await?;
    let allowed = allow_list(&mut tx).await?;
    // No transaction is open while somebody else's server thinks.
    drop(tx);
    let NewProvider { team: _, shared: _, slug, kind, preset, base_url, credential } = input;
    // The name is not what is tried: it may still be missing.
    let slug = if slug.is_empty() { "untitled" } else { &slug };
    let checked = check(ctx, &allowed, Typed { slug, kind: &kind, preset: &preset, base_url: &base_url, credential })?;
    let target = ProbeTarget {
        kind: checked.kind.kind,
        preset: checked.preset,
        url: checked.url.as_ref(),
        credential: checked.credential.as_ref(),
    };
    Ok(verdict(ctx.probe.models(target).await))
}

/// Tries a provider as it is stored.
pub async fn test_stored(
    ctx: &Context,
    actor: &Actor,
    team: &str,
    provider: ProviderId,
) -> Result<ProbeVerdict, Error> {
    let team = actor.team(ctx, team).await?;
    let ready = ready(ctx, actor, &team, provider).await?;
    Ok(verdict(ready.ask(ctx).await))
}

fn verdict(answer: Result<Vec<OfferedId>, ProbeVerdict>) -> ProbeVerdict {
    answer.map_or_else(
        |verdict| verdict,
        |models| ProbeVerdict::Works { models: u32::try_from(models.len()).unwrap_or(u32::MAX) },
    )
}

/// The models that a provider offers, with what is known about them.
pub async fn offered(
    ctx: &Context,
    actor: &Actor,
    team: &str,
    provider: ProviderId,
) -> Result<Vec<OfferedModel>, Error> {
    let team = actor.team(ctx, team).await?;
    let ready = ready(ctx, actor, &team, provider).await?;
    let mut ids = ready.ask(ctx).await.map_err(unlisted)?;
    ids.sort_by(|a, b| a.id.cmp(&b.id));
    let mut tx = ctx.begin().await?;
    let present = store::models::list(&mut tx, team.id).await?;
    let provider = &ready.provider;
    let describe = |offered: OfferedId| {
        let entry = catalog::known(provider, &offered.id)?;
        let components = entry.map(|entry| entry.components.as_slice()).unwrap_or_default();
        let is_same = |model: &&store::models::Model| model.provider == provider.id && model.upstream == offered.id;
        Ok(OfferedModel {
            known: entry.is_some(),
            input: base_rate(components, PriceClass::Input),
            output: base_rate(components, PriceClass::Output),
            context_window: entry.and_then(|entry| entry.context_window).or(offered.context_window),
            present: present.iter().find(is_same).map(|model| model.name.clone()),
            upstream: offered.id,
        })
    };
    ids.into_iter().map(describe).collect()
}

fn base_rate(components: &[PriceComponent], class: PriceClass) -> String {
    let base =
        |it: &&PriceComponent| it.class == class && it.variant == Variant::Standard && it.above_input_tokens == 0;
    components.iter().find(base).map(|it| it.rate.per_million()).unwrap_or_default()
}

/// Takes over models that the provider offers at this moment: those of the catalogue with price and facts, unconfirmed; the
/// others without a price.
pub async fn import(ctx: &Context, actor: &Actor, input: ImportModels) -> Result<Vec<ModelSummary>, Error> {
    let team = actor.team(ctx, &input.team).await?;
    let ready = ready(ctx, actor, &team, input.provider).await?;
    let mut errors = FieldErrors::default();
    if input.models.is_empty() || input.models.len() > MOST_IMPORTED {
        errors.add("models", format!("choose 1 to {MOST_IMPORTED} models"));
    }
    errors.finish()?;
    let ids = ready.ask(ctx).await.map_err(unlisted)?;
    let offered: HashMap<&str, &OfferedId> = ids.iter().map(|offered| (offered.id.as_str(), offered)).collect();
    let mut tx = ctx.begin().await?;
    // Read again and locked: it may have changed while its server was asked.
    let Listed { provider, credential, models: _ } = changeable(actor, &mut tx, &team, input.provider).await?;
    let credential = credential.map(|stored| stored.id);
    let present = store::models::list(&mut tx, team.id).await?;
    let mut errors = FieldErrors::default();
    let mut chosen = Vec::new();
    for id in &input.models {
        let is_taken = |model: &store::models::Model| model.name == *id || model.aliases.contains(id);
        match offered.get(id.as_str()) {
            None => errors.add("models", format!("{id:?} is not offered by this provider")),
            Some(_) if present.iter().any(is_taken) => {
                errors.add("models", format!("the team has a model {id:?} already"));
            }
            Some(_) if chosen.iter().any(|it: &&OfferedId| it.id == *id) => {}
            Some(offered) => {
                errors.check("models", text::model_name(id));
                chosen.push(offered);
            }
        }
    }
    errors.finish()?;
    let mut made = Vec::with_capacity(chosen.len());
    for offered in chosen {
        made.push(take_over(ctx, actor, &mut tx, &provider, credential, offered).await?);
    }
    store::notify::config(&mut tx).await?;
    models::finish_all(actor, tx, &team, &made).await
}

async fn take_over(
    ctx: &Context,
    actor: &Actor,
    tx: &mut Tx,
    provider: &Provider,
    credential: Option<CredentialId>,
    offered: &OfferedId,
) -> Result<ModelId, Error> {
    if let Some(entry) = catalog::known(provider, &offered.id)? {
        return catalog::insert(ctx, actor, tx, provider, credential, entry, &offered.id).await;
    }
    let model = store::models::NewModel {
        id: ModelId::new(&*ctx.clock, &*ctx.entropy),
        team: provider.team,
        name: &offered.id,
        aliases: &[],
        context_window: offered.context_window.filter(|tokens| models::is_count(*tokens)),
        max_output: offered.max_output.filter(|tokens| models::is_count(*tokens)),
        deployment: DeploymentId::new(&*ctx.clock, &*ctx.entropy),
        provider: provider.id,
        credential,
        upstream: &offered.id,
    };
    models::insert(ctx, actor, tx, &model, &[], Provenance::of(PriceSource::Typed)).await?;
    Ok(model.id)
}

/// A stored provider with its credential opened for its own address.
struct Ready {
    provider: Provider,
    url: Option<Url>,
    credential: Option<Credential>,
}

impl Ready {
    async fn ask(&self, ctx: &Context) -> Result<Vec<OfferedId>, ProbeVerdict> {
        let Provider { kind, preset, .. } = &self.provider;
        let (url, credential) = (self.url.as_ref(), self.credential.as_ref());
        ctx.probe.models(ProbeTarget { kind, preset, url, credential }).await
    }
}

async fn ready(ctx: &Context, actor: &Actor, team: &Access, provider: ProviderId) -> Result<Ready, Error> {
    let mut tx = ctx.begin().await?;
    let listed = changeable(actor, &mut tx, team, provider).await?;
    let allowed = allow_list(&mut tx).await?;
    drop(tx);
    let provider = listed.provider;
    let url = match provider.base_url.as_str() {
        "" => None,
        // What was allowed when it was saved may not be any more.
        text => Some(base_url::parse(text, &allowed).map_err(|message| ApiError::field("base_url", message))?),
    };
    let credential = match &listed.credential {
        None => None,
        Some(stored) => Some(open(ctx, &provider, stored).ok_or_else(|| {
            ApiError::field("credential", "the stored credential cannot be decrypted: enter it again")
        })?),
    };
    Ok(Ready { provider, url, credential })
}

/// There is no list: why, in words.
fn unlisted(verdict: ProbeVerdict) -> Error {
    ApiError::new(ErrorKind::Conflict, verdict.sentence()).into()
}
