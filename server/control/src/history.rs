//! Requests, their receipts, what was said, and what they were for. Without the right to read the team's history a person sees
//! their own.
//!
//! One more question about requests goes through `asked.rs`, which knows what its reader may see.

mod asked;
mod detail;
mod facets;
mod replay;
mod views;

use chrono::TimeDelta;
use domain::{
    ApiError,
    history::{
        Around, CONTENT_DAYS, ContentLock, Field, Filter as Condition, HistoryPage, HistoryQuery, HistoryRow, Op,
        RequestContent, RequestDetail,
    },
    id::{AttemptId, KeyId, RequestId, TeamId, UserId},
    ledger::AttemptState,
    permission::Permission,
    role::TeamRole,
    task::TaskClass,
    team::StoreContent,
};
use store::{
    bodies::Body,
    feedback::Source,
    history::{Attempt, Filter, Neighbours, Relabelled},
    pool::{self, Connection},
};

pub use facets::facets;
pub(crate) use replay::answer_of;
pub use replay::{compare, replay};
pub use views::{remove_view, save_view, views};

use crate::{Access, Actor, Context, Error, audit, stamps::Stamps};
use asked::Asked;
use detail::{Reader, row};

const DEFAULT_LIMIT: u32 = 50;
const MOST: u32 = 200;
/// Most new requests that are counted.
const MOST_NEW: u32 = 1_000;

/// One page, newest first.
pub async fn list(ctx: &Context, actor: &Actor, query: HistoryQuery) -> Result<HistoryPage, Error> {
    let team = actor.team(ctx, &query.team).await?;
    actor.require(Permission::ReadTeam, &team)?;
    let limit = query.limit.unwrap_or(DEFAULT_LIMIT);
    if !(1..=MOST).contains(&limit) {
        return Err(ApiError::field("limit", format!("use a number from 1 to {MOST}")).into());
    }
    let mut db = pool::connection(&ctx.pools.dashboard).await?;
    let stamps = Stamps::of_reader(actor, &mut db).await?;
    let Asked { filter, notices, span } = asked::read(ctx, actor, &team, stamps, &query)?;
    // One more than asked for tells whether there is a next page.
    let filter = Filter { before: query.before, limit: limit + 1, ..filter };
    let mut attempts = store::history::list(&mut db, team.id, &filter).await?;
    let has_more = attempts.len() > limit as usize;
    attempts.truncate(limit as usize);
    let next = attempts.last().filter(|_| has_more).map(|attempt| attempt.id);
    Ok(HistoryPage { rows: rows(stamps, &attempts), next, notices, span })
}

/// The neighbours of a request in the same list.
pub async fn around(ctx: &Context, actor: &Actor, query: HistoryQuery, request: RequestId) -> Result<Around, Error> {
    let team = actor.team(ctx, &query.team).await?;
    actor.require(Permission::ReadTeam, &team)?;
    let mut db = pool::connection(&ctx.pools.dashboard).await?;
    let stamps = Stamps::of_reader(actor, &mut db).await?;
    let Asked { filter, .. } = asked::read(ctx, actor, &team, stamps, &query)?;
    let Neighbours { newer, older } =
        store::history::around(&mut db, team.id, &filter, request).await?.ok_or(Error::NotFound)?;
    Ok(Around { newer, older })
}

/// What came since the reader looked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Newer {
    /// At most a thousand.
    pub count: u32,
    pub newest: Option<AttemptId>,
}

/// How many requests of the same list are newer than an attempt; without one, which is the newest.
pub async fn newer(
    ctx: &Context,
    actor: &Actor,
    query: HistoryQuery,
    after: Option<AttemptId>,
) -> Result<Newer, Error> {
    let team = actor.team(ctx, &query.team).await?;
    actor.require(Permission::ReadTeam, &team)?;
    let mut db = pool::connection(&ctx.pools.dashboard).await?;
    let stamps = Stamps::of_reader(actor, &mut db).await?;
    let Asked { filter, .. } = asked::read(ctx, actor, &team, stamps, &query)?;
    let store::history::Newer { count, newest } =
        store::history::newer(&mut db, team.id, &filter, after, MOST_NEW).await?;
    Ok(Newer { count, newest })
}

/// Notes that somebody takes the requests of a team away as a file.
pub async fn exported(ctx: &Context, actor: &Actor, team: &str) -> Result<(), Error> {
    let team = actor.team(ctx, team).await?;
    actor.require(Permission::ReadTeam, &team)?;
    let mut tx = ctx.begin().await?;
    let act = audit::Act { team: Some(team.id), action: "export.create", object: "history", fields: &[] };
    audit::record(ctx, actor, &mut tx, act).await?;
    Ok(pool::commit(tx).await?)
}

/// One request with all its attempts.
pub async fn get(ctx: &Context, actor: &Actor, team: &str, request: RequestId) -> Result<RequestDetail, Error> {
    let team = actor.team(ctx, team).await?;
    actor.require(Permission::ReadTeam, &team)?;
    let mut db = pool::connection(&ctx.pools.dashboard).await?;
    let attempts = store::history::get(&mut db, team.id, request, only(actor, &team)?).await?;
    let stamps = Stamps::of_reader(actor, &mut db).await?;
    let owner = attempts.first().and_then(|attempt| attempt.user);
    let may_label = labels(actor, &team).is_some_and(|own| own.is_none() || own == owner);
    let reader = Reader { stamps, source: actor.user().map(Source::User), may_label };
    let mut detail = detail::whole(&mut db, &reader, team.id, request, attempts).await?;
    if !actor.may(Permission::ReadContent, &team) {
        // What people write about an answer may quote it (`security.md` AC-8).
        for given in detail.verdicts.iter_mut().filter(|given| !given.is_mine) {
            given.verdict.comment.clear();
            given.verdict.tags.clear();
        }
    }
    Ok(detail)
}

