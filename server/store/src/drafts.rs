//! The grid that a person was last typing in a team.

use domain::{
    grid::Grid,
    id::{TeamId, UserId},
};
use sqlx::PgConnection;

use crate::{Error, storable};

/// `None` also when the draft has a shape that this version does not read: nobody can go on with it.
pub async fn get(db: &mut PgConnection, team: TeamId, user: UserId) -> Result<Option<Grid>, Error> {
    let grid = sqlx::query_scalar!("SELECT grid FROM drafts WHERE team_id = $1 AND user_id = $2", team.0, user.0);
    let Some(grid) = grid.fetch_optional(db).await? else { return Ok(None) };
    Ok(storable::parsed("drafts.grid", grid).inspect_err(|error| tracing::warn!(%error, "a draft is left out")).ok())
}

/// Keeps a draft in place of the one before.
pub async fn put(db: &mut PgConnection, team: TeamId, user: UserId, grid: &Grid) -> Result<(), Error> {
    sqlx::query!(
        "INSERT INTO drafts (team_id, user_id, grid) VALUES ($1, $2, $3)
             ON CONFLICT (team_id, user_id) DO UPDATE SET grid = excluded.grid, saved_at = clock_timestamp()",
        team.0,
        user.0,
        storable::json("drafts.grid", grid)?
    )
    .execute(db)
    .await?;
    Ok(())
}
