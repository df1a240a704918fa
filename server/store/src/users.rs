//! Users: who may sign in, and their role at the instance.

use domain::{id::UserId, role::InstanceRole};
use sqlx::PgConnection;

use crate::Error;

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

pub async fn load(db: &mut PgConnection, user: UserId) -> Result<Option<User>, Error> {
    let row = sqlx::query!(
        r#"SELECT id, email, name, role, disabled_at IS NOT NULL AS "disabled!" FROM users WHERE id = $1"#,
        user.0
    )
    .fetch_optional(db)
    .await?;
    row.map(|row| {
        Ok(User { id: UserId(row.id), email: row.email, name: row.name, role: role(row.role)?, disabled: row.disabled })
    })
    .transpose()
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
