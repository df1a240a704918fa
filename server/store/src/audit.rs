//! The audit log: insert only, in the transaction of the change it tells of. A trigger refuses every other write.

use chrono::{DateTime, Utc};
use domain::id::{AuditId, TeamId};
use sqlx::PgConnection;

use crate::Error;

/// One line of the log. It names what changed and never holds a value, so no secret can get here.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    pub id: AuditId,
    /// A user's id, or the name of the operator or job that acted.
    pub actor: &'a str,
    pub team: Option<TeamId>,
    /// `key.create`, `session.sign_in_failed`.
    pub action: &'a str,
    /// What it was done to: a kind and an id or slug, such as `key 0197…`.
    pub object: &'a str,
    /// Names of the fields that changed.
    pub fields: &'a [String],
    pub address: Option<&'a str>,
    pub request_id: Option<&'a str>,
}

pub async fn record(db: &mut PgConnection, entry: &Entry<'_>) -> Result<(), Error> {
    let Entry { id, actor, team, action, object, fields, address, request_id } = *entry;
    sqlx::query!(
        "INSERT INTO audit_log (id, actor, team_id, action, object, fields, address, request_id)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        id.0,
        actor,
        team.map(|team| team.0),
        action,
        object,
        fields,
        address,
        request_id
    )
    .execute(db)
    .await?;
    Ok(())
}

/// What a reader looks for. `None`: any.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub team: Option<TeamId>,
    pub actor: Option<String>,
    /// The action, or the start of it.
    pub action: Option<String>,
    /// Part of the object's text, in any case of letters.
    pub object: Option<String>,
    pub from: Option<DateTime<Utc>>,
    /// The first moment that is too late.
    pub until: Option<DateTime<Utc>>,
    /// Moment and id of the last row of the page before.
    pub after: Option<(DateTime<Utc>, AuditId)>,
    pub limit: i64,
}

/// A line of the log as readers see it.
#[derive(Clone, Debug)]
pub struct Row {
    pub id: AuditId,
    pub at: DateTime<Utc>,
    pub actor: String,
    /// Name and e-mail address, when the actor is a person.
    pub person: Option<(String, String)>,
    pub team_slug: Option<String>,
    pub action: String,
    pub object: String,
    pub fields: Vec<String>,
    pub address: Option<String>,
    pub request_id: Option<String>,
}

/// One page, newest first.
pub async fn list(db: &mut PgConnection, filter: &Filter) -> Result<Vec<Row>, Error> {
    let Filter { team, actor, action, object, from, until, after, limit } = filter;
    let (after_at, after_id) = after.map(|(at, id)| (at, id.0)).unzip();
    let rows = sqlx::query_file!(
        "queries/audit_list.sql",
        team.map(|team| team.0),
        actor.as_deref(),
        action.as_deref(),
        object.as_deref(),
        *from,
        *until,
        after_at,
        after_id,
        limit
    )
    .fetch_all(db)
    .await?;
    let rows = rows.into_iter().map(|row| Row {
        id: AuditId(row.id),
        at: row.at,
        actor: row.actor,
        person: row.name.zip(row.email),
        team_slug: row.team_slug,
        action: row.action,
        object: row.object,
        fields: row.fields,
        address: row.address,
        request_id: row.request_id,
    });
    Ok(rows.collect())
}

/// When this row was written: where the page after it begins.
pub async fn at(db: &mut PgConnection, id: AuditId) -> Result<Option<DateTime<Utc>>, Error> {
    Ok(sqlx::query_scalar!("SELECT at FROM audit_log WHERE id = $1", id.0).fetch_optional(db).await?)
}

/// Has this actor done the same to the same object within the last minute?
pub async fn is_repeated(db: &mut PgConnection, actor: &str, action: &str, object: &str) -> Result<bool, Error> {
    let found = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM audit_log
                           WHERE actor = $1 AND action = $2 AND object = $3
                             AND at > clock_timestamp() - interval '1 minute') AS "found!""#,
        actor,
        action,
        object
    );
    Ok(found.fetch_one(db).await?)
}
