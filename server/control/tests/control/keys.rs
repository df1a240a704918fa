//! Virtual keys: shown once, never more than the team.

use control::keys;
use domain::{
    ErrorKind,
    key::{AllowedModels, KeyChange, KeyKind, KeyRules, KeyScope, KeyState, NewKey},
    task::TaskClass,
    team::StoreContent,
};

use crate::world::{World, fields, kind, message};

fn new(name: &str, kind: KeyKind, models: AllowedModels) -> NewKey {
    NewKey { team: "alpha".to_owned(), name: name.to_owned(), kind, rules: KeyRules { models, ..KeyRules::default() } }
}

fn only(names: &[&str]) -> AllowedModels {
    AllowedModels::Only(names.iter().map(|name| (*name).to_owned()).collect())
}

#[tokio::test]
async fn a_key_is_shown_once_and_no_list_or_table_holds_its_secret() {
    let world = World::new().await;
    let lead = world.actor("lead").await;
    let created = keys::create(&world.ctx, &lead, new("laptop", KeyKind::Personal, only(&["big-latest", "big"])))
        .await
        .expect("key");
    assert!(auth::api_key::parse(&created.secret).is_ok());
    assert_eq!(created.key.rules.models, only(&["big"]));
    assert_eq!(created.key.owner.as_deref(), Some("Lead"));
    let secret_part = &created.secret[16..48];
    let listed = keys::list(&world.ctx, &lead, "alpha").await.expect("list");
    assert_eq!(listed.iter().map(|key| key.name.as_str()).collect::<Vec<_>>(), ["laptop", "ci"]);
    assert!(listed[1].imported && !listed[0].imported);
    assert!(!serde_json::to_string(&listed).expect("json").contains(secret_part));
    assert!(!format!("{created:?}").contains(secret_part));
    let dump = world.db.text("SELECT string_agg(k::text, ' ') FROM virtual_keys k").await;
    assert!(!dump.contains(secret_part));
}

#[tokio::test]
async fn a_key_lists_models_of_its_team_only_and_never_none() {
    let world = World::new().await;
    let stranger = world.actor("stranger").await;
    let foreign = NewKey { team: "beta".to_owned(), ..new("k", KeyKind::Service, only(&["small"])) };
    assert!(message(keys::create(&world.ctx, &stranger, foreign).await).contains("choose among big"));
    let lead = world.actor("lead").await;
    let answer = keys::create(&world.ctx, &lead, new(" ", KeyKind::Service, only(&[]))).await;
    assert_eq!(fields(answer), ["name", "models"]);
}

#[tokio::test]
async fn a_member_sees_and_ends_their_own_keys_only() {
    let world = World::new().await;
    let (lead, member) = (world.actor("lead").await, world.actor("member").await);
    let theirs =
        keys::create(&world.ctx, &lead, new("theirs", KeyKind::Personal, AllowedModels::All)).await.expect("key");
    let own = keys::create(&world.ctx, &member, new("own", KeyKind::Personal, AllowedModels::All)).await.expect("key");
    let seen = keys::list(&world.ctx, &member, "alpha").await.expect("list");
    assert_eq!(seen.iter().map(|key| key.name.as_str()).collect::<Vec<_>>(), ["own"]);
    assert_eq!(kind(keys::revoke(&world.ctx, &member, "alpha", theirs.key.id).await), Some(ErrorKind::Forbidden));
    keys::revoke(&world.ctx, &member, "alpha", own.key.id).await.expect("own");
    assert!(keys::list(&world.ctx, &member, "alpha").await.expect("list")[0].revoked.is_some());
}

#[tokio::test]
async fn revoking_raises_the_configuration_version_once() {
    let world = World::new().await;
    let lead = world.actor("lead").await;
    let key =
        keys::create(&world.ctx, &lead, new("k", KeyKind::Service, AllowedModels::All)).await.expect("key").key.id;
    let version = "SELECT version FROM config_version";
    let before = world.db.number(version).await;
    keys::revoke(&world.ctx, &lead, "alpha", key).await.expect("revoke");
    keys::revoke(&world.ctx, &lead, "alpha", key).await.expect("revoked before");
    assert_eq!(world.db.number(version).await, before + 1);
}

#[tokio::test]
async fn a_live_name_is_taken_and_free_again_after_revoking() {
    let world = World::new().await;
    let lead = world.actor("lead").await;
    let again = || keys::create(&world.ctx, &lead, new("same", KeyKind::Service, AllowedModels::All));
    let first = again().await.expect("first").key.id;
    assert_eq!(kind(again().await), Some(ErrorKind::Conflict));
    keys::revoke(&world.ctx, &lead, "alpha", first).await.expect("revoke");
    again().await.expect("free again");
}

