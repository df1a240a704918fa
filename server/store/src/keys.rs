//! Virtual keys of teams: the digest of the whole key, never the key. Secrets that a rotation replaced are in `keys/retired.rs`.

pub mod live;
pub mod retired;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::{
    id::{KeyId, TeamId, UserId},
    key::{AllowedModels, KeyKind, KeyScope, KeyState},
    task::TaskClass,
    team::StoreContent,
};
use serde_json::Value;
use sqlx::PgConnection;

use crate::Error;

/// The constraint a second live key with one name hits.
pub const NAME_KEY: &str = "virtual_keys_name_key";
/// The constraint a key hits that is stored already.
pub const PUBLIC_KEY: &str = "virtual_keys_public_key";

/// What decides about a key besides its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    pub models: AllowedModels,
    pub scopes: Vec<KeyScope>,
    pub expires_at: Option<DateTime<Utc>>,
    pub networks: Vec<String>,
    pub tags: BTreeMap<String, String>,
    pub task: Option<TaskClass>,
    pub max_output: Option<u32>,
    /// `None`: the team's.
    pub store_content: Option<StoreContent>,
}

/// What a key is checked by.
#[derive(Clone, Copy, Debug)]
pub struct Secret<'a> {
    pub public: &'a str,
    pub digest: &'a [u8],
    pub last_four: &'a str,
}

/// A key as it is inserted.
#[derive(Clone, Copy, Debug)]
pub struct NewKey<'a> {
    pub id: KeyId,
    /// The owner of a personal key.
    pub user: Option<UserId>,
    pub name: &'a str,
    pub kind: KeyKind,
    pub secret: Secret<'a>,
    pub imported: bool,
    pub rules: &'a Rules,
    pub created_by: Option<UserId>,
}

/// A key as lists show it.
#[derive(Clone, Debug)]
pub struct Key {
    pub id: KeyId,
    pub revision: i64,
    pub user: Option<UserId>,
    pub owner: Option<String>,
    /// The name of who made it; empty: the command line.
    pub created_by: String,
    pub name: String,
    pub kind: KeyKind,
    pub state: KeyState,
    pub paused: bool,
    pub public: String,
    pub digest: Vec<u8>,
    pub last_four: String,
    pub imported: bool,
    pub rules: Rules,
    pub created_at: DateTime<Utc>,
    pub last_used_at: Option<DateTime<Utc>>,
    pub revoked_at: Option<DateTime<Utc>>,
}

struct Row {
    id: uuid::Uuid,
    revision: i64,
    user_id: Option<uuid::Uuid>,
    owner: Option<String>,
    maker: Option<String>,
    name: String,
    kind: String,
    state: String,
    paused: bool,
    public: String,
    digest: Vec<u8>,
    last_four: String,
    imported: bool,
    all_models: bool,
    models: Vec<String>,
    scopes: Vec<String>,
    expires_at: Option<DateTime<Utc>>,
    networks: Vec<String>,
    tags: Value,
    task: String,
    max_output: Option<i32>,
    store_content: Option<String>,
    created_at: DateTime<Utc>,
    last_used_at: Option<DateTime<Utc>>,
    revoked_at: Option<DateTime<Utc>>,
}

impl TryFrom<Row> for Key {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        let unknown = |column: &'static str, value: &str| Error::Unknown { column, value: value.to_owned() };
        Ok(Self {
            id: KeyId(row.id),
            revision: row.revision,
            user: row.user_id.map(UserId),
            owner: row.owner,
            created_by: row.maker.unwrap_or_default(),
            name: row.name,
            kind: KeyKind::parse(&row.kind).ok_or_else(|| unknown("virtual_keys.kind", &row.kind))?,
            state: state(&row.state).ok_or_else(|| unknown("virtual_keys.state", &row.state))?,
            paused: row.paused,
            public: row.public,
            digest: row.digest,
            last_four: row.last_four,
            imported: row.imported,
            rules: Rules {
                models: if row.all_models { AllowedModels::All } else { AllowedModels::Only(row.models) },
                scopes: scopes(&row.scopes),
                expires_at: row.expires_at,
                networks: row.networks,
                tags: tags(row.tags),
                task: TaskClass::parse(&row.task),
                max_output: row.max_output.and_then(|most| u32::try_from(most).ok()),
                store_content: row.store_content.as_deref().map(policy),
            },
            created_at: row.created_at,
            last_used_at: row.last_used_at,
            revoked_at: row.revoked_at,
        })
    }
}

