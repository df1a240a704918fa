//! Requests, their receipts and what was said. Without the right to read the team's history a person sees their own.

use chrono::TimeDelta;
use domain::{
    ApiError,
    history::{
        AttemptDetail, CONTENT_DAYS, ContentLock, HistoryPage, HistoryQuery, HistoryRow, RequestContent, RequestDetail,
    },
    id::{KeyId, RequestId, TeamId, UserId},
    ledger::AttemptState,
    permission::Permission,
    price::Variant,
    role::TeamRole,
    team::StoreContent,
};
use store::{
    attempts::Labels,
    bodies::Body,
    history::{Attempt, Filter},
    pool::{self, Loan},
};

use crate::{Access, Actor, Context, Error, stamps::Stamps};

const DEFAULT_LIMIT: u32 = 50;
const MOST: u32 = 200;

/// One page, newest first.
pub async fn list(ctx: &Context, actor: &Actor, query: HistoryQuery) -> Result<HistoryPage, Error> {
    let HistoryQuery { team, before, limit, model, failed } = query;
    let team = actor.team(ctx, &team).await?;
    actor.require(Permission::ReadTeam, &team)?;
    let limit = limit.unwrap_or(DEFAULT_LIMIT);
    if !(1..=MOST).contains(&limit) {
        return Err(ApiError::field("limit", format!("use a number from 1 to {MOST}")).into());
    }
    // One more than asked for tells whether there is a next page.
    let filter = Filter { before, limit: limit + 1, model, failed, user: only(actor, &team)?, key: None };
    let mut db = pool::connection(&ctx.pools.dashboard).await?;
    let mut attempts = store::history::list(&mut db, team.id, &filter).await?;
    let stamps = Stamps::of_reader(actor, &mut db).await?;
    let has_more = attempts.len() > limit as usize;
    attempts.truncate(limit as usize);
    let next = attempts.last().filter(|_| has_more).map(|attempt| attempt.id);
    Ok(HistoryPage { rows: attempts.iter().map(|attempt| row(stamps, attempt)).collect(), next })
}

/// One request with all its attempts.
pub async fn get(ctx: &Context, actor: &Actor, team: &str, request: RequestId) -> Result<RequestDetail, Error> {
    let team = actor.team(ctx, team).await?;
    actor.require(Permission::ReadTeam, &team)?;
    let mut db = pool::connection(&ctx.pools.dashboard).await?;
    let attempts = store::history::get(&mut db, team.id, request, only(actor, &team)?).await?;
    let stamps = Stamps::of_reader(actor, &mut db).await?;
    whole(&mut db, stamps, team.id, request, attempts).await
}

/// What was said in a request, for who may read the request.
pub async fn content(ctx: &Context, actor: &Actor, team: &str, request: RequestId) -> Result<RequestContent, Error> {
    let team = actor.team(ctx, team).await?;
    actor.require(Permission::ReadContent, &team)?;
    // What others said is for admins of the team alone: a role at the instance shows numbers, never text (`security.md` AC-8).
    let own = match team.role {
        Some(TeamRole::Admin) => None,
        _ => Some(actor.user().ok_or(Error::NeedsPerson)?),
    };
    let mut db = pool::connection(&ctx.pools.dashboard).await?;
    let attempts = store::history::get(&mut db, team.id, request, own).await?;
    let first = attempts.first().ok_or(Error::NotFound)?;
    if let Some(body) = store::bodies::get(&mut db, team.id, request).await? {
        return Ok(shown(body));
    }
    let is_old = ctx.clock.now() - first.admitted_at > TimeDelta::days(CONTENT_DAYS.into());
    let is_running = attempts.iter().any(|attempt| attempt.state == AttemptState::Reserved);
    let lock = match team.store_content {
        _ if first.run.is_some() => ContentLock::InRun,
        _ if is_old => ContentLock::Age,
        StoreContent::Metadata => ContentLock::Policy,
        StoreContent::Full | StoreContent::Redacted if is_running => ContentLock::Running,
        StoreContent::Full | StoreContent::Redacted => ContentLock::NotKept,
    };
    Ok(RequestContent { lock: Some(lock), ..RequestContent::default() })
}

fn shown(body: Body) -> RequestContent {
    let Body { request: _, team: _, policy, asked, answered, is_cut } = body;
    let is_redacted = policy == StoreContent::Redacted;
    RequestContent { lock: None, asked: indented(asked), answered: indented(answered), is_redacted, is_cut }
}

/// JSON with line breaks, its fields in their order; any other text, such as a stream, as it is.
fn indented(text: String) -> String {
    let value: Result<serde_json::Value, _> = serde_json::from_str(&text);
    value.and_then(|value| serde_json::to_string_pretty(&value)).unwrap_or(text)
}

