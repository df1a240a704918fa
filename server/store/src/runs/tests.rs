use std::collections::BTreeSet;

use domain::{
    event::RunEventKind,
    grid::{Case, Variant},
    id::{FeedbackId, ReplicaId, RequestId},
    money::Money,
    run::{CellMetrics, Progress, ToolCall, Wire},
};
use uuid::Uuid;

use super::*;
use crate::{
    pool::{self, Loan},
    testing::{TestDatabase, database},
};

mod queue;

/// A team with a run of so many columns and rows; ids count up.
struct World {
    db: TestDatabase,
    team: TeamId,
    other: TeamId,
    person: UserId,
    run: RunId,
    next: u128,
}

impl World {
    async fn new(variants: u16, cases: u16, samples: u16) -> Self {
        let db = database().await;
        let (team, person) = db.team(1).await;
        let (other, _) = db.team(2).await;
        let mut world = Self { db, team, other, person, run: RunId(Uuid::nil()), next: 1 };
        world.run = world.start(variants, cases, samples).await;
        world
    }

    fn id(&mut self) -> Uuid {
        self.next += 1;
        Uuid::from_u128(self.next)
    }

    async fn db(&self) -> Loan {
        pool::connection(&self.db.pools.dashboard).await.unwrap()
    }

    async fn start(&mut self, variants: u16, cases: u16, samples: u16) -> RunId {
        let run = RunId(self.id());
        let models: Vec<String> = (0..variants).map(|n| format!("model-{n}")).collect();
        let grid = Grid {
            variants: models.iter().map(|model| Variant { model: model.clone(), ..Variant::default() }).collect(),
            cases: vec![Case::default(); usize::from(cases)],
            samples: u8::try_from(samples).unwrap(),
            ..Grid::default()
        };
        let (mut cells, mut waiting) = (Vec::new(), Vec::new());
        // Columns first, to see that the queue has an order of its own.
        for variant in 0..variants {
            for case in 0..cases {
                let cell = NewCell { id: CellId(self.id()), place: Place { variant, case } };
                cells.push(cell);
                for position in 0..samples {
                    waiting.push(NewSample { id: SampleId(self.id()), cell: cell.id, position });
                }
            }
        }
        let (starter, name) = (self.person, "a\0 run");
        let new = NewGrid { run, starter, name, models: &models, grid: &grid, cells: &cells, samples: &waiting };
        let mut tx = pool::begin(&self.db.pools.dashboard).await.unwrap();
        insert(&mut tx, self.team, &new).await.unwrap();
        pool::commit(tx).await.unwrap();
        run
    }

    async fn claim(&self) -> Option<ClaimedSample> {
        claim(&mut *self.db().await, ReplicaId(Uuid::from_u128(9))).await.unwrap()
    }

    async fn view(&self) -> View {
        view(&mut *self.db().await, self.team, self.run, 20, Some(self.person)).await.unwrap().unwrap()
    }

    async fn say(&self, lease: Lease, text: &str) -> Option<i64> {
        let event = RunEventKind::Delta { cell: lease.cell, sample: lease.position, text: text.to_owned() };
        append(&mut *self.db().await, lease, &event).await.unwrap()
    }

    async fn finish(&self, lease: Lease, end: &End) -> bool {
        finish(&mut *self.db().await, lease, end, &[], &[]).await.unwrap()
    }

    async fn events(&self) -> Vec<RunEvent> {
        events(&mut *self.db().await, self.team, self.run, 0, 10_000).await.unwrap()
    }

    /// Claims and ends everything that waits.
    async fn finish_all(&self) {
        while let Some(sample) = self.claim().await {
            assert!(self.finish(sample.lease, &done(1)).await);
        }
    }
}

fn done(nanos: i64) -> End {
    End::Done(CellMetrics { cost: Some(Money(nanos)), ..CellMetrics::default() })
}

fn failed(message: &str) -> End {
    End::Failed { message: message.to_owned(), metrics: CellMetrics::default() }
}

fn call(id: &str, result: Option<&str>) -> ToolCall {
    ToolCall { id: id.to_owned(), name: "f".into(), arguments: "{}".into(), result: result.map(str::to_owned) }
}

/// No number is missing and none comes twice.
fn assert_dense(events: &[RunEvent]) {
    let numbers: Vec<i64> = events.iter().map(|event| event.seq).collect();
    assert_eq!(numbers, (1..=i64::try_from(events.len()).unwrap()).collect::<Vec<_>>());
}

