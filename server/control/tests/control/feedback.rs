//! Verdicts of people and keys, votes, and the tables made of them.

mod tables;

use control::{feedback, history, runs};
use domain::{
    ErrorKind,
    error::FieldError,
    feedback::{Acceptance, FeedbackItem, GiveVerdict, Verdict},
    id::{KeyId, RequestId, RunId, TeamId},
    team::StoreContent,
};
use store::bodies::Body;
use uuid::Uuid;

use crate::{
    executor::{self, Act},
    runs::{grid, new, view},
    world::{World, fields, kind},
};

/// A run of the member whose two cells answered, in the ledger and in the run; the requests by column.
async fn answered() -> (World, RunId, [RequestId; 2]) {
    let world = World::new().await;
    let member = world.actor("member").await;
    let run = runs::start(&world.ctx, &member, new(grid(&["small", "big"], &["x"]))).await.expect("started");
    executor::play(&world, |_, _| Act::Say("the quick fox")).await;
    assert_eq!(executor::charge(&world).await, 2);
    let view = view(&world, run).await;
    let of = |column: usize| view.cells[column].samples[0].metrics.request.expect("called");
    (world, run, [of(0), of(1)])
}

/// A call of the key `ci` that is no run's: a copy of one that is.
async fn by_key(world: &World) -> RequestId {
    let copy =
        "INSERT INTO attempts SELECT (jsonb_populate_record(a, jsonb_build_object('id', f.id, 'request_id', f.id,
                    'run_id', NULL, 'user_id', NULL, 'key_id', k.id, 'origin', 'api'))).*
                  FROM attempts a, virtual_keys k, (VALUES ('00000000-0000-0000-0000-0000000000aa')) AS f (id)
                 WHERE k.name = 'ci' AND a.id = (SELECT id FROM attempts LIMIT 1)";
    assert_eq!(world.db.execute(copy).await, 1);
    RequestId(Uuid::from_u128(0xaa))
}

async fn ids(world: &World) -> (TeamId, KeyId) {
    let lead = world.actor("lead").await;
    let team = lead.team(&world.ctx, "alpha").await.expect("team").id;
    (team, control::keys::list(&world.ctx, &lead, "alpha").await.expect("keys")[0].id)
}

async fn keep(world: &World, request: RequestId, answer: &str, is_cut: bool) {
    let (team, _) = ids(world).await;
    let mut db = store::pool::connection(&world.db.pools.dashboard).await.expect("connection");
    let answered = format!(r#"{{"choices":[{{"message":{{"content":"{answer}"}}}}]}}"#);
    let body = Body { request, team, policy: StoreContent::Full, asked: String::new(), answered, is_cut };
    store::bodies::insert(&mut db, &[body]).await.expect("kept");
}

fn item(request: RequestId) -> FeedbackItem {
    FeedbackItem { request_id: request.public(), outcome: Some("accepted".to_owned()), ..FeedbackItem::default() }
}

fn edited(request: RequestId, kept: &str) -> FeedbackItem {
    FeedbackItem { outcome: Some("edited".to_owned()), final_text: Some(kept.to_owned()), ..item(request) }
}

async fn send(world: &World, items: Vec<FeedbackItem>) -> Vec<Result<(), FieldError>> {
    let (team, key) = ids(world).await;
    feedback::by_key(&world.ctx, team, key, items).await.expect("answers")
}

/// What is said about a request, as its page shows it to the lead.
async fn said(world: &World, request: RequestId) -> Vec<(String, Verdict)> {
    let lead = world.actor("lead").await;
    let detail = history::get(&world.ctx, &lead, "alpha", request).await.expect("detail");
    detail.verdicts.into_iter().map(|given| (given.by, given.verdict)).collect()
}

#[tokio::test]
async fn fb_1_every_item_has_its_answer_in_order_and_the_good_ones_count() {
    let (world, _, [small, big]) = answered().await;
    let (team, key) = ids(&world).await;
    let foreign =
        "INSERT INTO attempts SELECT (jsonb_populate_record(a, jsonb_build_object('id', f.id, 'request_id', f.id,
                       'team_id', t.id))).*
                     FROM attempts a, teams t, (VALUES ('00000000-0000-0000-0000-0000000000bb')) AS f (id)
                    WHERE t.slug = 'beta' AND a.id = (SELECT id FROM attempts LIMIT 1)";
    assert_eq!(world.db.execute(foreign).await, 1);
    let items = vec![
        FeedbackItem { rating: Some(4), tags: vec!["ide".to_owned()], ..item(small) },
        FeedbackItem { rating: Some(6), ..item(big) },
        item(RequestId(Uuid::from_u128(0xbb))),
        item(RequestId(Uuid::from_u128(0xcc))),
        FeedbackItem { outcome: Some("great".to_owned()), ..item(big) },
        FeedbackItem { edit_distance: Some("0.25".to_owned()), ..item(big) },
    ];
    let answers = feedback::by_key(&world.ctx, team, key, items).await.expect("answers");
    let told: Vec<&str> =
        answers.iter().map(|it| it.as_ref().map_or_else(|wrong| wrong.field.as_str(), |()| "")).collect();
    assert_eq!(told, ["", "rating", "request_id", "request_id", "outcome", ""]);
    // Another team's and none at all are the same answer.
    assert_eq!(answers[2], answers[3]);
    let verdict = Verdict {
        outcome: Some(Acceptance::Accepted),
        rating: Some(4),
        tags: vec!["ide".to_owned()],
        ..Verdict::default()
    };
    assert_eq!(said(&world, small).await, [("ci".to_owned(), verdict)]);
    assert_eq!(said(&world, big).await[0].1.edit_distance, Some(2_500));
    assert_eq!(world.db.number("SELECT count(*) FROM feedback").await, 2);
    assert_eq!(feedback::by_key(&world.ctx, team, key, Vec::new()).await.expect("answers"), []);
    assert_eq!(fields(feedback::by_key(&world.ctx, team, key, vec![item(small); 101]).await), ["items"]);
}

