//! Management tokens: what their owner may do at that moment, within their scopes and their team, and never the account itself.

use control::{Actor, TokenScopes, actor, tokens};
use domain::{
    ErrorKind,
    id::TokenId,
    key::{KeyKind, KeyRules, NewKey},
    permission::Permission,
    person::{NewInvitation, PasswordChange},
    role::{InstanceRole, TeamRole},
    team::NewTeam,
    token::{CreatedToken, NewToken, TokenScope},
};

use crate::world::{BUNDLE, Named, PASSWORD, World, fields, kind, message};

use TokenScope::{KeysRead, KeysWrite, MembersRead, MembersWrite, ModelsWrite, UsageRead};

fn new(scopes: &[TokenScope], team: &str) -> NewToken {
    NewToken { name: "script".to_owned(), scopes: scopes.to_vec(), team: team.to_owned(), expires: String::new() }
}

async fn make(world: &World, name: &str, scopes: &[TokenScope], team: &str) -> CreatedToken {
    let owner = world.actor(name).await;
    tokens::create(&world.ctx, &owner, new(scopes, team)).await.expect("token")
}

async fn of(world: &World, secret: &str) -> Option<(Actor, TokenScopes)> {
    actor::of_token(&world.ctx, secret).await.expect("query")
}

/// The actor that a new token makes.
async fn acting(world: &World, name: &str, scopes: &[TokenScope], team: &str) -> Actor {
    let token = make(world, name, scopes, team).await;
    of(world, &token.secret).await.expect("a live token").0
}

fn key(name: &str) -> NewKey {
    let rules = KeyRules::default();
    NewKey { team: "alpha".to_owned(), name: name.to_owned(), kind: KeyKind::Service, rules }
}

#[tokio::test]
async fn ky_9_a_token_is_shown_once_and_no_list_or_table_holds_its_secret() {
    let world = World::new().await;
    let lead = world.actor("lead").await;
    let created =
        tokens::create(&world.ctx, &lead, new(&[UsageRead, KeysRead, KeysRead], "alpha")).await.expect("token");
    assert!(created.secret.starts_with("tgm_"));
    let listed = tokens::list(&world.ctx, &lead).await.expect("list");
    assert_eq!(listed, std::slice::from_ref(&created.token));
    assert_eq!((created.token.team.as_str(), created.token.scopes.as_slice()), ("alpha", &[KeysRead, UsageRead][..]));
    assert!(created.token.last_used.is_none() && created.token.expires.is_none() && !created.token.is_expired);
    let secret = &created.secret[17..49];
    let dump = world.db.text("SELECT string_agg(t::text, ' ') FROM management_tokens t").await;
    let log = world.db.text("SELECT string_agg(a::text, ' ') FROM audit_log a").await;
    assert!(!dump.contains(secret) && !log.contains(secret));
    assert!(log.contains(&format!("token {}", created.token.public)));
    let member = world.actor("member").await;
    assert!(tokens::list(&world.ctx, &member).await.expect("list").is_empty());
}

#[tokio::test]
async fn a_token_acts_as_its_owner_within_its_scopes() {
    let world = World::new().await;
    let reader = acting(&world, "lead", &[KeysRead], "").await;
    assert_eq!(reader.user(), Some(world.user("lead").await));
    control::keys::list(&world.ctx, &reader, "alpha").await.expect("reads");
    let refusal = control::keys::create(&world.ctx, &reader, key("a")).await;
    assert_eq!(message(refusal), "this needs a token with the scope keys.write");

    let world = World::new().await;
    let writer = acting(&world, "lead", &[KeysWrite], "").await;
    control::keys::create(&world.ctx, &writer, key("a")).await.expect("writes");
    let user = world.user("viewer").await;
    let role = control::members::set_role(&world.ctx, &writer, "alpha", user, TeamRole::Member).await;
    assert_eq!(message(role), "this needs a token with the scope members.write");
    assert_eq!(kind(control::keys::list(&world.ctx, &writer, "beta").await), Some(ErrorKind::NotFound));
    let rows = "SELECT actor FROM audit_log WHERE action = 'key.create'";
    assert_eq!(world.db.text(rows).await, world.user("lead").await.to_string());
}

#[tokio::test]
async fn a_token_never_exceeds_its_owner_and_follows_their_role_at_once() {
    let world = World::new().await;
    let token = make(&world, "member", &[KeysWrite, MembersWrite], "").await;
    let (before, _) = of(&world, &token.secret).await.expect("live");
    assert_eq!(message(control::keys::create(&world.ctx, &before, key("a")).await), "this needs the team role admin");
    world.db.execute("UPDATE memberships SET role = 'admin'").await;
    let (after, _) = of(&world, &token.secret).await.expect("live");
    control::keys::create(&world.ctx, &after, key("a")).await.expect("an admin now");
    world.db.execute("DELETE FROM memberships").await;
    let (gone, _) = of(&world, &token.secret).await.expect("live");
    assert_eq!(kind(control::keys::list(&world.ctx, &gone, "alpha").await), Some(ErrorKind::NotFound));
}