#[tokio::test]
async fn a_key_of_another_team_does_not_exist_here() {
    let world = World::new().await;
    let (lead, stranger) = (world.actor("lead").await, world.actor("stranger").await);
    let key =
        keys::create(&world.ctx, &lead, new("k", KeyKind::Service, AllowedModels::All)).await.expect("key").key.id;
    assert_eq!(kind(keys::revoke(&world.ctx, &stranger, "beta", key).await), Some(ErrorKind::NotFound));
    assert_eq!(kind(keys::revoke(&world.ctx, &stranger, "alpha", key).await), Some(ErrorKind::NotFound));
}

async fn made(world: &World, actor: &control::Actor, name: &str, kind: KeyKind) -> domain::key::CreatedKey {
    keys::create(&world.ctx, actor, new(name, kind, AllowedModels::All)).await.expect("key")
}

#[tokio::test]
async fn ky_3_all_rules_are_kept_and_all_wrong_ones_are_named_at_once() {
    let world = World::new().await;
    let lead = world.actor("lead").await;
    let rules = KeyRules {
        models: AllowedModels::All,
        scopes: vec![KeyScope::UsageRead, KeyScope::Inference, KeyScope::Inference],
        expires: "2099-01-31".to_owned(),
        networks: vec![" 203.0.113.0/24 ".to_owned(), String::new(), "203.0.113.0/24".to_owned()],
        tags: [("repo".to_owned(), "core".to_owned())].into(),
        task: Some(TaskClass::Review),
        max_output: Some(4_000),
        store_content: Some(StoreContent::Redacted),
    };
    let input = NewKey { rules, ..new("ci-2", KeyKind::Service, AllowedModels::All) };
    let kept = keys::create(&world.ctx, &lead, input).await.expect("key").key.rules;
    assert_eq!(kept.scopes, [KeyScope::Inference, KeyScope::UsageRead]);
    assert_eq!(kept.expires, "2099-01-31");
    let end =
        "SELECT to_char(expires_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI') FROM virtual_keys WHERE name = 'ci-2'";
    assert_eq!(world.db.text(end).await, "2099-02-01 00:00");
    assert_eq!(kept.networks, ["203.0.113.0/24"]);
    assert_eq!((kept.task, kept.max_output), (Some(TaskClass::Review), Some(4_000)));
    assert_eq!(kept.store_content, Some(StoreContent::Redacted));

    let wrong = KeyRules {
        models: only(&["nothing"]),
        scopes: Vec::new(),
        expires: "2020-01-01".to_owned(),
        networks: vec!["203.0.113.9/24".to_owned()],
        tags: [("a b".to_owned(), "c".to_owned())].into(),
        max_output: Some(0),
        ..KeyRules::default()
    };
    let input = NewKey { rules: wrong, ..new("", KeyKind::Service, AllowedModels::All) };
    let refused = fields(keys::create(&world.ctx, &lead, input).await);
    assert_eq!(refused, ["name", "models", "expires", "scopes", "networks", "tags", "max_output"]);
}

#[tokio::test]
async fn ky_5_a_rotated_key_keeps_its_rules_and_its_old_secret_for_the_overlap() {
    let world = World::new().await;
    let lead = world.actor("lead").await;
    let old = made(&world, &lead, "nightly", KeyKind::Service).await;
    let new = keys::rotate(&world.ctx, &lead, "alpha", old.key.id, 24).await.expect("rotated");
    assert_eq!((new.key.id, &new.key.rules), (old.key.id, &old.key.rules));
    assert!(new.secret != old.secret && new.key.public != old.key.public);
    let [retiring] = new.key.retiring.as_slice() else { panic!("{:?}", new.key.retiring) };
    assert_eq!(retiring.public, old.key.public);
    let hours = "SELECT round(extract(epoch FROM valid_until - retired_at) / 3600)::bigint FROM retired_secrets";
    assert_eq!(world.db.number(hours).await, 24);

    // Rotated again with a shorter overlap, and then with none: no older secret lives longer.
    let again = keys::rotate(&world.ctx, &lead, "alpha", old.key.id, 1).await.expect("rotated").key;
    assert_eq!(again.retiring.len(), 2);
    let hours =
        "SELECT round(extract(epoch FROM max(valid_until) - clock_timestamp()) / 3600)::bigint FROM retired_secrets";
    assert_eq!(world.db.number(hours).await, 1);
    let newest = keys::rotate(&world.ctx, &lead, "alpha", old.key.id, 0).await.expect("rotated").key;
    assert_eq!(newest.retiring, []);
    keys::rotate(&world.ctx, &lead, "alpha", old.key.id, 24).await.expect("rotated");
    let refused = fields(keys::rotate(&world.ctx, &lead, "alpha", old.key.id, 721).await);
    assert_eq!(refused, ["overlap_hours"]);

    // Revoking ends what a rotation left, too.
    keys::revoke(&world.ctx, &lead, "alpha", old.key.id).await.expect("revoked");
    let working = "SELECT count(*) FROM retired_secrets WHERE valid_until > clock_timestamp()";
    assert_eq!(world.db.number(working).await, 0);
    assert_eq!(kind(keys::rotate(&world.ctx, &lead, "alpha", old.key.id, 24).await), Some(ErrorKind::Conflict));
}