#[tokio::test]
async fn fb_2_sent_twice_is_one_row_and_sent_again_replaces_it_with_its_history_kept() {
    let (world, _, [small, _]) = answered().await;
    for _ in 0..2 {
        assert_eq!(send(&world, vec![item(small), item(small)]).await, [Ok(()), Ok(())]);
    }
    assert_eq!(world.db.number("SELECT count(*) FROM feedback").await, 1);
    send(&world, vec![FeedbackItem { outcome: Some("rejected".to_owned()), ..item(small) }]).await;
    let said = said(&world, small).await;
    assert_eq!((said.len(), said[0].1.outcome), (1, Some(Acceptance::Rejected)));
    assert_eq!(world.db.number("SELECT count(*) FROM feedback").await, 2);
    let lead = world.actor("lead").await;
    let query = domain::history::HistoryQuery { team: "alpha".to_owned(), ..domain::history::HistoryQuery::default() };
    let rows = history::list(&world.ctx, &lead, query).await.expect("list").rows;
    assert_eq!(rows.iter().find(|row| row.request == small).expect("row").verdict, Some(Acceptance::Rejected));
}

#[tokio::test]
async fn fb_3_the_distance_to_the_answer_is_computed_and_the_text_is_dropped() {
    let (world, _, [small, _]) = answered().await;
    let call = by_key(&world).await;
    keep(&world, call, "fn main() {}", false).await;
    // The answer of a run is the run's own text: 4 of 13 characters.
    let answers = send(&world, vec![edited(small, "the slow fox"), edited(call, "fn main() { canary() }")]).await;
    assert_eq!(answers, [Ok(()), Ok(())]);
    assert_eq!(said(&world, small).await[0].1.edit_distance, Some(3_846));
    assert_eq!(said(&world, call).await[0].1.edit_distance, Some(4_545));
    let kept = "SELECT count(*) FROM feedback f WHERE f::text LIKE '%canary%' OR f::text LIKE '%slow%'";
    assert_eq!(world.db.number(kept).await, 0);
}

#[tokio::test]
async fn fb_3_without_the_whole_answer_the_distance_is_asked_for() {
    let (world, _, _) = answered().await;
    let call = by_key(&world).await;
    let asked = |answer: &Result<(), FieldError>| answer.as_ref().err().map(|wrong| wrong.field.clone());
    assert_eq!(asked(&send(&world, vec![edited(call, "x")]).await[0]).as_deref(), Some("final_text"));
    keep(&world, call, "half of it", true).await;
    assert_eq!(asked(&send(&world, vec![edited(call, "x")]).await[0]).as_deref(), Some("final_text"));
    assert!(said(&world, call).await.is_empty());
}

