//! History: keyset pages, receipts, and whose rows a person sees.

mod questions;
mod replays;
mod searches;

use control::history;
use domain::{
    ErrorKind, Money,
    history::{ContentLock, HistoryQuery, HistoryRow, RequestContent},
    id::RequestId,
    ledger::{AttemptState, Outcome},
    task::TaskClass,
    team::StoreContent,
};
use store::bodies::Body;
use uuid::Uuid;

use crate::world::{World, kind};

/// Seven requests of team alpha: even ones by the key `ci`, odd ones by the member. Number 4 failed over once; 5 is still
/// running; 6 is unpriced. One more belongs to beta.
const ATTEMPTS: &str = "
INSERT INTO attempts (id, request_id, attempt_no, state, admitted_at, expires_at, owner, origin, team_id, key_id, user_id,
    provider_id, deployment_id, model, model_asked, dialect, stream, price_version_id, input_bound, output_cap, reserved_nano,
    resolved_at, outcome, usage_source, input_tokens, output_tokens, cost_nano, charged_nano, flags, total_ms)
SELECT lpad(to_hex(n * 10 + no), 32, '0')::uuid, lpad(to_hex(n), 32, '0')::uuid, no,
       (CASE WHEN n = 5 THEN 'reserved' WHEN n = 4 AND no = 1 THEN 'released' ELSE 'settled' END)::attempt_state,
       clock_timestamp() - make_interval(mins => 60 - (n / 2)::integer), clock_timestamp(), lpad('9', 32, '0')::uuid,
       CASE WHEN n % 2 = 0 THEN 'api' ELSE 'playground' END,
       t.id, CASE WHEN n % 2 = 0 THEN k.id END, CASE WHEN n % 2 = 1 THEN u.id END,
       p.id, d.id, m.name, m.name, 'openai_chat', true, v.id, 1000, 500, 5000000,
       CASE WHEN n <> 5 THEN clock_timestamp() END,
       CASE WHEN n = 5 THEN NULL WHEN n = 4 AND no = 1 THEN 'unreachable' ELSE 'success' END,
       (CASE WHEN n <> 5 THEN 'final' END)::usage_source, CASE WHEN n <> 5 THEN 100 END, CASE WHEN n <> 5 THEN 10 END,
       CASE WHEN n = 5 OR n = 6 THEN NULL WHEN n = 4 AND no = 1 THEN 0 ELSE 350000 END,
       CASE WHEN n >= 5 AND n <= 6 OR n = 4 AND no = 1 THEN 0 ELSE 350000 END,
       CASE WHEN n = 6 THEN ARRAY['unpriced'] ELSE '{}' END, 1200
  FROM (SELECT n, 1 AS no FROM generate_series(1, 7) AS n UNION ALL SELECT 4, 2 UNION ALL SELECT 8, 1) AS r
  JOIN teams t ON t.slug = CASE WHEN n = 8 THEN 'beta' ELSE 'alpha' END
  CROSS JOIN users u CROSS JOIN virtual_keys k CROSS JOIN models m
  JOIN deployments d ON d.model_id = m.id JOIN providers p ON p.id = d.provider_id JOIN price_versions v ON v.deployment_id = d.id
 WHERE u.email = 'member@example.com' AND k.name = 'ci' AND m.name = 'big'";

async fn world() -> World {
    let world = World::new().await;
    assert_eq!(world.db.execute(ATTEMPTS).await, 9);
    world
}

fn query(limit: Option<u32>) -> HistoryQuery {
    HistoryQuery { team: "alpha".to_owned(), limit, ..HistoryQuery::default() }
}

fn numbers(rows: &[HistoryRow]) -> Vec<u128> {
    rows.iter().map(|row| row.request.0.as_u128()).collect()
}

#[tokio::test]
async fn pages_follow_each_other_without_gap_or_repeat_even_at_equal_times() {
    let world = world().await;
    let lead = world.actor("lead").await;
    let all = numbers(&history::list(&world.ctx, &lead, query(None)).await.expect("list").rows);
    assert_eq!(all.len(), 7);
    for limit in 1..=7 {
        let mut walked = Vec::new();
        let mut next = None;
        loop {
            let page = history::list(&world.ctx, &lead, HistoryQuery { before: next, ..query(Some(limit)) })
                .await
                .expect("page");
            assert!(page.rows.len() <= limit as usize);
            walked.extend(numbers(&page.rows));
            next = page.next;
            if next.is_none() {
                break;
            }
        }
        assert_eq!(walked, all, "pages of {limit}");
    }
}

#[tokio::test]
async fn a_limit_outside_its_range_is_refused_and_not_clamped() {
    let world = world().await;
    let lead = world.actor("lead").await;
    for limit in [0, 201, u32::MAX] {
        assert_eq!(kind(history::list(&world.ctx, &lead, query(Some(limit))).await), Some(ErrorKind::Invalid));
    }
    assert!(history::list(&world.ctx, &lead, query(Some(200))).await.is_ok());
}

