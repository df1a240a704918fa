//! The ledger as people read it: pages of requests, one request in full, counts of what there is. Team first.
//!
//! `attempts.rs` writes these rows; here only their task is ever changed. A request is one row: its last attempt. Pages go by
//! `(admitted_at, id)`, never by offset. `question` says which requests, by any number of `condition`s, `rows` what a row is,
//! `facets` counts values, `labels` is what people say about a request. Never here: who may see which row, spans in words,
//! verdicts.

use chrono::{DateTime, Utc};
use domain::{
    feedback::Acceptance,
    history::Filter as Condition,
    id::{AttemptId, KeyId, PriceVersionId, RequestId, RunId, TeamId, UserId},
    ledger::{AttemptState, Outcome},
    money::Money,
    price::{Pico, PriceClass, PriceComponent, Variant},
    task::TaskClass,
    usage::{Usage, UsageSource},
};
use sqlx::{Connection, PgConnection, Postgres, QueryBuilder, Transaction};
use uuid::Uuid;

use crate::Error;

mod condition;
mod facets;
mod labels;
mod question;
mod rows;
#[cfg(test)]
mod tests;

pub use facets::facets;
pub use labels::{Facts, Relabelled, facts, labels, set_task};

use question::{LOOKED_THROUGH, MOST_LOOKED_THROUGH, Place, Question, Side};
use rows::{Row, number, word};

/// One attempt with the names of what it points to.
#[derive(Clone, Debug)]
pub struct Attempt {
    pub id: AttemptId,
    pub request: RequestId,
    /// Of the last attempt of a request: how many it had.
    pub number: u32,
    pub admitted_at: DateTime<Utc>,
    pub resolved_at: Option<DateTime<Utc>>,
    pub origin: String,
    pub dialect: String,
    pub stream: bool,
    pub run: Option<RunId>,
    pub key: Option<KeyId>,
    pub key_name: Option<String>,
    /// Who called, or whose key it was.
    pub user: Option<UserId>,
    pub user_name: Option<String>,
    pub provider: Option<String>,
    pub model: String,
    pub model_asked: String,
    pub model_served: Option<String>,
    pub upstream_model: Option<String>,
    pub upstream_id: Option<String>,
    pub state: AttemptState,
    pub outcome: Option<Outcome>,
    pub http_status: Option<u16>,
    pub finish_reason: Option<String>,
    pub usage: Option<Usage>,
    pub usage_source: Option<UsageSource>,
    pub reserved: Money,
    pub charged: Money,
    pub cost: Option<Money>,
    pub flags: Vec<String>,
    pub input_bound: u64,
    pub output_cap: u64,
    pub price_version: Option<PriceVersionId>,
    pub first_byte_ms: Option<u32>,
    pub total_ms: Option<u32>,
    pub client_aborted: bool,
    pub task: Option<TaskClass>,
    /// Sorted by name.
    pub tags: Vec<(String, String)>,
    /// The newest of anybody.
    pub verdict: Option<Acceptance>,
}

/// Which requests.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// All of these.
    pub conditions: Vec<Condition>,
    pub from: Option<DateTime<Utc>>,
    /// Before this.
    pub to: Option<DateTime<Utc>>,
    pub search: Option<Search>,
    /// Only what this person called or their keys did.
    pub user: Option<UserId>,
    /// Older than this attempt of the same team.
    pub before: Option<AttemptId>,
    pub limit: u32,
}

/// All of these words, or an id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Search {
    pub words: String,
    /// Look into what was said; else only ids are found.
    pub content: bool,
}

