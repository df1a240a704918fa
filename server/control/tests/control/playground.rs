//! Drafts, images, tables of cases, and case sets.

use control::{playground, runs};
use domain::{
    ErrorKind,
    grid::{Case, Grid, ImageRef, MAX_CASES, Turn, Variant},
    run::{NewCaseSet, NewRun},
};

use crate::{
    runs::{grid, new, started},
    world::{World, fields, kind},
};

/// The beginning of a PNG of 3 by 2 pixels: as much as its size needs.
const PNG: &str = "iVBORw0KGgoAAAANSUhEUgAAAAMAAAACCAYAAAA=";

#[tokio::test]
async fn a_draft_is_one_persons_in_one_team_and_may_be_wrong() {
    let world = World::new().await;
    let (member, lead) = (world.actor("member").await, world.actor("lead").await);
    assert_eq!(playground::draft(&world.ctx, &member, "alpha").await.expect("none yet"), None);
    let mut draft = grid(&["nobody's"], &["a"]);
    draft.settings.temperature = "hot".to_owned();
    playground::save_draft(&world.ctx, &member, "alpha", Grid::default()).await.expect("kept");
    playground::save_draft(&world.ctx, &member, "alpha", draft.clone()).await.expect("kept");
    assert_eq!(playground::draft(&world.ctx, &member, "alpha").await.expect("draft"), Some(draft));
    assert_eq!(playground::draft(&world.ctx, &lead, "alpha").await.expect("none"), None);
}

#[tokio::test]
async fn a_draft_that_nothing_could_keep_is_refused() {
    let world = World::new().await;
    let member = world.actor("member").await;
    let mut nul = grid(&["big"], &["a"]);
    nul.prompt.turns[0].text = "a\0".to_owned();
    let huge = Grid { cases: vec![Case { name: "x".repeat(9 * 1024 * 1024), ..Case::default() }], ..Grid::default() };
    let many = Grid { variants: vec![Variant::default(); 13], cases: vec![Case::default(); 201], ..Grid::default() };
    for (draft, wrong) in [(nul, vec!["prompt.turns.0.text"]), (huge, vec!["grid"]), (many, vec!["variants", "cases"])]
    {
        assert_eq!(fields(playground::save_draft(&world.ctx, &member, "alpha", draft).await), wrong);
    }
}

#[tokio::test]
async fn pg_7_an_image_is_kept_once_and_shown_to_its_team_alone() {
    let world = World::new().await;
    let (member, lead, stranger) =
        (world.actor("member").await, world.actor("lead").await, world.actor("stranger").await);
    let first = playground::add_image(&world.ctx, &member, "alpha", PNG).await.expect("kept");
    let facts = (first.media_type.as_str(), first.bytes, first.width, first.height);
    assert_eq!(facts, ("image/png", 29, 3, 2));
    let url = format!("data:image/gif;base64,{PNG}");
    assert_eq!(playground::add_image(&world.ctx, &lead, "alpha", &url).await.expect("known"), first);
    let (media_type, bytes) = playground::image(&world.ctx, &lead, "alpha", first.id).await.expect("image");
    assert_eq!((media_type.as_str(), bytes.len(), &bytes[1..4]), ("image/png", 29, b"PNG".as_slice()));
    let theirs = playground::add_image(&world.ctx, &stranger, "beta", PNG).await.expect("their own");
    assert_ne!(theirs.id, first.id);
    assert_eq!(kind(playground::image(&world.ctx, &lead, "alpha", theirs.id).await), Some(ErrorKind::NotFound));
    assert_eq!(fields(playground::add_image(&world.ctx, &member, "alpha", "AAAA").await), ["data_base64"]);
}

#[tokio::test]
async fn pg_7_a_grid_holds_images_of_its_team_with_the_facts_of_what_is_stored() {
    let world = World::new().await;
    let (member, stranger) = (world.actor("member").await, world.actor("stranger").await);
    let image = playground::add_image(&world.ctx, &member, "alpha", PNG).await.expect("kept");
    let lie = ImageRef { media_type: "image/gif".to_owned(), bytes: 1, width: 1, height: 1, ..image.clone() };
    let mut with = grid(&["big"], &["a"]);
    with.cases[0].turns = vec![Turn { images: vec![lie], ..Turn::default() }];
    let (_, view) = started(&world, new(with.clone())).await;
    assert_eq!(view.grid.cases[0].turns[0].images, [image]);
    let run = NewRun { team: "beta".to_owned(), ..new(with) };
    assert_eq!(fields(runs::start(&world.ctx, &stranger, run).await), ["cases.0.turns.0.images"]);
}