#[tokio::test]
async fn a_token_for_one_team_sees_no_other_and_nothing_of_the_instance() {
    let world = World::new().await;
    let all = &TokenScope::ALL;
    let narrow = acting(&world, "owner", all, "alpha").await;
    control::members::list(&world.ctx, &narrow, "alpha").await.expect("its team");
    for team in ["beta", "no-such-team"] {
        assert_eq!(kind(control::members::list(&world.ctx, &narrow, team).await), Some(ErrorKind::NotFound), "{team}");
    }
    let slugs = |links: Vec<domain::team::TeamLink>| links.into_iter().map(|it| it.slug).collect::<Vec<_>>();
    assert_eq!(slugs(control::teams::links(&world.ctx, &narrow).await.expect("links")), ["alpha"]);
    assert_eq!(slugs(control::teams::me(&world.ctx, &narrow).await.expect("me").teams), ["alpha"]);
    assert!(!narrow.may_instance(Permission::ManageInstanceProviders));
    let refusal = narrow.require_instance(Permission::ManageInstanceProviders);
    assert_eq!(message(refusal), "this needs a token for all teams with the scope models.write");

    let owner = world.actor("owner").await;
    let wide = NewToken { name: "wide".to_owned(), ..new(all, "") };
    let wide = tokens::create(&world.ctx, &owner, wide).await.expect("token");
    let (wide, _) = of(&world, &wide.secret).await.expect("live");
    assert_eq!(slugs(control::teams::links(&world.ctx, &wide).await.expect("links")), ["alpha", "beta"]);
    assert!(wide.may_instance(Permission::ManageInstanceProviders));

    let member_of_two = world.actor("lead").await;
    control::members::join(&world.ctx, &owner, "beta", TeamRole::Admin).await.expect("joined");
    let foreign = tokens::create(&world.ctx, &member_of_two, new(all, "beta")).await;
    assert_eq!(kind(foreign), Some(ErrorKind::NotFound), "a team of strangers");
}

#[tokio::test]
async fn a_token_touches_neither_the_account_nor_the_people_nor_the_instance() {
    let world = World::new().await;
    let token = acting(&world, "owner", &TokenScope::ALL, "").await;
    let ctx = &world.ctx;
    let me = world.user("owner").await;
    let profile = control::profile::get(ctx, &world.actor("owner").await).await.expect("profile");
    let passwords = PasswordChange { current: PASSWORD.to_owned(), new: "another long phrase".to_owned() };
    let team = NewTeam { name: "Gamma".to_owned(), slug: String::new() };
    for (what, refusal) in [
        ("tokens::list", tokens::list(ctx, &token).await.map(drop)),
        ("tokens::create", tokens::create(ctx, &token, new(&[KeysRead], "")).await.map(drop)),
        ("tokens::revoke", tokens::revoke(ctx, &token, TokenId(uuid::Uuid::from_u128(1))).await),
        ("sessions::list", control::sessions::list(ctx, &token).await.map(drop)),
        ("sessions::revoke_others", control::sessions::revoke_others(ctx, &token).await),
        ("profile::get", control::profile::get(ctx, &token).await.map(drop)),
        ("profile::update", control::profile::update(ctx, &token, profile).await.map(drop)),
        ("profile::change_password", control::profile::change_password(ctx, &token, passwords).await),
        ("users::list", control::users::list(ctx, &token).await.map(drop)),
        ("users::set_role", control::users::set_role(ctx, &token, me, InstanceRole::Owner).await),
        ("users::disable", control::users::disable(ctx, &token, me).await),
        ("users::reset_link", control::users::reset_link(ctx, &token, me).await.map(drop)),
        ("users::end_sessions", control::users::end_sessions(ctx, &token, me).await),
        ("teams::create", control::teams::create(ctx, &token, team).await.map(drop)),
        ("teams::list", control::teams::list(ctx, &token).await.map(drop)),
        ("members::join", control::members::join(ctx, &token, "alpha", TeamRole::Admin).await),
        ("members::leave", control::members::leave(ctx, &token, "alpha").await),
        ("settings::get", control::settings::get(ctx, &token).await.map(drop)),
        ("audit::list", control::audit::list(ctx, &token, Default::default()).await.map(drop)),
        ("bundle::plan", control::bundle::plan(ctx, &token, BUNDLE, &Named::usual()).await.map(drop)),
    ] {
        assert_eq!(kind(refusal), Some(ErrorKind::Forbidden), "{what}");
    }
}