#[tokio::test]
async fn pg_9_a_view_is_the_sum_of_the_events_up_to_its_cursor() {
    let world = World::new(1, 1, 2).await;
    let sample = world.claim().await.unwrap();
    let lease = sample.lease;
    assert_eq!((sample.place, lease.position, lease.take), (Place { variant: 0, case: 0 }, 0, 1));
    world.say(lease, "one ").await.unwrap();
    for known in [call("a", None), call("b", None), call("a", Some("x"))] {
        let event = RunEventKind::Tool { cell: lease.cell, sample: 0, call: known };
        append(&mut *world.db().await, lease, &event).await.unwrap();
    }
    world.say(lease, "two\0").await.unwrap();

    let view = world.view().await;
    assert_eq!((view.cursor, view.is_finished, view.name.as_str()), (5, false, "a\u{fffd} run"));
    let samples = &view.cells[0].samples;
    assert_eq!((samples[0].text.as_str(), samples[0].state), ("one two\u{fffd}", CellState::Running));
    assert_eq!(samples[0].calls, [call("a", Some("x")), call("b", None)]);
    assert_eq!((samples[1].text.as_str(), samples[1].state), ("", CellState::Queued));
    assert_eq!(view.progress, Progress { cells: 1, open: 1, ..Progress::default() });
    assert_dense(&world.events().await);
}

#[tokio::test]
async fn pg_9_the_last_sample_that_ends_finishes_the_run_with_its_cost() {
    let world = World::new(2, 1, 1).await;
    let (first, second) = (world.claim().await.unwrap().lease, world.claim().await.unwrap().lease);
    world.say(first, "hello ").await.unwrap();
    world.say(first, "you").await.unwrap();
    assert!(world.finish(first, &done(7)).await);
    assert!(!world.view().await.is_finished);
    let calls = [call("a\0", Some("b"))];
    let turn = [Step { text: "t".into(), calls: calls.to_vec(), said: None }];
    assert!(finish(&mut *world.db().await, second, &failed("no\0"), &calls, &turn).await.unwrap());

    let view = world.view().await;
    assert!(view.is_finished && !view.unpriced);
    assert_eq!(view.cost, Money(7));
    assert_eq!(view.progress, Progress { cells: 2, done: 1, failed: 1, ..Progress::default() });
    assert_eq!(view.cells[0].samples[0].text, "hello you");
    let wrong = &view.cells[1].samples[0];
    assert_eq!((wrong.error.as_deref(), wrong.calls[0].id.as_str()), (Some("no\u{fffd}"), "a\u{fffd}"));
    let events = world.events().await;
    assert_dense(&events);
    assert_eq!(events.last().unwrap().what, RunEventKind::RunDone);
    assert_eq!(i64::try_from(events.len()).unwrap(), view.cursor);

    let stored = sample(&mut *world.db().await, world.team, world.run, second.cell, 0).await.unwrap().unwrap();
    assert_eq!((stored.state, stored.prior.len(), stored.prior[0].text.as_str()), (CellState::Failed, 1, "t"));
}

#[tokio::test]
async fn a_call_whose_cost_nobody_knows_leaves_the_run_without_a_whole_sum() {
    let world = World::new(2, 1, 1).await;
    let (known, unknown) = (world.claim().await.unwrap().lease, world.claim().await.unwrap().lease);
    assert!(world.finish(known, &failed("never asked")).await);
    assert!(!world.view().await.unpriced, "what asked nobody costs nothing");
    assert!(note_request(&mut *world.db().await, unknown, RequestId(Uuid::from_u128(77))).await.unwrap());
    assert!(world.finish(unknown, &failed("the server went away")).await);
    assert!(world.view().await.unpriced);
}

#[tokio::test]
async fn a_lease_that_ran_out_passes_on_and_its_holder_can_write_nothing_more() {
    let world = World::new(1, 1, 1).await;
    let lost = world.claim().await.unwrap();
    assert!(!lost.is_lost);
    world.say(lost.lease, "mine").await.unwrap();
    assert!(world.claim().await.is_none(), "the lease holds");
    world.db.execute("UPDATE samples SET lease_until = clock_timestamp() - interval '1 second'").await;
    let taken = world.claim().await.unwrap();
    assert!(taken.is_lost);
    assert_eq!(taken.lease.epoch, lost.lease.epoch + 1);

    let before = world.view().await.cursor;
    assert_eq!(world.say(lost.lease, "late").await, None);
    assert!(!world.finish(lost.lease, &done(1)).await);
    let mut db = world.db().await;
    assert!(!add_wire(&mut db, lost.lease, &Wire::default()).await.unwrap());
    assert!(!note_request(&mut db, lost.lease, RequestId(Uuid::from_u128(5))).await.unwrap());
    assert_eq!(world.view().await.cursor, before, "a refused write takes no number");
    assert!(world.finish(taken.lease, &done(1)).await);
    assert!(!world.finish(taken.lease, &done(1)).await, "it ends once");
    assert_eq!(world.view().await.cells[0].samples[0].text, "mine");
}

