//! `[[keys]]`: keys by team and name. A secret that is brought in has our own format and a right checksum; without one the key
//! is made here and its secret shown once. A key with an `owner` is that person's own, every other one a service key.
//!
//! A bundle brings a secret in once. One that has been rotated out or revoked since never comes back: neither to its own key,
//! which keeps the newer one, nor to another.

use std::collections::{BTreeMap, HashMap};

use auth::{ApiKey, KeyDigest};
use domain::{
    ApiError,
    error::FieldErrors,
    id::{KeyId, TeamId, UserId},
    key::{AllowedModels, KeyKind, KeyRules, KeyScope},
    task::TaskClass,
    team::StoreContent,
    text,
};
use serde::{Deserialize, Serialize};
use store::{
    keys::{Key, Rules, live::Live, retired},
    models::Model,
    pool::Tx,
};

use super::{Action, Document, Run, Secrets, secret::Reference};
use crate::{
    Access, Error,
    keys::{self as operations, rules},
    stamps::Stamps,
};

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    name: String,
    team: String,
    /// E-mail address of whom a personal key belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret_env: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret_file: Option<String>,
    models: Models,
    #[serde(skip_serializing_if = "Option::is_none")]
    scopes: Option<Vec<KeyScope>>,
    /// Empty: never.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    networks: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    task: Option<TaskClass>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_output: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    store_content: Option<StoreContent>,
    #[serde(skip_serializing_if = "Option::is_none")]
    paused: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Option<BTreeMap<String, String>>,
}

/// `"all"`, or a list of names.
#[derive(Deserialize, Serialize)]
#[serde(untagged, expecting = "models is \"all\" or a list of model names")]
enum Models {
    Word(All),
    Names(Vec<String>),
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
enum All {
    All,
}

impl Entry {
    fn reference(&self) -> Reference<'_> {
        Reference { field: "secret", env: self.secret_env.as_deref(), file: self.secret_file.as_deref() }
    }

    /// What the entry says, over what the key has.
    fn rules(&self, before: Option<&Rules>, zone: Stamps) -> KeyRules {
        let before = before.map_or_else(KeyRules::default, |rules| rules::shown(rules.clone(), zone));
        KeyRules {
            models: match &self.models {
                Models::Word(All::All) => AllowedModels::All,
                Models::Names(names) => AllowedModels::Only(names.clone()),
            },
            scopes: self.scopes.clone().unwrap_or(before.scopes),
            expires: self.expires.clone().unwrap_or(before.expires),
            networks: self.networks.clone().unwrap_or(before.networks),
            tags: self.tags.clone().unwrap_or(before.tags),
            task: self.task.or(before.task),
            max_output: self.max_output.or(before.max_output),
            store_content: self.store_content.or(before.store_content),
        }
    }
}

/// The key that an entry refers to, if it refers to one.
pub(super) type Ready = Result<Option<ApiKey>, ApiError>;

pub(super) fn ready(entry: &Entry, secrets: &dyn Secrets) -> Ready {
    let reference = entry.reference();
    let Some(text) = reference.resolve(secrets)? else { return Ok(None) };
    let key = auth::api_key::parse(&text);
    key.map(Some).map_err(|why| reference.refuse(format!("{why}; make one with `tallygate admin new-key`")))
}

/// A team with what it can call.
struct Owner {
    access: Access,
    models: Vec<Model>,
}

pub(super) async fn apply(run: &mut Run<'_>) -> Result<(), Error> {
    let mut owners = HashMap::new();
    for (entry, ready) in run.document.keys.iter().zip(&run.ready.keys) {
        let result = one(run, &mut owners, entry, ready).await;
        run.entry("keys", &entry.name, result)?;
    }
    Ok(())
}

