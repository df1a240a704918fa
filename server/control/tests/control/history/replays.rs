//! Requests as the playground would run them again, and side by side (`product.md` HI-7).

use control::{history, runs};
use domain::{
    ErrorKind,
    history::ContentLock,
    id::{RequestId, RunId},
    run::{DiffKind, DiffMode},
    team::StoreContent,
};

use super::{COPIES, keep, request, world};
use crate::{
    executor::{self, Act},
    runs::{grid, new, view},
    world::{World, fields, kind, message},
};

const ASKED: &str =
    r#"{"model":"big","messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"hello"}]}"#;

fn answered(text: &str) -> String {
    format!(r#"{{"choices":[{{"message":{{"content":"{text}"}}}}]}}"#)
}

#[tokio::test]
async fn hi_7_a_stored_request_becomes_a_grid_of_one_cell() {
    let world = world().await;
    let member = world.actor("member").await;
    keep(&world, 1, "alpha", StoreContent::Full, ASKED, &answered("hi")).await;
    let replay = history::replay(&world.ctx, &member, "alpha", request(1)).await.expect("replay");
    assert_eq!(replay.notes, Vec::<String>::new());
    let grid = replay.grid;
    assert_eq!((grid.variants[0].model.as_str(), grid.prompt.system.as_str()), ("big", "Be brief."));
    assert_eq!(grid.prompt.turns[0].text, "hello");
    assert!(runs::start(&world.ctx, &member, new(grid)).await.is_ok());
}

#[tokio::test]
async fn hi_7_a_replay_says_what_changed_since() {
    let world = world().await;
    let lead = world.actor("lead").await;
    let gone = ASKED.replace("big", "retired").replace("\"hello\"", "[]");
    keep(&world, 2, "alpha", StoreContent::Redacted, &gone, "").await;
    let replay = history::replay(&world.ctx, &lead, "alpha", request(2)).await.expect("replay");
    assert_eq!(
        replay.notes,
        [
            "an image was not kept",
            "secrets were taken out of the text before it was kept",
            "this team has no model named retired",
            "write a message"
        ]
    );
}

#[tokio::test]
async fn hi_7_what_was_not_kept_cannot_be_run_again_and_says_why() {
    let world = world().await;
    assert_eq!(world.db.execute(COPIES).await, 3);
    let lead = world.actor("lead").await;
    let why = async |nr| message(history::replay(&world.ctx, &lead, "alpha", request(nr)).await);
    assert_eq!(why(2).await, "the team keeps numbers only: there is no text to run again");
    assert_eq!(why(0x20).await, "the text of this call was older than what is kept");
    let member = world.actor("member").await;
    assert_eq!(kind(history::replay(&world.ctx, &member, "alpha", request(2)).await), Some(ErrorKind::NotFound));
    let viewer = world.actor("viewer").await;
    assert_eq!(kind(history::replay(&world.ctx, &viewer, "alpha", request(1)).await), Some(ErrorKind::Forbidden));
}

/// A run of the member with one answer; its request.
async fn answered_in_a_run(world: &World) -> (RunId, RequestId) {
    let member = world.actor("member").await;
    let grid = grid(&["small", "big"], &["trees", "heaps"]);
    let run = runs::start(&world.ctx, &member, new(grid)).await.expect("started");
    executor::play(world, |place, _| if place.variant == 1 { Act::Say("a heap is a tree") } else { Act::Say("x") })
        .await;
    executor::charge(world).await;
    let cell = view(world, run).await.cells.remove(3);
    (run, cell.samples[0].metrics.request.expect("called"))
}

#[tokio::test]
async fn hi_7_a_request_of_a_run_is_replayed_from_its_cell_by_every_member() {
    let world = world().await;
    let (_, request) = answered_in_a_run(&world).await;
    for who in ["lead", "member"] {
        let actor = world.actor(who).await;
        let grid = history::replay(&world.ctx, &actor, "alpha", request).await.expect("replay").grid;
        assert_eq!((grid.variants.len(), grid.cases.len(), grid.variants[0].model.as_str()), (1, 1, "big"), "{who}");
        assert_eq!(grid.cases[0].values[0].1, "heaps");
    }
    let stranger = world.actor("stranger").await;
    for team in ["alpha", "beta"] {
        assert_eq!(kind(history::replay(&world.ctx, &stranger, team, request).await), Some(ErrorKind::NotFound));
    }
}

#[tokio::test]
async fn hi_7_requests_stand_side_by_side_with_the_difference_of_their_answers() {
    let world = world().await;
    let lead = world.actor("lead").await;
    keep(&world, 1, "alpha", StoreContent::Full, ASKED, &answered("a tree is a heap")).await;
    let (_, in_run) = answered_in_a_run(&world).await;
    let both = vec![request(1), in_run, request(2)];
    let sides = history::compare(&world.ctx, &lead, "alpha", both, DiffMode::Words).await.expect("compared");
    assert_eq!(sides.iter().map(|side| side.public.as_str()).collect::<Vec<_>>()[0], request(1).public());
    assert_eq!((sides[0].answer.as_str(), sides[0].diff.len()), ("a tree is a heap", 0));
    assert_eq!(sides[1].answer, "a heap is a tree");
    assert!(sides[1].content.asked.contains("Explain heaps."), "{}", sides[1].content.asked);
    let came: Vec<&str> =
        sides[1].diff.iter().filter(|part| part.kind == DiffKind::Added).map(|part| part.text.as_str()).collect();
    assert!(!came.is_empty());
    assert_eq!((sides[2].content.lock, sides[2].answer.as_str()), (Some(ContentLock::Policy), ""));
}

#[tokio::test]
async fn hi_7_two_to_four_different_requests_that_the_reader_may_read_are_compared() {
    let world = world().await;
    let (lead, member) = (world.actor("lead").await, world.actor("member").await);
    for nrs in [vec![], vec![1], vec![1, 1], vec![1, 2, 3, 4, 6]] {
        let requests = nrs.into_iter().map(request).collect();
        assert_eq!(fields(history::compare(&world.ctx, &lead, "alpha", requests, DiffMode::Words).await), ["requests"]);
    }
    let others = vec![request(1), request(2)];
    let answer = history::compare(&world.ctx, &member, "alpha", others, DiffMode::Words).await;
    assert_eq!(kind(answer), Some(ErrorKind::NotFound));
}
