//! Users: who may sign in, their role at the instance, and what they chose for themselves.

use chrono::{DateTime, Utc};
use domain::{
    id::UserId,
    person::{Density, Profile, Theme},
    role::InstanceRole,
};
use sqlx::PgConnection;

use crate::{
    Error,
    sessions::{ABSOLUTE_HOURS, IDLE_HOURS},
};

/// Most accounts of the list of people.
const MOST_LISTED: i64 = 5_000;

/// The constraint a second account with one address hits.
pub const EMAIL_KEY: &str = "users_email_key";

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    pub id: UserId,
    /// Lower case.
    pub email: String,
    pub name: String,
    pub role: InstanceRole,
    pub disabled: bool,
}

/// What sign-in needs of an account.
#[derive(Clone, Debug)]
pub struct SignIn {
    pub id: UserId,
    pub password_hash: String,
    pub disabled: bool,
}

/// An account as the list of people shows it.
#[derive(Clone, Debug)]
pub struct Listed {
    pub user: User,
    pub created_at: DateTime<Utc>,
    /// The last use of a session that is still remembered.
    pub last_seen_at: Option<DateTime<Utc>>,
    /// Sessions that are live.
    pub sessions: i64,
}

fn role(text: String) -> Result<InstanceRole, Error> {
    InstanceRole::parse(&text).ok_or(Error::Unknown { column: "users.role", value: text })
}

pub async fn insert(db: &mut PgConnection, user: &User, password_hash: &str) -> Result<(), Error> {
    let User { id, email, name, role, disabled: _ } = user;
    sqlx::query!(
        "INSERT INTO users (id, email, name, role, password_hash) VALUES ($1, $2, $3, $4, $5)",
        id.0,
        email,
        name,
        role.as_str(),
        password_hash
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The account and the zone its owner wants times in; an empty zone is the instance's.
pub async fn with_zone(db: &mut PgConnection, user: UserId) -> Result<Option<(User, String)>, Error> {
    let row = sqlx::query!(
        r#"SELECT id, email, name, role, disabled_at IS NOT NULL AS "disabled!", zone FROM users WHERE id = $1"#,
        user.0
    )
    .fetch_optional(db)
    .await?;
    row.map(|row| {
        let user = User {
            id: UserId(row.id),
            email: row.email,
            name: row.name,
            role: role(row.role)?,
            disabled: row.disabled,
        };
        Ok((user, row.zone))
    })
    .transpose()
}

/// The account; whoever else changes it waits until the end of the transaction.
pub async fn lock(db: &mut PgConnection, user: UserId) -> Result<Option<User>, Error> {
    let row = sqlx::query!(
        r#"SELECT id, email, name, role, disabled_at IS NOT NULL AS "disabled!" FROM users WHERE id = $1
           FOR NO KEY UPDATE"#,
        user.0
    )
    .fetch_optional(db)
    .await?;
    row.map(|row| {
        Ok(User { id: UserId(row.id), email: row.email, name: row.name, role: role(row.role)?, disabled: row.disabled })
    })
    .transpose()
}

/// All accounts by name, at most 5,000.
pub async fn list(db: &mut PgConnection) -> Result<Vec<Listed>, Error> {
    let rows = sqlx::query!(
        r#"SELECT u.id, u.email, u.name, u.role, u.disabled_at IS NOT NULL AS "disabled!", u.created_at,
                  s.last_seen_at AS "last_seen_at?", coalesce(s.live, 0) AS "live!"
             FROM users u
             LEFT JOIN (SELECT user_id, max(last_seen_at) AS last_seen_at,
                               count(*) FILTER (WHERE revoked_at IS NULL
                                   AND last_seen_at > clock_timestamp() - make_interval(hours => $1)
                                   AND created_at > clock_timestamp() - make_interval(hours => $2)) AS live
                          FROM sessions GROUP BY user_id) s ON s.user_id = u.id
            ORDER BY lower(u.name), u.email LIMIT $3"#,
        IDLE_HOURS,
        ABSOLUTE_HOURS,
        MOST_LISTED
    )
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|row| {
            let user = User {
                id: UserId(row.id),
                email: row.email,
                name: row.name,
                role: role(row.role)?,
                disabled: row.disabled,
            };
            Ok(Listed { user, created_at: row.created_at, last_seen_at: row.last_seen_at, sessions: row.live })
        })
        .collect()
}

/// By address in lower case.
pub async fn by_email(db: &mut PgConnection, email: &str) -> Result<Option<User>, Error> {
    let row = sqlx::query!(
        r#"SELECT id, email, name, role, disabled_at IS NOT NULL AS "disabled!" FROM users WHERE email = $1"#,
        email
    )
    .fetch_optional(db)
    .await?;
    row.map(|row| {
        Ok(User { id: UserId(row.id), email: row.email, name: row.name, role: role(row.role)?, disabled: row.disabled })
    })
    .transpose()
}

pub async fn sign_in(db: &mut PgConnection, email: &str) -> Result<Option<SignIn>, Error> {
    let row = sqlx::query!(
        r#"SELECT id, password_hash, disabled_at IS NOT NULL AS "disabled!" FROM users WHERE email = $1"#,
        email
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| SignIn { id: UserId(row.id), password_hash: row.password_hash, disabled: row.disabled }))
}

