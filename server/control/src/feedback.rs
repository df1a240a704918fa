//! What people and their tools say about answers (`product.md` 16): verdicts on requests, votes on pairs, and the tables made of
//! them. They are work, not configuration: no line in the log.
//!
//! A text that was kept in the end is measured against the answer and dropped; it is never stored. Ratings of people, outcomes
//! of code and scores of judges are never mixed into one number.

mod distance;
mod item;
mod report;
mod votes;

use chrono::TimeDelta;
use domain::{
    ApiError,
    error::FieldError,
    feedback::{FEEDBACK_DAYS, FeedbackItem, GiveVerdict, GivenVerdict, MAX_ITEMS},
    id::{FeedbackId, KeyId, RequestId, TeamId},
    permission::Permission,
};
use store::{
    feedback::{Gave, Source},
    history::Facts,
    pool::{self, Connection},
};

pub use report::report;
pub use votes::{pairs, vote};

use crate::{Actor, Context, Error, diff, history, stamps::Stamps};
use item::Item;

const UNKNOWN: &str = "your team has no request with this id";

/// A person says how a request went; saying it again replaces it, and an empty verdict takes it back. Answers of runs are for
/// every member to judge, other requests for who made them and for who manages the team.
pub async fn give(ctx: &Context, actor: &Actor, input: GiveVerdict) -> Result<(), Error> {
    let GiveVerdict { team, request, verdict } = input;
    let team = actor.team(ctx, &team).await?;
    actor.require(Permission::RunPlayground, &team)?;
    let user = actor.user().ok_or(Error::NeedsPerson)?;
    let verdict = item::checked(verdict)?;
    let own = history::labels(actor, &team).ok_or(Error::NeedsPerson)?;
    let mut tx = ctx.begin().await?;
    let facts = store::history::facts(&mut tx, team.id, &[request]).await?.pop().ok_or(Error::NotFound)?;
    if facts.run.is_none() && own.is_some() && own != facts.user {
        return Err(Error::NotFound);
    }
    if is_late(ctx, &facts) {
        let message = format!("this request is older than {FEEDBACK_DAYS} days");
        return Err(ApiError::field("request", message).into());
    }
    let id = FeedbackId::new(&*ctx.clock, &*ctx.entropy);
    match store::feedback::give(&mut tx, team.id, Source::User(user), request, id, &verdict).await? {
        Gave::New | Gave::Same => Ok(pool::commit(tx).await?),
        Gave::NoSuch => Err(Error::NotFound),
    }
}

fn is_late(ctx: &Context, facts: &Facts) -> bool {
    ctx.clock.now() - facts.admitted_at > TimeDelta::days(FEEDBACK_DAYS.into())
}

/// A key says how calls of its team went. One answer for each item, in order; the good ones count. `Err` is about all of them.
pub async fn by_key(
    ctx: &Context,
    team: TeamId,
    key: KeyId,
    items: Vec<FeedbackItem>,
) -> Result<Vec<Result<(), FieldError>>, Error> {
    if !(1..=MAX_ITEMS).contains(&items.len()) {
        return Err(ApiError::field("items", format!("send 1 to {MAX_ITEMS} items")).into());
    }
    let mut answers = Vec::with_capacity(items.len());
    for item in items {
        answers.push(match item::read(item) {
            Ok(item) => one_by_key(ctx, team, key, item).await?,
            Err(wrong) => Err(wrong),
        });
    }
    Ok(answers)
}

async fn one_by_key(ctx: &Context, team: TeamId, key: KeyId, item: Item) -> Result<Result<(), FieldError>, Error> {
    let Item { request, mut verdict, final_text } = item;
    let mut db = pool::connection(&ctx.pools.dashboard).await?;
    let Some(facts) = store::history::facts(&mut db, team, &[request]).await?.pop() else {
        return Ok(Err(item::wrong("request_id", UNKNOWN)));
    };
    if is_late(ctx, &facts) {
        return Ok(Err(item::wrong("request_id", format!("this request is older than {FEEDBACK_DAYS} days"))));
    }
    if let Some(kept) = final_text {
        let Some(answer) = answer(ctx, &mut db, team, request, &facts.dialect).await? else {
            let message = "the answer was not kept, or not all of it: send edit_distance instead";
            return Ok(Err(item::wrong("final_text", message)));
        };
        // Nobody waits for a connection while this one thinks.
        drop(db);
        verdict.edit_distance = Some(diff::aside(move || distance::edited(&answer, &kept, diff::deadline())).await?);
        db = pool::connection(&ctx.pools.dashboard).await?;
    }
    let id = FeedbackId::new(&*ctx.clock, &*ctx.entropy);
    Ok(match store::feedback::give(&mut db, team, Source::Key(key), request, id, &verdict).await? {
        Gave::New | Gave::Same => Ok(()),
        Gave::NoSuch => Err(item::wrong("request_id", UNKNOWN)),
    })
}

/// What the model answered, whole, where it was kept: by a run, or as the team's policy says.
async fn answer(
    ctx: &Context,
    db: &mut Connection,
    team: TeamId,
    request: RequestId,
    dialect: &str,
) -> Result<Option<String>, Error> {
    if let Some((.., text)) = store::runs::cell_of_request(db, team, request).await? {
        return Ok(Some(text));
    }
    let body = store::bodies::get(db, team, request).await?.filter(|body| !body.is_cut);
    Ok(body.map(|body| history::answer_of(ctx, dialect, &body)).filter(|answer| !answer.is_empty()))
}

/// What was said about a request, newest first.
pub(crate) async fn of_request(
    db: &mut Connection,
    stamps: Stamps,
    team: TeamId,
    request: RequestId,
    reader: Option<Source>,
) -> Result<Vec<GivenVerdict>, Error> {
    let given = store::feedback::of_request(db, team, request).await?;
    let shown = given.into_iter().map(|given| GivenVerdict {
        is_mine: reader == Some(given.source),
        by: given.by,
        time: stamps.of(given.at),
        verdict: given.verdict,
    });
    Ok(shown.collect())
}