/// One request for the key that made it, and for no other.
pub async fn receipt(ctx: &Context, team: TeamId, key: KeyId, request: RequestId) -> Result<RequestDetail, Error> {
    let mut db = pool::connection(&ctx.pools.dashboard).await?;
    let attempts = store::history::get(&mut db, team, request, None).await?;
    if !attempts.iter().all(|attempt| attempt.key == Some(key)) {
        return Err(Error::NotFound);
    }
    let stamps = Stamps::within(&mut db).await?;
    whole(&mut db, stamps, team, request, attempts).await
}

async fn whole(
    db: &mut Loan,
    stamps: Stamps,
    team: TeamId,
    request: RequestId,
    attempts: Vec<Attempt>,
) -> Result<RequestDetail, Error> {
    let first = attempts.first().ok_or(Error::NotFound)?;
    let (model_asked, dialect, stream, run) =
        (first.model_asked.clone(), first.dialect.clone(), first.stream, first.run);
    let mut details = Vec::with_capacity(attempts.len());
    for attempt in attempts {
        details.push(detail(db, stamps, attempt).await?);
    }
    let Labels { task, tags, conversation } = store::history::labels(db, team, request).await?;
    Ok(RequestDetail {
        request,
        public: request.public(),
        model_asked,
        dialect,
        stream,
        run,
        task: task.map(|class| class.as_str().to_owned()),
        tags,
        conversation,
        attempts: details,
    })
}

/// The newest requests, for the first page of a team.
pub(crate) async fn recent(
    db: &mut Loan,
    actor: &Actor,
    team: &Access,
    stamps: Stamps,
    limit: u32,
) -> Result<Vec<HistoryRow>, Error> {
    let filter = Filter { limit, user: only(actor, team)?, ..Filter::default() };
    let attempts = store::history::list(db, team.id, &filter).await?;
    Ok(attempts.iter().map(|attempt| row(stamps, attempt)).collect())
}

/// The newest requests of one key.
pub(crate) async fn recent_of_key(
    db: &mut Loan,
    actor: &Actor,
    team: &Access,
    stamps: Stamps,
    key: KeyId,
    limit: u32,
) -> Result<Vec<HistoryRow>, Error> {
    let filter = Filter { limit, user: only(actor, team)?, key: Some(key), ..Filter::default() };
    let attempts = store::history::list(db, team.id, &filter).await?;
    Ok(attempts.iter().map(|attempt| row(stamps, attempt)).collect())
}

/// Whose rows alone this reader may see; `None`: everybody's.
fn only(actor: &Actor, team: &Access) -> Result<Option<UserId>, Error> {
    if actor.may(Permission::ReadTeamHistory, team) {
        return Ok(None);
    }
    actor.user().map(Some).ok_or(Error::NeedsPerson)
}

fn row(stamps: Stamps, attempt: &Attempt) -> HistoryRow {
    let caller = attempt.key_name.clone().or_else(|| attempt.user_name.clone());
    HistoryRow {
        request: attempt.request,
        attempt: attempt.id,
        time: stamps.of(attempt.admitted_at),
        origin: attempt.origin.clone(),
        caller: caller.unwrap_or_else(|| attempt.origin.clone()),
        model: attempt.model.clone(),
        provider: attempt.provider.clone().unwrap_or_default(),
        state: attempt.state,
        outcome: attempt.outcome,
        usage: attempt.usage,
        usage_source: attempt.usage_source,
        cost: attempt.cost,
        unpriced: attempt.flags.iter().any(|flag| flag == "unpriced"),
        first_byte_ms: attempt.first_byte_ms,
        total_ms: attempt.total_ms,
    }
}

/// The tier that the provider says it served in; its flag names it.
fn served_as(flags: &[String]) -> Variant {
    let tier = flags.iter().find_map(|flag| flag.strip_prefix("tier_"));
    tier.and_then(Variant::parse).unwrap_or_default()
}

async fn detail(db: &mut Loan, stamps: Stamps, attempt: Attempt) -> Result<AttemptDetail, Error> {
    let price = match attempt.price_version {
        Some(version) => store::history::price(db, version, served_as(&attempt.flags)).await?,
        None => None,
    };
    let (since, components) = price.unzip();
    Ok(AttemptDetail {
        row: row(stamps, &attempt),
        number: attempt.number,
        upstream_model: attempt.upstream_model.unwrap_or_default(),
        model_served: attempt.model_served,
        upstream_id: attempt.upstream_id,
        http_status: attempt.http_status,
        finish_reason: attempt.finish_reason,
        client_aborted: attempt.client_aborted,
        flags: attempt.flags,
        reserved: attempt.reserved,
        charged: attempt.charged,
        input_bound: attempt.input_bound,
        output_cap: attempt.output_cap,
        price: components,
        price_since: since.map(|at| stamps.of(at)),
        resolved: attempt.resolved_at.map(|at| stamps.of(at)),
    })
}