/// A transaction for a question over many rows: by an index or not at all, and not for long. Each is planned for its own values:
/// how many requests a value has is what decides between indexes.
async fn begin(db: &mut PgConnection) -> Result<Transaction<'_, Postgres>, Error> {
    let mut tx = db.begin().await?;
    sqlx::query!(
        "SELECT set_config('statement_timeout', '2500', true) AS patience, set_config('enable_seqscan', 'off', true) AS scan,
                set_config('jit', 'off', true) AS jit, set_config('random_page_cost', '1.1', true) AS page,
                set_config('work_mem', '32MB', true) AS memory,
                set_config('plan_cache_mode', 'force_custom_plan', true) AS plan"
    )
    .fetch_one(&mut *tx)
    .await?;
    Ok(tx)
}

/// A statement that ran out of time asked for too much.
fn slow(error: sqlx::Error) -> Error {
    match &error {
        sqlx::Error::Database(database) if database.code().as_deref() == Some("57014") => Error::TooSlow,
        _ => error.into(),
    }
}

/// Requests by their last attempts, newest first. An attempt of another team as `before` is before nothing.
pub async fn list(db: &mut PgConnection, team: TeamId, filter: &Filter) -> Result<Vec<Attempt>, Error> {
    let mut tx = begin(db).await?;
    let question = Question::new(&mut tx, team, filter).await?;
    let before = match filter.before {
        Some(before) => match question::place(&mut tx, team, before).await? {
            Some(place) => Some((Side::Older, place)),
            None => return Ok(Vec::new()),
        },
        None => None,
    };
    let ids = ids(&mut tx, &question, before, filter.limit).await?;
    let attempts = rows(&mut tx, team, &ids).await?;
    tx.commit().await?;
    Ok(attempts)
}

/// The neighbours of a request among those that a filter matches, whether or not it is one of them itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Neighbours {
    pub newer: Option<RequestId>,
    pub older: Option<RequestId>,
}

/// `None`: the team, or the person of the filter, has no such request.
pub async fn around(
    db: &mut PgConnection,
    team: TeamId,
    filter: &Filter,
    request: RequestId,
) -> Result<Option<Neighbours>, Error> {
    let mut tx = begin(db).await?;
    let last = sqlx::query!(
        "SELECT id, admitted_at FROM attempts
          WHERE team_id = $1 AND request_id = $2 AND ($3::uuid IS NULL OR user_id = $3) ORDER BY attempt_no DESC LIMIT 1",
        team.0,
        request.0,
        filter.user.map(|user| user.0)
    );
    let Some(last) = last.fetch_optional(&mut *tx).await? else { return Ok(None) };
    let place = Place { admitted_at: last.admitted_at, id: last.id };
    let question = Question::new(&mut tx, team, filter).await?;
    let newer = ids(&mut tx, &question, Some((Side::Newer, place)), 1).await?;
    let older = ids(&mut tx, &question, Some((Side::Older, place)), 1).await?;
    let both: Vec<Uuid> = newer.iter().chain(&older).copied().collect();
    let found = sqlx::query!("SELECT id, request_id FROM attempts WHERE team_id = $1 AND id = ANY ($2)", team.0, &both)
        .fetch_all(&mut *tx)
        .await?;
    tx.commit().await?;
    let request = |ids: &[Uuid]| {
        let row = found.iter().find(|row| ids.first() == Some(&row.id));
        row.map(|row| RequestId(row.request_id))
    };
    Ok(Some(Neighbours { newer: request(&newer), older: request(&older) }))
}

/// What came after an attempt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Newer {
    /// At most as many as were asked for.
    pub count: u32,
    /// The newest attempt that matches, wherever it stands.
    pub newest: Option<AttemptId>,
}

/// How many requests of a filter are newer than an attempt of the team, and which is the newest of all. Without `after`, or
/// with another team's, nothing is newer.
pub async fn newer(
    db: &mut PgConnection,
    team: TeamId,
    filter: &Filter,
    after: Option<AttemptId>,
    most: u32,
) -> Result<Newer, Error> {
    let mut tx = begin(db).await?;
    let question = Question::new(&mut tx, team, filter).await?;
    let newest = ids(&mut tx, &question, None, 1).await?.first().copied();
    let place = match after {
        Some(after) => question::place(&mut tx, team, after).await?,
        None => None,
    };
    let count = match place {
        Some(place) => ids(&mut tx, &question, Some((Side::Newer, place)), most).await?.len(),
        None => 0,
    };
    tx.commit().await?;
    Ok(Newer { count: u32::try_from(count).unwrap_or(u32::MAX), newest: newest.map(AttemptId) })
}

