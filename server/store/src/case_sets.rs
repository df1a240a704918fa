//! Named lists of cases, of one person or of the whole team. One that is archived is not found any more.

use domain::{
    grid::Case,
    id::{CaseSetId, TeamId, UserId},
};
use sqlx::PgConnection;

use crate::{Error, storable};

/// A set in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    pub id: CaseSetId,
    pub name: String,
    pub cases: u32,
    pub owner: UserId,
    pub owner_name: String,
    pub shared: bool,
}

/// A set with its cases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseSet {
    pub name: String,
    pub owner: UserId,
    pub shared: bool,
    pub cases: Vec<Case>,
}

/// What is saved.
#[derive(Clone, Copy, Debug)]
pub struct NewCaseSet<'a> {
    pub name: &'a str,
    pub shared: bool,
    pub cases: &'a [Case],
}

/// A person's own sets and those that are shared, by name.
pub async fn list(db: &mut PgConnection, team: TeamId, user: UserId) -> Result<Vec<Listed>, Error> {
    let rows = sqlx::query!(
        r#"SELECT s.id, s.name, jsonb_array_length(s.cases) AS "cases!", s.owner, u.name AS owner_name, s.shared
             FROM case_sets s JOIN users u ON u.id = s.owner
            WHERE s.team_id = $1 AND (s.owner = $2 OR s.shared) AND s.archived_at IS NULL
            ORDER BY lower(s.name), s.name, s.id"#,
        team.0,
        user.0
    )
    .fetch_all(db)
    .await?;
    let sets = rows.into_iter().map(|row| Listed {
        id: CaseSetId(row.id),
        name: row.name,
        cases: u32::try_from(row.cases).unwrap_or(0),
        owner: UserId(row.owner),
        owner_name: row.owner_name,
        shared: row.shared,
    });
    Ok(sets.collect())
}

/// A set of the team, whoever may see it.
pub async fn get(db: &mut PgConnection, team: TeamId, set: CaseSetId) -> Result<Option<CaseSet>, Error> {
    let row = sqlx::query!(
        "SELECT name, owner, shared, cases FROM case_sets WHERE team_id = $1 AND id = $2 AND archived_at IS NULL",
        team.0,
        set.0
    );
    let Some(row) = row.fetch_optional(db).await? else { return Ok(None) };
    let cases = storable::parsed("case_sets.cases", row.cases)?;
    Ok(Some(CaseSet { name: row.name, owner: UserId(row.owner), shared: row.shared, cases }))
}

/// A person's own set of this name.
pub async fn by_name(
    db: &mut PgConnection,
    team: TeamId,
    owner: UserId,
    name: &str,
) -> Result<Option<CaseSetId>, Error> {
    let id = sqlx::query_scalar!(
        "SELECT id FROM case_sets WHERE team_id = $1 AND owner = $2 AND name = $3 AND archived_at IS NULL",
        team.0,
        owner.0,
        storable::text(name)
    );
    Ok(id.fetch_optional(db).await?.map(CaseSetId))
}

/// A name that the owner has given already is [`Error::Taken`] with `case_sets_name_key`.
pub async fn insert(
    db: &mut PgConnection,
    team: TeamId,
    owner: UserId,
    id: CaseSetId,
    set: &NewCaseSet<'_>,
) -> Result<(), Error> {
    let NewCaseSet { name, shared, cases } = set;
    sqlx::query!(
        "INSERT INTO case_sets (id, team_id, owner, name, shared, cases) VALUES ($1, $2, $3, $4, $5, $6)",
        id.0,
        team.0,
        owner.0,
        storable::text(name),
        shared,
        storable::json("case_sets.cases", cases)?
    )
    .execute(db)
    .await?;
    Ok(())
}

/// `false` when the team has no such set.
pub async fn update(db: &mut PgConnection, team: TeamId, id: CaseSetId, set: &NewCaseSet<'_>) -> Result<bool, Error> {
    let NewCaseSet { name, shared, cases } = set;
    let done = sqlx::query!(
        "UPDATE case_sets SET name = $3, shared = $4, cases = $5, changed_at = clock_timestamp()
          WHERE team_id = $1 AND id = $2 AND archived_at IS NULL",
        team.0,
        id.0,
        storable::text(name),
        shared,
        storable::json("case_sets.cases", cases)?
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// `false` when the team has no such set, or had it.
pub async fn archive(db: &mut PgConnection, team: TeamId, id: CaseSetId) -> Result<bool, Error> {
    let done = sqlx::query!(
        "UPDATE case_sets SET archived_at = clock_timestamp() WHERE team_id = $1 AND id = $2 AND archived_at IS NULL",
        team.0,
        id.0
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

#[cfg(test)]
mod tests;
