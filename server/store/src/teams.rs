//! Teams, and who belongs to which. What happens to one membership is in `members.rs`.

use chrono::{DateTime, Utc};
use domain::{
    id::{TeamId, UserId},
    role::TeamRole,
    team::{StoreContent, TeamSettings},
};
use sqlx::PgConnection;

use crate::Error;

/// The constraint a second team with one slug hits.
pub const SLUG_KEY: &str = "teams_slug_key";

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Team {
    pub id: TeamId,
    pub slug: String,
    pub name: String,
    pub store_content: StoreContent,
}

/// One person in one team.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    pub user: UserId,
    pub email: String,
    pub role: TeamRole,
}

/// A team as the list of the instance shows it.
#[derive(Clone, Debug)]
pub struct Listed {
    pub team: Team,
    pub members: i64,
    /// Keys that are not revoked.
    pub keys: i64,
    pub created_at: DateTime<Utc>,
    /// The reader's role in it.
    pub role: Option<TeamRole>,
}

fn content(text: String) -> Result<StoreContent, Error> {
    StoreContent::parse(&text).ok_or(Error::Unknown { column: "teams.store_content", value: text })
}

fn role(text: String) -> Result<TeamRole, Error> {
    TeamRole::parse(&text).ok_or(Error::Unknown { column: "memberships.role", value: text })
}

pub async fn insert(db: &mut PgConnection, team: &Team) -> Result<(), Error> {
    let Team { id, slug, name, store_content } = team;
    sqlx::query!(
        "INSERT INTO teams (id, slug, name, store_content) VALUES ($1, $2, $3, $4)",
        id.0,
        slug,
        name,
        store_content.as_str()
    )
    .execute(db)
    .await?;
    Ok(())
}

pub async fn rename(db: &mut PgConnection, team: TeamId, name: &str) -> Result<(), Error> {
    sqlx::query!("UPDATE teams SET name = $2, revision = revision + 1 WHERE id = $1", team.0, name).execute(db).await?;
    Ok(())
}

/// For those who may see every team; a member's own come from [`memberships`].
pub async fn by_slug(db: &mut PgConnection, slug: &str) -> Result<Option<Team>, Error> {
    let row = sqlx::query!("SELECT id, slug, name, store_content FROM teams WHERE slug = $1", slug)
        .fetch_optional(db)
        .await?;
    row.map(|row| {
        Ok(Team { id: TeamId(row.id), slug: row.slug, name: row.name, store_content: content(row.store_content)? })
    })
    .transpose()
}

/// Every team, by name: for instance owners and admins.
pub async fn all(db: &mut PgConnection) -> Result<Vec<Team>, Error> {
    let rows = sqlx::query!("SELECT id, slug, name, store_content FROM teams ORDER BY lower(name), slug")
        .fetch_all(db)
        .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Team { id: TeamId(row.id), slug: row.slug, name: row.name, store_content: content(row.store_content)? })
        })
        .collect()
}

/// Every team with its size, by name, and the role that this person has in it.
pub async fn list(db: &mut PgConnection, reader: Option<UserId>) -> Result<Vec<Listed>, Error> {
    let rows = sqlx::query!(
        r#"SELECT t.id, t.slug, t.name, t.store_content, t.created_at, own.role AS "role?",
                  (SELECT count(*) FROM memberships m WHERE m.team_id = t.id) AS "members!",
                  (SELECT count(*) FROM virtual_keys k WHERE k.team_id = t.id AND k.revoked_at IS NULL) AS "keys!"
             FROM teams t LEFT JOIN memberships own ON own.team_id = t.id AND own.user_id = $1
            ORDER BY lower(t.name), t.slug"#,
        reader.map(|user| user.0)
    )
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|row| {
            let team =
                Team { id: TeamId(row.id), slug: row.slug, name: row.name, store_content: content(row.store_content)? };
            let role = row.role.map(role).transpose()?;
            Ok(Listed { team, members: row.members, keys: row.keys, created_at: row.created_at, role })
        })
        .collect()
}

/// Makes changes of one team and of its members wait for each other until the end of the transaction.
pub async fn lock(db: &mut PgConnection, team: TeamId) -> Result<(), Error> {
    // Not `FOR UPDATE`: rows that only refer to the team, such as those of the ledger, must not wait.
    sqlx::query!("SELECT id FROM teams WHERE id = $1 FOR NO KEY UPDATE", team.0).fetch_optional(db).await?;
    Ok(())
}

pub async fn settings(db: &mut PgConnection, team: TeamId) -> Result<Option<TeamSettings>, Error> {
    let row = sqlx::query!("SELECT slug, revision, name, store_content FROM teams WHERE id = $1", team.0)
        .fetch_optional(db)
        .await?;
    row.map(|row| {
        let store_content = content(row.store_content)?;
        Ok(TeamSettings { slug: row.slug, revision: row.revision, name: row.name, store_content })
    })
    .transpose()
}

/// Writes what may change; the revision is counted by itself.
pub async fn update(db: &mut PgConnection, team: TeamId, settings: &TeamSettings) -> Result<(), Error> {
    let TeamSettings { slug: _, revision: _, name, store_content } = settings;
    sqlx::query!(
        "UPDATE teams SET name = $2, store_content = $3, revision = revision + 1 WHERE id = $1",
        team.0,
        name,
        store_content.as_str()
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The teams of one person and their role in each, by name.
pub async fn memberships(db: &mut PgConnection, user: UserId) -> Result<Vec<(Team, TeamRole)>, Error> {
    let rows = sqlx::query!(
        "SELECT t.id, t.slug, t.name, t.store_content, m.role
           FROM memberships m JOIN teams t ON t.id = m.team_id
          WHERE m.user_id = $1 ORDER BY lower(t.name), t.slug",
        user.0
    )
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|row| {
            let team =
                Team { id: TeamId(row.id), slug: row.slug, name: row.name, store_content: content(row.store_content)? };
            Ok((team, role(row.role)?))
        })
        .collect()
}

/// The people of one team, by address.
pub async fn members(db: &mut PgConnection, team: TeamId) -> Result<Vec<Member>, Error> {
    let rows = sqlx::query!(
        "SELECT m.user_id, u.email, m.role FROM memberships m JOIN users u ON u.id = m.user_id
          WHERE m.team_id = $1 ORDER BY u.email",
        team.0
    )
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|row| Ok(Member { user: UserId(row.user_id), email: row.email, role: role(row.role)? }))
        .collect()
}

/// Adds a member, or gives one another role.
pub async fn put_member(db: &mut PgConnection, team: TeamId, user: UserId, role: TeamRole) -> Result<(), Error> {
    sqlx::query!(
        "INSERT INTO memberships (team_id, user_id, role) VALUES ($1, $2, $3)
         ON CONFLICT (team_id, user_id) DO UPDATE SET role = excluded.role",
        team.0,
        user.0,
        role.as_str()
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Makes changes of every team and of its members wait until the end of the transaction, for who describes the whole instance.
pub async fn lock_all(db: &mut PgConnection) -> Result<(), Error> {
    // In the order of their ids, as everywhere.
    sqlx::query!("SELECT id FROM teams ORDER BY id FOR NO KEY UPDATE").fetch_all(db).await?;
    Ok(())
}