#[tokio::test]
async fn fb_3_the_answer_of_a_run_is_measured_once_it_is_whole_and_never_against_nothing() {
    let (world, _, [small, big]) = answered().await;
    let said_running = world.db.execute("UPDATE samples SET state = 'running'").await;
    assert_eq!(said_running, 2);
    let told = send(&world, vec![edited(small, "the slow fox"), item(big)]).await;
    let wrong = told[0].as_ref().expect_err("it still speaks");
    assert!(wrong.field == "final_text" && wrong.message.contains("when it has ended"), "{wrong:?}");
    assert_eq!(told[1], Ok(()), "a verdict without a text may come while it runs");
    world.db.execute("UPDATE samples SET state = 'stopped', text = ''").await;
    let told = send(&world, vec![edited(small, "the slow fox")]).await;
    assert!(told[0].as_ref().is_err_and(|wrong| wrong.message.contains("edit_distance")), "{told:?}");
    world.db.execute("UPDATE samples SET text = 'the quick fox'").await;
    assert_eq!(send(&world, vec![edited(small, "the slow fox")]).await, [Ok(())]);
    assert_eq!(said(&world, small).await[0].1.edit_distance, Some(3_846));
}

#[tokio::test]
async fn fb_3_what_one_call_cannot_measure_in_its_time_is_told_and_what_it_can_is_kept() {
    let (world, _, [small, _]) = answered().await;
    let call = by_key(&world).await;
    // Far from each other, and too long for the exact way: each takes until its deadline.
    let lines = |step: usize| (0..200_000).map(|nr| format!("w{}\n", nr * step % 200_003)).collect::<String>();
    keep(&world, call, &lines(7).replace('\n', "\\n"), false).await;
    let began = std::time::Instant::now();
    let told =
        send(&world, vec![edited(small, "the slow fox"), edited(call, &lines(11)), edited(call, &lines(13))]).await;
    assert_eq!(told[0], Ok(()));
    for told in &told[1..] {
        let wrong = told.as_ref().expect_err("there is no time");
        assert!(wrong.field == "final_text" && wrong.message.contains("send edit_distance"), "{wrong:?}");
    }
    assert!(began.elapsed() < std::time::Duration::from_secs(15), "one deadline for all: {:?}", began.elapsed());
    assert!(said(&world, call).await.is_empty(), "nothing is guessed");
}

#[tokio::test]
async fn fb_1_verdicts_come_within_30_days() {
    let (world, _, [small, _]) = answered().await;
    let old = "INSERT INTO attempts SELECT (jsonb_populate_record(a, jsonb_build_object('id', f.id, 'request_id', f.id,
                   'admitted_at', clock_timestamp() - interval '31 days'))).*
                 FROM attempts a, (VALUES ('00000000-0000-0000-0000-0000000000dd')) AS f (id)
                WHERE a.id = (SELECT id FROM attempts LIMIT 1)";
    assert_eq!(world.db.execute(old).await, 1);
    let old = RequestId(Uuid::from_u128(0xdd));
    let answers = send(&world, vec![item(old), item(small)]).await;
    assert_eq!(answers[0].as_ref().err().map(|wrong| wrong.field.as_str()), Some("request_id"));
    assert_eq!(answers[1], Ok(()));
    let lead = world.actor("lead").await;
    let input = GiveVerdict { team: "alpha".to_owned(), request: old, verdict: accepted(), kept: None };
    assert_eq!(fields(feedback::give(&world.ctx, &lead, input).await), ["request"]);
}

fn accepted() -> Verdict {
    Verdict { outcome: Some(Acceptance::Accepted), ..Verdict::default() }
}

#[tokio::test]
async fn fb_4_members_judge_answers_of_runs_and_their_own_calls_and_admins_of_the_team_all() {
    let (world, _, [small, _]) = answered().await;
    let call = by_key(&world).await;
    for (who, request, wanted) in [
        ("member", small, None),
        ("lead", small, None),
        ("lead", call, None),
        ("member", call, Some(ErrorKind::NotFound)),
        ("viewer", small, Some(ErrorKind::Forbidden)),
        ("admin", small, Some(ErrorKind::Forbidden)),
        ("stranger", small, Some(ErrorKind::NotFound)),
    ] {
        let actor = world.actor(who).await;
        let input = GiveVerdict { team: "alpha".to_owned(), request, verdict: accepted(), kept: None };
        assert_eq!(kind(feedback::give(&world.ctx, &actor, input).await), wanted, "{who}");
    }
    let stranger = world.actor("stranger").await;
    let input = GiveVerdict { team: "beta".to_owned(), request: small, verdict: accepted(), kept: None };
    assert_eq!(kind(feedback::give(&world.ctx, &stranger, input).await), Some(ErrorKind::NotFound));
    let mut by: Vec<String> = said(&world, small).await.into_iter().map(|(by, _)| by).collect();
    by.sort_unstable();
    assert_eq!(by, ["Lead", "Member"]);
}

