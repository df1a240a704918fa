//! Votes on two answers of a row, and who wins by them (`product.md` PG-11, FB-6).

use domain::{
    ApiError,
    feedback::{NewVote, PairRow},
    grid::Grid,
    id::RunId,
    interval::Share,
    permission::Permission,
};
use store::{feedback::Tally, pool};

use crate::{Actor, Context, Error};

/// A person prefers one of two answers; a second vote on the pair replaces the first.
pub async fn vote(ctx: &Context, actor: &Actor, input: NewVote) -> Result<(), Error> {
    let NewVote { team, run, vote } = input;
    let team = actor.team(ctx, &team).await?;
    actor.require(Permission::RunPlayground, &team)?;
    let user = actor.user().ok_or(Error::NeedsPerson)?;
    if vote.left.case != vote.right.case || vote.left.variant == vote.right.variant {
        return Err(ApiError::field("vote", "choose two answers of one row").into());
    }
    let mut db = pool::connection(&ctx.pools.dashboard).await?;
    match store::feedback::vote(&mut db, team.id, run, user, &vote).await? {
        true => Ok(()),
        false => Err(Error::NotFound),
    }
}

/// The votes of everybody on a run, by pairs of its columns.
pub async fn pairs(ctx: &Context, actor: &Actor, team: &str, run: RunId) -> Result<Vec<PairRow>, Error> {
    let team = actor.team(ctx, team).await?;
    actor.require(Permission::ReadContent, &team)?;
    let mut db = pool::connection(&ctx.pools.dashboard).await?;
    let grid = store::runs::grid(&mut db, team.id, run).await?.ok_or(Error::NotFound)?;
    let pairs = store::feedback::pairs_of_run(&mut db, team.id, run).await?;
    let names = columns(&grid);
    let name = |variant: u16| names.get(usize::from(variant)).cloned().unwrap_or_default();
    Ok(pairs.into_iter().map(|pair| row(name(pair.left), name(pair.right), pair.votes)).collect())
}

/// What columns are called: by their model, and by their number where two have the same.
fn columns(grid: &Grid) -> Vec<String> {
    let is_twice = |model: &str| grid.variants.iter().filter(|variant| variant.model == model).count() > 1;
    let name = |(index, model): (usize, &str)| match is_twice(model) {
        true => format!("{model} ({})", index + 1),
        false => model.to_owned(),
    };
    grid.variants.iter().map(|variant| variant.model.as_str()).enumerate().map(name).collect()
}

/// Of votes with a winner, the share is what the left one won.
pub(super) fn row(left: String, right: String, votes: Tally) -> PairRow {
    let Tally { left: wins, right: losses, ties, both_bad } = votes;
    PairRow { left, right, wins, losses, ties, both_bad, share: Share::of(wins, wins.saturating_add(losses)) }
}

#[cfg(test)]
mod tests {
    use domain::grid::Variant;

    use super::*;

    #[test]
    fn columns_of_one_model_are_told_apart() {
        let variant = |model: &str| Variant { model: model.to_owned(), ..Variant::default() };
        let grid = Grid { variants: ["a", "b", "a"].map(variant).to_vec(), ..Grid::default() };
        assert_eq!(columns(&grid), ["a (1)", "b", "a (3)"]);
    }

    #[test]
    fn fb_6_a_share_counts_only_votes_with_a_winner() {
        let row = row("a".into(), "b".into(), Tally { left: 8, right: 2, ties: 5, both_bad: 3 });
        assert_eq!(row.share, Share::of(8, 10));
    }
}
