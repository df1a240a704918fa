//! Changing a provider and taking it out of service. Its slug, kind and owner are fixed.

use domain::{
    ApiError,
    id::{CredentialId, ProviderId},
    provider::{ProviderChange, ProviderSummary},
};
use store::{
    pool::{self, Tx},
    providers::{Listed, Provider},
};

use super::{Checked, Typed, allow_list, check, finish, open, put_credential, require};
use crate::{Access, Actor, Context, Error, audit};

/// Changes vendor, address and credential. A changed address needs the credential again: the stored one was sealed for the old
/// one, and must never travel to another.
pub async fn update(ctx: &Context, actor: &Actor, input: ProviderChange) -> Result<ProviderSummary, Error> {
    let team = actor.team(ctx, &input.team).await?;
    let mut tx = ctx.begin().await?;
    let before = changeable(actor, &mut tx, &team, input.provider).await?.provider;
    let allowed = allow_list(&mut tx).await?;
    let ProviderChange { team: _, provider: _, revision, preset, base_url, credential } = input;
    let typed = Typed { slug: &before.slug, kind: &before.kind, preset: &preset, base_url: &base_url, credential };
    let asked = check(ctx, &allowed, typed)?;
    if revision != before.revision {
        let mine = [("preset", asked.preset.to_owned()), ("base_url", asked.base_url())];
        let theirs = [("preset", before.preset.clone()), ("base_url", before.base_url.clone())];
        return Err(Error::stale(&mine, &theirs));
    }
    let id = before.id;
    let (owner, object) = (before.team, format!("provider {}", before.slug));
    let fields = change(ctx, &mut tx, before, &asked).await?;
    if !fields.is_empty() {
        let act = audit::Act { team: owner, action: "provider.update", object: &object, fields: &fields };
        audit::record(ctx, actor, &mut tx, act).await?;
        store::notify::config(&mut tx).await?;
    }
    finish(ctx, actor, tx, &team, id).await
}

/// Writes what differs and names it. A credential that is the stored one changes nothing.
pub(crate) async fn change(
    ctx: &Context,
    tx: &mut Tx,
    mut before: Provider,
    asked: &Checked,
) -> Result<Vec<&'static str>, Error> {
    let stored = store::providers::credential(tx, before.id).await?;
    let mut fields = Vec::new();
    let base_url = asked.base_url();
    if base_url != before.base_url {
        if stored.is_some() && asked.credential.is_none() {
            let message = "changing the base URL needs the credential again: it was stored for the old address";
            return Err(ApiError::field("credential", message).into());
        }
        store::providers::set_base_url(tx, before.id, &base_url).await?;
        before.base_url = base_url;
        fields.push("base_url");
    }
    if asked.preset != before.preset {
        store::providers::set_preset(tx, before.id, asked.preset).await?;
        fields.push("preset");
    }
    if let Some(credential) = &asked.credential {
        let present = stored.as_ref().and_then(|stored| open(ctx, &before, stored));
        if !present.is_some_and(|present| present.is_same(credential)) {
            let id = stored.map_or_else(|| CredentialId::new(&*ctx.clock, &*ctx.entropy), |stored| stored.id);
            put_credential(ctx, tx, &before, id, credential).await?;
            store::providers::touch(tx, before.id).await?;
            fields.push("credential");
        }
    }
    Ok(fields)
}

/// Takes a provider out of service, with the models that nobody else serves. Calls and prices stay on record, and the slug is
/// free again.
pub async fn archive(ctx: &Context, actor: &Actor, team: &str, provider: ProviderId) -> Result<(), Error> {
    let team = actor.team(ctx, team).await?;
    let mut tx = ctx.begin().await?;
    let Provider { id, team: owner, slug, .. } = changeable(actor, &mut tx, &team, provider).await?.provider;
    store::providers::archive(&mut tx, owner, id).await?;
    let object = format!("provider {slug}");
    let act = audit::Act { team: owner, action: "provider.archive", object: &object, fields: &["archived"] };
    audit::record(ctx, actor, &mut tx, act).await?;
    store::notify::config(&mut tx).await?;
    Ok(pool::commit(tx).await?)
}

/// The provider, locked, if the team can use it and this actor may change it.
pub(super) async fn changeable(
    actor: &Actor,
    tx: &mut Tx,
    team: &Access,
    provider: ProviderId,
) -> Result<Listed, Error> {
    store::providers::lock(tx, provider).await?;
    let listed = store::providers::list(tx, team.id).await?;
    let listed = listed.into_iter().find(|listed| listed.provider.id == provider).ok_or(Error::NotFound)?;
    require(actor, team, listed.provider.team.is_none())?;
    Ok(listed)
}
