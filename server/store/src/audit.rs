//! The audit log: insert only, in the transaction of the change it tells of. A trigger refuses every other write.

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