/// Whose requests this person may say something about: their own, or everybody's who manages the team (`None` inside).
/// `None`: nobody's.
pub(crate) fn labels(actor: &Actor, team: &Access) -> Option<Option<UserId>> {
    let user = actor.user().filter(|_| actor.may(Permission::RunPlayground, team))?;
    Some((!actor.may(Permission::ManageTeam, team)).then_some(user))
}

/// Says what kind of work a request was; `None` takes it back.
pub async fn set_task(
    ctx: &Context,
    actor: &Actor,
    team: &str,
    request: RequestId,
    task: Option<TaskClass>,
) -> Result<(), Error> {
    let team = actor.team(ctx, team).await?;
    actor.require(Permission::RunPlayground, &team)?;
    let own = labels(actor, &team).ok_or(Error::NeedsPerson)?;
    let mut db = pool::connection(&ctx.pools.dashboard).await?;
    match store::history::set_task(&mut db, team.id, request, task, own).await? {
        Relabelled::Done => Ok(()),
        Relabelled::Running => Err(Error::conflict("this request still runs: say so when it has ended")),
        Relabelled::NoSuch => Err(Error::NotFound),
    }
}

/// What was said in a request, for who may read the request.
pub async fn content(ctx: &Context, actor: &Actor, team: &str, request: RequestId) -> Result<RequestContent, Error> {
    let team = actor.team(ctx, team).await?;
    let own = reads(actor, &team)?;
    let mut db = pool::connection(&ctx.pools.dashboard).await?;
    let attempts = store::history::get(&mut db, team.id, request, own).await?;
    said(ctx, &mut db, &team, request, &attempts).await.map(shown)
}

/// Whose text alone this person reads; `None`: everybody's in the team. What others said is for admins of the team alone: a
/// role at the instance shows numbers, never text (`security.md` AC-8).
pub(crate) fn reads(actor: &Actor, team: &Access) -> Result<Option<UserId>, Error> {
    actor.require(Permission::ReadContent, team)?;
    match team.role {
        Some(TeamRole::Admin) => Ok(None),
        _ => Ok(Some(actor.user().ok_or(Error::NeedsPerson)?)),
    }
}

/// The stored text of a request, or why there is none.
async fn said(
    ctx: &Context,
    db: &mut Connection,
    team: &Access,
    request: RequestId,
    attempts: &[Attempt],
) -> Result<Result<Body, ContentLock>, Error> {
    let first = attempts.first().ok_or(Error::NotFound)?;
    if let Some(body) = store::bodies::get(db, team.id, request).await? {
        return Ok(Ok(body));
    }
    let is_old = ctx.clock.now() - first.admitted_at > TimeDelta::days(CONTENT_DAYS.into());
    let is_running = attempts.iter().any(|attempt| attempt.state == AttemptState::Reserved);
    Ok(Err(match team.store_content {
        _ if first.run.is_some() => ContentLock::InRun,
        _ if is_old => ContentLock::Age,
        StoreContent::Metadata => ContentLock::Policy,
        StoreContent::Full | StoreContent::Redacted if is_running => ContentLock::Running,
        StoreContent::Full | StoreContent::Redacted => ContentLock::NotKept,
    }))
}

fn shown(said: Result<Body, ContentLock>) -> RequestContent {
    let Body { request: _, team: _, policy, asked, answered, is_cut } = match said {
        Ok(body) => body,
        Err(lock) => return RequestContent { lock: Some(lock), ..RequestContent::default() },
    };
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
    let reader = Reader { stamps, source: Some(Source::Key(key)), may_label: false };
    let mut detail = detail::whole(&mut db, &reader, team, request, attempts).await?;
    // What people said is theirs to show: a key may stand in a program of anybody's.
    detail.verdicts.retain(|given| given.is_mine);
    Ok(detail)
}

/// The newest requests, for the first page of a team.
pub(crate) async fn recent(
    db: &mut Connection,
    actor: &Actor,
    team: &Access,
    stamps: Stamps,
    limit: u32,
) -> Result<Vec<HistoryRow>, Error> {
    let filter = Filter { limit, user: only(actor, team)?, ..Filter::default() };
    let attempts = store::history::list(db, team.id, &filter).await?;
    Ok(rows(stamps, &attempts))
}

/// The newest requests of one key.
pub(crate) async fn recent_of_key(
    db: &mut Connection,
    actor: &Actor,
    team: &Access,
    stamps: Stamps,
    key: KeyId,
    limit: u32,
) -> Result<Vec<HistoryRow>, Error> {
    let key = Condition { field: Field::Key, op: Op::In, values: vec![key.to_string()] };
    let filter = Filter { limit, user: only(actor, team)?, conditions: vec![key], ..Filter::default() };
    let attempts = store::history::list(db, team.id, &filter).await?;
    Ok(rows(stamps, &attempts))
}

fn rows(stamps: Stamps, attempts: &[Attempt]) -> Vec<HistoryRow> {
    attempts.iter().map(|attempt| row(stamps, attempt)).collect()
}

/// Whose rows alone this reader may see; `None`: everybody's.
fn only(actor: &Actor, team: &Access) -> Result<Option<UserId>, Error> {
    if actor.may(Permission::ReadTeamHistory, team) {
        return Ok(None);
    }
    actor.user().map(Some).ok_or(Error::NeedsPerson)
}
