//! Words in what was said, for who may read it, and ids for everybody who sees the list (`product.md` HI-3).

use control::history;
use domain::{history::HistoryQuery, role::TeamRole, team::StoreContent};

use super::{keep, numbers, query, world};
use crate::world::World;

/// The member said "zebra crossing" in 1, the key in 2, somebody of beta in 8.
async fn said() -> World {
    let world = world().await;
    for (nr, team) in [(1, "alpha"), (2, "alpha"), (8, "beta")] {
        keep(&world, nr, team, StoreContent::Full, "{\"content\":\"zebra crossing\"}", "fine").await;
    }
    keep(&world, 3, "alpha", StoreContent::Full, "{\"content\":\"something else\"}", "fine").await;
    world
}

async fn search(world: &World, who: &str, q: &str) -> (Vec<u128>, Vec<String>) {
    let actor = world.actor(who).await;
    let query = HistoryQuery { q: q.to_owned(), ..query(None) };
    let page = history::list(&world.ctx, &actor, query).await.expect("list");
    let mut found = numbers(&page.rows);
    found.sort_unstable();
    (found, page.notices)
}

#[tokio::test]
async fn hi_3_words_are_found_in_what_the_reader_may_read_and_nowhere_else() {
    let world = said().await;
    assert_eq!(search(&world, "lead", "zebra").await, (vec![1, 2], vec![]));
    assert_eq!(search(&world, "lead", "Crossing zebra").await.0, [1, 2]);
    assert_eq!(search(&world, "lead", "zebra else").await.0, []);
    assert_eq!(search(&world, "member", "zebra").await, (vec![1], vec![]));
    for who in ["viewer", "admin"] {
        let (found, notices) = search(&world, who, "zebra").await;
        assert_eq!(found, [], "{who}");
        assert_eq!(notices, ["only ids were searched: what was said is read by members of the team"], "{who}");
    }
}

#[tokio::test]
async fn hi_3_a_role_at_the_instance_widens_the_list_but_not_the_search() {
    let world = said().await;
    let admin = world.actor("admin").await;
    control::members::join(&world.ctx, &admin, "alpha", TeamRole::Member).await.expect("joined");
    let (found, notices) = search(&world, "admin", "zebra").await;
    assert_eq!(found, []);
    assert_eq!(notices, ["only your own requests were searched: what others said is read by admins of the team"]);
    assert_eq!(search(&world, "admin", "").await.0.len(), 7);
}

#[tokio::test]
async fn hi_3_ids_are_found_by_everybody_who_sees_the_row() {
    let world = said().await;
    for id in ["req_00000000000000000000000000000002", "00000000-0000-0000-0000-000000000002"] {
        assert_eq!(search(&world, "lead", id).await, (vec![2], vec![]), "{id}");
        assert_eq!(search(&world, "admin", id).await, (vec![2], vec![]), "{id}");
        assert_eq!(search(&world, "member", id).await.0, [], "{id}");
    }
    assert_eq!(search(&world, "lead", "req_0000000000000000000000000000000").await.0, [1, 2, 3, 4, 5, 6, 7]);
    // It is beta's.
    assert_eq!(search(&world, "lead", "req_00000000000000000000000000000008").await.0, []);
}

#[tokio::test]
async fn hi_3_a_search_that_is_no_search_is_left_out_with_a_notice() {
    let world = said().await;
    let (found, notices) = search(&world, "lead", &"x".repeat(201)).await;
    assert_eq!((found.len(), notices.len()), (7, 1));
    assert_eq!(search(&world, "lead", "a\0b").await.1.len(), 1);
}