async fn one<'e>(
    run: &mut Run<'_>,
    owners: &mut HashMap<&'e str, Owner>,
    entry: &'e Entry,
    ready: &Ready,
) -> Result<(), Error> {
    if !owners.contains_key(entry.team.as_str()) {
        owners.insert(&entry.team, team(run, &entry.team).await?);
    }
    let Owner { access: team, models } = owners.get(entry.team.as_str()).ok_or(Error::NotFound)?;
    let mut errors = FieldErrors::default();
    let name = errors.check("name", text::name(&entry.name)).unwrap_or_default();
    run.once("keys", format!("{} {name}", team.slug))?;
    let present = held(run, team.id, &name).await?;
    let before = present.as_ref().map(|key| &key.rules);
    let zone = Stamps::within(&mut run.tx).await?;
    let asked = rules::checked_among(&mut run.tx, models, &entry.rules(before, zone), before, &mut errors).await?;
    let owner = errors.check("owner", owner(run, entry).await?).flatten();
    errors.finish()?;
    let brought = ready.as_ref().map_err(Clone::clone)?.as_ref();
    let news = match brought {
        Some(key) if is_news(run, entry, key, present.as_ref()).await? => Some(key),
        _ => None,
    };
    let new = New { name, owner, paused: entry.paused, rules: asked, secret: news };
    match present {
        None => create(run, team, &new).await,
        Some(present) => change(run, team, &present, &new).await,
    }
}

async fn team(run: &mut Run<'_>, slug: &str) -> Result<Owner, Error> {
    let team = store::teams::by_slug(&mut run.tx, slug).await?;
    let team = team.ok_or_else(|| ApiError::field("team", format!("there is no team {slug:?}")))?;
    let models = store::models::list(&mut run.tx, team.id).await?;
    let access =
        Access { id: team.id, slug: team.slug, name: team.name, store_content: team.store_content, role: None };
    Ok(Owner { access, models })
}

/// The live key with this name. Nobody changes it until the run ends.
async fn held(run: &mut Run<'_>, team: TeamId, name: &str) -> Result<Option<Key>, Error> {
    let Some(found) = store::keys::by_name(&mut run.tx, team, name).await? else { return Ok(None) };
    store::keys::lock(&mut run.tx, team, found.id).await?;
    Ok(store::keys::by_name(&mut run.tx, team, name).await?)
}

/// An entry that is right.
struct New<'a> {
    name: String,
    owner: Option<UserId>,
    /// `None`: as it is.
    paused: Option<bool>,
    rules: Rules,
    /// One that nobody here has seen before.
    secret: Option<&'a ApiKey>,
}

async fn owner(run: &mut Run<'_>, entry: &Entry) -> Result<Result<Option<UserId>, String>, Error> {
    let Some(email) = &entry.owner else { return Ok(Ok(None)) };
    let found = match text::email(email) {
        Ok(email) => store::users::by_email(&mut run.tx, &email).await?,
        Err(message) => return Ok(Err(message)),
    };
    Ok(found.map(|user| Some(user.id)).ok_or_else(|| "there is no user with this e-mail address".to_owned()))
}

/// Has nobody seen this secret before? The present one of the entry's own key and its former ones change nothing; one that
/// another key has, or had, and one that was revoked, are refused.
async fn is_news(run: &mut Run<'_>, entry: &Entry, key: &ApiKey, own: Option<&Key>) -> Result<bool, Error> {
    const ANOTHER: &str = "make another with `tallygate admin new-key`";
    let refuse = |why: &str| Err(entry.reference().refuse(format!("{why}: {ANOTHER}")).into());
    let own_id = own.map(|key| key.id);
    if let Some((id, is_revoked)) = store::keys::by_public(&mut run.tx, key.public()).await? {
        return match own.filter(|own| own.id == id) {
            Some(own) if KeyDigest::from_stored(&own.digest) == Some(key.digest()) => Ok(false),
            None if is_revoked => refuse("this key was rotated or revoked"),
            Some(_) | None => refuse("another key has this secret, or one that begins alike"),
        };
    }
    match retired::former(&mut run.tx, key.public()).await? {
        None => Ok(true),
        former if former == own_id => Ok(false),
        Some(_) => refuse("this key was rotated or revoked"),
    }
}

