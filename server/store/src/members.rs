//! Memberships: who is in one team, in which role, and what ends with a membership.

use chrono::{DateTime, Utc};
use domain::{
    id::{TeamId, UserId},
    person::TeamOfPerson,
    role::{InstanceRole, TeamRole},
};
use sqlx::PgConnection;

use crate::Error;

/// A member as the list of a team shows them.
#[derive(Clone, Debug)]
pub struct Listed {
    pub user: UserId,
    pub email: String,
    pub name: String,
    pub role: TeamRole,
    pub instance_role: InstanceRole,
    pub disabled: bool,
    pub joined_at: DateTime<Utc>,
    /// The last use of a session that is still remembered.
    pub last_seen_at: Option<DateTime<Utc>>,
}

fn parsed(text: String) -> Result<TeamRole, Error> {
    TeamRole::parse(&text).ok_or(Error::Unknown { column: "memberships.role", value: text })
}

/// The people of one team, by name.
pub async fn list(db: &mut PgConnection, team: TeamId) -> Result<Vec<Listed>, Error> {
    let rows = sqlx::query!(
        r#"SELECT m.user_id, u.email, u.name, m.role, u.role AS instance_role, u.disabled_at IS NOT NULL AS "disabled!",
                  m.created_at,
                  (SELECT max(s.last_seen_at) FROM sessions s WHERE s.user_id = m.user_id) AS last_seen_at
             FROM memberships m JOIN users u ON u.id = m.user_id
            WHERE m.team_id = $1 ORDER BY lower(u.name), u.email"#,
        team.0
    )
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|row| {
            let instance_role = InstanceRole::parse(&row.instance_role)
                .ok_or(Error::Unknown { column: "users.role", value: row.instance_role })?;
            Ok(Listed {
                user: UserId(row.user_id),
                email: row.email,
                name: row.name,
                role: parsed(row.role)?,
                instance_role,
                disabled: row.disabled,
                joined_at: row.created_at,
                last_seen_at: row.last_seen_at,
            })
        })
        .collect()
}

/// `None`: not a member.
pub async fn role(db: &mut PgConnection, team: TeamId, user: UserId) -> Result<Option<TeamRole>, Error> {
    let role = sqlx::query_scalar!("SELECT role FROM memberships WHERE team_id = $1 AND user_id = $2", team.0, user.0)
        .fetch_optional(db)
        .await?;
    role.map(parsed).transpose()
}

/// How many admins who can sign in the team has beside this person. Their accounts stay as they are until the end of the
/// transaction: none is disabled between this count and what it allows.
pub async fn other_admins(db: &mut PgConnection, team: TeamId, user: UserId) -> Result<i64, Error> {
    let count = sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!"
             FROM (SELECT FROM memberships m JOIN users u ON u.id = m.user_id
                    WHERE m.team_id = $1 AND m.user_id <> $2 AND m.role = 'admin' AND u.disabled_at IS NULL
                      FOR SHARE OF u) AS others"#,
        team.0,
        user.0
    );
    Ok(count.fetch_one(db).await?)
}

/// The teams that this person leads. They are locked, so that none of their admins goes before this transaction ends.
pub async fn lock_led_by(db: &mut PgConnection, user: UserId) -> Result<Vec<(TeamId, String)>, Error> {
    // In the order of their ids: two transactions that share two teams would otherwise wait for each other.
    let rows = sqlx::query!(
        "SELECT t.id, t.slug FROM teams t JOIN memberships m ON m.team_id = t.id
          WHERE m.user_id = $1 AND m.role = 'admin' ORDER BY t.id FOR NO KEY UPDATE OF t",
        user.0
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (TeamId(row.id), row.slug)).collect())
}

/// Every membership of everybody, by the team's name.
pub async fn of_everybody(db: &mut PgConnection) -> Result<Vec<(UserId, TeamOfPerson)>, Error> {
    let rows = sqlx::query!(
        "SELECT m.user_id, t.slug, t.name, m.role FROM memberships m JOIN teams t ON t.id = m.team_id
          ORDER BY lower(t.name), t.slug"
    )
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|row| Ok((UserId(row.user_id), TeamOfPerson { slug: row.slug, name: row.name, role: parsed(row.role)? })))
        .collect()
}

/// `false`: they are a member already, and nothing was written.
pub async fn add(db: &mut PgConnection, team: TeamId, user: UserId, role: TeamRole) -> Result<bool, Error> {
    let done = sqlx::query!(
        "INSERT INTO memberships (team_id, user_id, role) VALUES ($1, $2, $3) ON CONFLICT (team_id, user_id) DO NOTHING",
        team.0,
        user.0,
        role.as_str()
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() > 0)
}

pub async fn set_role(db: &mut PgConnection, team: TeamId, user: UserId, role: TeamRole) -> Result<(), Error> {
    sqlx::query!("UPDATE memberships SET role = $3 WHERE team_id = $1 AND user_id = $2", team.0, user.0, role.as_str())
        .execute(db)
        .await?;
    Ok(())
}

/// Ends a membership, and with it the personal keys and the management tokens that this person has for the team.
pub async fn remove(db: &mut PgConnection, team: TeamId, user: UserId) -> Result<(), Error> {
    sqlx::query!("DELETE FROM memberships WHERE team_id = $1 AND user_id = $2", team.0, user.0)
        .execute(&mut *db)
        .await?;
    sqlx::query!(
        "UPDATE virtual_keys SET revoked_at = clock_timestamp()
          WHERE team_id = $1 AND user_id = $2 AND revoked_at IS NULL",
        team.0,
        user.0
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "UPDATE management_tokens SET revoked_at = clock_timestamp()
          WHERE team_id = $1 AND user_id = $2 AND revoked_at IS NULL",
        team.0,
        user.0
    )
    .execute(db)
    .await?;
    Ok(())
}