#[tokio::test]
async fn renewing_tells_what_is_held_and_what_was_asked_to_stop() {
    let world = World::new(1, 2, 1).await;
    let (first, second) = (world.claim().await.unwrap().lease, world.claim().await.unwrap().lease);
    assert!(request_stop(&mut *world.db().await, world.team, world.run, Some(first.cell)).await.unwrap());
    let mut renewed = renew(&mut *world.db().await, ReplicaId(Uuid::from_u128(9))).await.unwrap();
    renewed.sort_by_key(|held| held.stop_requested);
    assert_eq!(renewed[0], Renewed { lease: second, stop_requested: false });
    assert_eq!(renewed[1], Renewed { lease: first, stop_requested: true });
    assert!(renew(&mut *world.db().await, ReplicaId(Uuid::from_u128(8))).await.unwrap().is_empty());
}

#[tokio::test]
async fn pg_16_the_exact_exchange_of_the_newest_take_is_kept_in_order() {
    let world = World::new(1, 1, 1).await;
    let lease = world.claim().await.unwrap().lease;
    let wire = |body: &str| Wire {
        url: "https://example.com/v1".into(),
        headers: vec![("x-a".into(), "b".into())],
        body: body.to_owned(),
        status: Some(200),
        answer: "ok\0".into(),
        is_cut: true,
    };
    let mut db = world.db().await;
    for body in ["first", "second"] {
        assert!(add_wire(&mut db, lease, &wire(body)).await.unwrap());
    }
    let request = RequestId(Uuid::from_u128(50));
    for _ in 0..2 {
        assert!(note_request(&mut db, lease, request).await.unwrap());
    }
    world.say(lease, "said").await.unwrap();
    assert!(world.finish(lease, &done(1)).await);

    let (place, wires) = exact(&mut db, world.team, world.run, lease.cell, 0).await.unwrap().unwrap();
    assert_eq!(place, Place { variant: 0, case: 0 });
    let kept = |body: &str| Wire { answer: "ok\u{fffd}".into(), ..wire(body) };
    assert_eq!(wires, [kept("first"), kept("second")]);
    assert!(exact(&mut db, world.other, world.run, lease.cell, 0).await.unwrap().is_none());
    let sample = of_request(&mut db, world.team, request).await.unwrap().unwrap();
    assert_eq!(sample, InRun { run: world.run, place, state: CellState::Done, text: "said".to_owned() });
    assert!(of_request(&mut db, world.other, request).await.unwrap().is_none());
    let texts = texts(&mut db, world.team, world.run).await.unwrap();
    assert_eq!(texts, [(place, CellState::Done, "said".to_owned())]);
}

/// Attempts of request 50 that failed over to one with a price, of 51 without one, of 52 that still runs.
const CALLED: &str = "
INSERT INTO attempts (id, request_id, attempt_no, state, admitted_at, expires_at, owner, origin, team_id, provider_id, deployment_id,
    model, model_asked, dialect, stream, input_bound, output_cap, reserved_nano, resolved_at, outcome, cost_nano, flags)
SELECT lpad(to_hex(a.id), 32, '0')::uuid, lpad(request, 32, '0')::uuid, no, state::attempt_state, now(), now(), t.id, 'playground', t.id,
       t.id, t.id, 'm', 'm', 'openai_chat', true, 1, 1, 1, CASE WHEN state <> 'reserved' THEN now() END, outcome, cost,
       CASE WHEN state = 'settled' AND cost IS NULL THEN '{unpriced}' ELSE '{}' END::text[]
  FROM teams t, (VALUES (1, '50', 1, 'released', 'capacity', NULL), (2, '50', 2, 'settled', 'success', 7), (3, '51', 1, 'settled', 'success', NULL),
                        (4, '52', 1, 'reserved', NULL, NULL)) AS a (id, request, no, state, outcome, cost)
 WHERE t.slug = 'team-1'";

#[tokio::test]
async fn what_a_lost_executor_called_is_found_with_what_is_known_of_its_cost() {
    let world = World::new(1, 1, 1).await;
    world.db.execute(CALLED).await;
    let lease = world.claim().await.unwrap().lease;
    let mut db = world.db().await;
    let spent = async |db: &mut Loan| called(db, world.team, lease.sample).await.unwrap();
    assert_eq!(spent(&mut db).await, CellMetrics::default());
    for (number, cost, unpriced) in [(0x52, None, false), (0x50, Some(Money(7)), true), (0x51, Some(Money(7)), true)] {
        assert!(note_request(&mut db, lease, RequestId(Uuid::from_u128(number))).await.unwrap());
        let metrics = spent(&mut db).await;
        assert_eq!((metrics.request, metrics.cost), (Some(RequestId(Uuid::from_u128(0x52))), cost));
        assert_eq!(metrics.unpriced, unpriced, "{number:x}");
    }
    assert_eq!(spent(&mut db).await.calls, 3);
    assert_eq!(called(&mut db, world.other, lease.sample).await.unwrap().cost, None);
}

