//! Filters, ranges, counts, neighbours and what is new: the same question for each of them.

use control::history;
use domain::{
    ErrorKind,
    history::{Facet, Field, HistoryQuery, NewView, SavedView},
    id::{AttemptId, RequestId},
    task::TaskClass,
};
use uuid::Uuid;

use super::{COPIES, numbers, query, request, world};
use crate::world::{World, fields, kind};

fn asked(filters: &[&str]) -> HistoryQuery {
    HistoryQuery { filters: filters.iter().map(|it| (*it).to_owned()).collect(), ..query(None) }
}

async fn found(world: &World, who: &str, query: HistoryQuery) -> Vec<u128> {
    let actor = world.actor(who).await;
    let mut found = numbers(&history::list(&world.ctx, &actor, query).await.expect("list").rows);
    found.sort_unstable();
    found
}

async fn key(world: &World) -> String {
    world.db.text("SELECT id::text FROM virtual_keys WHERE name = 'ci'").await
}

#[tokio::test]
async fn hi_2_filters_choose_by_any_of_their_values_and_by_all_filters() {
    let world = world().await;
    let key = key(&world).await;
    let person = world.user("member").await;
    for (filters, wanted) in [
        (vec!["status:in:running".to_owned()], vec![5]),
        (vec!["status:not:success".to_owned()], vec![5]),
        (vec!["origin:in:api".to_owned()], vec![2, 4, 6]),
        (vec!["origin:in:api,playground".to_owned(), "flag:in:unpriced".to_owned()], vec![6]),
        (vec![format!("key:in:{key}")], vec![2, 4, 6]),
        (vec![format!("person:in:{person}")], vec![1, 3, 5, 7]),
        (vec!["provider:in:shared".to_owned(), "model:in:small".to_owned()], vec![]),
        (vec!["cost:gte:350000".to_owned(), "origin:in:api".to_owned()], vec![2, 4]),
        (vec!["task:in:none".to_owned(), "verdict:in:accepted".to_owned()], vec![]),
    ] {
        let query = HistoryQuery { filters: filters.clone(), ..query(None) };
        assert_eq!(found(&world, "lead", query).await, wanted, "{filters:?}");
    }
    // A filter widens nobody's view.
    assert_eq!(found(&world, "member", asked(&["origin:in:api"])).await, []);
}

#[tokio::test]
async fn hi_2_an_unknown_field_is_ignored_with_a_notice_and_the_list_is_there() {
    let world = world().await;
    let lead = world.actor("lead").await;
    let page = history::list(&world.ctx, &lead, asked(&["colour:in:red", "origin:in:api"])).await.expect("list");
    assert_eq!(page.notices, ["the filter \"colour:in:red\" was left out: there is no field \"colour\""]);
    assert_eq!(page.rows.len(), 3);
}

#[tokio::test]
async fn hi_2_the_span_is_told_in_words_with_its_zone_and_old_content_is_said_to_be_gone() {
    let world = world().await;
    let lead = world.actor("lead").await;
    let span = async |from: &str, to: &str| {
        let query = HistoryQuery { from: from.to_owned(), to: to.to_owned(), ..query(None) };
        let page = history::list(&world.ctx, &lead, query).await.expect("list");
        (page.rows.len(), page.notices, page.span)
    };
    let (rows, notices, words) = span("now-24h", "").await;
    assert_eq!((rows, notices.len()), (7, 0));
    assert!(words.ends_with(" to now, UTC"), "{words}");
    // Requests were made one an half hour ago at most.
    assert_eq!(span("now-2d", "now-1d").await.0, 0);
    assert_eq!(span("now-60d", "").await.1, ["older content is gone, numbers remain"]);
    let (rows, notices, _) = span("whenever", "").await;
    assert_eq!((rows, notices.len()), (7, 1));
}

fn facet(facets: &[Facet], field: Field) -> Vec<(String, u32)> {
    let facet = facets.iter().find(|facet| facet.field == field);
    facet.map(|it| it.values.iter().map(|it| (it.label.clone(), it.count)).collect()).unwrap_or_default()
}

fn counts(pairs: &[(&str, u32)]) -> Vec<(String, u32)> {
    pairs.iter().map(|(label, count)| ((*label).to_owned(), *count)).collect()
}

