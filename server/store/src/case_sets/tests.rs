use uuid::Uuid;

use super::*;
use crate::{
    drafts, images, pool,
    testing::database,
    views::{self, NewView},
};

fn case(name: &str) -> Case {
    Case { name: name.to_owned(), values: vec![("v".into(), "a\0b".into())], ..Case::default() }
}

#[tokio::test]
async fn pg_14_a_case_set_is_seen_by_its_owner_or_by_the_team_it_is_shared_with() {
    let world = database().await;
    let ((team, me), (other, colleague)) = (world.team(1).await, world.team(2).await);
    let mut db = pool::connection(&world.pools.dashboard).await.unwrap();
    let (mine, shared) = (CaseSetId(Uuid::from_u128(1)), CaseSetId(Uuid::from_u128(2)));
    let cases = [case("one"), case("two")];
    let set = |name, shared| NewCaseSet { name, shared, cases: &cases };
    insert(&mut db, team, me, mine, &set("Parsers", false)).await.unwrap();
    insert(&mut db, team, me, shared, &set("all", true)).await.unwrap();
    let twice = insert(&mut db, team, me, CaseSetId(Uuid::from_u128(3)), &set("Parsers", true)).await.unwrap_err();
    assert!(twice.is_taken("case_sets_name_key"), "{twice:?}");

    let ids = |listed: Vec<Listed>| listed.into_iter().map(|it| (it.id, it.cases, it.owner)).collect::<Vec<_>>();
    assert_eq!(ids(list(&mut db, team, me).await.unwrap()), [(shared, 2, me), (mine, 2, me)]);
    assert_eq!(ids(list(&mut db, team, colleague).await.unwrap()), [(shared, 2, me)]);
    assert!(list(&mut db, other, me).await.unwrap().is_empty());
    assert!(get(&mut db, other, mine).await.unwrap().is_none());
    let found = get(&mut db, team, mine).await.unwrap().unwrap();
    assert_eq!((found.owner, found.cases[0].values[0].1.as_str()), (me, "a\u{fffd}b"));

    let fewer = NewCaseSet { name: "Parsers 2", shared: true, cases: &cases[..1] };
    assert!(!update(&mut db, other, mine, &fewer).await.unwrap());
    assert!(update(&mut db, team, mine, &fewer).await.unwrap());
    assert_eq!(by_name(&mut db, team, me, "Parsers 2").await.unwrap(), Some(mine));
    assert_eq!(get(&mut db, team, mine).await.unwrap().unwrap().cases.len(), 1);
    assert!(!archive(&mut db, other, mine).await.unwrap());
    assert!(archive(&mut db, team, mine).await.unwrap() && !archive(&mut db, team, mine).await.unwrap());
    assert_eq!(by_name(&mut db, team, me, "Parsers 2").await.unwrap(), None);
    insert(&mut db, team, me, CaseSetId(Uuid::from_u128(4)), &set("Parsers 2", false)).await.unwrap();
}

#[tokio::test]
async fn hi_2_a_view_saved_under_its_name_again_is_replaced() {
    let world = database().await;
    let ((team, me), (other, colleague)) = (world.team(1).await, world.team(2).await);
    let mut db = pool::connection(&world.pools.dashboard).await.unwrap();
    let id = |nr| domain::id::ViewId(Uuid::from_u128(nr));
    let view = |query, shared| NewView { name: "Failures", query, shared };
    assert_eq!(views::insert(&mut db, team, me, id(1), &view("f=a", false)).await.unwrap(), id(1));
    assert_eq!(views::insert(&mut db, team, me, id(2), &view("f=b", true)).await.unwrap(), id(1));
    assert_eq!(views::insert(&mut db, team, colleague, id(3), &view("f=c", false)).await.unwrap(), id(3));
    let mine = views::list(&mut db, team, me).await.unwrap();
    assert_eq!((mine.len(), mine[0].query.as_str(), mine[0].owner_name.as_str()), (1, "f=b", "Person team-1"));
    assert_eq!(views::list(&mut db, team, colleague).await.unwrap().len(), 2);
    assert_eq!(views::owner(&mut db, team, id(3)).await.unwrap(), Some(colleague));
    assert_eq!(views::owner(&mut db, other, id(3)).await.unwrap(), None);
    assert!(!views::delete(&mut db, other, id(1)).await.unwrap());
    assert!(views::delete(&mut db, team, id(1)).await.unwrap() && !views::delete(&mut db, team, id(1)).await.unwrap());
}