fn state(text: &str) -> Option<KeyState> {
    Some(match text {
        "active" => KeyState::Active,
        "paused" => KeyState::Paused,
        "expired" => KeyState::Expired,
        "revoked" => KeyState::Revoked,
        "orphaned" => KeyState::Orphaned,
        _ => return None,
    })
}

/// A scope from a newer version lets nothing through here.
pub(crate) fn scopes(words: &[String]) -> Vec<KeyScope> {
    words.iter().filter_map(|word| KeyScope::parse(word)).collect()
}

pub(crate) fn tags(value: Value) -> BTreeMap<String, String> {
    serde_json::from_value(value).unwrap_or_default()
}

/// An unknown policy is from a newer version: the strictest is safe.
pub(crate) fn policy(word: &str) -> StoreContent {
    StoreContent::parse(word).unwrap_or_default()
}

/// The rules as columns keep them.
struct Columns<'a> {
    all_models: bool,
    models: &'a [String],
    scopes: Vec<String>,
    tags: Value,
    task: &'static str,
    max_output: Option<i32>,
    store_content: Option<&'static str>,
}

impl<'a> Columns<'a> {
    fn of(rules: &'a Rules) -> Self {
        let (all_models, models): (bool, &[String]) = match &rules.models {
            AllowedModels::All => (true, &[]),
            AllowedModels::Only(names) => (false, names),
        };
        Self {
            all_models,
            models,
            scopes: rules.scopes.iter().map(|scope| scope.as_str().to_owned()).collect(),
            tags: rules.tags.iter().map(|(name, value)| (name.clone(), Value::from(value.clone()))).collect(),
            task: rules.task.map_or("", TaskClass::as_str),
            // Validation allows no more than fits.
            max_output: rules.max_output.map(|most| i32::try_from(most).unwrap_or(i32::MAX)),
            store_content: rules.store_content.map(StoreContent::as_str),
        }
    }
}

