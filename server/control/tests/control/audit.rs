//! Every change is one audit row in its own transaction, and a row never changes.

use control::audit;
use domain::{
    audit::AuditQuery,
    id::AuditId,
    key::{KeyKind, KeyRules, NewKey},
    model::{NewModel, PriceText},
    provider::NewProvider,
    role::TeamRole,
};

use crate::world::{World, fields};

const ROWS: &str = "SELECT count(*) FROM audit_log";

#[tokio::test]
async fn each_change_gives_exactly_one_row_and_each_refusal_none() {
    let world = World::new().await;
    let lead = world.actor("lead").await.at(Some("192.0.2.1".to_owned()), Some("req_1".to_owned()));
    let mut before = world.db.number(ROWS).await;
    let provider = NewProvider {
        team: "alpha".to_owned(),
        shared: false,
        slug: "mine".to_owned(),
        kind: "openai-compatible".to_owned(),
        preset: String::new(),
        base_url: "https://api.example.com".to_owned(),
        credential: "sk-canary-0123456789".to_owned(),
    };
    let model = NewModel {
        team: "alpha".to_owned(),
        provider: "mine".to_owned(),
        name: "new".to_owned(),
        upstream: String::new(),
        context_window: None,
        max_output: None,
        price: PriceText::default(),
    };
    let key =
        NewKey { team: "alpha".to_owned(), name: "k".to_owned(), kind: KeyKind::Personal, rules: KeyRules::default() };

    for (action, done) in [
        ("provider.create", control::providers::create(&world.ctx, &lead, provider.clone()).await.map(drop)),
        ("model.create", control::models::create(&world.ctx, &lead, model.clone()).await.map(drop)),
        ("key.create", control::keys::create(&world.ctx, &lead, key.clone()).await.map(drop)),
    ] {
        done.expect(action);
        before += 1;
    }
    assert_eq!(world.db.number(ROWS).await, before);
    let newest = "SELECT string_agg(action || ' ' || address || ' ' || request_id, ', ' ORDER BY at) FROM audit_log WHERE address IS NOT NULL";
    assert_eq!(
        world.db.text(newest).await,
        "provider.create 192.0.2.1 req_1, model.create 192.0.2.1 req_1, key.create 192.0.2.1 req_1"
    );

    assert!(control::providers::create(&world.ctx, &lead, provider).await.is_err());
    assert!(control::models::create(&world.ctx, &lead, model).await.is_err());
    assert!(control::keys::create(&world.ctx, &lead, key).await.is_err());
    assert_eq!(world.db.number(ROWS).await, before);
    assert_eq!(world.db.number("SELECT count(*) FROM audit_log a WHERE a::text LIKE '%canary%'").await, 0);
}

fn page(limit: u32) -> AuditQuery {
    AuditQuery { limit: Some(limit), ..AuditQuery::default() }
}

async fn actions(world: &World, query: AuditQuery) -> Vec<String> {
    let admin = world.actor("admin").await;
    let page = audit::list(&world.ctx, &admin, query).await.expect("page");
    page.rows.into_iter().map(|row| row.action).collect()
}

#[tokio::test]
async fn ad_1_the_log_tells_who_did_what_to_what_from_where() {
    let world = World::new().await;
    let lead = world.actor("lead").await.at(Some("192.0.2.1".to_owned()), Some("req_1".to_owned()));
    let viewer = world.user("viewer").await;
    control::members::set_role(&world.ctx, &lead, "alpha", viewer, TeamRole::Member).await.expect("changed");
    let admin = world.actor("admin").await;
    let row = audit::list(&world.ctx, &admin, page(1)).await.expect("page").rows.remove(0);
    assert_eq!((row.actor.as_str(), row.email.as_str(), row.team.as_str()), ("Lead", "lead@example.com", "alpha"));
    assert_eq!((row.action.as_str(), row.object.as_str()), ("member.set_role", format!("user {viewer}").as_str()));
    assert_eq!((row.fields.as_slice(), row.address.as_str()), (&["role".to_owned()][..], "192.0.2.1"));
    assert_eq!(row.request_id, "req_1");
    let bundle = AuditQuery { action: "bundle.create".to_owned(), limit: Some(1), ..AuditQuery::default() };
    let row = audit::list(&world.ctx, &admin, bundle).await.expect("page").rows.remove(0);
    assert_eq!((row.actor.as_str(), row.email.as_str(), row.team.as_str()), ("operator", "", "alpha"));
}

#[tokio::test]
async fn all_7_pages_follow_each_other_without_gap_or_repetition() {
    let world = World::new().await;
    let admin = world.actor("admin").await;
    // Rows of one and the same moment are told apart by their ids.
    let same = "INSERT INTO audit_log (id, at, actor, action, object)
                SELECT gen_random_uuid(), '2026-01-01', 'operator', 'same.moment', 'x' FROM generate_series(1, 7)";
    world.db.execute(same).await;
    let total = world.db.number(ROWS).await;
    let mut seen = std::collections::HashSet::new();
    let mut query = page(3);
    loop {
        let page = audit::list(&world.ctx, &admin, query.clone()).await.expect("page");
        assert!((1..=3).contains(&page.rows.len()));
        for row in &page.rows {
            assert!(seen.insert(row.id), "seen twice");
        }
        let Some(next) = page.next else { break };
        // What happens meanwhile is newer than every page to come.
        audit::exported(&world.ctx, &admin, "audit log").await.expect("noted");
        query.after = Some(next);
    }
    assert_eq!(i64::try_from(seen.len()).expect("a number"), total);
}

