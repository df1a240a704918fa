//! Virtual keys: create, change, rotate, pause, revoke. A secret leaves once, in the answer to `create` or `rotate`.
//!
//! A key never exceeds its creator and its team: its models exist for the team, a personal key belongs to its creator and dies
//! with their membership, a service key takes the right to manage keys (`product.md` KY-4). Whoever manages keys may stop a
//! personal key of somebody else, and never have its secret. What the fields may hold is in `keys/rules.rs`.

pub(crate) mod rules;

use auth::ApiKey;
use domain::{
    ApiError,
    error::FieldErrors,
    history::HistoryRow,
    id::{KeyId, UserId},
    key::{
        CreatedKey, KeyChange, KeyDetail, KeyKind, KeyScope, KeyState, KeySummary, LONGEST_OVERLAP, NewKey,
        RetiringSecret,
    },
    permission::Permission,
    text,
    token::TokenScope,
};
use store::{
    keys::{Key, Rules, Secret, retired},
    pool::{self, Tx},
};

use crate::{Access, Actor, Context, Error, audit, history, stamps::Stamps};

/// Live keys of a team, and of one person in it: every replica holds all of them in memory.
const MOST_KEYS: i64 = 1_000;
const MOST_PERSONAL_KEYS: i64 = 100;
/// Requests on the page of a key.
const RECENT: u32 = 20;

/// The keys of the team, or one's own without the right to manage those of others.
pub async fn list(ctx: &Context, actor: &Actor, team: &str) -> Result<Vec<KeySummary>, Error> {
    let team = actor.team(ctx, team).await?;
    actor.require(Permission::ReadTeam, &team)?;
    let owner = match actor.may_read(Permission::ManageKeys, &team, TokenScope::KeysRead) {
        true => None,
        false => Some(actor.user().ok_or(Error::NeedsPerson)?),
    };
    let mut db = pool::connection(&ctx.pools.dashboard).await?;
    let keys = store::keys::list(&mut db, team.id, owner).await?;
    let retiring = retired::list(&mut db, team.id).await?;
    let zones = Zones::of(actor, &mut db).await?;
    Ok(keys.into_iter().map(|key| summary(actor, &team, zones, key, &retiring)).collect())
}

/// One key with what it was used for lately.
pub async fn get(ctx: &Context, actor: &Actor, team: &str, key: KeyId) -> Result<KeyDetail, Error> {
    let team = actor.team(ctx, team).await?;
    actor.require(Permission::ReadTeam, &team)?;
    let mut db = pool::connection(&ctx.pools.dashboard).await?;
    let row = store::keys::get(&mut db, team.id, key).await?.ok_or(Error::NotFound)?;
    if row.user.is_none() || row.user != actor.user() {
        actor.require_read(Permission::ManageKeys, &team, TokenScope::KeysRead)?;
    }
    let retiring = retired::list(&mut db, team.id).await?;
    let zones = Zones::of(actor, &mut db).await?;
    let requests: Vec<HistoryRow> = history::recent_of_key(&mut db, actor, &team, zones.reader, key, RECENT).await?;
    Ok(KeyDetail { key: summary(actor, &team, zones, row, &retiring), requests })
}

pub async fn create(ctx: &Context, actor: &Actor, input: NewKey) -> Result<CreatedKey, Error> {
    let team = actor.team(ctx, &input.team).await?;
    let user = owner(actor, &team, input.kind)?;
    let mut tx = ctx.begin().await?;
    let mut errors = FieldErrors::default();
    let name = errors.check("name", text::name(&input.name)).unwrap_or_default();
    let rules = rules::checked(&mut tx, &team, &input.rules, None, &mut errors).await?;
    errors.finish()?;
    require_scopes(actor, &team, &rules.scopes)?;
    let made = auth::MadeKey::make(&*ctx.entropy);
    let new = New { name: &name, kind: input.kind, user, rules: &rules, imported: false };
    let id = insert(ctx, actor, &mut tx, &team, &made, new).await?;
    note(ctx, actor, &mut tx, &team, "key.create", made.public(), &["name", "kind", "rules"]).await?;
    let key = finish(actor, tx, &team, id).await?;
    Ok(CreatedKey { key, secret: made.show_once() })
}