async fn change(run: &mut Run<'_>, team: &Access, present: &Key, new: &New<'_>) -> Result<(), Error> {
    if present.user != new.owner {
        return Err(ApiError::field("owner", "the owner of a key cannot change: use another name").into());
    }
    let mut fields = rules::changed(&new.name, &new.rules, present);
    if !fields.is_empty() {
        store::keys::update(&mut run.tx, team.id, present.id, &new.name, &new.rules).await?;
    }
    if let Some(paused) = new.paused
        && store::keys::set_paused(&mut run.tx, team.id, present.id, paused).await?
    {
        fields.push("paused");
    }
    if let Some(key) = new.secret {
        // Whoever changes the variable has told the programs: the old secret ends here, as its file says.
        retired::keep(&mut run.tx, team.id, present, 0).await?;
        let digest = key.digest();
        let secret = operations::secret(key, digest.as_bytes());
        store::keys::set_secret(&mut run.tx, team.id, present.id, secret, true).await?;
        fields.push("secret");
    }
    let object = format!("{} of {}", new.name, team.slug);
    if fields.is_empty() { Ok(()) } else { run.note(Action::Change, ("key", &object), Some(team.id), &fields).await }
}

async fn create(run: &mut Run<'_>, team: &Access, new: &New<'_>) -> Result<(), Error> {
    let object = format!("{} of {}", new.name, team.slug);
    let made = if new.secret.is_none() { Some(auth::MadeKey::make(&*run.ctx.entropy)) } else { None };
    let id = match (new.secret, &made) {
        (Some(key), _) => insert(run, team, new, key, true).await?,
        (None, Some(made)) => insert(run, team, new, made, false).await?,
        (None, None) => return Err(Error::NotFound),
    };
    if new.paused == Some(true) {
        store::keys::set_paused(&mut run.tx, team.id, id, true).await?;
    }
    run.note(Action::Create, ("key", &object), Some(team.id), &[]).await?;
    if let Some((made, change)) = made.zip(run.changes.last_mut()) {
        change.shown_once = Some(made.show_once());
    }
    Ok(())
}

async fn insert(run: &mut Run<'_>, team: &Access, new: &New<'_>, key: &ApiKey, imported: bool) -> Result<KeyId, Error> {
    let kind = if new.owner.is_some() { KeyKind::Personal } else { KeyKind::Service };
    let new = operations::New { name: &new.name, kind, user: new.owner, rules: &new.rules, imported };
    operations::insert(run.ctx, run.actor, &mut run.tx, team, key, new).await
}

/// Keys that can still be used. Their secrets cannot be written down: applied elsewhere, each is made anew.
pub(super) async fn export(tx: &mut Tx, out: &mut Document) -> Result<(), Error> {
    let mut keys = HashMap::<TeamId, Vec<Live>>::new();
    for key in store::keys::live::all(tx).await? {
        keys.entry(key.team).or_default().push(key);
    }
    let zone = Stamps::within(tx).await?;
    let mut teams = store::teams::all(tx).await?;
    teams.sort_by(|a, b| a.slug.cmp(&b.slug));
    for team in teams {
        let Some(own) = keys.remove(&team.id) else { continue };
        let models = store::models::list(tx, team.id).await?;
        for key in own {
            let name = key.name.clone();
            match entry(key, &team.slug, &models, zone) {
                Some(entry) => out.keys.push(entry),
                None => out.left_out.push(format!(
                    "the key {name:?} of {}, because no model that it may call is there any more.",
                    team.slug
                )),
            }
        }
    }
    Ok(())
}

/// `None`: it lists models, and the team can call none of them any more.
fn entry(key: Live, team: &str, known: &[Model], zone: Stamps) -> Option<Entry> {
    let KeyRules { models, scopes, expires, networks, tags, task, max_output, store_content } =
        rules::shown(key.rules, zone);
    let models = match models {
        AllowedModels::All => Models::Word(All::All),
        AllowedModels::Only(mut names) => {
            names.retain(|name| known.iter().any(|model| model.name == *name));
            Models::Names(Some(names).filter(|names| !names.is_empty())?)
        }
    };
    Some(Entry {
        name: key.name,
        team: team.to_owned(),
        owner: key.owner,
        secret_env: None,
        secret_file: None,
        models,
        scopes: Some(scopes).filter(|scopes| *scopes != KeyRules::default().scopes),
        expires: Some(expires).filter(|expires| !expires.is_empty()),
        networks: Some(networks).filter(|networks| !networks.is_empty()),
        task,
        max_output,
        store_content,
        paused: key.paused.then_some(true),
        tags: Some(tags).filter(|tags| !tags.is_empty()),
    })
}
