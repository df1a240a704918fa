//! Members: roles act at once, whoever goes takes their access along, and a team keeps an admin.

use control::{Actor, members};
use domain::{
    ErrorKind,
    key::{KeyKind, KeyRules, KeyState, NewKey},
    role::{InstanceRole, TeamRole},
    token::{NewToken, TokenScope},
};

use crate::world::{World, kind, message};

async fn role(world: &World, name: &str) -> Option<TeamRole> {
    world.actor(name).await.memberships().iter().find(|access| access.slug == "alpha")?.role
}

async fn key(world: &World, by: &Actor, kind: KeyKind) -> domain::id::KeyId {
    let name = format!("{kind:?}");
    let input = NewKey { team: "alpha".to_owned(), name, kind, rules: KeyRules::default() };
    control::keys::create(&world.ctx, by, input).await.expect("key").key.id
}

const VERSION: &str = "SELECT version FROM config_version";

#[tokio::test]
async fn everybody_in_the_team_sees_who_is_in_it() {
    let world = World::new().await;
    let viewer = world.actor("viewer").await;
    let listed = members::list(&world.ctx, &viewer, "alpha").await.expect("list");
    let seen: Vec<_> = listed.iter().map(|it| (it.name.as_str(), it.role, it.is_you)).collect();
    assert_eq!(
        seen,
        [("Lead", TeamRole::Admin, false), ("Member", TeamRole::Member, false), ("Viewer", TeamRole::Viewer, true)]
    );
    assert!(listed.iter().all(|it| it.instance_role == InstanceRole::User && !it.disabled));
}

#[tokio::test]
async fn tm_7_another_role_holds_from_the_next_request_on() {
    let world = World::new().await;
    let lead = world.actor("lead").await;
    let viewer = world.user("viewer").await;
    let before = world.db.number(VERSION).await;
    members::set_role(&world.ctx, &lead, "alpha", viewer, TeamRole::Admin).await.expect("promoted");
    assert_eq!(role(&world, "viewer").await, Some(TeamRole::Admin));
    assert_eq!(world.db.number(VERSION).await, before + 1, "every replica hears of it");
    members::set_role(&world.ctx, &lead, "alpha", viewer, TeamRole::Admin).await.expect("what is so stays so");
    assert_eq!(world.db.number("SELECT count(*) FROM audit_log WHERE action = 'member.set_role'").await, 1);
}

#[tokio::test]
async fn tm_6_the_last_admin_is_not_demoted_not_removed_and_does_not_leave() {
    let world = World::new().await;
    let (lead, owner) = (world.actor("lead").await, world.actor("owner").await);
    let user = world.user("lead").await;
    for refusal in [
        members::set_role(&world.ctx, &owner, "alpha", user, TeamRole::Member).await,
        members::remove(&world.ctx, &owner, "alpha", user).await,
        members::leave(&world.ctx, &lead, "alpha").await,
        control::users::disable(&world.ctx, &owner, user).await,
    ] {
        let refusal = refusal.expect_err("refused").into_api();
        assert_eq!(refusal.kind, ErrorKind::Conflict);
        assert!(refusal.message.starts_with("the last admin of alpha stays one"), "{}", refusal.message);
    }
    assert_eq!(role(&world, "lead").await, Some(TeamRole::Admin));
}

#[tokio::test]
async fn tm_6_an_admin_who_cannot_sign_in_does_not_count() {
    let world = World::new().await;
    let owner = world.actor("owner").await;
    let (lead, member) = (world.user("lead").await, world.user("member").await);
    members::set_role(&world.ctx, &owner, "alpha", member, TeamRole::Admin).await.expect("two admins");
    control::users::disable(&world.ctx, &owner, member).await.expect("one of two");
    assert_eq!(kind(members::remove(&world.ctx, &owner, "alpha", lead).await), Some(ErrorKind::Conflict));
}

#[tokio::test]
async fn tm_6_two_admins_who_demote_each_other_at_once_leave_one() {
    let world = World::new().await;
    let owner = world.actor("owner").await;
    let (a, b) = (world.user("lead").await, world.user("member").await);
    for _ in 0..8 {
        for user in [a, b] {
            members::set_role(&world.ctx, &owner, "alpha", user, TeamRole::Admin).await.expect("two admins");
        }
        let (lead, member) = (world.actor("lead").await, world.actor("member").await);
        let (one, other) = tokio::join!(
            members::set_role(&world.ctx, &lead, "alpha", b, TeamRole::Member),
            members::remove(&world.ctx, &member, "alpha", a),
        );
        assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
        let admins = "SELECT count(*) FROM memberships m JOIN teams t ON t.id = m.team_id
                       WHERE t.slug = 'alpha' AND m.role = 'admin'";
        assert_eq!(world.db.number(admins).await, 1);
        if other.is_ok() {
            world
                .db
                .execute("INSERT INTO memberships (team_id, user_id, role) SELECT t.id, u.id, 'member' FROM teams t, users u WHERE t.slug = 'alpha' AND u.email = 'lead@example.com'")
                .await;
        }
    }
}

