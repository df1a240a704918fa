//! Virtual keys of teams: the digest of the whole key, never the key.

use chrono::{DateTime, Utc};
use domain::{
    id::{KeyId, TeamId, UserId},
    key::{AllowedModels, KeyKind},
};
use sqlx::PgConnection;

use crate::Error;

/// The constraint a second live key with one name hits.
pub const NAME_KEY: &str = "virtual_keys_name_key";
/// The constraint a key hits that is stored already.
pub const PUBLIC_KEY: &str = "virtual_keys_public_key";

/// A key as it is inserted.
#[derive(Clone, Copy, Debug)]
pub struct NewKey<'a> {
    pub id: KeyId,
    /// The owner of a personal key.
    pub user: Option<UserId>,
    pub name: &'a str,
    pub kind: KeyKind,
    pub public: &'a str,
    pub digest: &'a [u8],
    pub last_four: &'a str,
    pub imported: bool,
    pub models: &'a AllowedModels,
    pub created_by: Option<UserId>,
}

/// A key as lists show it.
#[derive(Clone, Debug)]
pub struct Key {
    pub id: KeyId,
    pub user: Option<UserId>,
    pub owner: Option<String>,
    pub name: String,
    pub kind: KeyKind,
    pub public: String,
    pub last_four: String,
    pub imported: bool,
    pub models: AllowedModels,
    pub created_at: DateTime<Utc>,
    pub last_used_at: Option<DateTime<Utc>>,
    pub revoked_at: Option<DateTime<Utc>>,
}

struct Row {
    id: uuid::Uuid,
    user_id: Option<uuid::Uuid>,
    owner: Option<String>,
    name: String,
    kind: String,
    public: String,
    last_four: String,
    imported: bool,
    all_models: bool,
    models: Vec<String>,
    created_at: DateTime<Utc>,
    last_used_at: Option<DateTime<Utc>>,
    revoked_at: Option<DateTime<Utc>>,
}

impl TryFrom<Row> for Key {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        let Row { id, user_id, owner, name, kind, public, last_four, imported, all_models, models, .. } = row;
        Ok(Self {
            id: KeyId(id),
            user: user_id.map(UserId),
            owner,
            name,
            kind: KeyKind::parse(&kind).ok_or(Error::Unknown { column: "virtual_keys.kind", value: kind })?,
            public,
            last_four,
            imported,
            models: if all_models { AllowedModels::All } else { AllowedModels::Only(models) },
            created_at: row.created_at,
            last_used_at: row.last_used_at,
            revoked_at: row.revoked_at,
        })
    }
}

/// "All" and the list, as two columns keep them.
fn columns(models: &AllowedModels) -> (bool, &[String]) {
    match models {
        AllowedModels::All => (true, &[]),
        AllowedModels::Only(names) => (false, names),
    }
}

pub async fn insert(db: &mut PgConnection, team: TeamId, key: &NewKey<'_>) -> Result<(), Error> {
    let NewKey { id, user, name, kind, public, digest, last_four, imported, models, created_by } = *key;
    let (all_models, models) = columns(models);
    sqlx::query!(
        "INSERT INTO virtual_keys (id, team_id, user_id, name, kind, public, digest, last_four, imported, all_models, models,
                                   created_by)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        id.0,
        team.0,
        user.map(|user| user.0),
        name,
        kind.as_str(),
        public,
        digest,
        last_four,
        imported,
        all_models,
        models,
        created_by.map(|user| user.0)
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Keys of one team, newest first; of one person only when `owner` is given. At most 500.
pub async fn list(db: &mut PgConnection, team: TeamId, owner: Option<UserId>) -> Result<Vec<Key>, Error> {
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT k.id, k.user_id, u.name AS "owner?", k.name, k.kind, k.public, k.last_four, k.imported, k.all_models, k.models,
                  k.created_at, k.last_used_at, k.revoked_at
             FROM virtual_keys k LEFT JOIN users u ON u.id = k.user_id
            WHERE k.team_id = $1 AND ($2::uuid IS NULL OR k.user_id = $2)
            ORDER BY k.created_at DESC, k.id DESC LIMIT 500"#,
        team.0,
        owner.map(|user| user.0)
    )
    .fetch_all(db)
    .await?;
    rows.into_iter().map(Key::try_from).collect()
}

pub async fn get(db: &mut PgConnection, team: TeamId, key: KeyId) -> Result<Option<Key>, Error> {
    let row = sqlx::query_as!(
        Row,
        r#"SELECT k.id, k.user_id, u.name AS "owner?", k.name, k.kind, k.public, k.last_four, k.imported, k.all_models, k.models,
                  k.created_at, k.last_used_at, k.revoked_at
             FROM virtual_keys k LEFT JOIN users u ON u.id = k.user_id
            WHERE k.team_id = $1 AND k.id = $2"#,
        team.0,
        key.0
    )
    .fetch_optional(db)
    .await?;
    row.map(Key::try_from).transpose()
}

/// The live key with this name, and its digest.
pub async fn by_name(
    db: &mut PgConnection,
    team: TeamId,
    name: &str,
) -> Result<Option<(KeyId, Vec<u8>, AllowedModels)>, Error> {
    let row = sqlx::query!(
        "SELECT id, digest, all_models, models FROM virtual_keys WHERE team_id = $1 AND name = $2 AND revoked_at IS NULL",
        team.0,
        name
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| {
        let models = if row.all_models { AllowedModels::All } else { AllowedModels::Only(row.models) };
        (KeyId(row.id), row.digest, models)
    }))
}

pub async fn set_models(db: &mut PgConnection, team: TeamId, key: KeyId, models: &AllowedModels) -> Result<(), Error> {
    let (all_models, models) = columns(models);
    sqlx::query!(
        "UPDATE virtual_keys SET all_models = $3, models = $4 WHERE team_id = $1 AND id = $2",
        team.0,
        key.0,
        all_models,
        models
    )
    .execute(db)
    .await?;
    Ok(())
}

/// `false`: there is no such live key in this team.
pub async fn revoke(db: &mut PgConnection, team: TeamId, key: KeyId) -> Result<bool, Error> {
    let done = sqlx::query!(
        "UPDATE virtual_keys SET revoked_at = clock_timestamp() WHERE team_id = $1 AND id = $2 AND revoked_at IS NULL",
        team.0,
        key.0
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() > 0)
}