#[tokio::test]
async fn reading_members_shows_invitations_and_makes_none() {
    let world = World::new().await;
    let reader = acting(&world, "lead", &[MembersRead], "").await;
    let invitation = NewInvitation { team: "alpha".to_owned(), role: TeamRole::Viewer, email: String::new(), days: 1 };
    let made = control::invitations::create(&world.ctx, &reader, invitation.clone()).await;
    assert_eq!(kind(made), Some(ErrorKind::Forbidden));
    control::invitations::list(&world.ctx, &reader, "alpha").await.expect("reads");
    let keys = acting(&world, "stranger", &[KeysRead], "beta").await;
    assert_eq!(kind(control::invitations::list(&world.ctx, &keys, "beta").await), Some(ErrorKind::Forbidden));
    let members = acting(&world, "member", &[MembersRead], "").await;
    let above = control::invitations::list(&world.ctx, &members, "alpha").await;
    assert_eq!(message(above), "this needs the team role admin");
    let writer = acting(&world, "admin", &[MembersWrite], "alpha").await;
    control::invitations::create(&world.ctx, &writer, invitation).await.expect("writes");
}

#[tokio::test]
async fn revoked_expired_and_unknown_tokens_and_those_of_disabled_people_open_nothing() {
    let world = World::new().await;
    let lead = world.actor("lead").await;
    let token = make(&world, "lead", &[KeysRead], "").await;
    let other = make(&world, "member", &[KeysRead], "").await;
    // The public part of one and the secret of another, with a checksum that is right for neither.
    let mixed = format!("{}{}", &token.secret[..17], &other.secret[17..]);
    for wrong in ["", "tgm_", &mixed, &token.secret[..54], &token.secret.replace("tgm_", "tg_")] {
        assert!(of(&world, wrong).await.is_none(), "{wrong}");
    }
    assert!(of(&world, &token.secret).await.is_some());
    world.db.execute("UPDATE management_tokens SET digest = sha256('another')").await;
    assert!(of(&world, &token.secret).await.is_none(), "the digest of the whole token decides");
    let expire = "UPDATE management_tokens SET expires_at = clock_timestamp() WHERE name = 'second'";
    let second = NewToken { name: "second".to_owned(), ..new(&[KeysRead], "") };
    let second = tokens::create(&world.ctx, &lead, second).await.expect("token");
    assert!(of(&world, &second.secret).await.is_some());
    world.db.execute(expire).await;
    assert!(of(&world, &second.secret).await.is_none(), "expired by the database clock");
    assert!(tokens::list(&world.ctx, &lead).await.expect("list").iter().any(|it| it.name == "second" && it.is_expired));

    let third = NewToken { name: "third".to_owned(), ..new(&[KeysRead], "") };
    let third = tokens::create(&world.ctx, &lead, third).await.expect("token");
    tokens::revoke(&world.ctx, &lead, third.token.id).await.expect("revoked");
    assert!(of(&world, &third.secret).await.is_none());
    assert_eq!(kind(tokens::revoke(&world.ctx, &lead, third.token.id).await), Some(ErrorKind::NotFound));

    let fourth = make(&world, "viewer", &[KeysRead], "").await;
    world.db.execute("UPDATE users SET disabled_at = clock_timestamp() WHERE email = 'viewer@example.com'").await;
    assert!(of(&world, &fourth.secret).await.is_none());
}

#[tokio::test]
async fn people_revoke_their_own_tokens_only() {
    let world = World::new().await;
    let token = make(&world, "lead", &[KeysRead], "").await;
    for name in ["member", "owner"] {
        let actor = world.actor(name).await;
        let refusal = tokens::revoke(&world.ctx, &actor, token.token.id).await;
        assert_eq!(kind(refusal), Some(ErrorKind::NotFound), "{name}");
    }
    assert!(of(&world, &token.secret).await.is_some());
}

#[tokio::test]
async fn wrong_fields_of_a_token_are_reported_at_once() {
    let world = World::new().await;
    let lead = world.actor("lead").await;
    let wrong = NewToken { name: " ".to_owned(), expires: "soon".to_owned(), ..new(&[], "") };
    assert_eq!(fields(tokens::create(&world.ctx, &lead, wrong).await), ["name", "scopes", "expires"]);
    let past = NewToken { expires: "2020-01-01".to_owned(), ..new(&[KeysRead], "") };
    assert_eq!(fields(tokens::create(&world.ctx, &lead, past).await), ["expires"]);
    make(&world, "lead", &[KeysRead], "").await;
    let twice = tokens::create(&world.ctx, &lead, new(&[KeysRead], "")).await;
    assert_eq!(kind(twice), Some(ErrorKind::Conflict));
    let operators = tokens::create(&world.ctx, &Actor::operator(), new(&[KeysRead], "")).await;
    assert_eq!(kind(operators), Some(ErrorKind::Forbidden));
}