#[tokio::test]
async fn hi_2_counts_are_those_of_the_readers_list_in_words_that_people_read() {
    let world = world().await;
    let (lead, member) = (world.actor("lead").await, world.actor("member").await);
    let all = history::facets(&world.ctx, &lead, query(None)).await.expect("facets");
    assert_eq!(all.counted, None);
    assert_eq!(facet(&all.facets, Field::Status), counts(&[("ok", 6), ("running", 1)]));
    assert_eq!(facet(&all.facets, Field::Key), counts(&[("ci", 3)]));
    assert_eq!(facet(&all.facets, Field::Person), counts(&[("Member", 4)]));
    assert_eq!(facet(&all.facets, Field::Task), counts(&[("no task class", 7)]));
    assert_eq!(facet(&all.facets, Field::Provider), counts(&[("shared", 7)]));
    // Whoever sees their own rows learns no name of a key that is not theirs.
    let own = history::facets(&world.ctx, &member, query(None)).await.expect("facets");
    assert_eq!(facet(&own.facets, Field::Key), []);
    assert_eq!(facet(&own.facets, Field::Origin), counts(&[("playground", 4)]));
    // A field's own filter does not narrow its counts, and those of others do.
    let api = history::facets(&world.ctx, &lead, asked(&["origin:in:api"])).await.expect("facets");
    assert_eq!(facet(&api.facets, Field::Origin), counts(&[("playground", 4), ("api", 3)]));
    assert_eq!(facet(&api.facets, Field::Person), []);
}

#[tokio::test]
async fn hi_4_walking_from_neighbour_to_neighbour_is_the_filtered_list() {
    let world = world().await;
    let lead = world.actor("lead").await;
    for filters in [vec![], vec!["origin:in:api"], vec!["status:in:success"]] {
        let list = history::list(&world.ctx, &lead, asked(&filters)).await.expect("list").rows;
        let list: Vec<RequestId> = list.into_iter().map(|row| row.request).collect();
        let mut walked = vec![list[0]];
        while let Some(older) =
            history::around(&world.ctx, &lead, asked(&filters), walked[walked.len() - 1]).await.expect("around").older
        {
            let back = history::around(&world.ctx, &lead, asked(&filters), older).await.expect("around").newer;
            assert_eq!(back.as_ref(), walked.last());
            walked.push(older);
        }
        assert_eq!(walked, list, "{filters:?}");
    }
    let foreign = history::around(&world.ctx, &lead, query(None), request(8)).await;
    assert_eq!(kind(foreign), Some(ErrorKind::NotFound));
}

#[tokio::test]
async fn hi_9_what_is_new_is_counted_under_the_same_filters() {
    let world = world().await;
    let lead = world.actor("lead").await;
    let list = history::list(&world.ctx, &lead, query(None)).await.expect("list").rows;
    let newer = async |filters: &[&str], after: Option<AttemptId>| {
        let newer = history::newer(&world.ctx, &lead, asked(filters), after).await.expect("newer");
        (newer.count, newer.newest)
    };
    assert_eq!(newer(&[], None).await, (0, Some(list[0].attempt)));
    assert_eq!(newer(&[], Some(list[0].attempt)).await.0, 0);
    assert_eq!(newer(&[], Some(list[6].attempt)).await, (6, Some(list[0].attempt)));
    assert_eq!(newer(&["origin:in:api"], Some(list[6].attempt)).await.0, 3);
    let member = world.actor("member").await;
    let own = history::newer(&world.ctx, &member, query(None), Some(list[6].attempt)).await.expect("newer");
    assert!(own.count < 6);
}

fn view(name: &str, query: &str, shared: bool) -> NewView {
    NewView { team: "alpha".to_owned(), name: name.to_owned(), query: query.to_owned(), shared }
}

