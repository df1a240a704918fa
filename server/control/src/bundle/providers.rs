//! `[[providers]]`: providers by slug, with a reference to their credential. A new base URL needs the credential again,
//! because the stored one was sealed for the old destination.

use auth::Credential;
use domain::{
    ApiError,
    id::{CredentialId, TeamId},
};
use serde::Deserialize;
use store::providers::Provider;

use super::{Action, Run, secret::Reference};
use crate::{
    Error,
    providers::{self as operations, Checked, Typed},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    slug: String,
    kind: String,
    /// A known vendor of the kind: its address and its ways.
    #[serde(default)]
    preset: String,
    #[serde(default)]
    base_url: String,
    credential_env: Option<String>,
    credential_file: Option<String>,
    /// Absent: the whole instance.
    team: Option<String>,
}

pub(super) async fn apply(run: &mut Run<'_>) -> Result<(), Error> {
    for entry in &run.document.providers {
        let result = one(run, entry).await;
        run.entry("providers", &entry.slug, result)?;
    }
    Ok(())
}

async fn one(run: &mut Run<'_>, entry: &Entry) -> Result<(), Error> {
    let owner = owner(run, entry.team.as_deref()).await?;
    let reference =
        Reference { field: "credential", env: entry.credential_env.as_deref(), file: entry.credential_file.as_deref() };
    let credential = reference.resolve(run.secrets)?.unwrap_or_default();
    let allowed = operations::allow_list(&mut run.tx).await?;
    let typed =
        Typed { slug: &entry.slug, kind: &entry.kind, preset: &entry.preset, base_url: &entry.base_url, credential };
    let checked = operations::check(run.ctx, &allowed, typed)?;
    match store::providers::by_slug(&mut run.tx, &checked.slug).await? {
        Some(before) => change(run, before, owner, checked).await,
        None => {
            operations::insert(run.ctx, &mut run.tx, owner, &checked).await?;
            run.note(Action::Create, "provider", &checked.slug, &[]).await
        }
    }
}

async fn change(run: &mut Run<'_>, mut before: Provider, owner: Option<TeamId>, asked: Checked) -> Result<(), Error> {
    if before.kind != asked.kind.kind {
        return Err(ApiError::field("kind", "the kind of a provider cannot change: use another slug").into());
    }
    if before.team != owner {
        return Err(ApiError::field("team", "the owner of a provider cannot change: use another slug").into());
    }
    let stored = store::providers::credential(&mut run.tx, before.id).await?;
    let mut fields = Vec::new();
    let base_url = asked.base_url();
    if base_url != before.base_url {
        if stored.is_some() && asked.credential.is_none() {
            let message = "changing the base URL needs the credential again: it was stored for the old address";
            return Err(ApiError::field("credential_env", message).into());
        }
        store::providers::set_base_url(&mut run.tx, before.id, &base_url).await?;
        before.base_url = base_url;
        fields.push("base_url");
    }
    if asked.preset != before.preset {
        store::providers::set_preset(&mut run.tx, before.id, asked.preset).await?;
        fields.push("preset");
    }
    if let Some(credential) = &asked.credential {
        let present = stored.as_ref().and_then(|stored| operations::open(run.ctx, &before, stored));
        if !present.is_some_and(|present: Credential| present.is_same(credential)) {
            let id = stored.map_or_else(|| CredentialId::new(&*run.ctx.clock, &*run.ctx.entropy), |stored| stored.id);
            operations::put_credential(run.ctx, &mut run.tx, &before, id, credential).await?;
            fields.push("credential");
        }
    }
    if fields.is_empty() { Ok(()) } else { run.note(Action::Change, "provider", &before.slug, &fields).await }
}

/// The team that an entry names.
pub(super) async fn owner(run: &mut Run<'_>, team: Option<&str>) -> Result<Option<TeamId>, Error> {
    let Some(slug) = team else { return Ok(None) };
    let found = store::teams::by_slug(&mut run.tx, slug).await?;
    let team = found.ok_or_else(|| ApiError::field("team", format!("there is no team {slug:?}")))?;
    Ok(Some(team.id))
}