#[tokio::test]
async fn a_token_ends_with_its_last_day_in_the_zone_of_its_owner() {
    let world = World::new().await;
    world.db.execute("UPDATE users SET zone = 'Asia/Kathmandu' WHERE email = 'lead@example.com'").await;
    let lead = world.actor("lead").await;
    let input = NewToken { expires: "2199-01-31".to_owned(), ..new(&[KeysRead], "") };
    let created = tokens::create(&world.ctx, &lead, input).await.expect("token");
    let expires = created.token.expires.expect("an end");
    assert_eq!((expires.iso.as_str(), expires.text.as_str()), ("2199-01-31T18:15:00.000Z", "2199-02-01 00:00"));
}

#[tokio::test]
async fn last_use_is_written_at_most_once_a_minute() {
    let world = World::new().await;
    let token = make(&world, "lead", &[ModelsWrite], "").await;
    assert!(of(&world, &token.secret).await.is_some());
    assert_eq!(world.db.number("SELECT count(last_used_at) FROM management_tokens").await, 1);
    let aged = "SELECT count(*) FROM management_tokens WHERE last_used_at < clock_timestamp() - interval '45 seconds'";
    world.db.execute("UPDATE management_tokens SET last_used_at = clock_timestamp() - interval '50 seconds'").await;
    assert!(of(&world, &token.secret).await.is_some());
    assert_eq!(world.db.number(aged).await, 1);
    world.db.execute("UPDATE management_tokens SET last_used_at = clock_timestamp() - interval '70 seconds'").await;
    assert!(of(&world, &token.secret).await.is_some());
    assert_eq!(world.db.number(aged).await, 0);
}

#[tokio::test]
async fn a_reset_and_the_end_of_all_sessions_end_a_persons_tokens_too() {
    let world = World::new().await;
    let (owner, admin) = (world.actor("owner").await, world.actor("admin").await);
    let member = world.user("member").await;
    let token = make(&world, "member", &[KeysRead], "").await;
    let link = control::users::reset_link(&world.ctx, &admin, member).await.expect("link");
    assert!(of(&world, &token.secret).await.is_some(), "a link alone changes nothing");
    let secret = link.url.split_once('#').expect("fragment").1;
    let fresh = "another quiet kettle".to_owned();
    control::users::redeem_reset(&world.ctx, secret, fresh, Some("192.0.2.7")).await.expect("redeemed");
    assert!(of(&world, &token.secret).await.is_none());

    let token = make(&world, "member", &[KeysRead], "").await;
    control::users::end_sessions(&world.ctx, &admin, member).await.expect("ended");
    assert!(of(&world, &token.secret).await.is_none());
    // Nobody signs out somebody above them.
    let above = control::users::end_sessions(&world.ctx, &admin, world.user("owner").await).await;
    assert_eq!(kind(above), Some(ErrorKind::Forbidden));
    control::users::end_sessions(&world.ctx, &owner, world.user("admin").await).await.expect("below");
}

#[tokio::test]
async fn au_2_the_log_tells_what_a_token_did_from_what_its_owner_did() {
    let world = World::new().await;
    let token = make(&world, "lead", &[KeysWrite], "").await;
    let (through, _) = of(&world, &token.secret).await.expect("live");
    control::keys::create(&world.ctx, &through, key("by-token")).await.expect("created");
    control::keys::create(&world.ctx, &world.actor("lead").await, key("by-hand")).await.expect("created");
    let log =
        "SELECT string_agg(array_to_string(fields, ','), ';' ORDER BY id) FROM audit_log WHERE action = 'key.create'";
    let wanted = format!("name,kind,rules,through token {};name,kind,rules", token.token.public);
    assert_eq!(world.db.text(log).await, wanted);
}

#[tokio::test]
async fn the_same_refusal_is_noted_once_a_minute() {
    let world = World::new().await;
    let member = world.actor("member").await;
    for operation in ["/ui/users/list", "/ui/users/list", "/ui/audit/list"] {
        control::audit::refused(&world.ctx, &member, operation).await.expect("noted");
    }
    assert_eq!(world.db.number("SELECT count(*) FROM audit_log WHERE action = 'access.refused'").await, 2);
}
