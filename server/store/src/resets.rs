//! Links that set one new password: only the hash of their secret. The database clock decides expiry.

use chrono::{DateTime, Utc};
use domain::{
    id::{ResetId, UserId},
    role::InstanceRole,
};
use sqlx::PgConnection;

use crate::{Error, users::User};

/// How long a link lives.
const HOURS: i32 = 24;

/// A link as it is inserted.
#[derive(Clone, Copy, Debug)]
pub struct NewReset<'a> {
    pub id: ResetId,
    pub user: UserId,
    pub token_hash: &'a [u8],
    /// `None`: the operator.
    pub created_by: Option<UserId>,
}

/// Who made a link, with the rights they have now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Maker {
    pub role: InstanceRole,
    pub disabled: bool,
}

/// An open link.
#[derive(Clone, Debug)]
pub struct Open {
    pub user: User,
    /// `None`: the operator of the command line.
    pub maker: Option<Maker>,
}

/// The end of its life.
pub async fn insert(db: &mut PgConnection, reset: &NewReset<'_>) -> Result<DateTime<Utc>, Error> {
    let NewReset { id, user, token_hash, created_by } = *reset;
    let expires_at = sqlx::query_scalar!(
        "INSERT INTO password_resets (id, user_id, token_hash, created_by, expires_at)
         VALUES ($1, $2, $3, $4, clock_timestamp() + make_interval(hours => $5)) RETURNING expires_at",
        id.0,
        user.0,
        token_hash,
        created_by.map(|user| user.0),
        HOURS
    );
    Ok(expires_at.fetch_one(db).await?)
}

/// Ends the links of this person that nobody has used.
pub async fn end_all(db: &mut PgConnection, user: UserId) -> Result<(), Error> {
    sqlx::query!(
        "UPDATE password_resets SET expires_at = clock_timestamp()
          WHERE user_id = $1 AND redeemed_at IS NULL AND expires_at > clock_timestamp()",
        user.0
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The open link whose secret has this hash.
pub async fn open(db: &mut PgConnection, token_hash: &[u8]) -> Result<Option<Open>, Error> {
    let row = sqlx::query!(
        r#"SELECT u.id, u.email, u.name, u.role, u.disabled_at IS NOT NULL AS "disabled!",
                  m.role AS "maker_role?", m.disabled_at IS NOT NULL AS "maker_disabled!"
             FROM password_resets r
             JOIN users u ON u.id = r.user_id
             LEFT JOIN users m ON m.id = r.created_by
            WHERE r.token_hash = $1 AND r.redeemed_at IS NULL AND r.expires_at > clock_timestamp()"#,
        token_hash
    )
    .fetch_optional(db)
    .await?;
    let role = |text: String| InstanceRole::parse(&text).ok_or(Error::Unknown { column: "users.role", value: text });
    row.map(|row| {
        let maker = match row.maker_role {
            None => None,
            Some(text) => Some(Maker { role: role(text)?, disabled: row.maker_disabled }),
        };
        let user = User {
            id: UserId(row.id),
            email: row.email,
            name: row.name,
            role: role(row.role)?,
            disabled: row.disabled,
        };
        Ok(Open { user, maker })
    })
    .transpose()
}

/// Uses it up. `false`: it is not open, and nothing was written. Of many at once exactly one gets `true`.
pub async fn redeem(db: &mut PgConnection, token_hash: &[u8]) -> Result<bool, Error> {
    let done = sqlx::query!(
        "UPDATE password_resets SET redeemed_at = clock_timestamp()
          WHERE token_hash = $1 AND redeemed_at IS NULL AND expires_at > clock_timestamp()",
        token_hash
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// A tick: forgets what ended a month ago.
pub async fn prune(db: &mut PgConnection) -> Result<(), Error> {
    sqlx::query!("DELETE FROM password_resets WHERE expires_at < clock_timestamp() - interval '30 days'")
        .execute(db)
        .await?;
    Ok(())
}
