use domain::{history::Facets, id::FeedbackId};

use super::*;
use crate::{
    bodies::{self, Body},
    feedback::{self, Source},
    pool::{self, Loan},
    testing::{TestDatabase, database},
};

mod labels;
mod search;

/// Requests of a team with everything that filters look at, each value by the number of the request. Every seventh failed
/// over once, and its first attempt is as different from its last as can be. Two share each moment.
const CALLS: &str = "
INSERT INTO attempts (id, request_id, attempt_no, state, admitted_at, expires_at, owner, origin, team_id, key_id, user_id, run_id,
    task, tags, provider_id, deployment_id, model, model_asked, dialect, stream, input_bound, output_cap, reserved_nano,
    resolved_at, outcome, usage_source, input_tokens, output_tokens, cost_nano, charged_nano, flags, total_ms)
SELECT made.id, made.request, no, (CASE WHEN is_first THEN 'released' WHEN n % 41 = 0 THEN 'reserved' WHEN n % 13 = 0 THEN 'uncertain'
           ELSE 'settled' END)::attempt_state,
       made_of.at, made_of.at, t.id, CASE WHEN n % 5 = 0 THEN 'playground' ELSE 'api' END, t.id,
       CASE WHEN n % 5 <> 0 THEN md5('key' || n % 3)::uuid END, CASE WHEN n % 5 = 0 THEN md5('user' || n % 2)::uuid END, NULL,
       CASE WHEN n % 4 > 0 THEN (ARRAY['tests', 'review', 'bug_fix'])[n % 4] END,
       CASE WHEN n % 6 = 0 THEN jsonb_build_object('repo', 'r' || n % 18, 'env', 'ci') END,
       md5('provider' || n % 2)::uuid, t.id, CASE WHEN is_first THEN 'first' ELSE 'm' || n % 9 END, 'm',
       CASE WHEN n % 8 = 0 THEN 'anthropic_messages' ELSE 'openai_chat' END, true, 1, 1, 1,
       CASE WHEN is_first OR n % 41 > 0 THEN made_of.at END,
       CASE WHEN is_first THEN 'capacity' WHEN n % 41 = 0 THEN NULL WHEN n % 13 = 0 THEN 'abandoned' WHEN n % 10 = 0 THEN 'timeout'
           ELSE 'success' END,
       CASE WHEN n % 19 = 0 THEN 'estimated'::usage_source WHEN n % 41 > 0 THEN 'final' END,
       CASE WHEN NOT is_first AND n % 41 > 0 THEN n END, CASE WHEN NOT is_first AND n % 41 > 0 THEN 1 END,
       CASE WHEN NOT is_first AND n % 41 > 0 AND n % 17 > 0 THEN n * 1000 END, 0,
       CASE WHEN n % 17 = 0 THEN ARRAY['unpriced'] WHEN n % 23 = 0 THEN ARRAY['overrun', 'other'] ELSE '{}' END, n * 10
  FROM generate_series(1, 2600) AS n
 CROSS JOIN teams t
 CROSS JOIN LATERAL generate_series(1, CASE WHEN n % 7 = 0 THEN 2 ELSE 1 END) AS no
 CROSS JOIN LATERAL (SELECT n % 7 = 0 AND no = 1 AS is_first,
       now() - interval '3 days' + make_interval(secs => (n / 2)) AS moment) AS of_n
 CROSS JOIN LATERAL (SELECT moment AS at, left(uuid_v7_floor(moment)::text, 19) || right(t.slug, 1) || '000-' AS base) AS made_of
 CROSS JOIN LATERAL (SELECT (base || lpad((n * 10 + no)::text, 12, '0'))::uuid AS id,
       (base || lpad((n * 10)::text, 12, '1'))::uuid AS request) AS made
 WHERE t.slug = 'team-1' OR n <= 40";

struct World {
    db: TestDatabase,
    team: TeamId,
    person: UserId,
    other: TeamId,
}

impl World {
    async fn new() -> Self {
        let db = database().await;
        let (team, person) = db.team(1).await;
        let (other, _) = db.team(2).await;
        db.execute(CALLS).await;
        db.execute(
            "INSERT INTO providers (id, slug, kind) SELECT md5('provider' || n)::uuid, 'p' || n, 'openai' FROM generate_series(0, 1) n",
        )
        .await;
        let world = Self { db, team, person, other };
        world.judge().await;
        world
    }

    async fn db(&self) -> Loan {
        pool::connection(&self.db.pools.dashboard).await.unwrap()
    }

