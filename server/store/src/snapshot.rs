//! Everything the gateway must know to serve calls, read in one go (`architecture.md` 8).
//!
//! The only read here that crosses teams: the gateway serves all of them. One repeatable-read transaction, so that the parts
//! belong together; call [`begin`] for it.

use chrono::{DateTime, Utc};
use domain::{
    id::{CredentialId, DeploymentId, KeyId, ModelId, ProviderId, TeamId, UserId},
    key::AllowedModels,
    team::StoreContent,
};
use sqlx::{PgConnection, postgres::PgPool};

use crate::{Error, notify, pool::Tx, prices};

/// The configuration at one version.
#[derive(Debug)]
pub struct Rows {
    pub version: i64,
    pub allow_private: Vec<String>,
    pub keys: Vec<Key>,
    pub models: Vec<Model>,
    /// Ordered by id: the first of a model is the one that was made first.
    pub deployments: Vec<Deployment>,
    /// Newest first.
    pub prices: Vec<prices::Version>,
}

/// A key that may be used: not revoked, and its owner still a member.
#[derive(Debug)]
pub struct Key {
    pub id: KeyId,
    pub team: TeamId,
    pub user: Option<UserId>,
    pub public: String,
    pub digest: Vec<u8>,
    pub models: AllowedModels,
    /// The team's content policy.
    pub store_content: StoreContent,
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
        allow_private: allow_private.unwrap_or_default(),
        keys: keys(tx).await?,
        models: models(tx).await?,
        deployments: deployments(tx).await?,
        prices: prices::current_and_future(tx).await?,
    })
}

async fn keys(db: &mut PgConnection) -> Result<Vec<Key>, Error> {
    let rows = sqlx::query_file!("queries/snapshot_keys.sql").fetch_all(db).await?;
    let keys = rows.into_iter().map(|row| Key {
        id: KeyId(row.id),
        team: TeamId(row.team_id),
        user: row.user_id.map(UserId),
        public: row.public,
        digest: row.digest,
        models: if row.all_models { AllowedModels::All } else { AllowedModels::Only(row.models) },
        // An unknown policy is from a newer version: the strictest is safe.
        store_content: StoreContent::parse(&row.store_content).unwrap_or_default(),
    });
    Ok(keys.collect())
}

async fn models(db: &mut PgConnection) -> Result<Vec<Model>, Error> {
    let rows = sqlx::query!(
        "SELECT id, team_id, name, aliases, context_window, max_output, created_at FROM models ORDER BY id"
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