#[tokio::test]
async fn hi_2_views_are_kept_by_name_for_one_person_or_for_the_team() {
    let world = world().await;
    let (member, lead, viewer) = (world.actor("member").await, world.actor("lead").await, world.actor("viewer").await);
    let mine =
        history::save_view(&world.ctx, &member, view("Mine", "?f=status:in:timeout", false)).await.expect("kept");
    let ours = history::save_view(&world.ctx, &member, view("Ours", "f=flag:in:unpriced", true)).await.expect("kept");
    let names = |views: Vec<SavedView>| views.into_iter().map(|it| (it.name, it.query, it.is_mine)).collect::<Vec<_>>();
    let shared = ("Ours".to_owned(), "f=flag:in:unpriced".to_owned(), true);
    let own = ("Mine".to_owned(), "f=status:in:timeout".to_owned(), true);
    assert_eq!(names(history::views(&world.ctx, &member, "alpha").await.expect("views")), [own, shared.clone()]);
    let seen = names(history::views(&world.ctx, &viewer, "alpha").await.expect("views"));
    assert_eq!(seen, [("Ours".to_owned(), shared.1, false)]);
    assert_eq!(history::save_view(&world.ctx, &member, view("Ours", "q=x", false)).await.expect("replaced"), ours);
    assert_eq!(names(history::views(&world.ctx, &lead, "alpha").await.expect("views")), []);
    assert_eq!(kind(history::remove_view(&world.ctx, &lead, "alpha", mine).await), Some(ErrorKind::NotFound));
    assert_eq!(kind(history::remove_view(&world.ctx, &member, "alpha", mine).await), None);
    let leads = history::save_view(&world.ctx, &lead, view("Lead's", "", true)).await.expect("kept");
    assert_eq!(kind(history::remove_view(&world.ctx, &member, "alpha", leads).await), Some(ErrorKind::Forbidden));
    assert_eq!(fields(history::save_view(&world.ctx, &lead, view(" ", "a\0b", true)).await), ["name", "query"]);
    let log =
        world.db.text("SELECT string_agg(action, ' ' ORDER BY id) FROM audit_log WHERE action LIKE 'view.%'").await;
    assert_eq!(log, "view.create view.create view.update view.remove view.create");
}

#[tokio::test]
async fn hi_8_who_takes_the_list_away_is_noted() {
    let world = world().await;
    let member = world.actor("member").await;
    history::exported(&world.ctx, &member, "alpha").await.expect("noted");
    let log = "SELECT action || ' ' || object || ' ' || t.slug FROM audit_log a JOIN teams t ON t.id = a.team_id
                WHERE action = 'export.create'";
    assert_eq!(world.db.text(log).await, "export.create history alpha");
}

#[tokio::test]
async fn rt_3_the_kind_of_work_is_set_by_who_made_the_request_or_manages_the_team() {
    let world = world().await;
    assert_eq!(world.db.execute(COPIES).await, 3);
    let task = Some(TaskClass::Review);
    for (who, nr, wanted) in [
        ("member", 1, None),
        ("member", 2, Some(ErrorKind::NotFound)),
        ("lead", 2, None),
        ("lead", 5, Some(ErrorKind::Conflict)),
        ("lead", 8, Some(ErrorKind::NotFound)),
        ("lead", 99, Some(ErrorKind::NotFound)),
        ("viewer", 1, Some(ErrorKind::Forbidden)),
        ("admin", 1, Some(ErrorKind::Forbidden)),
        ("stranger", 1, Some(ErrorKind::NotFound)),
    ] {
        let actor = world.actor(who).await;
        assert_eq!(kind(history::set_task(&world.ctx, &actor, "alpha", request(nr), task).await), wanted, "{who} {nr}");
    }
    let tagged = found(&world, "lead", asked(&["task:in:review"])).await;
    assert_eq!(tagged, [1, 2]);
    let lead = world.actor("lead").await;
    history::set_task(&world.ctx, &lead, "alpha", request(0x22), None).await.expect("taken back");
    assert_eq!(history::get(&world.ctx, &lead, "alpha", request(0x22)).await.expect("detail").task, None);
}

#[tokio::test]
async fn hi_4_a_request_tells_its_way_and_whether_its_reader_may_label_it() {
    let world = world().await;
    let lead = world.actor("lead").await;
    let detail = history::get(&world.ctx, &lead, "alpha", request(4)).await.expect("detail");
    assert_eq!(
        detail.route,
        "big is the name of the model; its first deployment is at shared. Attempt 1 failed because there was no connection: \
         another try went to shared."
    );
    assert_eq!(detail.attempts.iter().map(|it| it.row.attempts).collect::<Vec<_>>(), [2, 2]);
    let row = history::list(&world.ctx, &lead, query(None)).await.expect("list").rows;
    assert_eq!(row.iter().find(|row| row.request == request(4)).expect("row").attempts, 2);
    for (who, nr, wanted) in [("lead", 2, true), ("member", 1, true), ("admin", 1, false)] {
        let actor = world.actor(who).await;
        let detail = history::get(&world.ctx, &actor, "alpha", RequestId(Uuid::from_u128(nr))).await.expect("detail");
        assert_eq!(detail.may_label, wanted, "{who}");
    }
}