    /// One verdict of each kind in turn, on every fifty-first request.
    async fn judge(&self) {
        let mut db = self.db().await;
        for (nr, attempt) in self.all(&mut db).await.iter().step_by(51).enumerate() {
            let outcome = Acceptance::ALL[nr % 3];
            let verdict = domain::feedback::Verdict { outcome: Some(outcome), ..Default::default() };
            let id = FeedbackId(Uuid::from_u128(u128::try_from(nr).unwrap() + 1));
            let source = Source::User(self.person);
            feedback::give(&mut db, self.team, source, attempt.request, id, &verdict).await.unwrap();
        }
    }

    /// All requests, read one by one without any of the code that is tested but for the row itself.
    async fn all(&self, db: &mut Loan) -> Vec<Attempt> {
        let mut filter = Filter { limit: 1_000, ..Filter::default() };
        let mut all = Vec::new();
        loop {
            let page = list(db, self.team, &filter).await.unwrap();
            filter.before = page.last().map(|last| last.id);
            all.extend(page);
            if filter.before.is_none() {
                return all;
            }
        }
    }
}

fn parsed(conditions: &[&str]) -> Vec<Condition> {
    conditions.iter().map(|text| Condition::parse(text).unwrap()).collect()
}

/// What a condition says, in plain words.
fn holds(condition: &Condition, attempt: &Attempt) -> bool {
    use domain::history::{Field, Op};
    let of =
        |values: Vec<String>| condition.values.iter().any(|value| values.contains(value)) != (condition.op == Op::Not);
    let size = |value: Option<i64>| {
        let bound: i64 = condition.values[0].parse().unwrap();
        value.is_some_and(|value| if condition.op == Op::Gte { value >= bound } else { value < bound })
    };
    let has_flag = |name: &str| attempt.flags.iter().any(|flag| flag == name);
    match condition.field {
        Field::Model => of(vec![attempt.model.clone()]),
        Field::Provider => of(attempt.provider.iter().cloned().collect()),
        Field::Status => of(vec![attempt.outcome.map_or("running", Outcome::as_str).to_owned()]),
        Field::Key => of(attempt.key.iter().map(KeyId::to_string).collect()),
        Field::Person => of(attempt.user.iter().map(UserId::to_string).collect()),
        Field::Origin => of(vec![attempt.origin.clone()]),
        Field::Task => of(vec![attempt.task.map_or("none", TaskClass::as_str).to_owned()]),
        Field::Tag => of(attempt.tags.iter().map(|(name, value)| format!("{name}={value}")).collect()),
        Field::Dialect => of(vec![attempt.dialect.clone()]),
        Field::Verdict => of(vec![attempt.verdict.map_or("none", Acceptance::as_str).to_owned()]),
        Field::Flag => {
            let marks = [
                ("uncertain", attempt.state == AttemptState::Uncertain),
                ("unpriced", has_flag("unpriced")),
                ("overrun", has_flag("overrun")),
                ("estimated", attempt.usage_source == Some(UsageSource::Estimated)),
            ];
            of(marks.into_iter().filter(|(_, is_set)| *is_set).map(|(name, _)| name.to_owned()).collect())
        }
        Field::Cost => size(attempt.cost.map(|cost| cost.0)),
        Field::Latency => size(attempt.total_ms.map(i64::from)),
        Field::Tokens => size(attempt.usage.map(|usage| i64::from(usage.input + usage.output))),
    }
}

/// Every field, every comparison, none and several values, and what people combine.
fn questions() -> Vec<Vec<Condition>> {
    // As `md5('key1')` above.
    let key = "key:in:c2add694-bf94-2dc7-7b37-6592d9c862cd".to_owned();
    [
        vec![],
        vec!["model:in:m3"],
        vec!["model:in:m3,m4,nothing"],
        vec!["model:not:m3,m4"],
        vec!["model:in:first"],
        vec!["provider:in:p1"],
        vec!["provider:in:nobody"],
        vec!["provider:not:p1"],
        vec!["status:in:running"],
        vec!["status:in:running,timeout"],
        vec!["status:not:success"],
        vec!["status:not:success,running"],
        vec!["status:in:capacity"],
        vec!["status:in:nonsense"],
        vec![key.as_str()],
        vec!["key:in:nonsense"],
        vec!["key:not:nonsense"],
        vec!["origin:in:playground"],
        vec!["origin:not:playground"],
        vec!["task:in:tests"],
        vec!["task:in:tests,none"],
        vec!["task:not:tests"],
        vec!["tag:in:repo=r6"],
        vec!["tag:in:repo=r6,repo=r12"],
        vec!["tag:not:env=ci"],
        vec!["tag:in:nonsense"],
        vec!["dialect:in:anthropic_messages"],
        vec!["dialect:not:anthropic_messages"],
        vec!["flag:in:uncertain"],
        vec!["flag:in:unpriced,overrun,estimated"],
        vec!["flag:not:uncertain,unpriced"],
        vec!["flag:in:nonsense"],
        vec!["verdict:in:rejected"],
        vec!["verdict:in:rejected,accepted"],
        vec!["verdict:in:none"],
        vec!["verdict:in:none,edited"],
        vec!["verdict:not:none"],
        vec!["verdict:not:edited"],
        vec!["cost:gte:2500000"],
        vec!["cost:lt:20000"],
        vec!["latency:gte:25000"],
        vec!["latency:lt:100"],
        vec!["tokens:gte:2590"],
        vec!["tokens:lt:20"],
        vec!["status:not:success", "model:in:m3"],
        vec![key.as_str(), "status:in:abandoned"],
        vec!["task:in:tests", "verdict:in:rejected"],
        vec!["task:in:tests", "model:in:m8", "verdict:in:accepted,edited"],
        vec!["cost:gte:100000", "cost:lt:200000", "task:in:none"],
    ]
    .iter()
    .map(|texts| parsed(texts))
    .collect()
}