/// The attempts that a question asks for, the nearest to the place first.
async fn ids(
    tx: &mut PgConnection,
    question: &Question,
    side: Option<(Side, Place)>,
    limit: u32,
) -> Result<Vec<Uuid>, Error> {
    let order = side.map_or(Side::Older, |(side, _)| side);
    let mut sql = QueryBuilder::new("");
    if let Some(words) = &question.words {
        if let Some(found) = look_through(tx, question, words, side, limit).await? {
            return Ok(found);
        }
        let columns = |sql: &mut QueryBuilder<Postgres>| {
            sql.push("SELECT a.id");
        };
        question.push_found(&mut sql, words, columns, None, side);
    } else {
        sql.push("SELECT a.id FROM attempts a");
        question.push_where(&mut sql, None, side);
        question.push_last(&mut sql);
    }
    question::push_order(&mut sql, order);
    sql.push(" LIMIT ").push_bind(i64::from(limit));
    sql.build_query_scalar().fetch_all(tx).await.map_err(slow)
}

/// Looks for words in the requests that match otherwise, the nearest first, as far as is cheap. `None`: there are more requests
/// than were read, and no whole page among these.
async fn look_through(
    tx: &mut PgConnection,
    question: &Question,
    words: &str,
    side: Option<(Side, Place)>,
    limit: u32,
) -> Result<Option<Vec<Uuid>>, Error> {
    let mut most = LOOKED_THROUGH;
    while most <= MOST_LOOKED_THROUGH {
        let (read, found) = read_through(tx, question, words, side, limit, most).await?;
        if found.len() >= limit as usize || read < most {
            return Ok(Some(found));
        }
        // Twice as far as a page goes if all are like these.
        let found = i64::try_from(found.len()).unwrap_or(i64::MAX);
        most = most.saturating_mul(2).saturating_mul(limit.into()) / found.max(1);
    }
    Ok(None)
}

/// How many were read, at most `most`, and which of them have the words.
async fn read_through(
    tx: &mut PgConnection,
    question: &Question,
    words: &str,
    side: Option<(Side, Place)>,
    limit: u32,
    most: i64,
) -> Result<(i64, Vec<Uuid>), Error> {
    let order = side.map_or(Side::Older, |(side, _)| side);
    let mut sql = QueryBuilder::new("WITH a AS MATERIALIZED (SELECT a.id, a.request_id, a.admitted_at FROM attempts a");
    question.push_where(&mut sql, None, side);
    question.push_last(&mut sql);
    question::push_order(&mut sql, order);
    sql.push(" LIMIT ").push_bind(most);
    sql.push(") SELECT (SELECT count(*) FROM a), ARRAY(SELECT a.id FROM a JOIN request_words w ON w.request_id = a.request_id");
    sql.push(" WHERE w.words @@ ").push_bind(words.to_owned()).push("::tsquery");
    question::push_order(&mut sql, order);
    sql.push(" LIMIT ").push_bind(i64::from(limit)).push(")");
    sql.build_query_as().fetch_one(tx).await.map_err(slow)
}

/// All attempts of one request, first to last; of one person only when `user` is given.
pub async fn get(
    db: &mut PgConnection,
    team: TeamId,
    request: RequestId,
    user: Option<UserId>,
) -> Result<Vec<Attempt>, Error> {
    let ids = sqlx::query_scalar!(
        "SELECT id FROM attempts WHERE team_id = $1 AND request_id = $2 AND ($3::uuid IS NULL OR user_id = $3)",
        team.0,
        request.0,
        user.map(|user| user.0)
    );
    let ids = ids.fetch_all(&mut *db).await?;
    let mut attempts = rows(db, team, &ids).await?;
    attempts.sort_unstable_by_key(|attempt| attempt.number);
    Ok(attempts)
}