#[tokio::test]
async fn all_7_a_page_has_1_to_200_rows() {
    let world = World::new().await;
    let admin = world.actor("admin").await;
    for limit in [0, 201, u32::MAX] {
        assert_eq!(fields(audit::list(&world.ctx, &admin, page(limit)).await), ["limit"], "{limit}");
    }
    audit::list(&world.ctx, &admin, page(200)).await.expect("most");
}

#[tokio::test]
async fn the_log_is_searched_by_team_actor_action_object_and_day() {
    let world = World::new().await;
    let member = world.actor("member").await;
    audit::refused(&world.ctx, &member, "/ui/users/list").await.expect("noted");
    audit::exported(&world.ctx, &world.actor("owner").await, "audit log 100%_'").await.expect("noted");
    control::members::leave(&world.ctx, &member, "alpha").await.expect("left");
    world
        .db
        .execute(
            "INSERT INTO audit_log (id, at, actor, action, object)
                  VALUES (gen_random_uuid(), '2026-01-01T22:59:59Z', 'sweep', 'old.day', 'x'),
                         (gen_random_uuid(), '2026-01-01T23:00:00Z', 'sweep', 'new.day', 'x')",
        )
        .await;
    let with = |change: fn(&mut AuditQuery)| {
        let mut query = AuditQuery::default();
        change(&mut query);
        query
    };
    for (query, expected) in [
        (
            with(|q| {
                q.team = "alpha".to_owned();
                q.action = "member".to_owned();
            }),
            &["member.leave"][..],
        ),
        // The team and its one member, by the bundle.
        (with(|q| q.team = "beta".to_owned()), &["bundle.create", "bundle.create"]),
        (with(|q| q.actor = " Member@Example.com ".to_owned()), &["member.leave", "access.refused"]),
        (with(|q| q.actor = "anonymous".to_owned()), &[]),
        (with(|q| q.actor = "sweep".to_owned()), &["new.day", "old.day"]),
        (with(|q| q.action = "access".to_owned()), &["access.refused"]),
        (with(|q| q.action = "access.refused".to_owned()), &["access.refused"]),
        (with(|q| q.action = "refused".to_owned()), &[]),
        (with(|q| q.object = "/UI/users".to_owned()), &["access.refused"]),
        (with(|q| q.object = "100%_'".to_owned()), &["export.create"]),
        (with(|q| q.object = "%".to_owned()), &["export.create"]),
        (with(|q| q.to = "2026-01-01".to_owned()), &["new.day", "old.day"]),
        (
            with(|q| {
                q.actor = "sweep".to_owned();
                q.action = "new".to_owned();
            }),
            &["new.day"],
        ),
    ] {
        assert_eq!(actions(&world, query.clone()).await, expected, "{query:?}");
    }
    // Midnight is the reader's: an hour earlier in Berlin.
    world.db.execute("UPDATE users SET zone = 'Europe/Berlin' WHERE email = 'admin@example.com'").await;
    assert_eq!(actions(&world, with(|q| q.to = "2026-01-01".to_owned())).await, ["old.day"]);
    let second = |q: &mut AuditQuery| {
        q.from = "2026-01-02".to_owned();
        q.to = "2026-01-02".to_owned();
    };
    assert_eq!(actions(&world, with(second)).await, ["new.day"]);
}

#[tokio::test]
async fn a_search_that_cannot_be_says_why() {
    let world = World::new().await;
    let admin = world.actor("admin").await;
    let query = AuditQuery {
        team: "no-such-team".to_owned(),
        actor: "unknown@example.com".to_owned(),
        action: "x".repeat(201),
        object: "\0".to_owned(),
        from: "yesterday".to_owned(),
        to: "2026-02-30".to_owned(),
        after: Some(AuditId(uuid::Uuid::from_u128(9))),
        limit: Some(0),
    };
    let wrong = fields(audit::list(&world.ctx, &admin, query).await);
    assert_eq!(wrong, ["action", "object", "from", "to", "limit", "team", "actor", "after"]);
    let backwards = AuditQuery { from: "2026-02-02".to_owned(), to: "2026-02-01".to_owned(), ..AuditQuery::default() };
    assert_eq!(fields(audit::list(&world.ctx, &admin, backwards).await), ["to"]);
}

#[tokio::test]
async fn a_refused_path_is_kept_only_so_far_and_without_control_characters() {
    let world = World::new().await;
    let member = world.actor("member").await;
    audit::refused(&world.ctx, &member, &format!("/a\r\n{}", "x".repeat(5_000))).await.expect("noted");
    let object = world.db.text("SELECT object FROM audit_log WHERE action = 'access.refused'").await;
    assert_eq!(object, format!("/a{}", "x".repeat(198)));
}
