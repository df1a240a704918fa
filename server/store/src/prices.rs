//! Prices: append-only versions with their components. The version in force is the newest that has begun.
//!
//! A version is never changed; the one later act is to confirm it, once.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use domain::{
    id::{DeploymentId, ModelId, PriceVersionId, TeamId, UserId},
    price::{Pico, Price, PriceClass, PriceComponent, Variant, version::PriceSource},
};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{Error, models::Facts};

/// The unique index over what is priced and from when.
pub const VERSION_KEY: &str = "price_versions_key";

/// What a price is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PriceTarget {
    Deployment(DeploymentId),
    /// Every deployment of the model that has no price of its own.
    Model(ModelId),
}

/// A version about to be added.
#[derive(Clone, Debug)]
pub struct NewVersion<'a> {
    pub id: PriceVersionId,
    pub target: PriceTarget,
    /// Only for this team; `None`: for all.
    pub team: Option<TeamId>,
    /// `None`: from now on, by the database's clock.
    pub effective_from: Option<DateTime<Utc>>,
    pub source: PriceSource,
    /// Where the figures stand; may be empty.
    pub source_url: &'a str,
    pub source_date: Option<NaiveDate>,
    pub note: &'a str,
    pub created_by: Option<UserId>,
    /// Does whoever adds it stand behind it?
    pub is_confirmed: bool,
    pub components: &'a [PriceComponent],
}

/// Adds a version. [`Error::Taken`] with [`VERSION_KEY`] when one already begins at the same moment.
pub async fn insert_version(tx: &mut PgConnection, version: &NewVersion<'_>) -> Result<(), Error> {
    let (deployment, model) = match version.target {
        PriceTarget::Deployment(id) => (Some(id.0), None),
        PriceTarget::Model(id) => (None, Some(id.0)),
    };
    sqlx::query_file!(
        "queries/prices_insert.sql",
        version.id.0,
        deployment,
        model,
        version.team.map(|team| team.0),
        version.effective_from,
        version.source.as_str(),
        version.source_url,
        version.source_date,
        version.note,
        version.created_by.map(|user| user.0),
        version.is_confirmed,
    )
    .execute(&mut *tx)
    .await?;
    let column = |text: fn(&PriceComponent) -> &'static str| -> Vec<String> {
        version.components.iter().map(|it| text(it).to_owned()).collect()
    };
    let thresholds: Vec<i32> =
        version.components.iter().map(|it| i32::try_from(it.above_input_tokens).unwrap_or(i32::MAX)).collect();
    let rates: Vec<i64> = version.components.iter().map(|it| it.rate.0).collect();
    sqlx::query_file!(
        "queries/prices_insert_components.sql",
        version.id.0,
        &column(|it| it.class.as_str()),
        &column(|it| it.variant.as_str()),
        &thresholds,
        &rates
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// A version that is in force or will be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    pub target: PriceTarget,
    pub team: Option<TeamId>,
    pub effective_from: DateTime<Utc>,
    pub price: Price,
}

/// All versions that are in force or still to come, for the gateway's snapshot; newest first.
pub async fn current_and_future(db: &mut PgConnection) -> Result<Vec<Version>, Error> {
    let rows = sqlx::query_file!("queries/prices_versions.sql").fetch_all(&mut *db).await?;
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let mut components = components_of(db, &ids).await?;
    let mut versions = Vec::with_capacity(rows.len());
    for row in rows {
        let target = match (row.deployment_id, row.model_id) {
            (Some(id), _) => PriceTarget::Deployment(DeploymentId(id)),
            (None, Some(id)) => PriceTarget::Model(ModelId(id)),
            (None, None) => {
                return Err(Error::Unknown { column: "price_versions.model_id", value: row.id.to_string() });
            }
        };
        versions.push(Version {
            target,
            team: row.team_id.map(TeamId),
            effective_from: row.effective_from,
            price: Price {
                version: PriceVersionId(row.id),
                components: components.remove(&row.id).unwrap_or_default(),
            },
        });
    }
    Ok(versions)
}

/// One version by its id, for receipts.
pub async fn version(db: &mut PgConnection, id: PriceVersionId) -> Result<Option<(Price, DateTime<Utc>)>, Error> {
    let since = sqlx::query_scalar!("SELECT effective_from FROM price_versions WHERE id = $1", id.0);
    let Some(since) = since.fetch_optional(&mut *db).await? else { return Ok(None) };
    let components = components_of(db, &[id.0]).await?.remove(&id.0).unwrap_or_default();
    Ok(Some((Price { version: id, components }, since)))
}