#[tokio::test]
async fn fb_4_a_person_sees_what_they_said_in_the_cell_and_may_take_it_back() {
    let (world, run, [small, _]) = answered().await;
    let member = world.actor("member").await;
    let verdict = Verdict { rating: Some(2), comment: " too short ".to_owned(), ..accepted() };
    let give = async |verdict: Verdict| {
        let input = GiveVerdict { team: "alpha".to_owned(), request: small, verdict, kept: None };
        feedback::give(&world.ctx, &member, input).await
    };
    give(verdict.clone()).await.expect("given");
    let kept = Verdict { comment: "too short".to_owned(), ..verdict };
    assert_eq!(view(&world, run).await.cells[0].samples[0].verdict, Some(kept));
    let detail = history::get(&world.ctx, &member, "alpha", small).await.expect("detail");
    assert_eq!(detail.verdicts.iter().map(|it| it.is_mine).collect::<Vec<_>>(), [true]);
    give(Verdict::default()).await.expect("taken back");
    assert_eq!(view(&world, run).await.cells[0].samples[0].verdict, None);
    assert!(said(&world, small).await.is_empty());
    assert_eq!(fields(give(Verdict { rating: Some(6), ..Verdict::default() }).await), ["rating"]);
}

#[tokio::test]
async fn fb_3_a_person_who_pastes_what_they_kept_learns_how_much_of_the_answer_it_changed() {
    let (world, run, [small, _]) = answered().await;
    let answer = view(&world, run).await.cells[0].samples[0].text.clone();
    let member = world.actor("member").await;
    let give = async |kept: &str| {
        let verdict = Verdict { outcome: Some(Acceptance::Edited), ..Verdict::default() };
        let input = GiveVerdict { team: "alpha".to_owned(), request: small, verdict, kept: Some(kept.to_owned()) };
        feedback::give(&world.ctx, &member, input).await
    };
    assert_eq!(give(&answer).await.expect("given").edit_distance, Some(0));
    assert_eq!(give(" \n").await.expect("given").edit_distance, None);
    let other = give("nothing of it").await.expect("given");
    assert!(other.edit_distance.is_some_and(|parts| parts > 5_000), "{other:?}");
    assert_eq!(view(&world, run).await.cells[0].samples[0].verdict, Some(other));
    assert_eq!(fields(give(&"x".repeat(3 * 1024 * 1024)).await), ["kept"]);
    // An admin of the instance who is a member here counts everybody's calls and reads nobody's.
    let call = by_key(&world).await;
    world.db.execute("UPDATE users SET role = 'admin' WHERE name = 'Member'").await;
    let member = world.actor("member").await;
    let verdict = Verdict { outcome: Some(Acceptance::Edited), ..Verdict::default() };
    let input = GiveVerdict { team: "alpha".to_owned(), request: call, verdict, kept: Some("a guess".to_owned()) };
    assert_eq!(fields(feedback::give(&world.ctx, &member, input.clone()).await), ["kept"]);
    feedback::give(&world.ctx, &member, GiveVerdict { kept: None, ..input }).await.expect("a word is theirs to say");

    let stored = world.db.text("SELECT string_agg(f::text, ' ') FROM feedback f").await;
    assert!(!stored.contains("nothing of it"), "{stored}");
}

#[tokio::test]
async fn hi_6_a_receipt_for_a_key_shows_what_the_key_said_and_nothing_of_people() {
    let (world, _, _) = answered().await;
    let call = by_key(&world).await;
    let (team, key) = ids(&world).await;
    send(&world, vec![FeedbackItem { comment: "by the key".to_owned(), ..item(call) }]).await;
    let lead = world.actor("lead").await;
    let verdict = Verdict { comment: "by a person".to_owned(), ..accepted() };
    let input = GiveVerdict { team: "alpha".to_owned(), request: call, verdict, kept: None };
    feedback::give(&world.ctx, &lead, input).await.expect("given");
    assert_eq!(said(&world, call).await.len(), 2);
    let receipt = history::receipt(&world.ctx, team, key, call).await.expect("receipt");
    let comments: Vec<&str> = receipt.verdicts.iter().map(|given| given.verdict.comment.as_str()).collect();
    assert_eq!(comments, ["by the key"]);
}
