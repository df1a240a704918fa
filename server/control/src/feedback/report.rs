//! The tables of verdicts (`product.md` FB-6): acceptance, rating, edits and blind wins, each with its interval and its n.

use chrono::TimeDelta;
use domain::{
    ApiError,
    feedback::{Verdicts, VerdictsBy, VerdictsQuery, VerdictsRow},
    interval::{Share, Spread},
    permission::Permission,
};
use store::{
    feedback::{ModelPair, Sums, Tally},
    pool,
};

use super::votes;
use crate::{Actor, Context, Error, range::Range, stamps::Stamps};

const USUAL_DAYS: i64 = 30;
/// Until now means until then: the database has a clock of its own.
const AHEAD: TimeDelta = TimeDelta::days(1);

/// What was said about the requests of a span, by model, prompt version, task class or for the whole team.
pub async fn report(ctx: &Context, actor: &Actor, query: VerdictsQuery) -> Result<Verdicts, Error> {
    let VerdictsQuery { team, by, from, to } = query;
    let team = actor.team(ctx, &team).await?;
    actor.require(Permission::ReadTeam, &team)?;
    let mut db = pool::connection(&ctx.pools.dashboard).await?;
    let stamps = Stamps::of_reader(actor, &mut db).await?;
    let mut notices = Vec::new();
    let now = ctx.clock.now();
    let range = Range::read(stamps, now, &from, &to, TimeDelta::days(USUAL_DAYS), &mut notices);
    if let Some(notice) = notices.into_iter().next() {
        return Err(ApiError::field("from", notice).into());
    }
    let (from, to) = (range.from, range.to.unwrap_or_else(|| now + AHEAD));
    let sums = store::feedback::report(&mut db, team.id, by, from, to).await?;
    let pairs = store::feedback::pairs_of_models(&mut db, team.id, from, to).await?;
    let mut rows: Vec<VerdictsRow> = sums.into_iter().map(row).collect();
    match by {
        VerdictsBy::Model => rows.iter_mut().for_each(|row| row.blind_wins = blind_wins(&row.of, &pairs)),
        VerdictsBy::Team => rows.iter_mut().for_each(|row| row.of.clone_from(&team.name)),
        VerdictsBy::PromptVersion | VerdictsBy::TaskClass => {}
    }
    let pairs = pairs.into_iter().map(|pair| votes::row(pair.left, pair.right, pair.votes));
    Ok(Verdicts { rows, span: range.words(stamps), pairs: pairs.collect() })
}

/// Of the blind votes on a model and another one that have a winner, those that it won.
fn blind_wins(model: &str, pairs: &[ModelPair]) -> Share {
    let (mut wins, mut all) = (0_u32, 0_u32);
    for ModelPair { left, right, votes: Tally { left: lefts, right: rights, ties: _, both_bad: _ } } in pairs {
        if left == model || right == model {
            wins = wins.saturating_add(if left == model { *lefts } else { *rights });
            all = all.saturating_add(*lefts).saturating_add(*rights);
        }
    }
    Share::of(wins, all)
}

fn row(sums: Sums) -> VerdictsRow {
    let Sums { of, accepted, edited, rejected, ratings, rating_sum, rating_squares, distances, distance_median } = sums;
    let n = accepted.saturating_add(edited).saturating_add(rejected);
    VerdictsRow {
        of,
        n,
        accepted,
        edited,
        rejected,
        acceptance: Share::of(accepted.saturating_add(edited), n),
        rating: Spread::of(ratings, rating_sum, rating_squares, 1, 5),
        edit_distance: distance_median,
        distances,
        blind_wins: Share::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fb_6_a_model_wins_on_whichever_side_it_stands() {
        let pair = |left: &str, right: &str, lefts, rights| ModelPair {
            left: left.to_owned(),
            right: right.to_owned(),
            votes: Tally { left: lefts, right: rights, ties: 9, both_bad: 9 },
        };
        let pairs = [pair("a", "b", 3, 1), pair("b", "c", 2, 5), pair("a", "c", 0, 4)];
        assert_eq!(blind_wins("b", &pairs), Share::of(3, 11));
        assert_eq!(blind_wins("a", &pairs), Share::of(3, 8));
        assert_eq!(blind_wins("d", &pairs), Share::default());
    }
}
