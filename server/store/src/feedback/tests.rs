use domain::feedback::{PairVote, Preference, VerdictsBy};
use domain::run::Place;
use sqlx::QueryBuilder;

use super::*;
use crate::{
    pool::{self, Loan},
    testing::{TestDatabase, database},
};

/// Twelve requests of the first team, of two models and two tasks; the last belongs to the second team.
const CALLS: &str = "
INSERT INTO attempts (id, request_id, attempt_no, state, admitted_at, expires_at, owner, origin, team_id, provider_id, deployment_id,
    model, model_asked, dialect, stream, input_bound, output_cap, reserved_nano, task)
SELECT lpad(to_hex(n), 32, '0')::uuid, lpad(to_hex(n), 32, '0')::uuid, 1, 'reserved', '2026-03-01T00:00:00Z'::timestamptz + make_interval(hours => n),
       clock_timestamp(), t.id, 'api', t.id, t.id, t.id, 'm' || n % 2, 'm', 'openai_chat', true, 1, 1, 1,
       CASE WHEN n % 3 > 0 THEN 'tests' END
  FROM generate_series(1, 12) AS n JOIN teams t ON t.slug = CASE WHEN n = 12 THEN 'team-2' ELSE 'team-1' END";

struct World {
    db: TestDatabase,
    team: TeamId,
    other: TeamId,
    person: UserId,
    colleague: UserId,
    next: u128,
}

impl World {
    async fn new() -> Self {
        let db = database().await;
        let (team, person) = db.team(1).await;
        let (other, colleague) = db.team(2).await;
        db.execute(CALLS).await;
        Self { db, team, other, person, colleague, next: 0 }
    }

    async fn db(&self) -> Loan {
        pool::connection(&self.db.pools.dashboard).await.unwrap()
    }

    async fn say(&mut self, source: Source, nr: u128, verdict: &Verdict) -> Gave {
        self.next += 1;
        let id = FeedbackId(Uuid::from_u128(0x9000 + self.next));
        give(&mut *self.db().await, self.team, source, request(nr), id, verdict).await.unwrap()
    }

    /// Rows, those that are current, and those that are the newest.
    async fn rows(&self, nr: u128) -> (i64, i64, i64) {
        let mut sql = QueryBuilder::new(
            "SELECT count(*), count(*) FILTER (WHERE is_current), count(*) FILTER (WHERE is_newest) FROM feedback WHERE request_id = ",
        );
        sql.push_bind(request(nr).0).build_query_as().fetch_one(&mut *self.db().await).await.unwrap()
    }

    async fn newest(&self, nr: u128) -> Option<String> {
        let mut sql = QueryBuilder::new("SELECT outcome FROM feedback WHERE is_newest AND request_id = ");
        sql.push_bind(request(nr).0).build_query_scalar().fetch_optional(&mut *self.db().await).await.unwrap()
    }
}

fn request(nr: u128) -> RequestId {
    RequestId(Uuid::from_u128(nr))
}

fn verdict(outcome: Acceptance) -> Verdict {
    Verdict { outcome: Some(outcome), ..Verdict::default() }
}

#[tokio::test]
async fn fb_2_saying_it_again_replaces_it_and_keeps_what_was_said_before() {
    let mut world = World::new().await;
    let me = Source::User(world.person);
    let first =
        Verdict { rating: Some(2), comment: "no\0".into(), tags: vec!["slow".into()], ..verdict(Acceptance::Rejected) };
    assert_eq!(world.say(me, 1, &first).await, Gave::New);
    assert_eq!(world.say(me, 1, &first).await, Gave::Same, "word for word");
    assert_eq!(world.rows(1).await, (1, 1, 1));
    let second = Verdict { edit_distance: Some(120), ..verdict(Acceptance::Edited) };
    assert_eq!(world.say(me, 1, &second).await, Gave::New);
    assert_eq!(world.rows(1).await, (2, 1, 1));
    assert_eq!(world.newest(1).await.as_deref(), Some("edited"));
    let mut db = world.db().await;
    assert_eq!(current(&mut db, world.team, me, request(1)).await.unwrap(), Some(second.clone()));
    let given = of_request(&mut db, world.team, request(1)).await.unwrap();
    assert_eq!((given.len(), given[0].by.as_str(), &given[0].verdict), (1, "Person team-1", &second));
    assert!(of_request(&mut db, world.other, request(1)).await.unwrap().is_empty());
}