#[tokio::test]
async fn pg_9_a_draft_is_what_its_person_typed_last_in_the_team() {
    let world = database().await;
    let ((team, me), (other, colleague)) = (world.team(1).await, world.team(2).await);
    let mut db = pool::connection(&world.pools.dashboard).await.unwrap();
    let grid = |samples| domain::grid::Grid { samples, ..domain::grid::Grid::default() };
    assert_eq!(drafts::get(&mut db, team, me).await.unwrap(), None);
    for samples in [2, 3] {
        drafts::put(&mut db, team, me, &grid(samples)).await.unwrap();
    }
    assert_eq!(drafts::get(&mut db, team, me).await.unwrap(), Some(grid(3)));
    assert_eq!(drafts::get(&mut db, other, me).await.unwrap(), None);
    assert_eq!(drafts::get(&mut db, team, colleague).await.unwrap(), None);
    world.execute("UPDATE drafts SET grid = '{\"of\": \"another version\"}'").await;
    assert_eq!(drafts::get(&mut db, team, me).await.unwrap(), None, "nobody is kept from starting anew");
}

#[tokio::test]
async fn pg_7_the_same_image_twice_in_a_team_is_one() {
    let world = database().await;
    let ((team, me), (other, _)) = (world.team(1).await, world.team(2).await);
    let mut db = pool::connection(&world.pools.dashboard).await.unwrap();
    let id = |nr| domain::id::ImageId(Uuid::from_u128(nr));
    let image = |nr, sha256| images::NewImage {
        id: id(nr),
        by: me,
        sha256,
        media_type: "image/png",
        bytes: b"\x89PNG",
        width: 3,
        height: 4,
    };
    assert_eq!(images::insert(&mut db, team, &image(1, [1; 32]), 100).await.unwrap(), Some(id(1)));
    assert_eq!(images::insert(&mut db, team, &image(2, [1; 32]), 100).await.unwrap(), Some(id(1)));
    assert_eq!(
        images::insert(&mut db, other, &image(3, [1; 32]), 100).await.unwrap(),
        Some(id(3)),
        "teams share nothing"
    );
    assert_eq!(images::insert(&mut db, team, &image(4, [2; 32]), 100).await.unwrap(), Some(id(4)));
    let stored = images::get(&mut db, team, id(1)).await.unwrap().unwrap();
    assert_eq!((stored.media_type.as_str(), stored.bytes.as_slice()), ("image/png", &b"\x89PNG"[..]));
    assert!(images::get(&mut db, team, id(3)).await.unwrap().is_none());
    assert_eq!(images::get_many(&mut db, team, &[id(1), id(3), id(4)]).await.unwrap().len(), 2);
    let described = images::describe(&mut db, team, &[id(4), id(3)]).await.unwrap();
    assert_eq!((described.len(), described[0].bytes, described[0].width, described[0].height), (1, 4, 3, 4));
}

#[tokio::test]
async fn pg_7_a_full_team_makes_room_by_what_nothing_shows_and_keeps_what_something_does() {
    let world = database().await;
    let (team, me) = world.team(1).await;
    let mut db = pool::connection(&world.pools.dashboard).await.unwrap();
    let id = |nr| domain::id::ImageId(Uuid::from_u128(nr));
    let add = async |db: &mut pool::Loan, nr: u8| {
        let (sha256, bytes) = ([nr; 32], [nr; 10]);
        let (media_type, bytes) = ("image/png", bytes.as_slice());
        let image = images::NewImage { id: id(nr.into()), by: me, sha256, media_type, bytes, width: 3, height: 4 };
        images::insert(db, team, &image, 40).await.unwrap()
    };
    for nr in 1..=4 {
        assert_eq!(add(&mut db, nr).await, Some(id(nr.into())));
    }
    let shown = |nr| {
        let image =
            domain::grid::ImageRef { id: id(nr), media_type: "image/png".into(), bytes: 10, width: 3, height: 4 };
        domain::grid::Turn { images: vec![image], ..domain::grid::Turn::default() }
    };
    let mut grid = domain::grid::Grid::default();
    grid.prompt.turns = vec![shown(1)];
    drafts::put(&mut db, team, me, &grid).await.unwrap();
    let cases = [Case { turns: vec![shown(2)], ..Case::default() }];
    insert(&mut db, team, me, CaseSetId(Uuid::from_u128(9)), &NewCaseSet { name: "set", shared: false, cases: &cases })
        .await
        .unwrap();
    assert_eq!(add(&mut db, 5).await, None, "all are new");
    assert_eq!(add(&mut db, 3).await, Some(id(3)), "what is there needs no room");
    world.execute("UPDATE images SET created_at = created_at - interval '2 days'").await;
    assert_eq!(add(&mut db, 3).await, Some(id(3)), "put in again, it is new");
    assert_eq!(add(&mut db, 5).await, Some(id(5)));
    let all: Vec<_> = (1..=5).map(id).collect();
    let mut kept: Vec<_> = images::get_many(&mut db, team, &all).await.unwrap().into_iter().map(|it| it.id).collect();
    kept.sort_unstable();
    assert_eq!(kept, [id(1), id(2), id(3), id(5)], "the fourth was old and shown by nothing");
}
