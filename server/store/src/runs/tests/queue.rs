//! The queue: who is next, what runs again, what stops.

use super::*;

#[tokio::test]
async fn pg_1_samples_are_claimed_row_by_row_each_once() {
    let world = World::new(2, 2, 2).await;
    let mut order = Vec::new();
    while let Some(sample) = world.claim().await {
        order.push((sample.place.case, sample.lease.position, sample.place.variant));
    }
    let mut sorted = order.clone();
    sorted.sort();
    assert_eq!(order, sorted);
    assert_eq!(order.iter().collect::<BTreeSet<_>>().len(), 8);
}

#[tokio::test]
async fn a_long_run_does_not_keep_the_next_one_waiting_until_its_end() {
    let mut world = World::new(1, 50, 1).await;
    let long = world.run;
    world.claim().await.unwrap();
    let short = world.start(1, 2, 1).await;
    let mut runs = Vec::new();
    while let Some(sample) = world.claim().await {
        runs.push(sample.lease.run);
    }
    let last_short = runs.iter().rposition(|run| *run == short).unwrap();
    assert!(last_short <= 3, "the short run waits for {last_short} samples");
    assert_eq!(runs.iter().filter(|run| **run == long).count(), 49, "and the long one is not forgotten");
}

#[tokio::test]
async fn executors_that_claim_at_once_share_the_queue() {
    let world = World::new(4, 5, 1).await;
    let workers = (0..4u128).map(|owner| {
        let pools = world.db.pools.clone();
        async move {
            let mut mine = Vec::new();
            let mut db = pool::connection(&pools.dashboard).await.unwrap();
            while let Some(sample) = claim(&mut db, ReplicaId(Uuid::from_u128(owner))).await.unwrap() {
                mine.push(sample.lease.sample);
                let text = "x".to_owned();
                let event = RunEventKind::Delta { cell: sample.lease.cell, sample: 0, text };
                append(&mut db, sample.lease, &event).await.unwrap().unwrap();
                assert!(finish(&mut db, sample.lease, &done(3), &[], &[]).await.unwrap());
            }
            mine
        }
    });
    let [a, b, c, d]: [_; 4] = workers.collect::<Vec<_>>().try_into().ok().unwrap();
    let (a, b, c, d) = tokio::join!(a, b, c, d);
    let all: Vec<SampleId> = [a, b, c, d].concat();
    assert_eq!(all.len(), 20);
    assert_eq!(all.iter().map(|id| id.0).collect::<BTreeSet<_>>().len(), 20);
    let (view, events) = (world.view().await, world.events().await);
    assert!(view.is_finished);
    assert_eq!(view.cost, Money(60));
    assert_dense(&events);
    assert_eq!(events.iter().filter(|event| event.what == RunEventKind::RunDone).count(), 1);
}

#[tokio::test]
async fn pg_2_running_again_adds_takes_and_keeps_what_was_there() {
    let mut world = World::new(2, 1, 2).await;
    world.finish_all().await;
    let cell = world.view().await.cells[0].id;
    let (run, by) = (world.run, world.person);
    let again = Again { cells: &[cell], failed_only: false, samples_per_cell: 2, by };
    let mut db = world.db().await;
    let mut next = 1_000u128;
    let mut id = || {
        next += 1;
        SampleId(Uuid::from_u128(next))
    };
    assert_eq!(queue_again(&mut db, world.other, run, again, &mut id).await.unwrap(), None);
    assert_eq!(queue_again(&mut db, world.team, run, again, &mut id).await.unwrap(), Some(2));
    assert_eq!(queue_again(&mut db, world.team, run, again, &mut id).await.unwrap(), Some(0), "they wait already");
    let view = world.view().await;
    assert!(!view.is_finished);
    assert_eq!(view.progress, Progress { cells: 2, open: 1, done: 1, ..Progress::default() });
    let takes: Vec<(u16, u16)> = view.cells[0].samples.iter().map(|it| (it.position, it.take)).collect();
    assert_eq!(takes, [(0, 2), (1, 2)]);
    assert_eq!(world.events().await.last().unwrap().what, RunEventKind::RunChanged);
    world.finish_all().await;
    let view = world.view().await;
    assert!(view.is_finished);
    assert_eq!(view.cost, Money(6), "the takes before were paid as well");
    assert_eq!(world.db.number("SELECT count(*) FROM samples").await, 6);
    assert_dense(&world.events().await);
    world.run = RunId(Uuid::nil());
    assert_eq!(queue_again(&mut db, world.team, world.run, again, &mut id).await.unwrap(), None);
}