pub async fn insert(db: &mut PgConnection, team: TeamId, key: &NewKey<'_>) -> Result<(), Error> {
    let NewKey { id, user, name, kind, secret, imported, rules, created_by } = *key;
    let Columns { all_models, models, scopes, tags, task, max_output, store_content } = Columns::of(rules);
    sqlx::query_file!(
        "queries/keys_insert.sql",
        id.0,
        team.0,
        user.map(|user| user.0),
        name,
        kind.as_str(),
        secret.public,
        secret.digest,
        secret.last_four,
        imported,
        created_by.map(|user| user.0),
        all_models,
        models,
        &scopes,
        rules.expires_at,
        &rules.networks,
        tags,
        task,
        max_output,
        store_content
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Keys of one team, live ones first and then the newest; of one person only when `owner` is given. What was revoked long ago
/// is left out.
pub async fn list(db: &mut PgConnection, team: TeamId, owner: Option<UserId>) -> Result<Vec<Key>, Error> {
    read(db, team, owner, None, None).await
}

pub async fn get(db: &mut PgConnection, team: TeamId, key: KeyId) -> Result<Option<Key>, Error> {
    Ok(read(db, team, None, Some(key), None).await?.pop())
}

/// The live key with this name.
pub async fn by_name(db: &mut PgConnection, team: TeamId, name: &str) -> Result<Option<Key>, Error> {
    let found = read(db, team, None, None, Some(name)).await?;
    Ok(found.into_iter().find(|key| key.revoked_at.is_none()))
}

async fn read(
    db: &mut PgConnection,
    team: TeamId,
    owner: Option<UserId>,
    key: Option<KeyId>,
    name: Option<&str>,
) -> Result<Vec<Key>, Error> {
    let (owner, key) = (owner.map(|user| user.0), key.map(|key| key.0));
    let rows = sqlx::query_file_as!(Row, "queries/keys_list.sql", team.0, owner, key, name).fetch_all(db).await?;
    rows.into_iter().map(Key::try_from).collect()
}

/// Makes changes of one key wait for each other until the end of the transaction.
pub async fn lock(db: &mut PgConnection, team: TeamId, key: KeyId) -> Result<(), Error> {
    sqlx::query!("SELECT id FROM virtual_keys WHERE team_id = $1 AND id = $2 FOR UPDATE", team.0, key.0)
        .fetch_optional(db)
        .await?;
    Ok(())
}

pub async fn update(db: &mut PgConnection, team: TeamId, key: KeyId, name: &str, rules: &Rules) -> Result<(), Error> {
    let Columns { all_models, models, scopes, tags, task, max_output, store_content } = Columns::of(rules);
    sqlx::query_file!(
        "queries/keys_update.sql",
        team.0,
        key.0,
        name,
        all_models,
        models,
        &scopes,
        rules.expires_at,
        &rules.networks,
        tags,
        task,
        max_output,
        store_content
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Gives a key another secret, made here or brought in; what becomes of the old one is up to [`retired::keep`].
pub async fn set_secret(
    db: &mut PgConnection,
    team: TeamId,
    key: KeyId,
    secret: Secret<'_>,
    imported: bool,
) -> Result<(), Error> {
    let Secret { public, digest, last_four } = secret;
    sqlx::query!(
        "UPDATE virtual_keys SET public = $3, digest = $4, last_four = $5, imported = $6, revision = revision + 1
          WHERE team_id = $1 AND id = $2",
        team.0,
        key.0,
        public,
        digest,
        last_four,
        imported
    )
    .execute(db)
    .await?;
    Ok(())
}

/// `false`: it is so already, or there is no such live key in this team.
pub async fn set_paused(db: &mut PgConnection, team: TeamId, key: KeyId, paused: bool) -> Result<bool, Error> {
    let done = sqlx::query!(
        "UPDATE virtual_keys SET paused_at = CASE WHEN $3 THEN clock_timestamp() END, revision = revision + 1
          WHERE team_id = $1 AND id = $2 AND revoked_at IS NULL AND (paused_at IS NULL) = $3",
        team.0,
        key.0,
        paused
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// `false`: there is no such live key in this team.
pub async fn revoke(db: &mut PgConnection, team: TeamId, key: KeyId) -> Result<bool, Error> {
    let done = sqlx::query!(
        "UPDATE virtual_keys SET revoked_at = clock_timestamp(), revision = revision + 1
          WHERE team_id = $1 AND id = $2 AND revoked_at IS NULL",
        team.0,
        key.0
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Ends all personal keys of somebody in a team; tells how many.
pub async fn revoke_of(db: &mut PgConnection, team: TeamId, user: UserId) -> Result<u64, Error> {
    let done = sqlx::query!(
        "UPDATE virtual_keys SET revoked_at = clock_timestamp(), revision = revision + 1
          WHERE team_id = $1 AND user_id = $2 AND revoked_at IS NULL",
        team.0,
        user.0
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

/// The key whose present secret this is, by its public part, and whether it is revoked: whatever the team, for who brings
/// secrets in.
pub async fn by_public(db: &mut PgConnection, public: &str) -> Result<Option<(KeyId, bool)>, Error> {
    let row =
        sqlx::query!(r#"SELECT id, revoked_at IS NOT NULL AS "revoked!" FROM virtual_keys WHERE public = $1"#, public)
            .fetch_optional(db)
            .await?;
    Ok(row.map(|row| (KeyId(row.id), row.revoked)))
}

/// Keys of a team that are not revoked; of one person only when `owner` is given.
pub async fn count_live(db: &mut PgConnection, team: TeamId, owner: Option<UserId>) -> Result<i64, Error> {
    let count = sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM virtual_keys
            WHERE team_id = $1 AND revoked_at IS NULL AND ($2::uuid IS NULL OR user_id = $2)"#,
        team.0,
        owner.map(|user| user.0)
    );
    Ok(count.fetch_one(db).await?)
}

/// A model has another name now: keys that list it go on listing it. Keys of teams whose own model has that name mean that one.
pub async fn rename_model(db: &mut PgConnection, owner: Option<TeamId>, old: &str, new: &str) -> Result<(), Error> {
    sqlx::query_file!("queries/keys_rename_model.sql", owner.map(|team| team.0), old, new).execute(db).await?;
    Ok(())
}