#[tokio::test]
async fn a_member_sees_their_own_requests_and_a_viewer_none() {
    let world = world().await;
    let (member, viewer) = (world.actor("member").await, world.actor("viewer").await);
    let mut own = numbers(&history::list(&world.ctx, &member, query(None)).await.expect("list").rows);
    own.sort_unstable();
    assert_eq!(own, [1, 3, 5, 7]);
    assert!(history::list(&world.ctx, &viewer, query(None)).await.expect("list").rows.is_empty());
    let others = RequestId(Uuid::from_u128(2));
    assert_eq!(kind(history::get(&world.ctx, &member, "alpha", others).await), Some(ErrorKind::NotFound));
    assert!(history::get(&world.ctx, &member, "alpha", RequestId(Uuid::from_u128(1))).await.is_ok());
}

#[tokio::test]
async fn a_request_is_one_row_with_its_last_attempt_and_a_receipt_for_each() {
    let world = world().await;
    let lead = world.actor("lead").await;
    let request = RequestId(Uuid::from_u128(4));
    let rows = history::list(&world.ctx, &lead, query(None)).await.expect("list").rows;
    let row = rows.iter().find(|row| row.request == request).expect("listed once");
    assert_eq!((row.outcome, row.caller.as_str(), row.cost), (Some(Outcome::Success), "ci", Some(Money(350_000))));
    assert_eq!((row.provider.as_str(), row.model.as_str()), ("shared", "big"));

    let detail = history::get(&world.ctx, &lead, "alpha", request).await.expect("detail");
    let states: Vec<_> = detail.attempts.iter().map(|attempt| (attempt.number, attempt.row.state)).collect();
    assert_eq!(states, [(1, AttemptState::Released), (2, AttemptState::Settled)]);
    let receipt = &detail.attempts[1];
    let rates: Vec<_> =
        receipt.price.as_ref().expect("price").iter().map(|c| (c.class.as_str(), c.rate.per_million())).collect();
    assert_eq!(
        rates,
        [("cache_read", "1.25".to_owned()), ("input", "2.50".to_owned()), ("output", "10.00".to_owned())]
    );
    assert_eq!(
        (receipt.reserved, receipt.charged, receipt.upstream_model.as_str()),
        (Money(5_000_000), Money(350_000), "big-2026")
    );
}

#[tokio::test]
async fn unknown_costs_stay_unknown_and_are_counted_apart() {
    let world = world().await;
    let lead = world.actor("lead").await;
    let rows = history::list(&world.ctx, &lead, query(None)).await.expect("list").rows;
    let row = |nr: u128| rows.iter().find(|row| row.request.0.as_u128() == nr).expect("row");
    assert_eq!((row(6).cost, row(6).unpriced), (None, true));
    assert_eq!((row(5).cost, row(5).unpriced, row(5).outcome, row(5).usage), (None, false, None, None));
    let home = control::teams::home(&world.ctx, &lead, "alpha").await.expect("home");
    assert_eq!((home.requests_24h, home.errors_24h, home.unpriced_24h), (7, 0, 1));
    assert_eq!(home.cost_24h, Money(5 * 350_000));
    assert_eq!((home.providers, home.models, home.unpriced_models, home.keys, home.recent.len()), (2, 2, 0, 1, 5));
}

#[tokio::test]
async fn a_request_of_another_team_does_not_exist_here() {
    let world = world().await;
    let (lead, stranger) = (world.actor("lead").await, world.actor("stranger").await);
    let theirs = RequestId(Uuid::from_u128(8));
    assert!(history::get(&world.ctx, &stranger, "beta", theirs).await.is_ok());
    assert_eq!(kind(history::get(&world.ctx, &lead, "alpha", theirs).await), Some(ErrorKind::NotFound));
    let foreign_cursor = HistoryQuery { before: Some(domain::id::AttemptId(Uuid::from_u128(81))), ..query(None) };
    assert!(history::list(&world.ctx, &lead, foreign_cursor).await.expect("list").rows.is_empty());
}

/// Copies of request 2: 0x20 is old, 0x21 belongs to a run, 0x22 is labelled.
const COPIES: &str = r#"
INSERT INTO attempts SELECT (jsonb_populate_record(a, change)).*
  FROM attempts a, (VALUES
       ('{"id": "00000000-0000-0000-0000-000000000200", "request_id": "00000000-0000-0000-0000-000000000020",
          "admitted_at": "2026-01-01T00:00:00Z"}'::jsonb),
       ('{"id": "00000000-0000-0000-0000-000000000210", "request_id": "00000000-0000-0000-0000-000000000021",
          "run_id": "00000000-0000-0000-0000-000000000007"}'),
       ('{"id": "00000000-0000-0000-0000-000000000220", "request_id": "00000000-0000-0000-0000-000000000022",
          "task": "bug_fix", "tags": {"ticket": "42", "repo": "core"}, "conversation": "c-1"}')
       ) AS copies (change)
 WHERE a.request_id = '00000000-0000-0000-0000-000000000002'"#;

fn request(nr: u128) -> RequestId {
    RequestId(Uuid::from_u128(nr))
}