#[tokio::test]
async fn tm_6_the_last_admin_who_is_disabled_while_the_other_leaves_is_still_one() {
    let world = World::new().await;
    let owner = world.actor("owner").await;
    let (a, b) = (world.user("lead").await, world.user("member").await);
    for _ in 0..8 {
        members::set_role(&world.ctx, &owner, "alpha", b, TeamRole::Admin).await.expect("two admins");
        let lead = world.actor("lead").await;
        let (disabled, left) =
            tokio::join!(control::users::disable(&world.ctx, &owner, b), members::leave(&world.ctx, &lead, "alpha"),);
        assert!(disabled.is_ok() != left.is_ok(), "{disabled:?} {left:?}");
        control::users::enable(&world.ctx, &owner, b).await.expect("enabled");
        if left.is_ok() {
            let back =
                "INSERT INTO memberships (team_id, user_id, role) SELECT t.id, u.id, 'admin' FROM teams t, users u
                         WHERE t.slug = 'alpha' AND u.email = 'lead@example.com'";
            world.db.execute(back).await;
        }
        assert_eq!(world.user("lead").await, a);
    }
}

#[tokio::test]
async fn tm_5_whoever_is_removed_loses_access_and_personal_keys_and_service_keys_stay() {
    let world = World::new().await;
    let (lead, member) = (world.actor("lead").await, world.actor("member").await);
    let personal = key(&world, &member, KeyKind::Personal).await;
    let service = key(&world, &lead, KeyKind::Service).await;
    let token = NewToken {
        name: "script".to_owned(),
        scopes: vec![TokenScope::KeysRead],
        team: "alpha".to_owned(),
        expires: String::new(),
    };
    let token = control::tokens::create(&world.ctx, &member, token).await.expect("token");
    let before = world.db.number(VERSION).await;

    members::remove(&world.ctx, &lead, "alpha", world.user("member").await).await.expect("removed");

    assert_eq!(role(&world, "member").await, None);
    let after = world.actor("member").await;
    assert_eq!(kind(control::keys::list(&world.ctx, &after, "alpha").await), Some(ErrorKind::NotFound));
    let keys = control::keys::list(&world.ctx, &lead, "alpha").await.expect("keys");
    let state = |id| keys.iter().find(|key| key.id == id).expect("listed").state;
    assert_eq!(state(personal), KeyState::Revoked);
    assert_eq!(state(service), KeyState::Active);
    assert!(control::actor::of_token(&world.ctx, &token.secret).await.expect("query").is_none());
    assert_eq!(world.db.number(VERSION).await, before + 1);
    let object = world.db.text("SELECT object FROM audit_log WHERE action = 'member.remove'").await;
    assert_eq!(object, format!("user {}", world.user("member").await));
}

#[tokio::test]
async fn a_member_may_leave_and_comes_back_only_by_invitation() {
    let world = World::new().await;
    let member = world.actor("member").await;
    members::leave(&world.ctx, &member, "alpha").await.expect("left");
    assert_eq!(role(&world, "member").await, None);
    let outside = world.actor("member").await;
    assert_eq!(kind(members::leave(&world.ctx, &outside, "alpha").await), Some(ErrorKind::NotFound));
    let joined = members::join(&world.ctx, &outside, "alpha", TeamRole::Viewer).await;
    assert_eq!(kind(joined), Some(ErrorKind::NotFound));
}

#[tokio::test]
async fn ac_8_an_instance_admin_who_joins_is_seen_in_the_team_and_in_its_log() {
    let world = World::new().await;
    let admin = world.actor("admin").await;
    assert_eq!(message(members::leave(&world.ctx, &admin, "alpha").await), "you are not a member of this team");
    members::join(&world.ctx, &admin, "alpha", TeamRole::Member).await.expect("joined");
    assert_eq!(role(&world, "admin").await, Some(TeamRole::Member));
    let again = members::join(&world.ctx, &admin, "alpha", TeamRole::Admin).await;
    assert_eq!(kind(again), Some(ErrorKind::Conflict));
    assert_eq!(role(&world, "admin").await, Some(TeamRole::Member));
    let lead = world.actor("lead").await;
    let listed = members::list(&world.ctx, &lead, "alpha").await.expect("list");
    assert!(listed.iter().any(|it| it.name == "Admin" && it.instance_role == InstanceRole::Admin));
    let team = "SELECT t.slug FROM audit_log a JOIN teams t ON t.id = a.team_id WHERE a.action = 'member.join'";
    assert_eq!(world.db.text(team).await, "alpha");
    let lead_joins = members::join(&world.ctx, &lead, "alpha", TeamRole::Member).await;
    assert_eq!(kind(lead_joins), Some(ErrorKind::Forbidden));
}

#[tokio::test]
async fn somebody_who_is_no_member_of_this_team_is_not_found() {
    let world = World::new().await;
    let lead = world.actor("lead").await;
    let stranger = world.user("stranger").await;
    let changed = members::set_role(&world.ctx, &lead, "alpha", stranger, TeamRole::Member).await;
    assert_eq!(kind(changed), Some(ErrorKind::NotFound));
    assert_eq!(kind(members::remove(&world.ctx, &lead, "alpha", stranger).await), Some(ErrorKind::NotFound));
    assert_eq!(kind(members::remove(&world.ctx, &lead, "beta", stranger).await), Some(ErrorKind::NotFound));
}
