//! Questions of History with a name, of one person or of the whole team.

use domain::id::{TeamId, UserId, ViewId};
use sqlx::PgConnection;

use crate::{Error, storable};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    pub id: ViewId,
    pub name: String,
    /// The part of the address behind `?`.
    pub query: String,
    pub shared: bool,
    pub owner: UserId,
    pub owner_name: String,
}

/// What is saved.
#[derive(Clone, Copy, Debug)]
pub struct NewView<'a> {
    pub name: &'a str,
    pub query: &'a str,
    pub shared: bool,
}

/// A person's own views and those that are shared, by name.
pub async fn list(db: &mut PgConnection, team: TeamId, user: UserId) -> Result<Vec<View>, Error> {
    let rows = sqlx::query!(
        "SELECT v.id, v.name, v.query, v.shared, v.owner, u.name AS owner_name
           FROM saved_views v JOIN users u ON u.id = v.owner
          WHERE v.team_id = $1 AND (v.owner = $2 OR v.shared)
          ORDER BY lower(v.name), v.name, v.id",
        team.0,
        user.0
    )
    .fetch_all(db)
    .await?;
    let views = rows.into_iter().map(|row| View {
        id: ViewId(row.id),
        name: row.name,
        query: row.query,
        shared: row.shared,
        owner: UserId(row.owner),
        owner_name: row.owner_name,
    });
    Ok(views.collect())
}

/// Whose view it is.
pub async fn owner(db: &mut PgConnection, team: TeamId, view: ViewId) -> Result<Option<UserId>, Error> {
    let owner = sqlx::query_scalar!("SELECT owner FROM saved_views WHERE team_id = $1 AND id = $2", team.0, view.0);
    Ok(owner.fetch_optional(db).await?.map(UserId))
}

/// Saves a view, in place of the owner's view of the same name; the id is that of the one it replaced.
pub async fn insert(
    db: &mut PgConnection,
    team: TeamId,
    owner: UserId,
    id: ViewId,
    view: &NewView<'_>,
) -> Result<ViewId, Error> {
    let NewView { name, query, shared } = view;
    let stored = sqlx::query_scalar!(
        "INSERT INTO saved_views (id, team_id, owner, name, query, shared) VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT ON CONSTRAINT saved_views_name_key DO UPDATE SET query = excluded.query, shared = excluded.shared
         RETURNING id",
        id.0,
        team.0,
        owner.0,
        storable::text(name),
        storable::text(query),
        shared
    );
    Ok(ViewId(stored.fetch_one(db).await?))
}

/// `false` when the team has no such view.
pub async fn delete(db: &mut PgConnection, team: TeamId, view: ViewId) -> Result<bool, Error> {
    let done =
        sqlx::query!("DELETE FROM saved_views WHERE team_id = $1 AND id = $2", team.0, view.0).execute(db).await?;
    Ok(done.rows_affected() == 1)
}