/// Changes name and rules at once. A save over somebody else's is refused with what theirs says.
pub async fn update(ctx: &Context, actor: &Actor, input: KeyChange) -> Result<KeySummary, Error> {
    let team = actor.team(ctx, &input.team).await?;
    let mut tx = ctx.begin().await?;
    let before = locked(actor, &mut tx, &team, input.key, Act::Change).await?;
    let mut errors = FieldErrors::default();
    let name = errors.check("name", text::name(&input.name)).unwrap_or_default();
    let asked = rules::checked(&mut tx, &team, &input.rules, Some(&before.rules), &mut errors).await?;
    errors.finish()?;
    if before.revision != input.revision {
        return Err(Error::stale(&rules::pairs(&name, &asked), &rules::pairs(&before.name, &before.rules)));
    }
    let added: Vec<KeyScope> =
        asked.scopes.iter().copied().filter(|scope| !before.rules.scopes.contains(scope)).collect();
    require_scopes(actor, &team, &added)?;
    let fields = rules::changed(&name, &asked, &before);
    if !fields.is_empty() {
        store::keys::update(&mut tx, team.id, before.id, &name, &asked)
            .await
            .map_err(|error| Error::taken(error, store::keys::NAME_KEY, "key", "name", &name))?;
        note(ctx, actor, &mut tx, &team, "key.update", &before.public, &fields).await?;
    }
    finish(actor, tx, &team, before.id).await
}

/// A new secret; the old one goes on working for `overlap_hours`, so that nothing stops while programs are told.
pub async fn rotate(
    ctx: &Context,
    actor: &Actor,
    team: &str,
    key: KeyId,
    overlap_hours: u32,
) -> Result<CreatedKey, Error> {
    if overlap_hours > LONGEST_OVERLAP {
        let message = format!("at most {LONGEST_OVERLAP} hours, such as 24");
        return Err(ApiError::field("overlap_hours", message).into());
    }
    let team = actor.team(ctx, team).await?;
    let mut tx = ctx.begin().await?;
    let before = locked(actor, &mut tx, &team, key, Act::Change).await?;
    let made = auth::MadeKey::make(&*ctx.entropy);
    retired::keep(&mut tx, team.id, &before, overlap_hours).await?;
    let digest = made.digest();
    store::keys::set_secret(&mut tx, team.id, key, secret(&made, digest.as_bytes()), false).await?;
    note(ctx, actor, &mut tx, &team, "key.rotate", &before.public, &["secret"]).await?;
    let key = finish(actor, tx, &team, key).await?;
    Ok(CreatedKey { key, secret: made.show_once() })
}

/// Refuses the key's calls until [`resume`]. A key that is paused already stays so.
pub async fn pause(ctx: &Context, actor: &Actor, team: &str, key: KeyId) -> Result<KeySummary, Error> {
    set_paused(ctx, actor, team, key, true).await
}

pub async fn resume(ctx: &Context, actor: &Actor, team: &str, key: KeyId) -> Result<KeySummary, Error> {
    set_paused(ctx, actor, team, key, false).await
}

async fn set_paused(ctx: &Context, actor: &Actor, team: &str, key: KeyId, paused: bool) -> Result<KeySummary, Error> {
    let team = actor.team(ctx, team).await?;
    let mut tx = ctx.begin().await?;
    let before = locked(actor, &mut tx, &team, key, Act::Stop).await?;
    if store::keys::set_paused(&mut tx, team.id, key, paused).await? {
        let action = if paused { "key.pause" } else { "key.resume" };
        note(ctx, actor, &mut tx, &team, action, &before.public, &["paused"]).await?;
    }
    finish(actor, tx, &team, key).await
}

/// Ends a key and whatever a rotation left of it. Revoking twice is no error.
pub async fn revoke(ctx: &Context, actor: &Actor, team: &str, key: KeyId) -> Result<(), Error> {
    let team = actor.team(ctx, team).await?;
    actor.require(Permission::ReadTeam, &team)?;
    let mut tx = ctx.begin().await?;
    store::keys::lock(&mut tx, team.id, key).await?;
    let before = store::keys::get(&mut tx, team.id, key).await?.ok_or(Error::NotFound)?;
    Act::Stop.require(actor, &team, &before)?;
    if !store::keys::revoke(&mut tx, team.id, key).await? {
        // Revoked before: what was asked for is so.
        return Ok(());
    }
    retired::end(&mut tx, team.id, key).await?;
    note(ctx, actor, &mut tx, &team, "key.revoke", &before.public, &["revoked"]).await?;
    Ok(pool::commit(tx).await?)
}

/// The live key, locked, if this actor may do that to it.
async fn locked(actor: &Actor, tx: &mut Tx, team: &Access, key: KeyId, act: Act) -> Result<Key, Error> {
    actor.require(Permission::ReadTeam, team)?;
    store::keys::lock(tx, team.id, key).await?;
    let row = store::keys::get(tx, team.id, key).await?.ok_or(Error::NotFound)?;
    act.require(actor, team, &row)?;
    if row.state == KeyState::Revoked {
        return Err(ApiError::new(domain::ErrorKind::Conflict, "this key is revoked: create another one").into());
    }
    Ok(row)
}

/// What somebody wants of a key.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Act {
    /// Another name, other rules, another secret.
    Change,
    /// Pause, resume, revoke.
    Stop,
}

