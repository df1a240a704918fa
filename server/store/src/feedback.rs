//! What people and keys say about answers. Saying it again replaces what the same source said, and the old row stays.
//!
//! Here: giving and reading verdicts; `votes` is pairs of answers, `report` the sums of tables. Never here: who may say
//! something, shares and intervals (`domain::interval`).

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::{
    feedback::{Acceptance, Verdict},
    id::{FeedbackId, KeyId, RequestId, RunId, TeamId, UserId},
};
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use crate::{Error, storable};

mod report;
#[cfg(test)]
mod tests;
mod votes;

pub use report::{Sums, report};
pub use votes::{ModelPair, Tally, VariantPair, pairs_of_models, pairs_of_run, vote, votes_of_run};

/// Who says it. One source has one word on a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    User(UserId),
    Key(KeyId),
}

impl Source {
    fn columns(self) -> (&'static str, Uuid) {
        match self {
            Self::User(user) => ("user", user.0),
            Self::Key(key) => ("key", key.0),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gave {
    /// It is what this source says now.
    New,
    /// The source has said exactly this before, and nothing else since.
    Same,
    /// The team has no such request.
    NoSuch,
}

/// Stores a verdict. One that says nothing takes back what was said.
pub async fn give(
    db: &mut PgConnection,
    team: TeamId,
    source: Source,
    request: RequestId,
    id: FeedbackId,
    verdict: &Verdict,
) -> Result<Gave, Error> {
    let mut tx = db.begin().await?;
    lock(&mut tx, request).await?;
    let of = sqlx::query!(
        "SELECT admitted_at, model, prompt_version_id, task FROM attempts WHERE team_id = $1 AND request_id = $2
          ORDER BY attempt_no DESC LIMIT 1",
        team.0,
        request.0
    );
    let Some(of) = of.fetch_optional(&mut *tx).await? else {
        tx.rollback().await?;
        return Ok(Gave::NoSuch);
    };
    let verdict = Verdict {
        comment: storable::text(&verdict.comment),
        tags: verdict.tags.iter().map(|tag| storable::text(tag)).collect(),
        ..*verdict
    };
    if current(&mut tx, team, source, request).await?.unwrap_or_default() == verdict {
        tx.rollback().await?;
        return Ok(Gave::Same);
    }
    let (kind, source) = source.columns();
    sqlx::query!(
        "UPDATE feedback SET is_current = false, is_newest = false
          WHERE request_id = $1 AND source = $2 AND source_id = $3 AND is_current",
        request.0,
        kind,
        source
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query_file!(
        "queries/feedback_insert.sql",
        id.0,
        team.0,
        request.0,
        of.admitted_at,
        of.model,
        of.prompt_version_id,
        of.task,
        kind,
        source,
        verdict.outcome.map(Acceptance::as_str),
        verdict.edit_distance.map(i32::from),
        verdict.rating.map(i16::from),
        verdict.comment,
        &verdict.tags
    )
    .execute(&mut *tx)
    .await?;
    mark_newest(&mut tx, request).await?;
    tx.commit().await?;
    Ok(Gave::New)
}

/// One after the other: which verdict of a request is current, which is the newest, and what its task is, is decided by one
/// writer at a time.
pub(crate) async fn lock(tx: &mut PgConnection, request: RequestId) -> Result<(), Error> {
    sqlx::query!("SELECT pg_advisory_xact_lock(hashtextextended($1, 0)) AS locked", request.to_string())
        .fetch_one(tx)
        .await?;
    Ok(())
}

/// The newest current outcome of a request is marked, for lists.
async fn mark_newest(tx: &mut PgConnection, request: RequestId) -> Result<(), Error> {
    // Two statements: no two rows of a request may be marked even in between.
    sqlx::query!("UPDATE feedback SET is_newest = false WHERE request_id = $1 AND is_newest", request.0)
        .execute(&mut *tx)
        .await?;
    sqlx::query!(
        "UPDATE feedback SET is_newest = true
          WHERE id = (SELECT id FROM feedback WHERE request_id = $1 AND is_current AND outcome IS NOT NULL
                       ORDER BY at DESC, id DESC LIMIT 1)",
        request.0
    )
    .execute(tx)
    .await?;
    Ok(())
}

struct Row {
    outcome: Option<String>,
    edit_distance: Option<i32>,
    rating: Option<i16>,
    comment: String,
    tags: Vec<String>,
}

impl TryFrom<Row> for Verdict {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        let Row { outcome, edit_distance, rating, comment, tags } = row;
        let unknown = |column, value: String| Error::Unknown { column, value };
        let outcome = outcome
            .map(|text| Acceptance::parse(&text).ok_or_else(|| unknown("feedback.outcome", text)))
            .transpose()?;
        let edit_distance = edit_distance
            .map(|it| u16::try_from(it).map_err(|_| unknown("feedback.edit_distance", it.to_string())))
            .transpose()?;
        let rating =
            rating.map(|it| u8::try_from(it).map_err(|_| unknown("feedback.rating", it.to_string()))).transpose()?;
        Ok(Self { outcome, edit_distance, rating, comment, tags })
    }
}

/// What a source says about a request of the team now.
pub async fn current(
    db: &mut PgConnection,
    team: TeamId,
    source: Source,
    request: RequestId,
) -> Result<Option<Verdict>, Error> {
    let (kind, source) = source.columns();
    let row = sqlx::query_as!(
        Row,
        "SELECT outcome, edit_distance, rating, comment, tags FROM feedback
          WHERE team_id = $1 AND request_id = $2 AND source = $3 AND source_id = $4 AND is_current",
        team.0,
        request.0,
        kind,
        source
    );
    row.fetch_optional(db).await?.map(Verdict::try_from).transpose()
}

/// A verdict with who gave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    pub source: Source,
    /// Name of the person or the key; empty when it is gone.
    pub by: String,
    pub at: DateTime<Utc>,
    pub verdict: Verdict,
}

/// What is said about a request now, newest first. What was taken back is not in it.
pub async fn of_request(db: &mut PgConnection, team: TeamId, request: RequestId) -> Result<Vec<Given>, Error> {
    let rows = sqlx::query_file!("queries/feedback_of_request.sql", team.0, request.0).fetch_all(db).await?;
    let mut given = Vec::with_capacity(rows.len());
    for row in rows {
        let source = match row.source.as_str() {
            "key" => Source::Key(KeyId(row.source_id)),
            _ => Source::User(UserId(row.source_id)),
        };
        let (outcome, edit_distance, rating) = (row.outcome, row.edit_distance, row.rating);
        let verdict = Verdict::try_from(Row { outcome, edit_distance, rating, comment: row.comment, tags: row.tags })?;
        if verdict != Verdict::default() {
            given.push(Given { source, by: row.by, at: row.at, verdict });
        }
    }
    Ok(given)
}

/// What a person says about the requests of a run.
pub(crate) async fn of_run(
    db: &mut PgConnection,
    team: TeamId,
    run: RunId,
    user: UserId,
) -> Result<HashMap<RequestId, Verdict>, Error> {
    let rows = sqlx::query_file!("queries/feedback_of_run.sql", team.0, run.0, user.0).fetch_all(db).await?;
    let mut verdicts = HashMap::with_capacity(rows.len());
    for row in rows {
        let (outcome, edit_distance, rating) = (row.outcome, row.edit_distance, row.rating);
        let verdict = Verdict::try_from(Row { outcome, edit_distance, rating, comment: row.comment, tags: row.tags })?;
        if verdict != Verdict::default() {
            verdicts.insert(RequestId(row.request_id), verdict);
        }
    }
    Ok(verdicts)
}