#[tokio::test]
async fn fb_2_each_source_has_its_own_word_and_the_newest_outcome_counts() {
    let mut world = World::new().await;
    let (me, colleague) = (Source::User(world.person), Source::User(world.colleague));
    let key = Source::Key(KeyId(world.person.0));
    assert_eq!(world.say(me, 1, &verdict(Acceptance::Accepted)).await, Gave::New);
    assert_eq!(world.say(key, 1, &verdict(Acceptance::Rejected)).await, Gave::New, "the same id, another kind");
    assert_eq!(world.say(colleague, 1, &Verdict { rating: Some(5), ..Verdict::default() }).await, Gave::New);
    assert_eq!(world.rows(1).await, (3, 3, 1));
    assert_eq!(world.newest(1).await.as_deref(), Some("rejected"), "a rating alone is no outcome");
    assert_eq!(world.say(key, 1, &Verdict::default()).await, Gave::New, "taken back");
    assert_eq!(world.newest(1).await.as_deref(), Some("accepted"));
    let given = of_request(&mut *world.db().await, world.team, request(1)).await.unwrap();
    assert_eq!(given.iter().map(|it| it.source).collect::<Vec<_>>(), [colleague, me]);
    assert_eq!(world.say(key, 1, &Verdict::default()).await, Gave::Same);
    assert_eq!(world.say(me, 1, &Verdict::default()).await, Gave::New);
    assert_eq!((world.rows(1).await, world.newest(1).await), ((5, 3, 0), None));
}

#[tokio::test]
async fn fb_1_a_request_of_another_team_or_of_nobody_is_refused() {
    let mut world = World::new().await;
    let me = Source::User(world.person);
    for nr in [12, 99] {
        assert_eq!(world.say(me, nr, &verdict(Acceptance::Accepted)).await, Gave::NoSuch);
    }
    assert_eq!(world.db.number("SELECT count(*) FROM feedback").await, 0);
}

#[tokio::test]
async fn fb_5_what_is_said_of_a_request_that_still_runs_follows_its_last_attempt() {
    let mut world = World::new().await;
    let me = Source::User(world.person);
    assert_eq!(world.say(me, 1, &verdict(Acceptance::Accepted)).await, Gave::New);
    assert_eq!(world.say(me, 1, &verdict(Acceptance::Rejected)).await, Gave::New);
    world
        .db
        .execute(
            "INSERT INTO attempts SELECT (jsonb_populate_record(a, jsonb_build_object('id', 'ff000000-0000-0000-0000-000000000000',
                    'attempt_no', 2, 'model', 'other', 'admitted_at', '2026-03-09T00:00:00Z'))).*
               FROM attempts a WHERE a.request_id = '00000000-0000-0000-0000-000000000001'",
        )
        .await;
    let of_last = "SELECT count(*) FROM feedback f JOIN attempts a USING (request_id, admitted_at, model)
                    WHERE f.is_current AND a.attempt_no = 2";
    assert_eq!(world.db.number(of_last).await, 1);
    assert_eq!(
        world.db.number("SELECT count(*) FROM feedback WHERE model = 'other'").await,
        1,
        "what was replaced stays"
    );
}

