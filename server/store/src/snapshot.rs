//! Everything the gateway must know to serve calls, read in one go (`architecture.md` 8).
//!
//! The only read here that crosses teams: the gateway serves all of them. One repeatable-read transaction, so that the parts
//! belong together; call [`begin`] for it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::{
    catalog::Capability,
    id::{CredentialId, DeploymentId, KeyId, ModelId, ProviderId, TeamId, UserId},
    key::{AllowedModels, KeyScope},
    task::TaskClass,
    team::StoreContent,
};
use sqlx::{PgConnection, postgres::PgPool};

use crate::{Error, keys, notify, pool::Tx, prices};

/// The configuration at one version.
#[derive(Debug)]
pub struct Rows {
    pub version: i64,
    /// The database's clock at the moment of reading: it decides what has expired.
    pub now: DateTime<Utc>,
    pub allow_private: Vec<String>,
    pub keys: Vec<Key>,
    pub retired: Vec<RetiredSecret>,
    pub models: Vec<Model>,
    /// Ordered by id: the first of a model is the one that was made first.
    pub deployments: Vec<Deployment>,
    /// Newest first.
    pub prices: Vec<prices::Version>,
}

/// A key that may be used, but for what its rules say about the moment: not revoked, and its owner still a member.
#[derive(Debug)]
pub struct Key {
    pub id: KeyId,
    pub team: TeamId,
    pub user: Option<UserId>,
    pub public: String,
    pub digest: Vec<u8>,
    pub models: AllowedModels,
    pub scopes: Vec<KeyScope>,
    pub expires_at: Option<DateTime<Utc>>,
    pub networks: Vec<String>,
    pub tags: BTreeMap<String, String>,
    pub task: Option<TaskClass>,
    pub max_output: Option<u32>,
    /// The stricter of the team's policy and the key's.
    pub store_content: StoreContent,
    pub paused: bool,
}

/// A secret that a rotation replaced; it stands for its key until then.
#[derive(Debug)]
pub struct RetiredSecret {
    pub key: KeyId,
    pub public: String,
    pub digest: Vec<u8>,
    pub valid_until: DateTime<Utc>,
}

#[derive(Debug)]
pub struct Model {
    pub id: ModelId,
    /// `None`: for all teams.
    pub team: Option<TeamId>,
    pub name: String,
    pub aliases: Vec<String>,
    pub context_window: Option<u32>,
    pub max_output: Option<u32>,
    /// `None`: nobody has told.
    pub capabilities: Option<Vec<Capability>>,
    pub created_at: DateTime<Utc>,
}

#[derive(Debug)]
pub struct Deployment {
    pub id: DeploymentId,
    pub model: ModelId,
    pub provider: ProviderId,
    pub provider_slug: String,
    pub provider_kind: String,
    pub base_url: String,
    pub preset: String,
    pub upstream_model: String,
    pub credential: Option<SealedCredential>,
}

/// A provider's secret as it is stored.
#[derive(Debug)]
pub struct SealedCredential {
    pub id: CredentialId,
    pub team: Option<TeamId>,
    pub sealed: Vec<u8>,
}

/// The transaction that [`load`] wants: one view of everything, and no writing.
pub async fn begin(pool: &PgPool) -> Result<Tx, Error> {
    Ok(pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?)
}

pub async fn load(tx: &mut PgConnection) -> Result<Rows, Error> {
    let version = notify::config_version(tx).await?;
    let allow_private = sqlx::query_scalar!("SELECT allow_private FROM instance").fetch_optional(&mut *tx).await?;
    Ok(Rows {
        version,
        now: sqlx::query_scalar!(r#"SELECT clock_timestamp() AS "now!""#).fetch_one(&mut *tx).await?,
        allow_private: allow_private.unwrap_or_default(),
        keys: live_keys(tx).await?,
        retired: retired(tx).await?,
        models: models(tx).await?,
        deployments: deployments(tx).await?,
        prices: prices::current_and_future(tx).await?,
    })
}

async fn live_keys(db: &mut PgConnection) -> Result<Vec<Key>, Error> {
    let rows = sqlx::query_file!("queries/snapshot_keys.sql").fetch_all(db).await?;
    let keys = rows.into_iter().map(|row| Key {
        id: KeyId(row.id),
        team: TeamId(row.team_id),
        user: row.user_id.map(UserId),
        public: row.public,
        digest: row.digest,
        models: if row.all_models { AllowedModels::All } else { AllowedModels::Only(row.models) },
        scopes: keys::scopes(&row.scopes),
        expires_at: row.expires_at,
        networks: row.networks,
        tags: keys::tags(row.tags),
        task: TaskClass::parse(&row.task),
        max_output: row.max_output.and_then(|most| u32::try_from(most).ok()),
        store_content: row
            .own_policy
            .as_deref()
            .map_or(StoreContent::Full, keys::policy)
            .max(keys::policy(&row.team_policy)),
        paused: row.paused,
    });
    Ok(keys.collect())
}

async fn retired(db: &mut PgConnection) -> Result<Vec<RetiredSecret>, Error> {
    let rows = sqlx::query!(
        "SELECT key_id, public, digest, valid_until FROM retired_secrets WHERE valid_until > clock_timestamp()"
    )
    .fetch_all(db)
    .await?;
    let retired = rows.into_iter().map(|row| RetiredSecret {
        key: KeyId(row.key_id),
        public: row.public,
        digest: row.digest,
        valid_until: row.valid_until,
    });
    Ok(retired.collect())
}

async fn models(db: &mut PgConnection) -> Result<Vec<Model>, Error> {
    let rows = sqlx::query!(
        "SELECT id, team_id, name, aliases, context_window, max_output, capabilities, created_at FROM models
          WHERE archived_at IS NULL ORDER BY id"
    )
    .fetch_all(db)
    .await?;
    let tokens = |count: Option<i32>| count.and_then(|count| u32::try_from(count).ok());
    let models = rows.into_iter().map(|row| Model {
        id: ModelId(row.id),
        team: row.team_id.map(TeamId),
        name: row.name,
        aliases: row.aliases,
        context_window: tokens(row.context_window),
        max_output: tokens(row.max_output),
        // A word of a newer version says nothing to this one; it must not keep the gateway from serving.
        capabilities: row.capabilities.map(|all| all.iter().filter_map(|word| Capability::parse(word)).collect()),
        created_at: row.created_at,
    });
    Ok(models.collect())
}

async fn deployments(db: &mut PgConnection) -> Result<Vec<Deployment>, Error> {
    let rows = sqlx::query_file!("queries/snapshot_deployments.sql").fetch_all(db).await?;
    let deployments = rows.into_iter().map(|row| Deployment {
        id: DeploymentId(row.id),
        model: ModelId(row.model_id),
        provider: ProviderId(row.provider_id),
        provider_slug: row.provider_slug,
        provider_kind: row.provider_kind,
        base_url: row.base_url,
        preset: row.preset,
        upstream_model: row.upstream_model,
        credential: row.credential_id.zip(row.sealed).map(|(id, sealed)| SealedCredential {
            id: CredentialId(id),
            team: row.credential_team_id.map(TeamId),
            sealed,
        }),
    });
    Ok(deployments.collect())
}