#[tokio::test]
async fn hi_2_every_filter_lists_what_a_recount_finds_and_pages_have_no_gap() {
    let world = World::new().await;
    let mut db = world.db().await;
    let all = world.all(&mut db).await;
    assert_eq!(all.len(), 2_600, "one row per request");
    assert!(all.iter().all(|attempt| attempt.model != "first"), "its last attempt");
    assert!(all.is_sorted_by(|a, b| (a.admitted_at, a.id) > (b.admitted_at, b.id)));
    for conditions in questions() {
        let wanted: Vec<_> =
            all.iter().filter(|it| conditions.iter().all(|one| holds(one, it))).map(|it| it.id).collect();
        let mut filter = Filter { conditions: conditions.clone(), limit: 400, ..Filter::default() };
        let mut found = Vec::new();
        loop {
            let page: Vec<_> = list(&mut db, world.team, &filter).await.unwrap().iter().map(|it| it.id).collect();
            filter.before = page.last().copied();
            found.extend(page);
            if filter.before.is_none() {
                break;
            }
        }
        let name = conditions.iter().map(Condition::text).collect::<Vec<_>>().join(" ");
        assert_eq!(found, wanted, "{name}");
        // The recount is only worth something where it finds something.
        let is_empty = ["nobody", "in:nonsense", "in:first", "in:capacity"].iter().any(|word| name.contains(word));
        assert_eq!(found.is_empty(), is_empty, "{name}");
    }
}

#[tokio::test]
async fn hi_4_the_neighbours_of_a_request_walk_the_filtered_list_both_ways() {
    let world = World::new().await;
    let mut db = world.db().await;
    for conditions in [&["task:in:tests", "model:in:m3"][..], &["flag:in:overrun"], &["verdict:in:edited"]] {
        let filter = Filter { conditions: parsed(conditions), limit: 1_000, ..Filter::default() };
        let walk: Vec<RequestId> =
            list(&mut db, world.team, &filter).await.unwrap().iter().map(|it| it.request).collect();
        assert!(walk.len() > 5);
        for (at, request) in walk.iter().enumerate() {
            let newer = at.checked_sub(1).map(|at| walk[at]);
            let wanted = Neighbours { newer, older: walk.get(at + 1).copied() };
            assert_eq!(around(&mut db, world.team, &filter, *request).await.unwrap(), Some(wanted));
        }
        assert_eq!(around(&mut db, world.other, &filter, walk[0]).await.unwrap(), None);
        let mine = Filter { user: Some(world.person), ..filter };
        assert_eq!(around(&mut db, world.team, &mine, walk[0]).await.unwrap(), None, "somebody else's");
    }
}

#[tokio::test]
async fn hi_2_counts_are_what_a_recount_finds_and_a_fields_own_filter_does_not_narrow_them() {
    let world = World::new().await;
    let mut db = world.db().await;
    let all = world.all(&mut db).await;
    for conditions in [&[][..], &["model:in:m3"], &["status:not:success", "task:in:tests"], &["verdict:in:rejected"]] {
        let conditions = parsed(conditions);
        let filter = Filter { conditions: conditions.clone(), ..Filter::default() };
        let Facets { facets, counted } = facets(&mut db, world.team, &filter, 20_000).await.unwrap();
        assert_eq!((facets.len(), counted), (11, None));
        for facet in facets {
            let others: Vec<_> = conditions.iter().filter(|one| one.field != facet.field).collect();
            let base: Vec<_> = all.iter().filter(|it| others.iter().all(|one| holds(one, it))).collect();
            assert!(facet.values.is_sorted_by_key(|value| std::cmp::Reverse(value.count)));
            for value in &facet.values {
                let asked =
                    Condition { field: facet.field, op: domain::history::Op::In, values: vec![value.value.clone()] };
                let wanted = base.iter().filter(|it| holds(&asked, it)).count();
                assert_eq!(value.count as usize, wanted, "{} {}", facet.field.as_str(), value.value);
            }
            if facet.field == domain::history::Field::Model {
                assert_eq!(facet.values.iter().map(|it| it.count as usize).sum::<usize>(), base.len());
            }
        }
    }
    let few = facets(&mut db, world.team, &Filter::default(), 100).await.unwrap();
    assert_eq!(few.counted, Some(100));
    assert!(few.facets[1].values.iter().map(|it| it.count).sum::<u32>() <= 100);
}

