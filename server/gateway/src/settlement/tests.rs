use std::sync::Arc;

use store::{attempts, pool};

use crate::testing::{Writers, attempt, settled};

#[tokio::test]
async fn settling_twice_changes_nothing() {
    let writers = Writers::start().await;
    let reservation = writers.admission.reserve(attempt()).await.unwrap();
    let attempt = reservation.attempt;
    writers.settlement.settle(attempt.clone(), settled(attempt.id, 1_234)).await.unwrap();
    writers.settlement.settle(attempt.clone(), settled(attempt.id, 9_999)).await.unwrap();
    let database = writers.finish().await;
    assert_eq!(database.number("SELECT charged_nano FROM attempts").await, 1_234);
    assert_eq!(database.text("SELECT array_to_string(flags, ' ') FROM attempts").await, "price_gap bad_frames");
}

#[tokio::test]
async fn two_ends_of_one_attempt_in_one_batch_count_once() {
    let writers = Writers::start().await;
    let attempt = writers.admission.reserve(attempt()).await.unwrap().attempt;
    let first = writers.settlement.settle(attempt.clone(), settled(attempt.id, 1_234));
    let second = writers.settlement.settle(attempt.clone(), settled(attempt.id, 9_999));
    first.await.unwrap();
    second.await.unwrap();
    let database = writers.finish().await;
    assert_eq!(database.number("SELECT charged_nano FROM attempts").await, 1_234);
}

#[tokio::test]
async fn an_attempt_that_the_database_lost_is_written_again_and_marked() {
    let writers = Writers::start().await;
    let attempt = Arc::new(attempt());
    writers.settlement.settle(attempt.clone(), settled(attempt.id, 77)).await.unwrap();
    let database = writers.finish().await;
    assert_eq!(database.number("SELECT charged_nano FROM attempts WHERE 'recreated' = ANY (flags)").await, 77);
}

#[tokio::test]
async fn what_was_never_admitted_is_not_written_when_it_is_given_back() {
    let writers = Writers::start().await;
    writers.settlement.release_unsent(Arc::new(attempt()));
    let database = writers.finish().await;
    assert_eq!(database.number("SELECT count(*) FROM attempts").await, 0);
}

#[tokio::test]
async fn late_truth_settles_what_the_sweep_took() {
    let writers = Writers::start().await;
    let attempt = writers.admission.reserve(attempt()).await.unwrap().attempt;
    // No replica has a heartbeat here, so age alone keeps the row from the sweep.
    let (mut tx, aged) = (
        pool::begin(&writers.database.pools.dashboard).await.unwrap(),
        "SELECT count(*) FROM attempts WHERE state = 'uncertain' AND charged_nano = 5000",
    );
    assert_eq!(attempts::sweep(&mut tx).await.unwrap(), 0);
    pool::commit(tx).await.unwrap();
    make_old(&writers).await;
    let mut tx = pool::begin(&writers.database.pools.dashboard).await.unwrap();
    assert_eq!(attempts::sweep(&mut tx).await.unwrap(), 1);
    pool::commit(tx).await.unwrap();
    assert_eq!(writers.database.number(aged).await, 1);
    writers.settlement.settle(attempt.clone(), settled(attempt.id, 42)).await.unwrap();
    let database = writers.finish().await;
    assert_eq!(database.text("SELECT state::text FROM attempts").await, "settled");
    assert_eq!(database.number("SELECT charged_nano FROM attempts").await, 42);
}

/// Moves time: the guard forbids it to everybody else.
async fn make_old(writers: &Writers) {
    let aging = "UPDATE attempts SET admitted_at = admitted_at - interval '1 hour'";
    writers.database.execute("ALTER TABLE attempts DISABLE TRIGGER attempts_guard").await;
    assert_eq!(writers.database.execute(aging).await, 1);
    writers.database.execute("ALTER TABLE attempts ENABLE TRIGGER attempts_guard").await;
}

#[tokio::test]
async fn a_row_that_the_database_refuses_does_not_hold_up_its_neighbours() {
    let writers = Writers::start().await;
    let bad = writers.admission.reserve(attempt()).await.unwrap().attempt;
    let good = writers.admission.reserve(attempt()).await.unwrap().attempt;
    let mut poison = settled(bad.id, 1);
    poison.usage_raw = Some("no json".to_owned());
    let refused = writers.settlement.settle(bad, poison);
    let accepted = writers.settlement.settle(good.clone(), settled(good.id, 2));
    accepted.await.unwrap();
    assert!(refused.await.is_err());
    let database = writers.finish().await;
    assert_eq!(database.number("SELECT count(*) FROM attempts WHERE state = 'reserved'").await, 1);
}
