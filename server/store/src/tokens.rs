//! Management tokens: the digest of the whole token, whose it is and what it may do. The database clock decides expiry.

use chrono::{DateTime, Utc};
use domain::{
    id::{TeamId, TokenId, UserId},
    token::TokenScope,
};
use sqlx::PgConnection;

use crate::Error;

/// The constraint a second live token of one person with one name hits.
pub const NAME_KEY: &str = "management_tokens_name_key";

/// A token as it is inserted.
#[derive(Clone, Copy, Debug)]
pub struct NewToken<'a> {
    pub id: TokenId,
    pub user: UserId,
    /// `None`: wherever its owner may.
    pub team: Option<TeamId>,
    pub name: &'a str,
    pub public: &'a str,
    pub digest: &'a [u8],
    pub last_four: &'a str,
    pub scopes: &'a [TokenScope],
    pub expires_at: Option<DateTime<Utc>>,
}

/// A token as its owner sees it.
#[derive(Clone, Debug)]
pub struct Token {
    pub id: TokenId,
    pub name: String,
    pub public: String,
    pub last_four: String,
    pub scopes: Vec<TokenScope>,
    pub team_slug: Option<String>,
    pub created_at: DateTime<Utc>,
    pub expires_at: Option<DateTime<Utc>>,
    pub last_used_at: Option<DateTime<Utc>>,
    pub is_expired: bool,
}

/// A token that may be used, if the rest of it is right.
#[derive(Clone, Debug)]
pub struct Live {
    pub id: TokenId,
    pub user: UserId,
    pub team: Option<TeamId>,
    pub digest: Vec<u8>,
    pub scopes: Vec<TokenScope>,
    /// Its last use was noted more than a minute ago.
    pub is_stale: bool,
}

fn scopes(texts: Vec<String>) -> Result<Vec<TokenScope>, Error> {
    let scope = |text: String| {
        TokenScope::parse(&text).ok_or(Error::Unknown { column: "management_tokens.scopes", value: text })
    };
    texts.into_iter().map(scope).collect()
}

pub async fn insert(db: &mut PgConnection, token: &NewToken<'_>) -> Result<(), Error> {
    let NewToken { id, user, team, name, public, digest, last_four, scopes, expires_at } = *token;
    let scopes: Vec<String> = scopes.iter().map(|scope| scope.as_str().to_owned()).collect();
    sqlx::query!(
        "INSERT INTO management_tokens (id, user_id, team_id, name, public, digest, last_four, scopes, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        id.0,
        user.0,
        team.map(|team| team.0),
        name,
        public,
        digest,
        last_four,
        &scopes,
        expires_at
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The tokens of one person that were not revoked, newest first.
pub async fn list(db: &mut PgConnection, user: UserId) -> Result<Vec<Token>, Error> {
    let rows = sqlx::query!(
        r#"SELECT k.id, k.name, k.public, k.last_four, k.scopes, t.slug AS "team_slug?", k.created_at, k.expires_at,
                  k.last_used_at, coalesce(k.expires_at <= clock_timestamp(), false) AS "is_expired!"
             FROM management_tokens k LEFT JOIN teams t ON t.id = k.team_id
            WHERE k.user_id = $1 AND k.revoked_at IS NULL
            ORDER BY k.created_at DESC, k.id DESC LIMIT 500"#,
        user.0
    )
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Token {
                id: TokenId(row.id),
                name: row.name,
                public: row.public,
                last_four: row.last_four,
                scopes: scopes(row.scopes)?,
                team_slug: row.team_slug,
                created_at: row.created_at,
                expires_at: row.expires_at,
                last_used_at: row.last_used_at,
                is_expired: row.is_expired,
            })
        })
        .collect()
}

/// The token with this public part, unless it was revoked, has expired, or its owner is disabled.
pub async fn live(db: &mut PgConnection, public: &str) -> Result<Option<Live>, Error> {
    let row = sqlx::query!(
        r#"SELECT k.id, k.user_id, k.team_id, k.digest, k.scopes,
                  coalesce(k.last_used_at < clock_timestamp() - interval '1 minute', true) AS "is_stale!"
             FROM management_tokens k JOIN users u ON u.id = k.user_id
            WHERE k.public = $1 AND k.revoked_at IS NULL AND u.disabled_at IS NULL
              AND (k.expires_at IS NULL OR k.expires_at > clock_timestamp())"#,
        public
    )
    .fetch_optional(db)
    .await?;
    row.map(|row| {
        Ok(Live {
            id: TokenId(row.id),
            user: UserId(row.user_id),
            team: row.team_id.map(TeamId),
            digest: row.digest,
            scopes: scopes(row.scopes)?,
            is_stale: row.is_stale,
        })
    })
    .transpose()
}

/// Notes a use.
pub async fn touch(db: &mut PgConnection, token: TokenId) -> Result<(), Error> {
    sqlx::query!("UPDATE management_tokens SET last_used_at = clock_timestamp() WHERE id = $1", token.0)
        .execute(db)
        .await?;
    Ok(())
}

/// Revokes one of this person's tokens; its public part, or `None` when there is no such live one of theirs.
pub async fn revoke(db: &mut PgConnection, user: UserId, token: TokenId) -> Result<Option<String>, Error> {
    let public = sqlx::query_scalar!(
        "UPDATE management_tokens SET revoked_at = clock_timestamp()
          WHERE id = $2 AND user_id = $1 AND revoked_at IS NULL RETURNING public",
        user.0,
        token.0
    );
    Ok(public.fetch_optional(db).await?)
}

/// Ends all tokens of somebody; tells how many.
pub async fn revoke_all(db: &mut PgConnection, user: UserId) -> Result<u64, Error> {
    let done = sqlx::query!(
        "UPDATE management_tokens SET revoked_at = clock_timestamp() WHERE user_id = $1 AND revoked_at IS NULL",
        user.0
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}
