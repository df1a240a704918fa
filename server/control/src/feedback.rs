//! What people and their tools say about answers (`product.md` 16): verdicts on requests, votes on pairs, and the tables made of
//! them. They are work, not configuration: no line in the log.
//!
//! A text that was kept in the end is measured against the answer and dropped; it is never stored. Ratings of people, outcomes
//! of code and scores of judges are never mixed into one number.

mod distance;
mod item;
mod measure;
mod report;
mod votes;

use std::collections::HashMap;

use chrono::TimeDelta;
use domain::{
    ApiError,
    error::FieldError,
    feedback::{FEEDBACK_DAYS, FeedbackItem, GiveVerdict, GivenVerdict, MAX_ITEMS, Verdict},
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

use crate::{Actor, Context, Error, history, stamps::Stamps};
use item::Item;
use measure::Ruler;

const UNKNOWN: &str = "your team has no request with this id";

/// A person says how a request went, and learns what was kept of it; saying it again replaces it, and an empty verdict takes it
/// back. Answers of runs are for every member to judge, other requests for who made them and for who manages the team.
pub async fn give(ctx: &Context, actor: &Actor, input: GiveVerdict) -> Result<Verdict, Error> {
    let GiveVerdict { team, request, verdict, kept } = input;
    let team = actor.team(ctx, &team).await?;
    actor.require(Permission::RunPlayground, &team)?;
    let user = actor.user().ok_or(Error::NeedsPerson)?;
    let mut verdict = item::checked(verdict)?;
    let kept = item::kept(kept)?;
    let own = history::labels(actor, &team).ok_or(Error::NeedsPerson)?;
    let mut db = pool::connection(&ctx.pools.dashboard).await?;
    let facts = store::history::facts(&mut db, team.id, &[request]).await?.pop().ok_or(Error::NotFound)?;
    drop(db);
    if facts.run.is_none() && own.is_some() && own != facts.user {
        return Err(Error::NotFound);
    }
    if is_late(ctx, &facts) {
        let message = format!("this request is older than {FEEDBACK_DAYS} days");
        return Err(ApiError::field("request", message).into());
    }
    if let Some(kept) = kept {
        // How far a text is from an answer tells of the answer: only who may read it may ask.
        let reads = history::reads(actor, &team)?;
        if facts.run.is_none() && reads.is_some() && reads != facts.user {
            let message = "only admins of the team read this answer: leave out what you kept";
            return Err(ApiError::field("kept", message).into());
        }
        let measured = Ruler::default().measure(ctx, team.id, &facts, kept).await?;
        verdict.edit_distance = Some(measured.map_err(|why| ApiError::field("kept", why.to_people()))?);
    }
    let mut tx = ctx.begin().await?;
    let id = FeedbackId::new(&*ctx.clock, &*ctx.entropy);
    match store::feedback::give(&mut tx, team.id, Source::User(user), request, id, &verdict).await? {
        Gave::New | Gave::Same => {
            pool::commit(tx).await?;
            Ok(verdict)
        }
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
    if items.len() > MAX_ITEMS {
        return Err(ApiError::field("items", format!("send at most {MAX_ITEMS} items")).into());
    }
    let items: Vec<Result<Item, FieldError>> = items.into_iter().map(item::read).collect();
    let asked: Vec<RequestId> = items.iter().flatten().map(|item| item.request).collect();
    let mut db = pool::connection(&ctx.pools.dashboard).await?;
    let known = store::history::facts(&mut db, team, &asked).await?;
    drop(db);
    let known = known.into_iter().map(|facts| (facts.request, facts)).collect();
    let mut call = Call { ctx, team, key, known, ruler: Ruler::default() };
    let mut measured = Vec::with_capacity(items.len());
    for item in items {
        measured.push(match item {
            Ok(item) => call.measure(item).await?,
            Err(wrong) => Err(wrong),
        });
    }
    // Others measure while this call writes.
    call.ruler = Ruler::default();
    let mut answers = Vec::with_capacity(measured.len());
    for item in measured {
        answers.push(match item {
            Ok((request, verdict)) => call.write(request, &verdict).await?,
            Err(wrong) => Err(wrong),
        });
    }
    Ok(answers)
}

/// What the items of one call share.
struct Call<'a> {
    ctx: &'a Context,
    team: TeamId,
    key: KeyId,
    known: HashMap<RequestId, Facts>,
    ruler: Ruler,
}

impl Call<'_> {
    async fn measure(&mut self, item: Item) -> Result<Result<(RequestId, Verdict), FieldError>, Error> {
        let Item { request, mut verdict, final_text } = item;
        let Some(facts) = self.known.get(&request) else {
            return Ok(Err(item::wrong("request_id", UNKNOWN)));
        };
        if is_late(self.ctx, facts) {
            return Ok(Err(item::wrong("request_id", format!("this request is older than {FEEDBACK_DAYS} days"))));
        }
        if let Some(kept) = final_text {
            match self.ruler.measure(self.ctx, self.team, facts, kept).await? {
                Ok(parts) => verdict.edit_distance = Some(parts),
                Err(why) => return Ok(Err(item::wrong("final_text", why.to_programs()))),
            }
        }
        Ok(Ok((request, verdict)))
    }

    async fn write(&self, request: RequestId, verdict: &Verdict) -> Result<Result<(), FieldError>, Error> {
        let mut db = pool::connection(&self.ctx.pools.dashboard).await?;
        let id = FeedbackId::new(&*self.ctx.clock, &*self.ctx.entropy);
        Ok(match store::feedback::give(&mut db, self.team, Source::Key(self.key), request, id, verdict).await? {
            Gave::New | Gave::Same => Ok(()),
            Gave::NoSuch => Err(item::wrong("request_id", UNKNOWN)),
        })
    }
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
