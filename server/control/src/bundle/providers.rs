//! `[[providers]]`: providers by slug, with a reference to their credential. A new base URL needs the credential again,
//! because the stored one was sealed for the old destination.

use domain::{ApiError, id::TeamId};
use serde::{Deserialize, Serialize};
use store::{pool::Tx, providers::Provider};

use super::{
    Action, Brought, Document, Run, Secrets,
    secret::{self, Reference},
};
use crate::{
    Error,
    providers::{self as operations, Checked, Typed},
};

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    slug: String,
    kind: String,
    /// A known vendor of the kind: its address and its ways.
    #[serde(skip_serializing_if = "Option::is_none")]
    preset: Option<String>,
    /// Absent in a new provider, or beside another vendor: the vendor's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    base_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    credential_env: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    credential_file: Option<String>,
    /// Absent: the whole instance.
    #[serde(skip_serializing_if = "Option::is_none")]
    team: Option<String>,
}

pub(super) fn ready(entry: &Entry, secrets: &dyn Secrets) -> Brought {
    let Entry { credential_env, credential_file, .. } = entry;
    Reference { field: "credential", env: credential_env.as_deref(), file: credential_file.as_deref() }.bring(secrets)
}

pub(super) async fn apply(run: &mut Run<'_>) -> Result<(), Error> {
    for (entry, brought) in run.document.providers.iter().zip(&run.ready.providers) {
        let result = one(run, entry, brought).await;
        run.entry("providers", &entry.slug, result)?;
    }
    Ok(())
}

async fn one(run: &mut Run<'_>, entry: &Entry, brought: &Brought) -> Result<(), Error> {
    run.once("providers", entry.slug.clone())?;
    let owner = owner(run, entry.team.as_deref()).await?;
    let before = held(run, &entry.slug).await?;
    if before.as_ref().is_some_and(|before| before.kind != entry.kind) {
        return Err(ApiError::field("kind", "the kind of a provider cannot change: use another slug").into());
    }
    if before.as_ref().is_some_and(|before| before.team != owner) {
        return Err(ApiError::field("team", "the owner of a provider cannot change: use another slug").into());
    }
    let (old_preset, old_url) = before.as_ref().map_or(("", ""), |before| (&before.preset, &before.base_url));
    let preset = entry.preset.as_deref().unwrap_or(old_preset);
    let base_url = match &entry.base_url {
        Some(typed) => typed,
        None if preset == old_preset => old_url,
        None => "",
    };
    let credential = match &brought.secret {
        Ok(secret) => secret.clone().unwrap_or_default(),
        Err(_) if brought.is_unset => String::new(),
        Err(error) => return Err(error.clone().into()),
    };
    let allowed = operations::allow_list(&mut run.tx).await?;
    let typed = Typed { slug: &entry.slug, kind: &entry.kind, preset, base_url, credential };
    let asked = operations::check(run.ctx, &allowed, typed)?;
    if let Err(missing) = &brought.secret
        && !has_credential_for(run, before.as_ref(), &asked).await?
    {
        return Err(missing.clone().into());
    }
    let Some(before) = before else {
        operations::insert(run.ctx, &mut run.tx, owner, &asked).await?;
        return run.note(Action::Create, ("provider", &asked.slug), owner, &[]).await;
    };
    let fields = operations::change(run.ctx, &mut run.tx, before, &asked).await?;
    match fields.as_slice() {
        [] => Ok(()),
        fields => run.note(Action::Change, ("provider", &asked.slug), owner, fields).await,
    }
}

/// Is there a stored credential that goes on being right?
async fn has_credential_for(run: &mut Run<'_>, before: Option<&Provider>, asked: &Checked) -> Result<bool, Error> {
    let Some(before) = before.filter(|before| before.base_url == asked.base_url()) else { return Ok(false) };
    let stored = store::providers::credential(&mut run.tx, before.id).await?;
    Ok(stored.is_some_and(|stored| operations::open(run.ctx, before, &stored).is_some()))
}

/// The provider with this slug, if it is in service. Nobody changes it or takes it out of service until the run ends.
pub(super) async fn held(run: &mut Run<'_>, slug: &str) -> Result<Option<Provider>, Error> {
    let Some(found) = store::providers::by_slug(&mut run.tx, slug).await? else { return Ok(None) };
    store::providers::lock(&mut run.tx, found.id).await?;
    Ok(store::providers::by_slug(&mut run.tx, slug).await?)
}

/// The team that an entry names.
async fn owner(run: &mut Run<'_>, team: Option<&str>) -> Result<Option<TeamId>, Error> {
    let Some(slug) = team else { return Ok(None) };
    let found = store::teams::by_slug(&mut run.tx, slug).await?;
    let team = found.ok_or_else(|| ApiError::field("team", format!("there is no team {slug:?}")))?;
    Ok(Some(team.id))
}

pub(super) async fn export(tx: &mut Tx, out: &mut Document) -> Result<(), Error> {
    let teams = store::teams::all(tx).await?;
    let providers = store::providers::all(tx).await?;
    let variables = secret::variables("PROVIDER", providers.iter().map(|(provider, _)| provider.slug.as_str()));
    for ((provider, has_credential), variable) in providers.into_iter().zip(variables) {
        let Provider { id: _, team, slug, kind, base_url, preset, .. } = provider;
        let said = |text: String| Some(text).filter(|text| !text.is_empty());
        out.providers.push(Entry {
            slug,
            kind,
            preset: said(preset),
            base_url: said(base_url),
            credential_env: has_credential.then_some(variable),
            credential_file: None,
            team: teams.iter().find(|it| Some(it.id) == team).map(|it| it.slug.clone()),
        });
    }
    Ok(())
}