#[tokio::test]
async fn pg_14_a_table_is_read_for_whoever_is_signed_in_and_a_fault_imports_nothing() {
    let world = World::new().await;
    let nobody = world.actor("nobody").await;
    let read = playground::read_cases(&world.ctx, &nobody, "topic\ntrees\nheaps\n").await.expect("read");
    assert_eq!((read.columns, read.cases.len()), (vec!["topic".to_owned()], 2));
    let error = playground::read_cases(&world.ctx, &nobody, "a,b\n1\n").await.expect_err("refused").into_api();
    assert_eq!(error.of_field("text"), Some("row 2, column 2: the row ends, the header has 2 columns"));
}

fn set(name: &str, shared: bool, topics: &[&str]) -> NewCaseSet {
    NewCaseSet { team: "alpha".to_owned(), name: name.to_owned(), shared, cases: grid(&["big"], topics).cases }
}

#[tokio::test]
async fn pg_14_case_sets_are_kept_by_name_for_one_person_or_for_the_team() {
    let world = World::new().await;
    let (member, lead) = (world.actor("member").await, world.actor("lead").await);
    let mine = playground::save_case_set(&world.ctx, &member, set("Mine", false, &["a"])).await.expect("kept");
    let ours = playground::save_case_set(&world.ctx, &member, set("Ours", true, &["a", "b"])).await.expect("kept");
    let listed = playground::case_sets(&world.ctx, &lead, "alpha").await.expect("list");
    let shown: Vec<_> = listed.iter().map(|it| (it.id, it.name.as_str(), it.cases, it.is_mine)).collect();
    assert_eq!(shown, [(ours, "Ours", 2, false)]);
    assert_eq!(listed[0].owner, "Member");
    assert_eq!(playground::case_set(&world.ctx, &lead, "alpha", ours).await.expect("cases").len(), 2);
    assert_eq!(kind(playground::case_set(&world.ctx, &lead, "alpha", mine).await), Some(ErrorKind::NotFound));
    // The same name again replaces one's own, and leaves somebody else's alone.
    let again = playground::save_case_set(&world.ctx, &member, set(" Ours ", true, &["c"])).await.expect("replaced");
    assert_eq!(again, ours);
    let other = playground::save_case_set(&world.ctx, &lead, set("Ours", false, &["d"])).await.expect("kept");
    assert_ne!(other, ours);
    let cases = playground::case_set(&world.ctx, &member, "alpha", ours).await.expect("cases");
    assert_eq!(cases, grid(&["big"], &["c"]).cases);
}

#[tokio::test]
async fn pg_14_a_case_set_is_removed_by_its_owner_and_a_shared_one_by_who_manages_the_team() {
    let world = World::new().await;
    let (member, lead, stranger) =
        (world.actor("member").await, world.actor("lead").await, world.actor("stranger").await);
    let private = playground::save_case_set(&world.ctx, &member, set("Mine", false, &["a"])).await.expect("kept");
    let shared = playground::save_case_set(&world.ctx, &member, set("Ours", true, &["a"])).await.expect("kept");
    let leads = playground::save_case_set(&world.ctx, &lead, set("Lead's", true, &["a"])).await.expect("kept");
    let remove = async |actor: &control::Actor, team: &str, id| {
        kind(playground::remove_case_set(&world.ctx, actor, team, id).await)
    };
    assert_eq!(remove(&lead, "alpha", private).await, Some(ErrorKind::NotFound));
    assert_eq!(remove(&member, "alpha", leads).await, Some(ErrorKind::Forbidden));
    assert_eq!(remove(&stranger, "beta", shared).await, Some(ErrorKind::NotFound));
    assert_eq!(remove(&lead, "alpha", shared).await, None);
    assert_eq!(remove(&member, "alpha", private).await, None);
    assert_eq!(remove(&member, "alpha", private).await, Some(ErrorKind::NotFound));
    let log =
        world.db.text("SELECT string_agg(action, ' ' ORDER BY id) FROM audit_log WHERE action LIKE 'case_set.%'").await;
    assert_eq!(log, "case_set.create case_set.create case_set.create case_set.remove case_set.remove");
}

#[tokio::test]
async fn pg_14_what_is_wrong_with_a_case_set_is_told_by_its_fields() {
    let world = World::new().await;
    let member = world.actor("member").await;
    let mut bad = set("x", true, &["a", "b"]);
    bad.cases[1].values = vec![("not a name".to_owned(), "x".to_owned())];
    bad.cases[0].name = "x\0".to_owned();
    assert_eq!(fields(playground::save_case_set(&world.ctx, &member, bad).await), ["cases.0.name", "cases.1.values"]);
    for (name, cases, wrong) in [("", 1, "name"), ("x", 0, "cases"), ("x", MAX_CASES + 1, "cases")] {
        let input = NewCaseSet { cases: vec![Case::default(); cases], ..set(name, true, &[]) };
        assert_eq!(fields(playground::save_case_set(&world.ctx, &member, input).await), [wrong]);
    }
}