pub async fn owner_exists(db: &mut PgConnection) -> Result<bool, Error> {
    let exists = sqlx::query_scalar!(r#"SELECT EXISTS (SELECT FROM users WHERE role = 'owner') AS "exists!""#);
    Ok(exists.fetch_one(db).await?)
}

/// How many owners could sign in: the last one stays.
pub async fn owners(db: &mut PgConnection) -> Result<i64, Error> {
    let count =
        sqlx::query_scalar!(r#"SELECT count(*) AS "count!" FROM users WHERE role = 'owner' AND disabled_at IS NULL"#);
    Ok(count.fetch_one(db).await?)
}

pub async fn set_password(db: &mut PgConnection, user: UserId, password_hash: &str) -> Result<(), Error> {
    sqlx::query!("UPDATE users SET password_hash = $2 WHERE id = $1", user.0, password_hash).execute(db).await?;
    Ok(())
}

pub async fn update(db: &mut PgConnection, user: UserId, name: &str, role: InstanceRole) -> Result<(), Error> {
    sqlx::query!("UPDATE users SET name = $2, role = $3 WHERE id = $1", user.0, name, role.as_str())
        .execute(db)
        .await?;
    Ok(())
}

pub async fn set_role(db: &mut PgConnection, user: UserId, role: InstanceRole) -> Result<(), Error> {
    sqlx::query!("UPDATE users SET role = $2 WHERE id = $1", user.0, role.as_str()).execute(db).await?;
    Ok(())
}

pub async fn disable(db: &mut PgConnection, user: UserId) -> Result<(), Error> {
    sqlx::query!("UPDATE users SET disabled_at = clock_timestamp() WHERE id = $1 AND disabled_at IS NULL", user.0)
        .execute(db)
        .await?;
    Ok(())
}

pub async fn enable(db: &mut PgConnection, user: UserId) -> Result<(), Error> {
    sqlx::query!("UPDATE users SET disabled_at = NULL WHERE id = $1", user.0).execute(db).await?;
    Ok(())
}

pub async fn profile(db: &mut PgConnection, user: UserId) -> Result<Option<Profile>, Error> {
    let row =
        sqlx::query!("SELECT name, zone, theme, density FROM users WHERE id = $1", user.0).fetch_optional(db).await?;
    row.map(|row| {
        let theme = Theme::parse(&row.theme).ok_or(Error::Unknown { column: "users.theme", value: row.theme })?;
        let density =
            Density::parse(&row.density).ok_or(Error::Unknown { column: "users.density", value: row.density })?;
        Ok(Profile { name: row.name, zone: row.zone, theme, density })
    })
    .transpose()
}

pub async fn set_profile(db: &mut PgConnection, user: UserId, profile: &Profile) -> Result<(), Error> {
    let Profile { name, zone, theme, density } = profile;
    sqlx::query!(
        "UPDATE users SET name = $2, zone = $3, theme = $4, density = $5 WHERE id = $1",
        user.0,
        name,
        zone,
        theme.as_str(),
        density.as_str()
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Every account, by address: for who describes the whole instance.
pub async fn all(db: &mut PgConnection) -> Result<Vec<User>, Error> {
    let rows = sqlx::query!(
        r#"SELECT id, email, name, role, disabled_at IS NOT NULL AS "disabled!" FROM users ORDER BY email COLLATE "C""#
    )
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|row| {
            let (id, role) = (UserId(row.id), role(row.role)?);
            Ok(User { id, email: row.email, name: row.name, role, disabled: row.disabled })
        })
        .collect()
}