#[tokio::test]
async fn fb_2_many_at_once_leave_one_current_word_of_each_source() {
    let world = World::new().await;
    let said = (0..8u128).map(|nr| {
        let (pools, team, person) = (world.db.pools.clone(), world.team, world.person);
        async move {
            let mut db = pool::connection(&pools.dashboard).await.unwrap();
            let said = Verdict { comment: nr.to_string(), ..verdict(Acceptance::ALL[nr as usize % 3]) };
            let id = FeedbackId(Uuid::from_u128(0x100 + nr));
            give(&mut db, team, Source::User(person), request(1), id, &said).await.unwrap()
        }
    });
    let [a, b, c, d, e, f, g, h]: [_; 8] = said.collect::<Vec<_>>().try_into().ok().unwrap();
    let (a, b, c, d, e, f, g, h) = tokio::join!(a, b, c, d, e, f, g, h);
    assert!([a, b, c, d, e, f, g, h].iter().all(|gave| *gave == Gave::New));
    assert_eq!(world.rows(1).await, (8, 1, 1));
}

#[tokio::test]
async fn fb_6_the_sums_of_a_table_are_those_of_a_recount() {
    let mut world = World::new().await;
    let (me, key) = (Source::User(world.person), Source::Key(KeyId(Uuid::from_u128(5))));
    for nr in 1..=11u16 {
        let said = Verdict {
            rating: (nr % 2 == 0).then_some(u8::try_from(nr % 5 + 1).unwrap()),
            edit_distance: Some(nr * 100),
            ..verdict(Acceptance::ALL[usize::from(nr) % 3])
        };
        world.say(me, nr.into(), &said).await;
    }
    // A second word on the same request counts once, the newest; its rating counts as well.
    world.say(key, 2, &Verdict { rating: Some(1), ..verdict(Acceptance::Rejected) }).await;
    let mut db = world.db().await;
    let at = |hours: i64| DateTime::from_timestamp(1_772_323_200 + hours * 3_600, 0).unwrap();
    let all = report(&mut db, world.team, VerdictsBy::Team, at(0), at(100)).await.unwrap();
    let wanted = Sums {
        of: String::new(),
        // 3, 6, 9; 1, 4, 7, 10; 2, 5, 8, 11.
        accepted: 3,
        edited: 4,
        rejected: 4,
        // 2, 4, 6, 8, 10 rated 3, 5, 2, 4, 1, and 1 by the key.
        ratings: 6,
        rating_sum: 16,
        rating_squares: 56,
        distances: 11,
        distance_median: Some(600),
    };
    assert_eq!(all, [wanted]);

    let models = report(&mut db, world.team, VerdictsBy::Model, at(0), at(100)).await.unwrap();
    let of = |sums: &[Sums]| -> Vec<(String, u32, u32)> {
        sums.iter().map(|it| (it.of.clone(), it.accepted + it.edited + it.rejected, it.ratings)).collect()
    };
    assert_eq!(of(&models), [("m0".to_owned(), 5, 6), ("m1".to_owned(), 6, 0)]);
    let tasks = report(&mut db, world.team, VerdictsBy::TaskClass, at(0), at(100)).await.unwrap();
    assert_eq!(of(&tasks), [("tests".to_owned(), 8, 5), (String::new(), 3, 1)]);
    let early = report(&mut db, world.team, VerdictsBy::PromptVersion, at(1), at(3)).await.unwrap();
    assert_eq!(of(&early), [(String::new(), 2, 2)], "of the requests, not of the verdicts");
    assert!(report(&mut db, world.other, VerdictsBy::Team, at(0), at(100)).await.unwrap().is_empty());
}

/// A run of three columns and two rows.
const RUN: &str = "
WITH r AS (INSERT INTO runs (id, team_id, started_by, kind, grid)
    SELECT '00000000-0000-0000-0000-0000000000aa', t.id, u.id, 'playground',
           '{\"variants\": [{\"model\": \"b\"}, {\"model\": \"a\"}, {\"model\": \"b\"}]}'
      FROM teams t, users u WHERE t.slug = 'team-1' AND u.email LIKE 'team-1@%' RETURNING id)
