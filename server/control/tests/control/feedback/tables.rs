//! Votes on pairs, and the tables of verdicts: their numbers equal a recount.

use control::{feedback, history};
use domain::{
    ErrorKind,
    feedback::{Acceptance, GiveVerdict, NewVote, PairRow, PairVote, Preference, Verdict, VerdictsBy, VerdictsQuery},
    id::{RequestId, RunId},
    interval::{Share, Spread},
    task::TaskClass,
};

use super::answered;
use crate::{
    runs::{place, view},
    world::{World, fields, kind},
};

async fn vote(
    world: &World,
    who: &str,
    run: RunId,
    left: u16,
    right: u16,
    preference: Preference,
) -> Option<ErrorKind> {
    let actor = world.actor(who).await;
    let vote = PairVote { left: place(left, 0), right: place(right, 0), preference, blind: true };
    kind(feedback::vote(&world.ctx, &actor, NewVote { team: "alpha".to_owned(), run, vote }).await)
}

async fn pairs(world: &World, run: RunId) -> Vec<PairRow> {
    let member = world.actor("member").await;
    feedback::pairs(&world.ctx, &member, "alpha", run).await.expect("pairs")
}

#[tokio::test]
async fn pg_11_one_person_has_one_vote_on_a_pair_whichever_side_it_stood_on() {
    let (world, run, _) = answered().await;
    assert_eq!(vote(&world, "member", run, 0, 1, Preference::Left).await, None);
    assert_eq!(vote(&world, "member", run, 1, 0, Preference::Left).await, None);
    assert_eq!(vote(&world, "lead", run, 0, 1, Preference::Tie).await, None);
    let rows = pairs(&world, run).await;
    assert_eq!(rows.len(), 1);
    assert_eq!((rows[0].left.as_str(), rows[0].right.as_str()), ("small", "big"));
    assert_eq!((rows[0].wins, rows[0].losses, rows[0].ties, rows[0].share), (0, 1, 1, Share::of(0, 1)));
    let own = view(&world, run).await.votes;
    assert_eq!(own, [PairVote { left: place(0, 0), right: place(1, 0), preference: Preference::Right, blind: true }]);
}

#[tokio::test]
async fn pg_11_votes_are_on_two_columns_of_a_row_by_members_of_the_team() {
    let (world, run, _) = answered().await;
    assert_eq!(vote(&world, "viewer", run, 0, 1, Preference::Tie).await, Some(ErrorKind::Forbidden));
    assert_eq!(vote(&world, "stranger", run, 0, 1, Preference::Tie).await, Some(ErrorKind::NotFound));
    assert_eq!(vote(&world, "member", run, 0, 2, Preference::Tie).await, Some(ErrorKind::NotFound));
    assert_eq!(vote(&world, "member", run, 1, 1, Preference::Tie).await, Some(ErrorKind::Invalid));
    let stranger = world.actor("stranger").await;
    let vote = PairVote { left: place(0, 0), right: place(1, 0), preference: Preference::Tie, blind: true };
    let input = NewVote { team: "beta".to_owned(), run, vote };
    assert_eq!(kind(feedback::vote(&world.ctx, &stranger, input).await), Some(ErrorKind::NotFound));
    assert!(pairs(&world, run).await.is_empty());
}

async fn give(world: &World, who: &str, request: RequestId, outcome: Acceptance, rating: u8, distance: u16) {
    let actor = world.actor(who).await;
    let verdict =
        Verdict { outcome: Some(outcome), rating: Some(rating), edit_distance: Some(distance), ..Verdict::default() };
    let input = GiveVerdict { team: "alpha".to_owned(), request, verdict, kept: None };
    feedback::give(&world.ctx, &actor, input).await.expect("given");
}

async fn report(world: &World, who: &str, by: VerdictsBy) -> domain::feedback::Verdicts {
    let actor = world.actor(who).await;
    let query = VerdictsQuery { team: "alpha".to_owned(), by, ..VerdictsQuery::default() };
    feedback::report(&world.ctx, &actor, query).await.expect("report")
}

#[tokio::test]
async fn fb_6_a_table_has_shares_and_means_with_intervals_and_n_everywhere() {
    let (world, run, [first, second]) = answered().await;
    // Both were served by the same model of the ledger; the second is labelled.
    let lead = world.actor("lead").await;
    history::set_task(&world.ctx, &lead, "alpha", second, Some(TaskClass::Tests)).await.expect("labelled");
    give(&world, "member", first, Acceptance::Accepted, 5, 0).await;
    give(&world, "lead", first, Acceptance::Edited, 3, 1_000).await;
    give(&world, "member", second, Acceptance::Rejected, 1, 9_000).await;
    vote(&world, "member", run, 0, 1, Preference::Right).await;
    vote(&world, "lead", run, 0, 1, Preference::Right).await;

    let models = report(&world, "viewer", VerdictsBy::Model).await;
    let big = models.rows.iter().find(|row| row.of == "big").expect("a row of the model");
    // One outcome a request, the newest; every rating and distance.
    assert_eq!((big.n, big.accepted, big.edited, big.rejected), (2, 0, 1, 1));
    assert_eq!(big.acceptance, Share::of(1, 2));
    assert_eq!(big.rating, Spread::of(3, 9, 35, 1, 5));
    assert_eq!((big.edit_distance, big.distances), (Some(1_000), 3));
    assert_eq!(big.blind_wins, Share::of(2, 2));
    assert!(models.span.ends_with("to now, UTC"), "{}", models.span);
    let pair = &models.pairs[0];
    assert_eq!((pair.left.as_str(), pair.right.as_str(), pair.share), ("big", "small", Share::of(2, 2)));

    let tasks = report(&world, "member", VerdictsBy::TaskClass).await;
    let mut of: Vec<_> = tasks.rows.iter().map(|row| (row.of.as_str(), row.n)).collect();
    of.sort_unstable();
    assert_eq!(of, [("", 1), ("tests", 1)]);
    let prompts = report(&world, "lead", VerdictsBy::PromptVersion).await;
    assert_eq!(prompts.rows.iter().map(|row| (row.of.as_str(), row.n)).collect::<Vec<_>>(), [("", 2)]);
    let team = report(&world, "admin", VerdictsBy::Team).await;
    assert_eq!(team.rows.iter().map(|row| (row.of.as_str(), row.n)).collect::<Vec<_>>(), [("Alpha", 2)]);
}

#[tokio::test]
async fn fb_6_a_range_that_cannot_be_read_is_refused_and_another_one_is_empty() {
    let (world, _, [first, _]) = answered().await;
    give(&world, "member", first, Acceptance::Accepted, 5, 0).await;
    let member = world.actor("member").await;
    let query = |from: &str, to: &str| VerdictsQuery {
        team: "alpha".to_owned(),
        from: from.to_owned(),
        to: to.to_owned(),
        ..VerdictsQuery::default()
    };
    assert_eq!(fields(feedback::report(&world.ctx, &member, query("soon", "")).await), ["from"]);
    let before = feedback::report(&world.ctx, &member, query("now-9d", "now-2d")).await.expect("report");
    assert!(before.rows.iter().all(|row| row.n == 0));
}
