//! What was said in a call, where the content policy keeps it, and the words that search finds it by. Not money: losing one
//! loses no account.

use domain::{
    id::{RequestId, TeamId},
    team::StoreContent,
};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{Error, storable, words};

/// One call's text. `policy` is `Full` or `Redacted`: under `Metadata` there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body {
    pub request: RequestId,
    pub team: TeamId,
    pub policy: StoreContent,
    pub asked: String,
    pub answered: String,
    /// The answer was longer than what is kept.
    pub is_cut: bool,
}

/// Inserts a batch. A row that is there already stays as it is.
pub async fn insert(db: &mut PgConnection, batch: &[Body]) -> Result<(), Error> {
    let ids: Vec<Uuid> = batch.iter().map(|body| body.request.0).collect();
    let teams: Vec<Uuid> = batch.iter().map(|body| body.team.0).collect();
    let policies: Vec<String> = batch.iter().map(|body| body.policy.as_str().to_owned()).collect();
    let asked: Vec<String> = batch.iter().map(|body| storable::text(&body.asked)).collect();
    let answered: Vec<String> = batch.iter().map(|body| storable::text(&body.answered)).collect();
    let cut: Vec<bool> = batch.iter().map(|body| body.is_cut).collect();
    let mut words = Vec::with_capacity(batch.len());
    for body in batch {
        words.push(words::of(&[&body.asked, &body.answered]));
        // Long texts take a while, and calls are served by the same threads.
        tokio::task::yield_now().await;
    }
    sqlx::query_file!("queries/bodies_insert.sql", &ids, &teams, &policies, &asked, &answered, &cut, &words)
        .execute(db)
        .await?;
    Ok(())
}

/// The text of one call of a team.
pub async fn get(db: &mut PgConnection, team: TeamId, request: RequestId) -> Result<Option<Body>, Error> {
    let row = sqlx::query!(
        "SELECT policy, request, response, is_cut FROM bodies WHERE request_id = $1 AND team_id = $2",
        request.0,
        team.0
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| Body {
        request,
        team,
        policy: StoreContent::parse(&row.policy).unwrap_or_default(),
        asked: row.request,
        answered: row.response,
        is_cut: row.is_cut,
    }))
}

/// Removes at most `most` that are older than so many days, the oldest first; tells how many.
pub async fn expire(db: &mut PgConnection, days: u16, most: u32) -> Result<u64, Error> {
    let done = sqlx::query!(
        "WITH old AS (
             SELECT request_id FROM bodies WHERE created_at < clock_timestamp() - make_interval(days => $1)
              ORDER BY created_at LIMIT $2)
         , unfound AS (DELETE FROM request_words WHERE request_id IN (SELECT request_id FROM old))
         DELETE FROM bodies WHERE request_id IN (SELECT request_id FROM old)",
        i32::from(days),
        i64::from(most)
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}