/// These attempts of the team, newest first.
async fn rows(db: &mut PgConnection, team: TeamId, ids: &[Uuid]) -> Result<Vec<Attempt>, Error> {
    let rows = sqlx::query_file_as!(Row, "queries/history_rows.sql", team.0, ids).fetch_all(db).await?;
    rows.into_iter().map(Attempt::try_from).collect()
}

/// What waits for somebody to look at it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Todo {
    pub uncertain: u32,
    pub unpriced: u32,
}

/// Requests since `from` whose end nobody knows, and those without a price; each at most `most`.
pub async fn count_uncertain_unpriced(
    db: &mut PgConnection,
    team: TeamId,
    user: Option<UserId>,
    from: DateTime<Utc>,
    most: u32,
) -> Result<Todo, Error> {
    let user = user.map(|user| user.0);
    let row = sqlx::query_file!("queries/history_todo.sql", team.0, user, from, i64::from(most)).fetch_one(db).await?;
    Ok(Todo { uncertain: number("todo", row.uncertain)?, unpriced: number("todo", row.unpriced)? })
}

/// The rates of a price version in a tier, standard where it has none, and since when they are in force. No team: versions of
/// shared deployments belong to nobody, and the id comes from an attempt that was read with its team.
pub async fn price(
    db: &mut PgConnection,
    version: PriceVersionId,
    variant: Variant,
) -> Result<Option<(DateTime<Utc>, Vec<PriceComponent>)>, Error> {
    let since = sqlx::query_scalar!("SELECT effective_from FROM price_versions WHERE id = $1", version.0);
    let Some(since) = since.fetch_optional(&mut *db).await? else { return Ok(None) };
    let rows = sqlx::query!(
        "SELECT DISTINCT ON (above_input_tokens, class) class, above_input_tokens, pico FROM price_components
          WHERE version_id = $1 AND variant IN ('standard', $2) AND schedule = ''
          ORDER BY above_input_tokens, class, variant = 'standard'",
        version.0,
        variant.as_str()
    )
    .fetch_all(db)
    .await?;
    let components = rows.into_iter().map(|row| {
        Ok(PriceComponent {
            class: word("price_components.class", row.class, PriceClass::parse)?,
            variant: Variant::Standard,
            above_input_tokens: number("price_components.above_input_tokens", row.above_input_tokens)?,
            rate: Pico(row.pico),
        })
    });
    Ok(Some((since, components.collect::<Result<_, Error>>()?)))
}

/// What a team did in the last 24 hours, and what it has.
#[derive(Clone, Copy, Debug)]
pub struct Totals {
    pub requests: u64,
    pub errors: u64,
    pub cost: Money,
    pub unpriced: u64,
    pub providers: u64,
    pub models: u64,
    pub unpriced_models: u64,
    pub keys: u64,
    pub runs: u64,
}

/// Sums of the last 24 hours by the database clock, and what the team has. Unpriced requests are counted, not summed.
pub async fn totals(db: &mut PgConnection, team: TeamId) -> Result<Totals, Error> {
    let row = sqlx::query_file!("queries/history_totals.sql", team.0).fetch_one(db).await?;
    let count = |n: i64| number("totals", n);
    Ok(Totals {
        requests: count(row.requests)?,
        errors: count(row.errors)?,
        cost: Money(row.cost_nano),
        unpriced: count(row.unpriced)?,
        providers: count(row.providers)?,
        models: count(row.models)?,
        unpriced_models: count(row.unpriced_models)?,
        keys: count(row.keys)?,
        runs: count(row.runs)?,
    })
}
