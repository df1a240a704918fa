use std::sync::Arc;

use futures_util::future::join_all;
use store::{attempts, pool};

use crate::{
    error::Error,
    testing::{Writers, attempt, settled},
};

#[tokio::test]
async fn a_hundred_parallel_reservations_commit_once_each() {
    let writers = Writers::start().await;
    let reservations = join_all((0..100).map(|_| writers.admission.reserve(attempt()))).await;
    assert!(reservations.iter().all(Result::is_ok));
    drop(reservations);
    let database = writers.finish().await;
    assert_eq!(database.number("SELECT count(*) FROM attempts WHERE state = 'reserved'").await, 100);
    assert_eq!(database.number("SELECT sum(reserved_nano)::bigint FROM attempts").await, 500_000);
}

#[tokio::test]
async fn a_row_that_a_lost_backend_is_still_committing_is_met_and_not_doubled() {
    let writers = Arc::new(Writers::start().await);
    let attempt = attempt();
    // What a connection that was lost at COMMIT leaves behind: a backend with our row in an open transaction.
    let mut lost = pool::begin(&writers.database.pools.dashboard).await.unwrap();
    attempts::insert(&mut lost, domain::id::ReplicaId(uuid::Uuid::nil()), std::slice::from_ref(&attempt))
        .await
        .unwrap();
    let again = {
        let (writers, attempt) = (writers.clone(), attempt.clone());
        let admitting = writers.clone();
        writers.spawn(async move { admitting.admission.reserve(attempt).await.is_ok() })
    };
    while writers.database.number("SELECT count(*) FROM pg_locks WHERE NOT granted").await == 0 {
        tokio::task::yield_now().await;
    }
    pool::commit(lost).await.unwrap();
    assert!(again.await.unwrap());
    assert_eq!(writers.database.number("SELECT count(*) FROM attempts").await, 1);
}

#[tokio::test]
async fn a_connection_that_is_cut_under_a_batch_is_replaced_and_the_batch_committed() {
    let writers = Writers::start().await;
    // The pooled connection dies while it is idle; the writer finds out only when it uses it.
    writers.admission.reserve(attempt()).await.unwrap().attempt.id.to_string();
    let cut = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
               WHERE datname = current_database() AND pid <> pg_backend_pid()";
    assert!(writers.database.number(cut).await > 0);
    assert!(writers.admission.reserve(attempt()).await.is_ok());
    assert_eq!(writers.database.number("SELECT count(*) FROM attempts").await, 2);
}

#[tokio::test]
async fn without_a_database_nothing_is_admitted() {
    let writers = Writers::start().await;
    writers.database.pools.admission.close().await;
    let refused = writers.admission.reserve(attempt()).await;
    assert!(matches!(refused, Err(Error::AdmissionUnavailable)));
}

#[tokio::test]
async fn a_caller_that_leaves_while_it_waits_leaves_no_reservation_behind() {
    let writers = Writers::start().await;
    let (left, stays) = (attempt(), attempt());
    // Polled once, so that it is in the queue, then dropped.
    let mut waiting = Box::pin(writers.admission.reserve(left));
    assert!(futures_util::poll!(&mut waiting).is_pending());
    drop(waiting);
    let reservation = writers.admission.reserve(stays).await.unwrap();
    let id = reservation.attempt.id;
    writers.settlement.settle(reservation.attempt, settled(id, 10)).await.unwrap();
    let database = writers.finish().await;
    assert_eq!(database.number("SELECT count(*) FROM attempts WHERE state = 'reserved'").await, 0);
}
