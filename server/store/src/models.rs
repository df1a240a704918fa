//! Models and their deployments. A model belongs to the whole instance or to one team; a team's own hides one of the same
//! name that belongs to the instance. Price versions are in `prices.rs`.

use chrono::{DateTime, NaiveDate, Utc};
use domain::{
    catalog::Capability,
    id::{CredentialId, DeploymentId, ModelId, PriceVersionId, ProviderId, TeamId},
    price::{Pico, version::PriceSource},
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
    pub revision: i64,
    pub team: Option<TeamId>,
    pub name: String,
    pub aliases: Vec<String>,
    pub context_window: Option<u32>,
    pub max_output: Option<u32>,
    /// `None`: not known.
    pub capabilities: Option<Vec<Capability>>,
    pub retires_on: Option<NaiveDate>,
    pub deployment: DeploymentId,
    pub upstream: String,
    pub provider: ProviderId,
    pub provider_slug: String,
    pub provider_kind: String,
    pub price: Option<PriceNow>,
}

/// What is known about a model besides its price.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    pub context_window: Option<u32>,
    pub max_output: Option<u32>,
    /// `None`: not known.
    pub capabilities: Option<Vec<Capability>>,
    pub retires_on: Option<NaiveDate>,
}

impl Facts {
    pub(crate) fn read(
        context_window: Option<i32>,
        max_output: Option<i32>,
        capabilities: Option<Vec<String>>,
        retires_on: Option<NaiveDate>,
    ) -> Result<Self, Error> {
        Ok(Self {
            context_window: tokens("models.context_window", context_window)?,
            max_output: tokens("models.max_output", max_output)?,
            capabilities: capabilities.map(abilities).transpose()?,
            retires_on,
        })
    }
}

fn abilities(words: Vec<String>) -> Result<Vec<Capability>, Error> {
    let known =
        |word: String| Capability::parse(&word).ok_or(Error::Unknown { column: "models.capabilities", value: word });
    words.into_iter().map(known).collect()
}

/// The base-tier rates of a price version that people type and see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PriceNow {
    pub version: PriceVersionId,
    pub effective_from: DateTime<Utc>,
    pub source: PriceSource,
    pub is_confirmed: bool,
    pub input: Option<Pico>,
    pub cache_read: Option<Pico>,
    pub output: Option<Pico>,
}

struct Row {
    id: uuid::Uuid,
    revision: i64,
    team_id: Option<uuid::Uuid>,
    name: String,
    aliases: Vec<String>,
    context_window: Option<i32>,
    max_output: Option<i32>,
    capabilities: Option<Vec<String>>,
    retires_on: Option<NaiveDate>,
    deployment_id: uuid::Uuid,
    upstream_model: String,
    provider_id: uuid::Uuid,
    provider_slug: String,
    provider_kind: String,
    version_id: Option<uuid::Uuid>,
    effective_from: Option<DateTime<Utc>>,
    source: Option<String>,
    confirmed_at: Option<DateTime<Utc>>,
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
            source: crate::prices::source(row.source.as_deref().unwrap_or_default()),
            is_confirmed: row.confirmed_at.is_some(),
            input: row.input_pico.map(Pico),
            cache_read: row.cache_read_pico.map(Pico),
            output: row.output_pico.map(Pico),
        });
        let Facts { context_window, max_output, capabilities, retires_on } =
            Facts::read(row.context_window, row.max_output, row.capabilities, row.retires_on)?;
        Ok(Self {
            id: ModelId(row.id),
            revision: row.revision,
            team: row.team_id.map(TeamId),
            name: row.name,
            aliases: row.aliases,
            context_window,
            max_output,
            capabilities,
            retires_on,
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
        "UPDATE models SET aliases = $2, context_window = $3, max_output = $4, revision = revision + 1 WHERE id = $1",
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

/// Writes what has become known about a model of exactly this owner; what is `None` stays as it is.
pub async fn learn(db: &mut PgConnection, owner: Option<TeamId>, model: ModelId, facts: &Facts) -> Result<(), Error> {
    let Facts { context_window, max_output, capabilities, retires_on } = facts;
    let words = capabilities.as_ref().map(|all| all.iter().map(|it| it.as_str().to_owned()).collect::<Vec<_>>());
    sqlx::query_file!(
        "queries/models_learn.sql",
        owner.map(|team| team.0),
        model.0,
        column(*context_window),
        column(*max_output),
        words.as_deref(),
        *retires_on
    )
    .execute(db)
    .await?;
    Ok(())
}

/// What people may change of a model.
#[derive(Clone, Copy, Debug)]
pub struct Edit<'a> {
    pub name: &'a str,
    pub upstream: &'a str,
    pub aliases: &'a [String],
    pub facts: &'a Facts,
}

/// Writes all that people may change, known or not.
pub async fn edit(db: &mut PgConnection, owner: Option<TeamId>, model: &Model, edit: Edit<'_>) -> Result<(), Error> {
    let Facts { context_window, max_output, capabilities, retires_on } = edit.facts;
    let words = capabilities.as_ref().map(|all| all.iter().map(|it| it.as_str().to_owned()).collect::<Vec<_>>());
    sqlx::query_file!(
        "queries/models_edit.sql",
        owner.map(|team| team.0),
        model.id.0,
        edit.name,
        edit.aliases,
        column(*context_window),
        column(*max_output),
        words.as_deref(),
        *retires_on,
        model.deployment.0,
        edit.upstream
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Takes a model out of service and out of lists. Its calls and prices stay.
pub async fn archive(db: &mut PgConnection, owner: Option<TeamId>, model: ModelId) -> Result<(), Error> {
    sqlx::query!(
        "UPDATE models SET archived_at = clock_timestamp(), revision = revision + 1
          WHERE id = $1 AND team_id IS NOT DISTINCT FROM $2 AND archived_at IS NULL",
        model.0,
        owner.map(|team| team.0)
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Makes changes of one model wait for each other until the end of the transaction.
pub async fn lock(db: &mut PgConnection, model: ModelId) -> Result<(), Error> {
    sqlx::query!("SELECT id FROM models WHERE id = $1 FOR UPDATE", model.0).fetch_optional(db).await?;
    Ok(())
}

/// What a model is called.
#[derive(Clone, Debug)]
pub struct Named {
    pub id: ModelId,
    pub owner: Option<TeamId>,
    pub name: String,
    pub aliases: Vec<String>,
}

/// The names of all models in service, of every owner: for who describes the whole instance.
pub async fn names(db: &mut PgConnection) -> Result<Vec<Named>, Error> {
    let rows =
        sqlx::query!("SELECT id, team_id, name, aliases FROM models WHERE archived_at IS NULL").fetch_all(db).await?;
    let named = rows.into_iter().map(|row| Named {
        id: ModelId(row.id),
        owner: row.team_id.map(TeamId),
        name: row.name,
        aliases: row.aliases,
    });
    Ok(named.collect())
}