/// Stores the text of one call.
async fn keep(world: &World, nr: u128, team: &str, policy: StoreContent, asked: &str, answered: &str) {
    let mut db = store::pool::connection(&world.db.pools.dashboard).await.expect("connection");
    let person = world.actor(if team == "alpha" { "lead" } else { "stranger" }).await;
    let team = person.team(&world.ctx, team).await.expect("team").id;
    let (asked, answered) = (asked.to_owned(), answered.to_owned());
    let body = Body { request: request(nr), team, policy, asked, answered, is_cut: false };
    store::bodies::insert(&mut db, &[body]).await.expect("stored");
}

fn locked(lock: ContentLock) -> RequestContent {
    RequestContent { lock: Some(lock), ..RequestContent::default() }
}

async fn read(world: &World, nr: u128) -> RequestContent {
    let lead = world.actor("lead").await;
    history::content(&world.ctx, &lead, "alpha", request(nr)).await.expect("content")
}

#[tokio::test]
async fn kept_text_is_shown_with_json_indented_in_its_own_order() {
    let world = world().await;
    keep(&world, 2, "alpha", StoreContent::Redacted, r#"{"z":1,"a":[true]}"#, "data: {\"z\":1}\n\n").await;
    let wanted = RequestContent {
        lock: None,
        asked: "{\n  \"z\": 1,\n  \"a\": [\n    true\n  ]\n}".to_owned(),
        answered: "data: {\"z\":1}\n\n".to_owned(),
        is_redacted: true,
        is_cut: false,
    };
    assert_eq!(read(&world, 2).await, wanted);
}

#[tokio::test]
async fn text_is_read_by_who_may_read_the_request_and_by_nobody_else() {
    let world = world().await;
    for (nr, team) in [(1, "alpha"), (2, "alpha"), (8, "beta")] {
        keep(&world, nr, team, StoreContent::Full, "hello", "there").await;
    }
    for (name, nr, wanted) in [
        ("lead", 1, None),
        ("lead", 2, None),
        ("member", 1, None),
        ("member", 2, Some(ErrorKind::NotFound)),
        ("viewer", 1, Some(ErrorKind::Forbidden)),
        // A role at the instance shows numbers, never text (AC-8).
        ("admin", 1, Some(ErrorKind::Forbidden)),
        ("owner", 1, Some(ErrorKind::Forbidden)),
        ("stranger", 1, Some(ErrorKind::NotFound)),
        // It is beta's.
        ("lead", 8, Some(ErrorKind::NotFound)),
    ] {
        let actor = world.actor(name).await;
        assert_eq!(kind(history::content(&world.ctx, &actor, "alpha", request(nr)).await), wanted, "{name} {nr}");
    }
}

#[tokio::test]
async fn a_lock_tells_why_there_is_no_text() {
    let world = world().await;
    assert_eq!(world.db.execute(COPIES).await, 3);
    assert_eq!(read(&world, 2).await, locked(ContentLock::Policy));
    world.db.execute("UPDATE teams SET store_content = 'full' WHERE slug = 'alpha'").await;
    for (nr, lock) in
        [(2, ContentLock::NotKept), (5, ContentLock::Running), (0x20, ContentLock::Age), (0x21, ContentLock::InRun)]
    {
        assert_eq!(read(&world, nr).await, locked(lock), "{nr:x}");
    }
}

#[tokio::test]
async fn text_goes_after_its_time_oldest_first_and_the_numbers_stay() {
    let world = world().await;
    for nr in 1..=4 {
        keep(&world, nr, "alpha", StoreContent::Full, "hello", "there").await;
    }
    let age =
        "UPDATE bodies SET created_at = created_at - make_interval(days => 27 + right(request_id::text, 1)::integer)";
    world.db.execute(age).await;
    let left = "SELECT string_agg(right(request_id::text, 1), '' ORDER BY request_id) FROM bodies";
    let mut db = store::pool::connection(&world.db.pools.dashboard).await.expect("connection");
    assert_eq!(store::bodies::expire(&mut db, 30, 1).await.expect("expired"), 1);
    assert_eq!(world.db.text(left).await, "123");
    assert_eq!(store::bodies::expire(&mut db, 30, 9).await.expect("expired"), 1);
    assert_eq!(world.db.text(left).await, "12");
    assert_eq!(world.db.number("SELECT count(*) FROM attempts").await, 9);
}

#[tokio::test]
async fn what_the_client_said_about_its_call_is_part_of_the_detail() {
    let world = world().await;
    assert_eq!(world.db.execute(COPIES).await, 3);
    let lead = world.actor("lead").await;
    let detail = history::get(&world.ctx, &lead, "alpha", request(0x22)).await.expect("detail");
    let tags: Vec<_> = detail.tags.iter().map(|(key, value)| format!("{key}={value}")).collect();
    assert_eq!((detail.task, tags.join(" ").as_str()), (Some(TaskClass::BugFix), "repo=core ticket=42"));
    assert_eq!(detail.conversation.as_deref(), Some("c-1"));
    let plain = history::get(&world.ctx, &lead, "alpha", request(2)).await.expect("detail");
    assert_eq!((plain.task, plain.tags, plain.conversation), (None, vec![], None));
}
