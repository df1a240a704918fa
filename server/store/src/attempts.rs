//! The ledger: one row per upstream request, inserted in state `reserved` and moved forward once (`ledger.md` 5, 6, 8).
//!
//! Here: the statements of the admission and settlement writers and of the sweep. Never here: which move is right; that is
//! `domain::ledger`. These functions name no team: each row carries its own, checked against the configuration snapshot.

mod settle;
mod sweep;

use domain::{
    Money,
    id::{AttemptId, DeploymentId, KeyId, PriceVersionId, ProviderId, ReplicaId, RequestId, RunId, TeamId, UserId},
    ledger::Origin,
};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::Error;

pub use settle::{Locked, Resolution, lock, resolve};
pub use sweep::sweep;

/// An attempt as it is admitted. Nothing of it changes afterwards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAttempt {
    pub id: AttemptId,
    pub request: RequestId,
    /// 1 for the first attempt of a call.
    pub number: u16,
    pub origin: Origin,
    pub team: TeamId,
    pub key: Option<KeyId>,
    pub user: Option<UserId>,
    pub run: Option<RunId>,
    pub provider: ProviderId,
    pub deployment: DeploymentId,
    /// Public name of the model; the deployment knows the upstream's.
    pub model: String,
    /// Name the client sent.
    pub model_asked: String,
    pub dialect: &'static str,
    pub stream: bool,
    pub labels: Labels,
    pub price: Option<PriceVersionId>,
    pub input_bound: u32,
    pub output_cap: u32,
    pub reserved: Money,
    /// How long until nobody can still be working on it.
    pub life_ms: u64,
}

/// What the client says about its call, for reports.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Labels {
    pub task: Option<domain::task::TaskClass>,
    /// Sorted by key.
    pub tags: Vec<(String, String)>,
    pub conversation: Option<String>,
}

/// Inserts a batch in state `reserved` and tells how many rows are new. A row that is there already stays as it is, so a
/// batch whose COMMIT got no answer is simply inserted again: it waits for the lost backend and meets its own rows.
pub async fn insert(db: &mut PgConnection, owner: ReplicaId, batch: &[NewAttempt]) -> Result<u64, Error> {
    let mut columns = Columns::default();
    for attempt in batch {
        columns.push(attempt);
    }
    let c = &columns;
    let done = sqlx::query_file!(
        "queries/attempts_insert.sql",
        owner.0,
        &c.ids,
        &c.requests,
        &c.numbers,
        &c.life_ms,
        &c.origins,
        &c.teams,
        &c.keys as &[Option<Uuid>],
        &c.users as &[Option<Uuid>],
        &c.runs as &[Option<Uuid>],
        &c.providers,
        &c.deployments,
        &c.models,
        &c.models_asked,
        &c.dialects,
        &c.streams,
        &c.prices as &[Option<Uuid>],
        &c.input_bounds,
        &c.output_caps,
        &c.reserved,
        &c.tasks as &[Option<String>],
        &c.tags as &[Option<serde_json::Value>],
        &c.conversations as &[Option<String>],
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

/// A batch turned on its side, for UNNEST.
#[derive(Default)]
struct Columns {
    ids: Vec<Uuid>,
    requests: Vec<Uuid>,
    numbers: Vec<i16>,
    life_ms: Vec<i64>,
    origins: Vec<String>,
    teams: Vec<Uuid>,
    keys: Vec<Option<Uuid>>,
    users: Vec<Option<Uuid>>,
    runs: Vec<Option<Uuid>>,
    providers: Vec<Uuid>,
    deployments: Vec<Uuid>,
    models: Vec<String>,
    models_asked: Vec<String>,
    dialects: Vec<String>,
    streams: Vec<bool>,
    prices: Vec<Option<Uuid>>,
    input_bounds: Vec<i64>,
    output_caps: Vec<i64>,
    reserved: Vec<i64>,
    tasks: Vec<Option<String>>,
    tags: Vec<Option<serde_json::Value>>,
    conversations: Vec<Option<String>>,
}

impl Columns {
    fn push(&mut self, attempt: &NewAttempt) {
        let NewAttempt {
            id,
            request,
            number,
            origin,
            team,
            key,
            user,
            run,
            provider,
            deployment,
            model,
            model_asked,
            dialect,
            stream,
            labels: Labels { task, tags, conversation },
            price,
            input_bound,
            output_cap,
            reserved,
            life_ms,
        } = attempt;
        self.ids.push(id.0);
        self.requests.push(request.0);
        self.numbers.push(i16::try_from(*number).unwrap_or(i16::MAX));
        self.life_ms.push(i64::try_from(*life_ms).unwrap_or(i64::MAX));
        self.origins.push(origin.as_str().to_owned());
        self.teams.push(team.0);
        self.keys.push(key.map(|id| id.0));
        self.users.push(user.map(|id| id.0));
        self.runs.push(run.map(|id| id.0));
        self.providers.push(provider.0);
        self.deployments.push(deployment.0);
        self.models.push(model.clone());
        self.models_asked.push(model_asked.clone());
        self.dialects.push((*dialect).to_owned());
        self.streams.push(*stream);
        self.prices.push(price.map(|id| id.0));
        self.input_bounds.push(i64::from(*input_bound));
        self.output_caps.push(i64::from(*output_cap));
        self.reserved.push(reserved.0);
        self.tasks.push(task.map(|task| task.as_str().to_owned()));
        let tags = tags.iter().map(|(key, value)| (key.clone(), value.clone().into()));
        let tags = serde_json::Value::Object(tags.collect());
        self.tags.push(Some(tags).filter(|tags| tags.as_object().is_some_and(|tags| !tags.is_empty())));
        self.conversations.push(conversation.clone());
    }
}

/// Makes the partitions of this month and the next three. Safe to repeat.
pub async fn make_partitions(db: &mut PgConnection) -> Result<(), Error> {
    sqlx::query!("SELECT make_attempt_partitions() AS made").execute(db).await?;
    Ok(())
}

/// What answers of these models have been like for the team: mean tokens of the newest successes of the last 30 days, visible
/// and reasoning together. Models without any are left out.
pub async fn average_output(
    db: &mut PgConnection,
    team: TeamId,
    models: &[String],
) -> Result<Vec<(String, u32)>, Error> {
    let rows = sqlx::query_file!("queries/attempts_average_output.sql", team.0, models).fetch_all(db).await?;
    Ok(rows.into_iter().map(|row| (row.model, u32::try_from(row.tokens).unwrap_or(u32::MAX))).collect())
}

/// Notes that keys were used: at most once a minute per key, so that a busy key does not rewrite its row all the time.
pub async fn touch_keys(db: &mut PgConnection, keys: &[KeyId]) -> Result<(), Error> {
    let ids: Vec<Uuid> = keys.iter().map(|key| key.0).collect();
    sqlx::query_file!("queries/attempts_touch_keys.sql", &ids).execute(db).await?;
    Ok(())
}

/// Was the connection lost, so that nobody can know whether the last statement held? Waiting in vain for a free connection
/// is not that: nothing was sent.
pub fn is_connection_lost(error: &Error) -> bool {
    match error {
        Error::Unavailable(sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed) => false,
        Error::Unavailable(_) => true,
        // The server ends connections with a message when it shuts down or recovers from a crash.
        Error::Statement(sqlx::Error::Database(database)) => {
            database.code().is_some_and(|code| code.starts_with("57P0") || code.starts_with("08"))
        }
        _ => false,
    }
}
