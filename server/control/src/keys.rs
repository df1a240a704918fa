//! Virtual keys: create, list, revoke. The secret leaves once, in the answer to `create`.
//!
//! A key never exceeds its creator and its team: its models exist for the team, a personal key belongs to its creator, a
//! service key takes the right to manage keys (`product.md` KY-4).

use auth::ApiKey;
use domain::{
    error::FieldErrors,
    id::{KeyId, UserId},
    key::{AllowedModels, CreatedKey, KeyKind, KeySummary, NewKey},
    permission::Permission,
    text,
};
use store::{
    keys::Key,
    models::Model,
    pool::{self, Tx},
};

use crate::{Access, Actor, Context, Error, audit, stamps::Stamps};

/// The keys of the team, or one's own without the right to manage those of others.
pub async fn list(ctx: &Context, actor: &Actor, team: &str) -> Result<Vec<KeySummary>, Error> {
    let team = actor.team(ctx, team).await?;
    actor.require(Permission::ReadTeam, &team)?;
    let owner = match actor.may(Permission::ManageKeys, &team) {
        true => None,
        false => Some(actor.user().ok_or(Error::NeedsPerson)?),
    };
    let mut db = pool::connection(&ctx.pools.dashboard).await?;
    let keys = store::keys::list(&mut db, team.id, owner).await?;
    let stamps = crate::stamps(ctx, &mut db).await?;
    Ok(keys.into_iter().map(|key| summary(stamps, key)).collect())
}

pub async fn create(ctx: &Context, actor: &Actor, input: NewKey) -> Result<CreatedKey, Error> {
    let team = actor.team(ctx, &input.team).await?;
    let user = owner(actor, &team, input.kind)?;
    let mut tx = ctx.begin().await?;
    let known = store::models::list(&mut tx, team.id).await?;
    let mut errors = FieldErrors::default();
    let name = errors.check("name", text::name(&input.name)).unwrap_or_default();
    let models = errors.check("models", allowed(&input.models, &known));
    errors.finish()?;
    let models = models.unwrap_or(AllowedModels::Only(Vec::new()));
    let key = auth::MadeKey::make(&*ctx.entropy);
    let new = New { name: &name, kind: input.kind, user, models: &models, imported: false };
    let id = insert(ctx, actor, &mut tx, &team, &key, new).await?;
    let act = audit::Act {
        team: Some(team.id),
        action: "key.create",
        object: &format!("key {}", key.public()),
        fields: &["name", "kind", "models"],
    };
    audit::record(ctx, actor, &mut tx, act).await?;
    store::notify::config(&mut tx).await?;
    let stamps = Stamps::within(&mut tx).await?;
    let row = store::keys::get(&mut tx, team.id, id).await?.ok_or(Error::NotFound)?;
    pool::commit(tx).await?;
    Ok(CreatedKey { key: summary(stamps, row), secret: key.show_once() })
}

/// Ends a key on every replica. One's own needs no right beyond being in the team.
pub async fn revoke(ctx: &Context, actor: &Actor, team: &str, key: KeyId) -> Result<(), Error> {
    let team = actor.team(ctx, team).await?;
    let mut tx = ctx.begin().await?;
    let row = store::keys::get(&mut tx, team.id, key).await?.ok_or(Error::NotFound)?;
    if row.user.is_none() || row.user != actor.user() {
        actor.require(Permission::ManageKeys, &team)?;
    }
    if !store::keys::revoke(&mut tx, team.id, key).await? {
        // Revoked before: what was asked for is so.
        return Ok(());
    }
    let object = format!("key {}", row.public);
    let act = audit::Act { team: Some(team.id), action: "key.revoke", object: &object, fields: &["revoked"] };
    audit::record(ctx, actor, &mut tx, act).await?;
    store::notify::config(&mut tx).await?;
    Ok(pool::commit(tx).await?)
}

/// Whose a new key is, if the actor may make one of this kind.
fn owner(actor: &Actor, team: &Access, kind: KeyKind) -> Result<Option<UserId>, Error> {
    match kind {
        KeyKind::Personal => {
            actor.require(Permission::CreatePersonalKeys, team)?;
            actor.user().map(Some).ok_or(Error::NeedsPerson)
        }
        KeyKind::Service => {
            actor.require(Permission::ManageKeys, team)?;
            Ok(None)
        }
    }
}

/// What decides about a new row, beside the key itself.
pub(crate) struct New<'a> {
    pub name: &'a str,
    pub kind: KeyKind,
    pub user: Option<UserId>,
    pub models: &'a AllowedModels,
    pub imported: bool,
}

pub(crate) async fn insert(
    ctx: &Context,
    actor: &Actor,
    tx: &mut Tx,
    team: &Access,
    key: &ApiKey,
    new: New<'_>,
) -> Result<KeyId, Error> {
    let New { name, kind, user, models, imported } = new;
    let id = KeyId::new(&*ctx.clock, &*ctx.entropy);
    let digest = key.digest();
    let row = store::keys::NewKey {
        id,
        user,
        name,
        kind,
        public: key.public(),
        digest: digest.as_bytes(),
        last_four: key.last_four(),
        imported,
        models,
        created_by: actor.user(),
    };
    store::keys::insert(tx, team.id, &row).await.map_err(|error| match error.is_taken(store::keys::PUBLIC_KEY) {
        true => Error::Taken { what: "key", field: "secret", name: key.public().to_owned() },
        false => Error::taken(error, store::keys::NAME_KEY, "key", "name", name),
    })?;
    Ok(id)
}

/// The models a key may list: those of the team, by their public names. An alias is stored as the name it stands for.
pub(crate) fn allowed(asked: &AllowedModels, known: &[Model]) -> Result<AllowedModels, String> {
    let AllowedModels::Only(names) = asked else { return Ok(AllowedModels::All) };
    if names.is_empty() {
        return Err("choose at least one model, or all".to_owned());
    }
    let mut models = Vec::with_capacity(names.len());
    for name in names {
        let found = known.iter().find(|model| model.name == *name || model.aliases.contains(name));
        let Some(model) = found else {
            let names: Vec<&str> = known.iter().map(|model| model.name.as_str()).collect();
            return Err(match names.is_empty() {
                true => "this team has no models yet: add one first".to_owned(),
                false => format!("{name:?} is not a model of this team: choose among {}", names.join(", ")),
            });
        };
        if !models.contains(&model.name) {
            models.push(model.name.clone());
        }
    }
    Ok(AllowedModels::Only(models))
}

fn summary(stamps: Stamps, key: Key) -> KeySummary {
    let Key {
        id,
        user: _,
        owner,
        name,
        kind,
        public,
        last_four,
        imported,
        models,
        created_at,
        last_used_at,
        revoked_at,
    } = key;
    KeySummary {
        id,
        name,
        public,
        last_four,
        kind,
        models,
        owner,
        imported,
        created: stamps.of(created_at),
        last_used: last_used_at.map(|at| stamps.of(at)),
        revoked: revoked_at.map(|at| stamps.of(at)),
    }
}
