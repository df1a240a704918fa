//! Texts that were kept in the end against the answers they began as (`product.md` FB-3). All texts of a call take one turn at
//! a processor, with one deadline: what does not fit into it is told, and never guessed.

use domain::id::TeamId;
use store::{bodies::Body, history::Facts, pool, runs::InRun};

use super::distance;
use crate::{
    Context, Error,
    diff::{self, Turn},
    history,
};

/// Why nobody knows how much was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unmeasured {
    Running,
    NotKept,
    NoTime,
}

impl Unmeasured {
    pub fn to_programs(self) -> &'static str {
        match self {
            Self::Running => "the answer is not complete yet: send this again when it has ended",
            Self::NotKept => "the answer has no text, or was not kept whole: send edit_distance instead",
            Self::NoTime => "there is no time to measure this now: send this item again, or send edit_distance instead",
        }
    }

    pub fn to_people(self) -> &'static str {
        match self {
            Self::Running => "the answer is not complete yet: save this when it has ended",
            Self::NotKept => "the answer was not stored, so nothing can be measured: leave out what you kept",
            Self::NoTime => "there is no time to measure this now: save it again in a moment",
        }
    }
}

/// Measures the texts of one call.
#[derive(Default)]
pub(super) struct Ruler {
    /// From the first text to the last one.
    turn: Option<Turn>,
}

/// An answer as it is kept.
enum Answer {
    Said(String),
    /// To be read in its dialect.
    Body(Body),
}

impl Ruler {
    /// How much of the answer was changed, in ten-thousandths; `Err` says why nobody knows.
    pub(super) async fn measure(
        &mut self,
        ctx: &Context,
        team: TeamId,
        facts: &Facts,
        kept: String,
    ) -> Result<Result<u16, Unmeasured>, Error> {
        let answer = match answer(ctx, team, facts).await? {
            Ok(answer) => answer,
            Err(why) => return Ok(Err(why)),
        };
        let turn = match self.turn.take() {
            Some(turn) => turn,
            None => match diff::turn().await {
                Ok(turn) => turn,
                Err(Error::Worker) => return Ok(Err(Unmeasured::NoTime)),
                Err(error) => return Err(error),
            },
        };
        let (workbench, dialect) = (ctx.workbench.clone(), facts.dialect.clone());
        let measuring = self.turn.insert(turn).aside(move |deadline| {
            let answer = match answer {
                Answer::Said(text) => text,
                Answer::Body(body) => history::answer_of(&*workbench, &dialect, &body),
            };
            match answer.as_str() {
                "" => Err(Unmeasured::NotKept),
                answer => distance::edited(answer, &kept, deadline).ok_or(Unmeasured::NoTime),
            }
        });
        measuring.await
    }
}

/// What the model answered, whole, where it was kept: by the run that asked, or as the team's policy says.
async fn answer(ctx: &Context, team: TeamId, facts: &Facts) -> Result<Result<Answer, Unmeasured>, Error> {
    let mut db = pool::connection(&ctx.pools.dashboard).await?;
    if facts.run.is_some() {
        let sample = store::runs::of_request(&mut db, team, facts.request).await?;
        return Ok(match sample {
            Some(InRun { state, .. }) if !state.is_final() => Err(Unmeasured::Running),
            Some(InRun { text, .. }) => Ok(Answer::Said(text)),
            None => Err(Unmeasured::NotKept),
        });
    }
    let body = store::bodies::get(&mut db, team, facts.request).await?.filter(|body| !body.is_cut);
    Ok(body.map(Answer::Body).ok_or(Unmeasured::NotKept))
}