/// One version as people read it.
#[derive(Clone, Debug)]
pub struct Listed {
    pub id: PriceVersionId,
    pub effective_from: DateTime<Utc>,
    /// When the next one begins.
    pub until: Option<DateTime<Utc>>,
    pub is_future: bool,
    pub source: PriceSource,
    pub source_url: String,
    pub source_date: Option<NaiveDate>,
    pub note: String,
    /// Their name; `None`: the operator.
    pub author: Option<String>,
    pub confirmed_at: Option<DateTime<Utc>>,
    pub confirmer: Option<String>,
    pub components: Vec<PriceComponent>,
}

/// The versions of one deployment of a model that the team can use, newest first.
pub async fn history(db: &mut PgConnection, team: TeamId, deployment: DeploymentId) -> Result<Vec<Listed>, Error> {
    let rows = sqlx::query_file!("queries/prices_history.sql", team.0, deployment.0).fetch_all(&mut *db).await?;
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let mut components = components_of(db, &ids).await?;
    let listed = rows.into_iter().map(|row| Listed {
        id: PriceVersionId(row.id),
        effective_from: row.effective_from,
        until: row.until,
        is_future: row.is_future,
        source: source(&row.source),
        source_url: row.source_url,
        source_date: row.source_date,
        note: row.note,
        author: row.author,
        confirmed_at: row.confirmed_at,
        confirmer: row.confirmer,
        components: components.remove(&row.id).unwrap_or_default(),
    });
    Ok(listed.collect())
}

/// Notes that somebody stands behind a version. `false`: there is none of that id here, or it is confirmed already.
pub async fn confirm(
    db: &mut PgConnection,
    team: TeamId,
    deployment: DeploymentId,
    version: PriceVersionId,
    by: Option<UserId>,
) -> Result<bool, Error> {
    let by = by.map(|user| user.0);
    let done = sqlx::query_file!("queries/prices_confirm.sql", team.0, deployment.0, version.0, by).execute(db).await?;
    Ok(done.rows_affected() > 0)
}

/// A deployment as an import sees it.
#[derive(Clone, Debug)]
pub struct Deployment {
    pub id: DeploymentId,
    pub model: ModelId,
    pub team: Option<TeamId>,
    pub team_slug: Option<String>,
    pub name: String,
    pub aliases: Vec<String>,
    pub upstream: String,
    pub provider_slug: String,
    pub provider_kind: String,
    pub preset: String,
    pub base_url: String,
    pub facts: Facts,
    /// The price in force.
    pub price: Option<Price>,
}

/// All deployments of the instance, of every team. The transaction holds the settings still while an import compares.
pub async fn deployments(db: &mut PgConnection) -> Result<Vec<Deployment>, Error> {
    let rows = sqlx::query_file!("queries/prices_deployments.sql").fetch_all(&mut *db).await?;
    let ids: Vec<Uuid> = rows.iter().filter_map(|row| row.version_id).collect();
    let mut components = components_of(db, &ids).await?;
    let mut deployments = Vec::with_capacity(rows.len());
    for row in rows {
        let price = row
            .version_id
            .map(|id| Price { version: PriceVersionId(id), components: components.remove(&id).unwrap_or_default() });
        deployments.push(Deployment {
            id: DeploymentId(row.id),
            model: ModelId(row.model_id),
            team: row.team_id.map(TeamId),
            team_slug: row.team_slug,
            name: row.name,
            aliases: row.aliases,
            upstream: row.upstream_model,
            provider_slug: row.provider_slug,
            provider_kind: row.provider_kind,
            preset: row.preset,
            base_url: row.base_url,
            facts: Facts::read(row.context_window, row.max_output, row.capabilities, row.retires_on)?,
            price,
        });
    }
    Ok(deployments)
}

/// What this version does not know was written by hand or by an older one, which had no other word for it.
pub(crate) fn source(text: &str) -> PriceSource {
    PriceSource::parse(text).unwrap_or(PriceSource::Typed)
}

async fn components_of(db: &mut PgConnection, versions: &[Uuid]) -> Result<HashMap<Uuid, Vec<PriceComponent>>, Error> {
    let rows = sqlx::query!(
        "SELECT version_id, class, variant, above_input_tokens, pico FROM price_components
          WHERE version_id = ANY ($1) AND schedule = ''",
        versions
    )
    .fetch_all(db)
    .await?;
    let mut components = HashMap::<Uuid, Vec<PriceComponent>>::new();
    for row in rows {
        let Some(class) = PriceClass::parse(&row.class) else {
            return Err(Error::Unknown { column: "price_components.class", value: row.class });
        };
        let Some(variant) = Variant::parse(&row.variant) else {
            return Err(Error::Unknown { column: "price_components.variant", value: row.variant });
        };
        let above_input_tokens = u32::try_from(row.above_input_tokens).unwrap_or(0);
        let component = PriceComponent { class, variant, above_input_tokens, rate: Pico(row.pico) };
        components.entry(row.version_id).or_default().push(component);
    }
    for of_version in components.values_mut() {
        of_version.sort_by_key(PriceComponent::key);
    }
    Ok(components)
}
