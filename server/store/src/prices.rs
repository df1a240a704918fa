//! Prices: append-only versions with their components. The version in force is the newest that has begun.

use chrono::{DateTime, Utc};
use domain::{
    id::{DeploymentId, ModelId, PriceVersionId, TeamId, UserId},
    price::{Pico, Price, PriceClass, PriceComponent},
};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::Error;

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
    /// Where the figure comes from.
    pub source: &'a str,
    pub created_by: Option<UserId>,
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
        version.source,
        version.created_by.map(|user| user.0),
    )
    .execute(&mut *tx)
    .await?;
    for component in version.components {
        sqlx::query!(
            "INSERT INTO price_components (version_id, class, above_input_tokens, pico) VALUES ($1, $2, $3, $4)",
            version.id.0,
            component.class.as_str(),
            i32::try_from(component.above_input_tokens).unwrap_or(i32::MAX),
            component.rate.0,
        )
        .execute(&mut *tx)
        .await?;
    }
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

async fn components_of(
    db: &mut PgConnection,
    versions: &[Uuid],
) -> Result<std::collections::HashMap<Uuid, Vec<PriceComponent>>, Error> {
    let rows = sqlx::query!(
        "SELECT version_id, class, above_input_tokens, pico FROM price_components
          WHERE version_id = ANY ($1) AND variant = 'standard' AND schedule = ''
          ORDER BY version_id, class, above_input_tokens",
        versions
    )
    .fetch_all(db)
    .await?;
    let mut components = std::collections::HashMap::<Uuid, Vec<PriceComponent>>::new();
    for row in rows {
        let Some(class) = PriceClass::parse(&row.class) else {
            return Err(Error::Unknown { column: "price_components.class", value: row.class });
        };
        let above_input_tokens = u32::try_from(row.above_input_tokens).unwrap_or(0);
        let component = PriceComponent { class, above_input_tokens, rate: Pico(row.pico) };
        components.entry(row.version_id).or_default().push(component);
    }
    Ok(components)
}
