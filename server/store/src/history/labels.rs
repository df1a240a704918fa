//! What people say about a request: its task, its tags, its conversation; and the few facts that a verdict needs.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::{
    id::{KeyId, RequestId, RunId, TeamId, UserId},
    task::TaskClass,
};
use sqlx::{Connection, PgConnection, types::Json};
use uuid::Uuid;

use super::rows::word;
use crate::{Error, attempts::Labels, feedback};

/// What the client said about a request, or somebody afterwards. It is the same for all attempts, so the first one tells.
pub async fn labels(db: &mut PgConnection, team: TeamId, request: RequestId) -> Result<Labels, Error> {
    let row = sqlx::query!(
        r#"SELECT task, tags AS "tags: Json<BTreeMap<String, String>>", conversation FROM attempts
            WHERE team_id = $1 AND request_id = $2 ORDER BY attempt_no LIMIT 1"#,
        team.0,
        request.0
    )
    .fetch_optional(db)
    .await?;
    let Some(row) = row else { return Ok(Labels::default()) };
    Ok(Labels {
        task: row.task.map(|task| word("attempts.task", task, TaskClass::parse)).transpose()?,
        tags: row.tags.map(|Json(tags)| tags.into_iter().collect()).unwrap_or_default(),
        conversation: row.conversation,
    })
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relabelled {
    Done,
    /// An attempt has not ended: nothing was changed.
    Running,
    /// The team, or the person, has no such request.
    NoSuch,
}

/// Says what kind of work a request was; of one person only when `user` is given. Its verdicts follow.
pub async fn set_task(
    db: &mut PgConnection,
    team: TeamId,
    request: RequestId,
    task: Option<TaskClass>,
    user: Option<UserId>,
) -> Result<Relabelled, Error> {
    let mut tx = db.begin().await?;
    feedback::lock(&mut tx, request).await?;
    let states = sqlx::query_scalar!(
        r#"SELECT state = 'reserved' AS "is_open!" FROM attempts
            WHERE team_id = $1 AND request_id = $2 AND ($3::uuid IS NULL OR user_id = $3)
            ORDER BY id FOR UPDATE"#,
        team.0,
        request.0,
        user.map(|user| user.0)
    )
    .fetch_all(&mut *tx)
    .await?;
    if states.is_empty() || states.contains(&true) {
        tx.rollback().await?;
        return Ok(if states.is_empty() { Relabelled::NoSuch } else { Relabelled::Running });
    }
    let task = task.map(TaskClass::as_str);
    sqlx::query!(
        "UPDATE attempts SET task = $3 WHERE team_id = $1 AND request_id = $2 AND task IS DISTINCT FROM $3",
        team.0,
        request.0,
        task
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!("UPDATE feedback SET task = $3 WHERE team_id = $1 AND request_id = $2", team.0, request.0, task)
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(Relabelled::Done)
}

/// What it takes to judge whether somebody may say how a request was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    pub request: RequestId,
    /// When its last attempt was admitted.
    pub admitted_at: DateTime<Utc>,
    pub key: Option<KeyId>,
    pub user: Option<UserId>,
    pub run: Option<RunId>,
    pub dialect: String,
}

/// Of these requests, those that are the team's, in no order.
pub async fn facts(db: &mut PgConnection, team: TeamId, requests: &[RequestId]) -> Result<Vec<Facts>, Error> {
    let ids: Vec<Uuid> = requests.iter().map(|request| request.0).collect();
    let rows = sqlx::query!(
        "SELECT DISTINCT ON (request_id) request_id, admitted_at, key_id, user_id, run_id, dialect FROM attempts
          WHERE team_id = $1 AND request_id = ANY ($2) ORDER BY request_id, attempt_no DESC",
        team.0,
        &ids
    )
    .fetch_all(db)
    .await?;
    let facts = rows.into_iter().map(|row| Facts {
        request: RequestId(row.request_id),
        admitted_at: row.admitted_at,
        key: row.key_id.map(KeyId),
        user: row.user_id.map(UserId),
        run: row.run_id.map(RunId),
        dialect: row.dialect,
    });
    Ok(facts.collect())
}