INSERT INTO cells (id, run_id, variant, \"case\") SELECT md5(v || 'x' || c)::uuid, r.id, v, c
  FROM r, generate_series(0, 2) v, generate_series(0, 1) c";

fn pair(left: u16, right: u16, case: u16, preference: Preference) -> PairVote {
    let at = |variant| Place { variant, case };
    PairVote { left: at(left), right: at(right), preference, blind: true }
}

#[tokio::test]
async fn pg_11_a_vote_on_a_pair_is_the_same_whichever_side_it_was_shown_on() {
    let world = World::new().await;
    world.db.execute(RUN).await;
    let run = RunId(Uuid::from_u128(0xaa));
    let mut db = world.db().await;
    let cast = async |db: &mut Loan, user, one: PairVote| vote(db, world.team, run, user, &one).await.unwrap();
    // The second column wins, said from the other side and then again.
    assert!(cast(&mut db, world.person, pair(1, 0, 0, Preference::Left)).await);
    assert!(cast(&mut db, world.person, pair(0, 1, 0, Preference::Right)).await);
    assert!(cast(&mut db, world.colleague, pair(0, 1, 0, Preference::Left)).await);
    assert!(cast(&mut db, world.person, pair(2, 1, 1, Preference::Left)).await);
    assert!(cast(&mut db, world.person, pair(0, 2, 0, Preference::Tie)).await);
    assert!(cast(&mut db, world.person, PairVote { blind: false, ..pair(1, 2, 0, Preference::BothBad) }).await);

    let mine = votes_of_run(&mut db, world.team, run, world.person).await.unwrap();
    assert_eq!(mine[0], pair(0, 1, 0, Preference::Right));
    assert_eq!(mine.len(), 4);
    let pairs = pairs_of_run(&mut db, world.team, run).await.unwrap();
    let row = |left, right, votes| VariantPair { left, right, votes };
    let tally = |left, right, ties, both_bad| Tally { left, right, ties, both_bad };
    assert_eq!(pairs, [row(0, 1, tally(1, 1, 0, 0)), row(0, 2, tally(0, 0, 1, 0)), row(1, 2, tally(0, 1, 0, 1))]);

    // `a` is the second column, `b` the others: one vote each way on the first pair, one for `b` on the last.
    let (from, to) = (DateTime::UNIX_EPOCH, DateTime::from_timestamp(4_000_000_000, 0).unwrap());
    let models = pairs_of_models(&mut db, world.team, from, to).await.unwrap();
    assert_eq!(models, [ModelPair { left: "a".into(), right: "b".into(), votes: tally(1, 2, 0, 0) }]);
    assert!(pairs_of_models(&mut db, world.other, from, to).await.unwrap().is_empty());
}

#[tokio::test]
async fn pg_11_a_vote_needs_two_columns_of_one_row_of_a_run_of_the_team() {
    let world = World::new().await;
    world.db.execute(RUN).await;
    let run = RunId(Uuid::from_u128(0xaa));
    let mut db = world.db().await;
    let other_row = PairVote { right: Place { variant: 1, case: 1 }, ..pair(0, 1, 0, Preference::Tie) };
    for bad in
        [pair(0, 0, 0, Preference::Tie), pair(0, 3, 0, Preference::Tie), pair(0, 1, 2, Preference::Tie), other_row]
    {
        assert!(!vote(&mut db, world.team, run, world.person, &bad).await.unwrap(), "{bad:?}");
    }
    let good = pair(0, 1, 0, Preference::Tie);
    assert!(!vote(&mut db, world.other, run, world.person, &good).await.unwrap());
    assert!(!vote(&mut db, world.team, RunId(Uuid::nil()), world.person, &good).await.unwrap());
    assert!(pairs_of_run(&mut db, world.team, run).await.unwrap().is_empty());
}