#[tokio::test]
async fn vk_4_whoever_manages_keys_may_stop_a_members_key_and_never_take_it_over() {
    let world = World::new().await;
    let (admin, lead, member) = (world.actor("admin").await, world.actor("lead").await, world.actor("member").await);
    let own = made(&world, &member, "own", KeyKind::Personal).await.key;
    for manager in [&admin, &lead] {
        let seen = keys::get(&world.ctx, manager, "alpha", own.id).await.expect("seen").key;
        assert_eq!((seen.editable, seen.stoppable), (false, true));
        assert_eq!(kind(keys::rotate(&world.ctx, manager, "alpha", own.id, 24).await), Some(ErrorKind::Forbidden));
        let change = KeyChange {
            team: "alpha".to_owned(),
            key: own.id,
            revision: seen.revision,
            name: "theirs".to_owned(),
            rules: KeyRules::default(),
        };
        assert_eq!(kind(keys::update(&world.ctx, manager, change).await), Some(ErrorKind::Forbidden));
        keys::pause(&world.ctx, manager, "alpha", own.id).await.expect("paused");
        keys::resume(&world.ctx, manager, "alpha", own.id).await.expect("resumed");
    }
    keys::rotate(&world.ctx, &member, "alpha", own.id, 24).await.expect("one's own");
    keys::revoke(&world.ctx, &lead, "alpha", own.id).await.expect("revoked");
}

#[tokio::test]
async fn ac_8_nobody_gives_a_key_what_they_do_not_hold() {
    let world = World::new().await;
    let (admin, lead) = (world.actor("admin").await, world.actor("lead").await);
    let reading = KeyRules { scopes: vec![KeyScope::Inference, KeyScope::PromptsRead], ..KeyRules::default() };
    let input = NewKey { rules: reading.clone(), ..new("reader", KeyKind::Service, AllowedModels::All) };
    // An instance admin who is no member reads no prompts of the team, and neither does a key of theirs.
    assert_eq!(kind(keys::create(&world.ctx, &admin, input.clone()).await), Some(ErrorKind::Forbidden));
    let made = keys::create(&world.ctx, &lead, input).await.expect("a team admin does").key;
    let change = KeyChange {
        team: "alpha".to_owned(),
        key: made.id,
        revision: made.revision,
        name: "renamed".to_owned(),
        rules: reading,
    };
    keys::update(&world.ctx, &admin, change).await.expect("what it has already may stay");
}

#[tokio::test]
async fn a_model_that_is_renamed_or_gone_stays_in_the_keys_that_list_it() {
    let world = World::new().await;
    let lead = world.actor("lead").await;
    let key = keys::create(&world.ctx, &lead, new("k", KeyKind::Service, only(&["small"]))).await.expect("key").key;
    let models = control::models::list(&world.ctx, &lead, "alpha").await.expect("models");
    let small = models.into_iter().find(|model| model.name == "small").expect("small");
    let renamed = domain::model::ModelChange {
        team: "alpha".to_owned(),
        model: small.id,
        revision: small.revision,
        name: "tiny".to_owned(),
        upstream: "tiny-2026".to_owned(),
        aliases: vec!["small".to_owned()],
        context_window: None,
        max_output: None,
        capabilities: Vec::new(),
        retires_on: String::new(),
    };
    let changed = control::models::update(&world.ctx, &lead, renamed).await.expect("renamed");
    // Another model behind the name: its rates are there, and somebody has to look at them.
    assert!(changed.price == small.price && changed.price_unconfirmed);
    let listed = async || keys::get(&world.ctx, &lead, "alpha", key.id).await.expect("key").key;
    let now = listed().await;
    assert_eq!(now.rules.models, only(&["tiny"]));
    control::models::archive(&world.ctx, &lead, "alpha", small.id).await.expect("archived");
    let change = KeyChange {
        team: "alpha".to_owned(),
        key: key.id,
        revision: now.revision,
        name: "another name".to_owned(),
        rules: now.rules,
    };
    assert_eq!(keys::update(&world.ctx, &lead, change).await.expect("saved").rules.models, only(&["tiny"]));
}

