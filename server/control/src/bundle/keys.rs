//! `[[keys]]`: service keys by team and name. A secret that is brought in has our own format and a right checksum; without one
//! the key is made here and its secret shown once.

use auth::ApiKey;
use domain::{
    ApiError,
    error::FieldErrors,
    key::{AllowedModels, KeyKind},
    text,
};
use serde::Deserialize;

use super::{Action, Run, secret::Reference};
use crate::{Access, Error, keys as operations};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    name: String,
    team: String,
    secret_env: Option<String>,
    secret_file: Option<String>,
    models: Models,
}

/// `"all"`, or a list of names.
#[derive(Deserialize)]
#[serde(untagged, expecting = "models is \"all\" or a list of model names")]
enum Models {
    Word(All),
    Names(Vec<String>),
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum All {
    All,
}

pub(super) async fn apply(run: &mut Run<'_>) -> Result<(), Error> {
    for entry in &run.document.keys {
        let result = one(run, entry).await;
        run.entry("keys", &entry.name, result)?;
    }
    Ok(())
}

async fn one(run: &mut Run<'_>, entry: &Entry) -> Result<(), Error> {
    let team = store::teams::by_slug(&mut run.tx, &entry.team).await?;
    let team = team.ok_or_else(|| ApiError::field("team", format!("there is no team {:?}", entry.team)))?;
    let team = Access { id: team.id, slug: team.slug, name: team.name, store_content: team.store_content, role: None };
    let asked = match &entry.models {
        Models::Word(All::All) => AllowedModels::All,
        Models::Names(names) => AllowedModels::Only(names.clone()),
    };
    let known = store::models::list(&mut run.tx, team.id).await?;
    let mut errors = FieldErrors::default();
    let name = errors.check("name", text::name(&entry.name)).unwrap_or_default();
    let models = errors.check("models", operations::allowed(&asked, &known));
    errors.finish()?;
    let models = models.unwrap_or(AllowedModels::Only(Vec::new()));
    let brought = brought(run, entry)?;
    match store::keys::by_name(&mut run.tx, team.id, &name).await? {
        None => create(run, &team, &name, &models, brought).await,
        Some((id, digest, present)) => {
            let mut fields = Vec::new();
            if let Some(key) = brought.filter(|key| auth::KeyDigest::from_stored(&digest) != Some(key.digest())) {
                store::keys::revoke(&mut run.tx, team.id, id).await?;
                insert(run, &team, &name, &models, &key, true).await?;
                fields.push("secret");
            } else if present != models {
                store::keys::set_models(&mut run.tx, team.id, id, &models).await?;
            }
            if present != models {
                fields.push("models");
            }
            let object = format!("{name} of {}", team.slug);
            if fields.is_empty() { Ok(()) } else { run.note(Action::Change, "key", &object, &fields).await }
        }
    }
}

/// The key that the entry refers to, if it refers to one.
fn brought(run: &Run<'_>, entry: &Entry) -> Result<Option<ApiKey>, Error> {
    let reference = Reference { field: "secret", env: entry.secret_env.as_deref(), file: entry.secret_file.as_deref() };
    let Some(text) = reference.resolve(run.secrets)? else { return Ok(None) };
    let key = auth::api_key::parse(&text)
        .map_err(|why| ApiError::field("secret_env", format!("{why}; make one with `tallygate admin new-key`")))?;
    Ok(Some(key))
}

async fn create(
    run: &mut Run<'_>,
    team: &Access,
    name: &str,
    models: &AllowedModels,
    brought: Option<ApiKey>,
) -> Result<(), Error> {
    let object = format!("{name} of {}", team.slug);
    if let Some(key) = brought {
        insert(run, team, name, models, &key, true).await?;
        return run.note(Action::Create, "key", &object, &[]).await;
    }
    let made = auth::MadeKey::make(&*run.ctx.entropy);
    insert(run, team, name, models, &made, false).await?;
    run.note(Action::Create, "key", &object, &[]).await?;
    if let Some(change) = run.changes.last_mut() {
        change.shown_once = Some(made.show_once());
    }
    Ok(())
}

async fn insert(
    run: &mut Run<'_>,
    team: &Access,
    name: &str,
    models: &AllowedModels,
    key: &ApiKey,
    imported: bool,
) -> Result<(), Error> {
    let new = operations::New { name, kind: KeyKind::Service, user: None, models, imported };
    operations::insert(run.ctx, run.actor, &mut run.tx, team, key, new).await.map(drop)
}
