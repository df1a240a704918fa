//! Models and their deployments. A model belongs to the whole instance or to one team; a team's own hides one of the same
//! name that belongs to the instance. Price versions are in `prices.rs`.

use chrono::{DateTime, Utc};
use domain::{
    id::{CredentialId, DeploymentId, ModelId, PriceVersionId, ProviderId, TeamId},
    price::Pico,
};
use sqlx::PgConnection;

use crate::Error;

/// The constraint a second model with one name and owner hits.
pub const NAME_KEY: &str = "models_name_key";

/// A model with the deployment that serves it, as it is inserted.
#[derive(Clone, Copy, Debug)]
pub struct NewModel<'a> {
    pub id: ModelId,
    /// `None`: the whole instance.
    pub team: Option<TeamId>,
    pub name: &'a str,
    pub aliases: &'a [String],
    pub context_window: Option<u32>,
    pub max_output: Option<u32>,
    pub deployment: DeploymentId,
    pub provider: ProviderId,
    pub credential: Option<CredentialId>,
    pub upstream: &'a str,
}

/// A model, its first deployment and the price in force.
#[derive(Clone, Debug)]
pub struct Model {
    pub id: ModelId,
    pub team: Option<TeamId>,
    pub name: String,
    pub aliases: Vec<String>,
    pub context_window: Option<u32>,
    pub max_output: Option<u32>,
    pub deployment: DeploymentId,
    pub upstream: String,
    pub provider: ProviderId,
    pub provider_slug: String,
    pub provider_kind: String,
    pub price: Option<PriceNow>,
}

/// The base-tier rates of a price version that people type and see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PriceNow {
    pub version: PriceVersionId,
    pub effective_from: DateTime<Utc>,
    pub input: Option<Pico>,
    pub cache_read: Option<Pico>,
    pub output: Option<Pico>,
}

struct Row {
    id: uuid::Uuid,
    team_id: Option<uuid::Uuid>,
    name: String,
    aliases: Vec<String>,
    context_window: Option<i32>,
    max_output: Option<i32>,
    deployment_id: uuid::Uuid,
    upstream_model: String,
    provider_id: uuid::Uuid,
    provider_slug: String,
    provider_kind: String,
    version_id: Option<uuid::Uuid>,
    effective_from: Option<DateTime<Utc>>,
    input_pico: Option<i64>,
    cache_read_pico: Option<i64>,
    output_pico: Option<i64>,
}

fn tokens(column: &'static str, value: Option<i32>) -> Result<Option<u32>, Error> {
    value.map(|n| u32::try_from(n).map_err(|_| Error::Unknown { column, value: n.to_string() })).transpose()
}

impl TryFrom<Row> for Model {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        let price = row.version_id.zip(row.effective_from).map(|(version, effective_from)| PriceNow {
            version: PriceVersionId(version),
            effective_from,
            input: row.input_pico.map(Pico),
            cache_read: row.cache_read_pico.map(Pico),
            output: row.output_pico.map(Pico),
        });
        Ok(Self {
            id: ModelId(row.id),
            team: row.team_id.map(TeamId),
            name: row.name,
            aliases: row.aliases,
            context_window: tokens("models.context_window", row.context_window)?,
            max_output: tokens("models.max_output", row.max_output)?,
            deployment: DeploymentId(row.deployment_id),
            upstream: row.upstream_model,
            provider: ProviderId(row.provider_id),
            provider_slug: row.provider_slug,
            provider_kind: row.provider_kind,
            price,
        })
    }
}

/// Token counts above `i32::MAX` are refused by validation long before.
fn column(tokens: Option<u32>) -> Option<i32> {
    tokens.map(|n| i32::try_from(n).unwrap_or(i32::MAX))
}

pub async fn insert(db: &mut PgConnection, model: &NewModel<'_>) -> Result<(), Error> {
    let NewModel { id, team, name, aliases, context_window, max_output, deployment, provider, credential, upstream } =
        *model;
    sqlx::query!(
        "INSERT INTO models (id, team_id, name, aliases, context_window, max_output) VALUES ($1, $2, $3, $4, $5, $6)",
        id.0,
        team.map(|team| team.0),
        name,
        aliases,
        column(context_window),
        column(max_output)
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "INSERT INTO deployments (id, model_id, provider_id, credential_id, upstream_model) VALUES ($1, $2, $3, $4, $5)",
        deployment.0,
        id.0,
        provider.0,
        credential.map(|credential| credential.0),
        upstream
    )
    .execute(db)
    .await?;
    Ok(())
}

/// What a team can call, by name: its own models and those of the instance that none of its own hides.
pub async fn list(db: &mut PgConnection, team: TeamId) -> Result<Vec<Model>, Error> {
    let rows = sqlx::query_file_as!(Row, "queries/models_list.sql", team.0).fetch_all(db).await?;
    rows.into_iter().map(Model::try_from).collect()
}

/// The model of exactly this owner (a team, or the instance) with this name, for who describes the whole instance.
pub async fn by_name(db: &mut PgConnection, owner: Option<TeamId>, name: &str) -> Result<Option<Model>, Error> {
    let row = sqlx::query_file_as!(Row, "queries/models_by_name.sql", owner.map(|team| team.0), name)
        .fetch_optional(db)
        .await?;
    row.map(Model::try_from).transpose()
}

/// Changes what a bundle may change of a model: all but its name and owner.
pub async fn update(db: &mut PgConnection, model: &NewModel<'_>) -> Result<(), Error> {
    let NewModel {
        id,
        team: _,
        name: _,
        aliases,
        context_window,
        max_output,
        deployment,
        provider,
        credential,
        upstream,
    } = *model;
    sqlx::query!(
        "UPDATE models SET aliases = $2, context_window = $3, max_output = $4 WHERE id = $1",
        id.0,
        aliases,
        column(context_window),
        column(max_output)
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "UPDATE deployments SET provider_id = $2, credential_id = $3, upstream_model = $4 WHERE id = $1",
        deployment.0,
        provider.0,
        credential.map(|credential| credential.0),
        upstream
    )
    .execute(db)
    .await?;
    Ok(())
}