#[tokio::test]
async fn live_keys_are_never_hidden_by_revoked_ones() {
    let world = World::new().await;
    let lead = world.actor("lead").await;
    world
        .db
        .execute(
            "INSERT INTO virtual_keys (id, team_id, name, kind, public, digest, last_four, all_models, revoked_at)
             SELECT gen_random_uuid(), t.id, 'gone', 'service', 'p' || n, decode(repeat('00', 32), 'hex'), 'xxxx', true,
                    clock_timestamp() - n * interval '1 hour'
               FROM teams t, generate_series(1, 2500) n WHERE t.slug = 'alpha'",
        )
        .await;
    let listed = keys::list(&world.ctx, &lead, "alpha").await.expect("list");
    assert_eq!((listed[0].name.as_str(), listed[1].state), ("ci", KeyState::Revoked));
    assert!(listed.len() <= 2_000);
}

#[tokio::test]
async fn a_paused_key_says_so_until_it_is_resumed_and_each_act_has_one_audit_row() {
    let world = World::new().await;
    let lead = world.actor("lead").await;
    let key = made(&world, &lead, "nightly", KeyKind::Service).await.key;
    for _ in 0..2 {
        let paused = keys::pause(&world.ctx, &lead, "alpha", key.id).await.expect("paused");
        assert_eq!(paused.state, KeyState::Paused);
    }
    assert_eq!(keys::resume(&world.ctx, &lead, "alpha", key.id).await.expect("resumed").state, KeyState::Active);
    let acts = "SELECT string_agg(action, ' ' ORDER BY id) FROM audit_log WHERE action LIKE 'key.%'";
    assert_eq!(world.db.text(acts).await, "key.create key.pause key.resume");
}

#[tokio::test]
async fn all_10_two_people_who_edit_one_key_do_not_lose_each_others_change() {
    let world = World::new().await;
    let lead = world.actor("lead").await;
    let key = made(&world, &lead, "nightly", KeyKind::Service).await.key;
    let change = |name: &str, rules: KeyRules| KeyChange {
        team: "alpha".to_owned(),
        key: key.id,
        revision: key.revision,
        name: name.to_owned(),
        rules,
    };
    let theirs = KeyRules { max_output: Some(100), ..KeyRules::default() };
    keys::update(&world.ctx, &lead, change("nightly", theirs.clone())).await.expect("first");
    let refusal = keys::update(&world.ctx, &lead, change("weekly", KeyRules::default())).await;
    let refusal = refusal.expect_err("stale").into_api();
    assert_eq!(refusal.kind, ErrorKind::Conflict);
    let told: Vec<(&str, &str)> = refusal.fields.iter().map(|it| (it.field.as_str(), it.message.as_str())).collect();
    assert_eq!(told, [("name", "now \"nightly\""), ("max_output", "now \"100\"")]);
    assert_eq!(keys::get(&world.ctx, &lead, "alpha", key.id).await.expect("key").key.rules, theirs);
    let named = "SELECT array_to_string(fields, ',') FROM audit_log WHERE action = 'key.update'";
    assert_eq!(world.db.text(named).await, "max_output");
}

#[tokio::test]
async fn vk_4_a_personal_key_ends_with_its_owners_right_to_have_one() {
    let world = World::new().await;
    let (lead, member) = (world.actor("lead").await, world.actor("member").await);
    let own = made(&world, &member, "own", KeyKind::Personal).await.key;
    let state = async || keys::get(&world.ctx, &lead, "alpha", own.id).await.expect("key").key.state;
    let rows = async || {
        let mut tx = store::snapshot::begin(&world.db.pools.dashboard).await.expect("begin");
        let rows = store::snapshot::load(&mut tx).await.expect("rows");
        rows.keys.iter().filter(|key| key.id == own.id).count()
    };
    assert_eq!((state().await, rows().await), (KeyState::Active, 1));
    world.db.execute("UPDATE memberships SET role = 'viewer' WHERE role = 'member'").await;
    assert_eq!((state().await, rows().await), (KeyState::Orphaned, 0));
    world.db.execute("UPDATE memberships SET role = 'member' WHERE role = 'viewer'").await;
    world.db.execute("UPDATE users SET disabled_at = now() WHERE email = 'member@example.com'").await;
    assert_eq!((state().await, rows().await), (KeyState::Orphaned, 0));
}
