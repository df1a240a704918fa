//! What kind of work a request was, said afterwards.

use super::*;

#[tokio::test]
async fn rt_3_the_task_of_a_request_that_has_ended_may_be_said_later() {
    let world = World::new().await;
    let mut db = world.db().await;
    let all = world.all(&mut db).await;
    let judged = all.iter().find(|it| it.verdict.is_some() && it.number == 2 && it.outcome.is_some()).unwrap();
    let set = async |db: &mut Loan, team, request, task, user| set_task(db, team, request, task, user).await.unwrap();
    let refactoring = Some(TaskClass::Refactoring);
    assert_eq!(set(&mut db, world.team, judged.request, refactoring, None).await, Relabelled::Done);
    assert_eq!(
        set(&mut db, world.team, judged.request, refactoring, None).await,
        Relabelled::Done,
        "twice is the same"
    );
    let attempts = get(&mut db, world.team, judged.request, None).await.unwrap();
    assert_eq!(attempts.iter().map(|it| it.task).collect::<Vec<_>>(), [refactoring; 2]);
    assert_eq!(labels(&mut db, world.team, judged.request).await.unwrap().task, refactoring);
    let verdicts = "SELECT count(*) FROM feedback WHERE task = 'refactoring'";
    assert_eq!(world.db.number(verdicts).await, 1, "its verdict follows");
    assert_eq!(set(&mut db, world.team, judged.request, None, None).await, Relabelled::Done);
    assert_eq!(world.db.number(verdicts).await, 0);

    assert_eq!(set(&mut db, world.other, judged.request, refactoring, None).await, Relabelled::NoSuch);
    assert_eq!(set(&mut db, world.team, judged.request, refactoring, Some(world.person)).await, Relabelled::NoSuch);
    let open = all.iter().find(|it| it.state == AttemptState::Reserved).unwrap();
    assert_eq!(set(&mut db, world.team, open.request, refactoring, None).await, Relabelled::Running);
    let mine = all.iter().find(|it| it.user.is_some() && it.outcome.is_some()).unwrap();
    assert_eq!(set(&mut db, world.team, mine.request, refactoring, mine.user).await, Relabelled::Done);
}

#[tokio::test]
async fn the_ledger_lets_nothing_but_the_task_change_on_a_row_that_has_ended() {
    let world = World::new().await;
    let refused = [
        "UPDATE attempts SET tags = '{\"a\": \"b\"}' WHERE state = 'settled'",
        "UPDATE attempts SET task = 'tests', cost_nano = 1 WHERE state = 'settled'",
        "UPDATE attempts SET task = 'tests', resolved_at = clock_timestamp() WHERE state = 'uncertain'",
        "UPDATE attempts SET task = task WHERE state = 'settled'",
        "UPDATE attempts SET task = 'tests' WHERE state = 'reserved'",
        "UPDATE attempts SET task = 'tests', model = 'x' WHERE state = 'released'",
        "DELETE FROM attempts",
    ];
    let mut db = world.db().await;
    for statement in refused {
        let outcome = QueryBuilder::<Postgres>::new(statement).build().execute(&mut *db).await;
        let message = outcome.unwrap_err().to_string();
        assert!(message.contains("attempt"), "{statement}: {message}");
    }
    assert!(world.db.execute("UPDATE attempts SET task = 'algorithms' WHERE state <> 'reserved'").await > 2_000);
    let settle = "UPDATE attempts SET state = 'settled', cost_nano = 5, charged_nano = 5 WHERE state = 'uncertain'";
    assert!(world.db.execute(settle).await > 100, "late truth still comes");
}

#[tokio::test]
async fn fb_1_the_facts_of_requests_are_those_of_their_last_attempts() {
    let world = World::new().await;
    let mut db = world.db().await;
    let all = world.all(&mut db).await;
    let asked: Vec<RequestId> = all.iter().take(20).map(|it| it.request).collect();
    let mut found = facts(&mut db, world.team, &asked).await.unwrap();
    found.sort_by_key(|fact| asked.iter().position(|request| *request == fact.request));
    for (fact, attempt) in found.iter().zip(&all) {
        assert_eq!((fact.admitted_at, fact.key, fact.user), (attempt.admitted_at, attempt.key, attempt.user));
    }
    assert_eq!(found.len(), 20);
    assert!(facts(&mut db, world.other, &asked).await.unwrap().is_empty());
}

#[tokio::test]
async fn pg_4_the_average_answer_is_that_of_the_newest_successes() {
    let world = World::new().await;
    let mut db = world.db().await;
    let models = ["m1".to_owned(), "nothing".to_owned()];
    let average = crate::attempts::average_output(&mut db, world.team, &models).await.unwrap();
    assert_eq!(average, [("m1".to_owned(), 1)]);
}