#[tokio::test]
async fn hi_2_people_without_the_right_see_their_own_and_spans_bound_a_list() {
    let world = World::new().await;
    let mut db = world.db().await;
    let all = world.all(&mut db).await;
    let user = all.iter().find_map(|it| it.user).unwrap();
    let mine = Filter { user: Some(user), limit: 1_000, ..Filter::default() };
    let found = list(&mut db, world.team, &mine).await.unwrap();
    assert_eq!(found.len(), all.iter().filter(|it| it.user == Some(user)).count());
    assert!(!found.is_empty() && found.iter().all(|it| it.user == Some(user)));

    let (from, to) = (all[2_000].admitted_at, all[1_000].admitted_at);
    let span = Filter { from: Some(from), to: Some(to), limit: 2_000, ..Filter::default() };
    let found = list(&mut db, world.team, &span).await.unwrap();
    assert_eq!(found.len(), all.iter().filter(|it| it.admitted_at >= from && it.admitted_at < to).count());

    let theirs = list(&mut db, world.other, &Filter { limit: 1_000, ..Filter::default() }).await.unwrap();
    assert_eq!(theirs.len(), 40);
    let foreign = Filter { before: Some(all[5].id), limit: 10, ..Filter::default() };
    assert!(list(&mut db, world.other, &foreign).await.unwrap().is_empty());
}

#[tokio::test]
async fn hi_9_what_is_newer_is_counted_up_to_a_limit() {
    let world = World::new().await;
    let mut db = world.db().await;
    let all = world.all(&mut db).await;
    let filter = Filter { conditions: parsed(&["origin:in:api"]), ..Filter::default() };
    let api: Vec<_> = all.iter().filter(|it| it.origin == "api").map(|it| it.id).collect();
    let after = async |db: &mut Loan, after| newer(db, world.team, &filter, after, 100).await.unwrap();
    assert_eq!(after(&mut db, Some(api[7])).await, Newer { count: 7, newest: Some(api[0]) });
    assert_eq!(after(&mut db, Some(api[0])).await.count, 0);
    assert_eq!(after(&mut db, Some(api[500])).await.count, 100);
    assert_eq!(after(&mut db, None).await, Newer { count: 0, newest: Some(api[0]) });
}

#[tokio::test]
async fn hi_10_what_is_uncertain_or_unpriced_is_counted() {
    let world = World::new().await;
    let mut db = world.db().await;
    let all = world.all(&mut db).await;
    let from = all[1_500].admitted_at;
    let recent: Vec<_> = all.iter().filter(|it| it.admitted_at >= from).collect();
    let uncertain = recent.iter().filter(|it| it.state == AttemptState::Uncertain).count();
    let unpriced = recent.iter().filter(|it| it.flags.contains(&"unpriced".to_owned())).count();
    let todo = count_uncertain_unpriced(&mut db, world.team, None, from, 1_000).await.unwrap();
    assert_eq!((todo.uncertain as usize, todo.unpriced as usize), (uncertain, unpriced));
    assert!(uncertain > 50 && unpriced > 50);
    let few = count_uncertain_unpriced(&mut db, world.team, None, from, 10).await.unwrap();
    assert_eq!(few, Todo { uncertain: 10, unpriced: 10 });
}

#[tokio::test]
async fn hi_3_a_question_that_takes_too_long_says_so_and_leaves_the_connection_usable() {
    let db = database().await;
    let mut db = pool::connection(&db.pools.dashboard).await.unwrap();
    let mut tx = begin(&mut db).await.unwrap();
    let run = |sql: &'static str| QueryBuilder::<Postgres>::new(sql);
    run("SELECT set_config('statement_timeout', '20', true)").build().execute(&mut *tx).await.unwrap();
    let error = run("SELECT pg_sleep(5)").build().execute(&mut *tx).await.map_err(slow).unwrap_err();
    assert!(matches!(error, Error::TooSlow), "{error:?}");
    drop(tx);
    let timeout: String = run("SHOW statement_timeout").build_query_scalar().fetch_one(&mut *db).await.unwrap();
    assert_eq!(timeout, "5s", "the pool's own again");
}