impl Act {
    /// A personal key is changed by its owner alone, or somebody else would call models in their name.
    fn is_for(self, actor: &Actor, team: &Access, key: &Key) -> bool {
        let is_personal = key.user.is_some();
        let is_own = is_personal && key.user == actor.user();
        let as_manager = actor.may(Permission::ManageKeys, team) && (self == Self::Stop || !is_personal);
        as_manager || (is_own && actor.may(Permission::CreatePersonalKeys, team))
    }

    fn require(self, actor: &Actor, team: &Access, key: &Key) -> Result<(), Error> {
        if self.is_for(actor, team, key) {
            return Ok(());
        }
        actor.require(Permission::ManageKeys, team)?;
        Err(Error::Forbidden { needs: "the owner of the key: others may only pause or revoke it".to_owned() })
    }
}

async fn note(
    ctx: &Context,
    actor: &Actor,
    tx: &mut Tx,
    team: &Access,
    action: &str,
    public: &str,
    fields: &[&str],
) -> Result<(), Error> {
    let object = format!("key {public}");
    audit::record(ctx, actor, tx, audit::Act { team: Some(team.id), action, object: &object, fields }).await?;
    store::notify::config(tx).await?;
    Ok(())
}

/// Reads the key as lists show it, then commits.
async fn finish(actor: &Actor, mut tx: Tx, team: &Access, key: KeyId) -> Result<KeySummary, Error> {
    let zones = Zones::of(actor, &mut tx).await?;
    let retiring = retired::list(&mut tx, team.id).await?;
    let row = store::keys::get(&mut tx, team.id, key).await?.ok_or(Error::NotFound)?;
    pool::commit(tx).await?;
    Ok(summary(actor, team, zones, row, &retiring))
}

/// Nobody gives a key what they do not hold themselves.
fn require_scopes(actor: &Actor, team: &Access, scopes: &[KeyScope]) -> Result<(), Error> {
    scopes.iter().try_for_each(|scope| match scope {
        KeyScope::Inference | KeyScope::UsageRead => Ok(()),
        KeyScope::PromptsRead | KeyScope::FeedbackWrite => actor.require(Permission::ReadContent, team),
    })
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
    pub rules: &'a Rules,
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
    let New { name, kind, user, rules, imported } = new;
    if store::keys::count_live(tx, team.id, user).await? >= user.map_or(MOST_KEYS, |_| MOST_PERSONAL_KEYS) {
        return Err(Error::conflict("there are as many keys as there may be: revoke what nobody needs"));
    }
    let id = KeyId::new(&*ctx.clock, &*ctx.entropy);
    let digest = key.digest();
    let secret = secret(key, digest.as_bytes());
    let row = store::keys::NewKey { id, user, name, kind, secret, imported, rules, created_by: actor.user() };
    store::keys::insert(tx, team.id, &row).await.map_err(|error| match error.is_taken(store::keys::PUBLIC_KEY) {
        true => Error::Taken { what: "key", field: "secret", name: key.public().to_owned() },
        false => Error::taken(error, store::keys::NAME_KEY, "key", "name", name),
    })?;
    Ok(id)
}

pub(crate) fn secret<'a>(key: &'a ApiKey, digest: &'a [u8]) -> Secret<'a> {
    Secret { public: key.public(), digest, last_four: key.last_four() }
}

/// Times are read in the reader's zone; a key ends with a day of the instance's.
#[derive(Clone, Copy)]
struct Zones {
    reader: Stamps,
    instance: Stamps,
}

impl Zones {
    async fn of(actor: &Actor, db: &mut pool::Connection) -> Result<Self, Error> {
        Ok(Self { reader: Stamps::of_reader(actor, db).await?, instance: Stamps::within(db).await? })
    }
}

fn summary(actor: &Actor, team: &Access, zones: Zones, key: Key, retiring: &[retired::Retired]) -> KeySummary {
    let retiring = retiring.iter().filter(|secret| secret.key == key.id).map(|secret| RetiringSecret {
        public: secret.public.clone(),
        last_four: secret.last_four.clone(),
        until: zones.reader.of(secret.valid_until),
    });
    KeySummary {
        id: key.id,
        revision: key.revision,
        editable: key.revoked_at.is_none() && Act::Change.is_for(actor, team, &key),
        stoppable: key.revoked_at.is_none() && Act::Stop.is_for(actor, team, &key),
        retiring: retiring.collect(),
        name: key.name,
        public: key.public,
        last_four: key.last_four,
        kind: key.kind,
        state: key.state,
        expires: key.rules.expires_at.map(|at| zones.reader.of(at)),
        rules: rules::shown(key.rules, zones.instance),
        owner: key.owner,
        imported: key.imported,
        created: zones.reader.of(key.created_at),
        created_by: key.created_by,
        last_used: key.last_used_at.map(|at| zones.reader.of(at)),
        revoked: key.revoked_at.map(|at| zones.reader.of(at)),
    }
}