#[tokio::test]
async fn pg_2_failed_only_runs_each_sample_that_failed_or_was_stopped_by_itself() {
    let world = World::new(1, 1, 4).await;
    let ends = [done(1), failed("no"), End::Stopped(CellMetrics::default())];
    for end in &ends {
        assert!(world.finish(world.claim().await.unwrap().lease, end).await);
    }
    let again = Again { cells: &[], failed_only: true, samples_per_cell: 4, by: world.person };
    let mut next = 1_000u128;
    let id = || {
        next += 1;
        SampleId(Uuid::from_u128(next))
    };
    let queued = queue_again(&mut *world.db().await, world.team, world.run, again, id).await.unwrap();
    assert_eq!(queued, Some(2), "the fourth still waits, the first is done");
    let view = world.view().await;
    let takes: Vec<u16> = view.cells[0].samples.iter().map(|it| it.take).collect();
    assert_eq!(takes, [1, 2, 2, 1]);
}

#[tokio::test]
async fn pg_6_a_turn_goes_on_in_a_new_take_that_knows_what_was_before() {
    let world = World::new(1, 1, 1).await;
    let lease = world.claim().await.unwrap().lease;
    let open =
        Step { text: "let me look".into(), calls: vec![call("a", None)], said: Some(serde_json::json!({"k": 1})) };
    let mut db = world.db().await;
    world.say(lease, "said").await.unwrap();
    assert!(finish(&mut db, lease, &done(5), &open.calls, std::slice::from_ref(&open)).await.unwrap());

    let mut prior = sample(&mut db, world.team, world.run, lease.cell, 0).await.unwrap().unwrap().prior;
    assert_eq!(prior, [open]);
    prior[0].calls[0].result = Some("42".into());
    let id = SampleId(Uuid::from_u128(900));
    let (cell, by) = (lease.cell, world.person);
    let new = NewTake { id, cell, position: 0, after: 1, by, prior: &prior, calls: &[] };
    assert_eq!(queue_continued(&mut db, world.other, world.run, &new).await.unwrap(), Continued::NoSuch);
    assert_eq!(queue_continued(&mut db, world.team, world.run, &new).await.unwrap(), Continued::Queued);
    let again = NewTake { id: SampleId(Uuid::from_u128(901)), ..new };
    assert_eq!(queue_continued(&mut db, world.team, world.run, &again).await.unwrap(), Continued::Changed);
    let next = NewTake { after: 2, ..again };
    assert_eq!(queue_continued(&mut db, world.team, world.run, &next).await.unwrap(), Continued::Changed, "it waits");

    let waiting = world.view().await.cells[0].samples[0].clone();
    assert_eq!(
        (waiting.state, waiting.text.as_str(), waiting.calls),
        (CellState::Queued, "said", vec![call("a", None)])
    );
    let claimed = world.claim().await.unwrap();
    assert_eq!((claimed.lease.sample, claimed.lease.take, claimed.prior), (id, 2, prior));
    assert!(!world.view().await.is_finished);
    assert!(world.finish(claimed.lease, &done(4)).await);
    assert_eq!(world.view().await.cost, Money(9));
}