#[tokio::test]
async fn a_view_holds_the_first_rows_and_what_its_reader_said() {
    let world = World::new(2, 3, 1).await;
    let lease = world.claim().await.unwrap().lease;
    let request = RequestId(Uuid::from_u128(60));
    let metrics = CellMetrics { request: Some(request), cost: Some(Money(1)), ..CellMetrics::default() };
    assert!(world.finish(lease, &End::Done(metrics)).await);
    world
        .db
        .execute(
            "INSERT INTO attempts (id, request_id, attempt_no, state, admitted_at, expires_at, owner, origin, team_id,
                 provider_id, deployment_id, model, model_asked, dialect, stream, input_bound, output_cap, reserved_nano)
             SELECT q.request_id, q.request_id, 1, 'reserved', clock_timestamp(), clock_timestamp(), q.request_id, 'playground',
                    r.team_id, r.id, r.id, 'm', 'm', 'openai_chat', true, 1, 1, 1
               FROM sample_requests q JOIN samples s ON s.id = q.sample_id JOIN runs r ON r.id = s.run_id",
        )
        .await;
    let mut db = world.db().await;
    let verdict = domain::feedback::Verdict { rating: Some(4), ..Default::default() };
    let source = crate::feedback::Source::User(world.person);
    let id = FeedbackId(Uuid::from_u128(61));
    crate::feedback::give(&mut db, world.team, source, request, id, &verdict).await.unwrap();

    let places = |view: &View| view.cells.iter().map(|cell| (cell.place.case, cell.place.variant)).collect::<Vec<_>>();
    let two = view(&mut db, world.team, world.run, 2, Some(world.person)).await.unwrap().unwrap();
    assert_eq!(places(&two), [(0, 0), (0, 1), (1, 0), (1, 1)]);
    assert_eq!(two.cells[0].samples[0].verdict, Some(verdict));
    assert_eq!(two.grid.variants.len(), 2);
    let stranger = view(&mut db, world.team, world.run, 2, Some(UserId(Uuid::from_u128(3)))).await.unwrap().unwrap();
    assert_eq!(stranger.cells[0].samples[0].verdict, None);
    assert!(view(&mut db, world.other, world.run, 2, None).await.unwrap().is_none());
    assert!(events(&mut db, world.other, world.run, 0, 10).await.unwrap().is_empty());
}

#[tokio::test]
async fn hi_9_the_list_of_runs_filters_and_goes_on_where_a_page_ended() {
    let mut world = World::new(1, 1, 1).await;
    world.finish_all().await;
    let (first, second) = (world.run, world.start(2, 1, 1).await);
    let mut db = world.db().await;
    assert!(rename(&mut db, world.team, second, "Parser %_ work").await.unwrap());
    assert!(!rename(&mut db, world.other, second, "theirs").await.unwrap());
    let ids = async |db: &mut Loan, team, filter: Filter| -> Vec<RunId> {
        list(db, team, &filter).await.unwrap().iter().map(|run| run.id).collect()
    };
    let all = Filter { limit: 10, ..Filter::default() };
    assert_eq!(ids(&mut db, world.team, all.clone()).await, [second, first]);
    assert_eq!(ids(&mut db, world.team, Filter { before: Some(second), ..all.clone() }).await, [first]);
    assert_eq!(ids(&mut db, world.team, Filter { open: true, ..all.clone() }).await, [second]);
    assert_eq!(ids(&mut db, world.team, Filter { q: "parser %_".into(), ..all.clone() }).await, [second]);
    assert_eq!(ids(&mut db, world.team, Filter { q: "p_rser".into(), ..all.clone() }).await, []);
    assert_eq!(ids(&mut db, world.team, Filter { user: Some(UserId(Uuid::nil())), ..all.clone() }).await, []);
    assert_eq!(ids(&mut db, world.other, all.clone()).await, []);
    let runs = list(&mut db, world.team, &all).await.unwrap();
    assert_eq!(runs[0].models, ["model-0", "model-1"]);
    assert_eq!((runs[0].progress.open, runs[1].progress.done, runs[1].cost), (2, 1, Money(1)));
    assert_eq!(team_of(&mut db, first).await.unwrap().as_deref(), Some("team-1"));
}

#[tokio::test]
async fn a_run_that_nobody_runs_yet_is_finished_and_all_idle() {
    let mut world = World::new(1, 1, 1).await;
    world.run = world.start(2, 2, 0).await;
    let view = world.view().await;
    assert!(view.is_finished && view.cells.iter().all(|cell| cell.samples.is_empty()));
    assert_eq!(view.progress, Progress { cells: 4, idle: 4, ..Progress::default() });
}