#[tokio::test]
async fn pg_6_a_turn_that_is_stopped_before_it_goes_on_keeps_what_was_said() {
    let world = World::new(1, 1, 1).await;
    let lease = world.claim().await.unwrap().lease;
    let mut db = world.db().await;
    world.say(lease, "said").await.unwrap();
    assert!(finish(&mut db, lease, &done(5), &[call("a", None)], &[]).await.unwrap());
    let id = SampleId(Uuid::from_u128(900));
    let new = NewTake { id, cell: lease.cell, position: 0, after: 1, by: world.person, prior: &[], calls: &[] };
    assert_eq!(queue_continued(&mut db, world.team, world.run, &new).await.unwrap(), Continued::Queued);
    assert!(request_stop(&mut db, world.team, world.run, None).await.unwrap());
    let sample = world.view().await.cells[0].samples[0].clone();
    assert_eq!((sample.state, sample.take, sample.text.as_str()), (CellState::Stopped, 2, "said"));
    assert_eq!(sample.calls, [call("a", None)]);
}

#[tokio::test]
async fn pg_2_a_turn_that_failed_with_every_tool_answered_is_retried_from_there() {
    let world = World::new(3, 1, 1).await;
    let step = |result| Step { text: String::new(), calls: vec![call("a", result)], said: None };
    let final_words = Step { text: "done".into(), ..Step::default() };
    let turns = [vec![step(Some("1"))], vec![step(None)], vec![step(Some("1")), final_words]];
    let mut db = world.db().await;
    for turn in &turns {
        let lease = world.claim().await.unwrap().lease;
        assert!(finish(&mut db, lease, &failed("no"), &[], turn).await.unwrap());
    }
    let again = Again { cells: &[], failed_only: true, samples_per_cell: 1, by: world.person };
    let mut next = 1_000u128;
    let id = || {
        next += 1;
        SampleId(Uuid::from_u128(next))
    };
    assert_eq!(queue_again(&mut db, world.team, world.run, again, id).await.unwrap(), Some(3));
    let mut resumed = Vec::new();
    while let Some(sample) = world.claim().await {
        resumed.push(sample.prior);
    }
    assert_eq!(resumed, [turns[0].clone(), vec![], vec![]]);
}

#[tokio::test]
async fn pg_2_stopping_ends_what_waits_and_asks_what_runs() {
    let world = World::new(3, 4, 2).await;
    let running = world.claim().await.unwrap().lease;
    let mut db = world.db().await;
    assert!(!request_stop(&mut db, world.other, world.run, None).await.unwrap());
    assert!(!request_stop(&mut db, world.team, world.run, Some(CellId(Uuid::nil()))).await.unwrap());
    assert!(request_stop(&mut db, world.team, world.run, Some(running.cell)).await.unwrap());
    let view = world.view().await;
    assert_eq!((view.progress.open, view.progress.stopped), (12, 0), "one sample of the cell still runs");
    assert!(request_stop(&mut db, world.team, world.run, None).await.unwrap());
    assert!(request_stop(&mut db, world.team, world.run, None).await.unwrap(), "twice is the same");
    assert!(world.claim().await.is_none());

    let view = world.view().await;
    assert_eq!(view.progress, Progress { cells: 12, open: 1, stopped: 11, ..Progress::default() });
    assert!(world.finish(running, &End::Stopped(CellMetrics::default())).await);
    let (view, events) = (world.view().await, world.events().await);
    assert!(view.is_finished && !view.unpriced);
    assert_eq!(view.progress.stopped, 12);
    assert_dense(&events);
    let stopped = events.iter().filter(|event| matches!(event.what, RunEventKind::Stopped { .. })).count();
    assert_eq!((stopped, events.len()), (24, 25));
    assert_eq!(events.last().unwrap().what, RunEventKind::RunDone);
}

#[tokio::test]
async fn stopping_a_run_in_which_nothing_runs_finishes_it_at_once() {
    let world = World::new(2, 2, 1).await;
    assert!(request_stop(&mut *world.db().await, world.team, world.run, None).await.unwrap());
    assert!(world.view().await.is_finished);
    let before = world.events().await;
    assert_eq!(before.last().unwrap().what, RunEventKind::RunDone);
    assert!(request_stop(&mut *world.db().await, world.team, world.run, None).await.unwrap());
    assert_eq!(world.events().await, before, "asking again changes nothing");
}
