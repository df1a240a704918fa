//! Invitations: one link, one membership, never more than the inviter holds at that moment.

use control::{
    Actor, Error,
    invitations::{self, Joined, Redeem},
};
use domain::{
    ApiError, ErrorKind,
    person::{InvitationState, NewInvitation},
    role::{InstanceRole, TeamRole},
};

use crate::world::{PASSWORD, World, fields, kind, message, secret};

const HOME: Option<&str> = Some("192.0.2.1");

fn new(role: TeamRole) -> NewInvitation {
    NewInvitation { team: "alpha".to_owned(), role, email: String::new(), days: 7 }
}

async fn invite(world: &World, by: &str, role: TeamRole) -> String {
    let inviter = world.actor(by).await;
    secret(&invitations::create(&world.ctx, &inviter, new(role)).await.expect("invitation"))
}

/// What somebody without an account fills in.
fn newcomer(token: &str, name: &str) -> Redeem {
    let email = format!("{name}@example.com");
    Redeem { token: token.to_owned(), name: name.to_owned(), email, password: PASSWORD.to_owned() }
}

fn bare(token: &str) -> Redeem {
    Redeem { token: token.to_owned(), name: String::new(), email: String::new(), password: String::new() }
}

async fn join(world: &World, token: &str, name: &str) -> Result<Joined, Error> {
    let actor = world.actor(name).await;
    invitations::redeem(&world.ctx, Some(&actor), bare(token), HOME).await
}

async fn refused(world: &World, token: &str) -> ApiError {
    join(world, token, "nobody").await.expect_err("refused").into_api()
}

async fn states(world: &World) -> Vec<InvitationState> {
    let admin = world.actor("admin").await;
    let listed = invitations::list(&world.ctx, &admin, "alpha").await.expect("list");
    listed.into_iter().map(|it| it.state).collect()
}

#[tokio::test]
async fn tm_2_a_new_person_joins_by_a_link_once() {
    let world = World::new().await;
    let lead = world.actor("lead").await;
    let link = invitations::create(&world.ctx, &lead, new(TeamRole::Member)).await.expect("invitation");
    assert_eq!(link.title, "Alpha, as member");
    assert!(link.url.starts_with("http://localhost:3000/invite#"), "{}", link.url);
    let token = secret(&link);

    let joined = invitations::redeem(&world.ctx, None, newcomer(&token, "Ada"), HOME).await.expect("joined");

    assert_eq!(joined, Joined { user: world.user("ada").await, team: "alpha".to_owned(), is_new: true });
    let ada = world.actor("ada").await;
    assert_eq!(ada.memberships()[0].role, Some(TeamRole::Member));
    assert_eq!(states(&world).await, [InvitationState::Redeemed]);
    let again = invitations::redeem(&world.ctx, None, newcomer(&token, "Bob"), HOME).await;
    assert!(matches!(again, Err(Error::NoInvitation)));
    assert_eq!(world.db.number("SELECT count(*) FROM users WHERE email = 'bob@example.com'").await, 0);
    control::sessions::sign_in(&world.ctx, "ada@example.com", PASSWORD.to_owned(), Some([192, 0, 2, 1].into()))
        .await
        .expect("the new account signs in");
}

#[tokio::test]
async fn whoever_is_signed_in_joins_as_themselves_and_may_paste_the_whole_link() {
    let world = World::new().await;
    let lead = world.actor("lead").await;
    let link = invitations::create(&world.ctx, &lead, new(TeamRole::Viewer)).await.expect("invitation");
    let joined = join(&world, &format!(" {} ", link.url), "nobody").await.expect("joined");
    assert!(!joined.is_new);
    assert_eq!(world.actor("nobody").await.memberships()[0].role, Some(TeamRole::Viewer));
}

#[tokio::test]
async fn tm_4_of_many_redemptions_at_once_exactly_one_makes_a_membership() {
    let world = World::new().await;
    let token = invite(&world, "lead", TeamRole::Member).await;
    let actor = world.actor("nobody").await;
    let mut tasks = tokio::task::JoinSet::new();
    for nr in 0..200u8 {
        let (ctx, actor, token) = (world.ctx.clone(), actor.clone(), token.clone());
        // Each from a network of its own, so that the throttle lets all of them through.
        let address = format!("198.51.{nr}.1");
        tasks.spawn(async move {
            // Who finds no free connection in time is told so, and tries again.
            for _ in 0..50 {
                let done = invitations::redeem(&ctx, Some(&actor), bare(&token), Some(address.as_str())).await;
                let done = done.map_err(Error::into_api);
                if done.as_ref().err().is_none_or(|error| error.kind != ErrorKind::Unavailable) {
                    return done.map(drop);
                }
            }
            panic!("never had a turn");
        });
    }
    let mut joined = 0;
    while let Some(done) = tasks.join_next().await {
        match done.expect("task") {
            Ok(_) => joined += 1,
            Err(error) => assert!(matches!(error.kind, ErrorKind::NotFound | ErrorKind::Throttled), "{error:?}"),
        }
    }
    assert_eq!(joined, 1);
    let memberships = "SELECT count(*) FROM memberships m JOIN users u ON u.id = m.user_id
                        WHERE u.email = 'nobody@example.com'";
    assert_eq!(world.db.number(memberships).await, 1);
    assert_eq!(world.db.number("SELECT count(*) FROM audit_log WHERE action = 'invitation.redeem'").await, 1);
}

#[tokio::test]
async fn tm_4_of_many_new_people_with_one_link_exactly_one_gets_an_account() {
    let world = World::new().await;
    let token = invite(&world, "lead", TeamRole::Member).await;
    let before = world.db.number("SELECT count(*) FROM users").await;
    let mut tasks = tokio::task::JoinSet::new();
    for nr in 0..12u8 {
        let (ctx, form) = (world.ctx.clone(), newcomer(&token, &format!("new-{nr}")));
        let address = format!("198.51.{nr}.1");
        tasks.spawn(async move { invitations::redeem(&ctx, None, form, Some(address.as_str())).await.is_ok() });
    }
    let joined = tasks.join_all().await.into_iter().filter(|joined| *joined).count();
    assert_eq!(joined, 1);
    assert_eq!(world.db.number("SELECT count(*) FROM users").await, before + 1);
}

#[tokio::test]
async fn tk_1_unknown_used_expired_and_revoked_links_get_one_answer() {
    let world = World::new().await;
    let lead = world.actor("lead").await;
    let used = invite(&world, "lead", TeamRole::Member).await;
    invitations::redeem(&world.ctx, None, newcomer(&used, "Ada"), HOME).await.expect("joined");
    let revoked = invite(&world, "lead", TeamRole::Member).await;
    let listed = invitations::list(&world.ctx, &lead, "alpha").await.expect("list");
    let open = listed.iter().find(|it| it.state == InvitationState::Open).expect("the open one");
    invitations::revoke(&world.ctx, &lead, "alpha", open.id).await.expect("revoked");
    invitations::revoke(&world.ctx, &lead, "alpha", open.id).await.expect("revoking twice is no error");
    let used_up = listed.iter().find(|it| it.state == InvitationState::Redeemed).expect("the used one");
    assert_eq!(
        kind(invitations::revoke(&world.ctx, &lead, "alpha", used_up.id).await),
        Some(ErrorKind::Conflict),
        "what was used cannot be taken back"
    );
    let expired = invite(&world, "lead", TeamRole::Member).await;
    world
        .db
        .execute(
            "UPDATE invitations SET expires_at = clock_timestamp() WHERE redeemed_at IS NULL AND revoked_at IS NULL",
        )
        .await;
    let unknown = "0123456789abcdefABCDEFxy";
    let mut answers = Vec::new();
    for token in [unknown, &used, &revoked, &expired, "", " ", "null", "\0", &used[..21]] {
        answers.push(refused(&world, token).await);
    }
    assert_eq!(answers[0].kind, ErrorKind::NotFound);
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:?}");
    assert_eq!(
        world.db.number("SELECT count(*) FROM audit_log WHERE action = 'invitation.redeem_refused'").await,
        9,
        "every refusal is in the log"
    );
}

#[tokio::test]
async fn tk_1_a_dump_of_the_table_opens_nothing() {
    let world = World::new().await;
    let token = invite(&world, "lead", TeamRole::Admin).await;
    let dump = world.db.text("SELECT string_agg(i::text, ' ') FROM invitations i").await;
    assert!(!dump.contains(&token));
    let hash = world.db.text("SELECT encode(token_hash, 'hex') FROM invitations").await;
    assert_eq!(refused(&world, &hash).await.kind, ErrorKind::NotFound);
    assert_eq!(world.db.number("SELECT count(*) FROM audit_log a WHERE a::text LIKE '%http%'").await, 0);
}

#[tokio::test]
async fn tm_3_links_of_somebody_who_was_demoted_die_and_stay_dead() {
    let world = World::new().await;
    let owner = world.actor("owner").await;
    let user = world.user("lead").await;
    let token = invite(&world, "lead", TeamRole::Viewer).await;
    control::members::join(&world.ctx, &owner, "alpha", TeamRole::Admin).await.expect("another admin");
    control::members::set_role(&world.ctx, &owner, "alpha", user, TeamRole::Member).await.expect("demoted");
    assert_eq!(refused(&world, &token).await.kind, ErrorKind::NotFound);
    assert_eq!(states(&world).await, [InvitationState::Revoked]);
    control::members::set_role(&world.ctx, &owner, "alpha", user, TeamRole::Admin).await.expect("promoted");
    assert_eq!(refused(&world, &token).await.kind, ErrorKind::NotFound);
}

#[tokio::test]
async fn tm_3_links_of_somebody_who_was_removed_or_disabled_die() {
    let world = World::new().await;
    let owner = world.actor("owner").await;
    control::members::join(&world.ctx, &owner, "alpha", TeamRole::Admin).await.expect("another admin");
    let removed = invite(&world, "lead", TeamRole::Viewer).await;
    let disabled = invite(&world, "admin", TeamRole::Viewer).await;
    control::members::remove(&world.ctx, &owner, "alpha", world.user("lead").await).await.expect("removed");
    control::users::disable(&world.ctx, &owner, world.user("admin").await).await.expect("disabled");
    for token in [removed, disabled] {
        assert_eq!(refused(&world, &token).await.kind, ErrorKind::NotFound);
    }
    control::users::enable(&world.ctx, &owner, world.user("admin").await).await.expect("enabled");
    assert_eq!(states(&world).await, [InvitationState::Revoked, InvitationState::Revoked]);
}

#[tokio::test]
async fn tm_3_the_rights_of_the_inviter_are_looked_at_when_the_link_is_used() {
    let world = World::new().await;
    let token = invite(&world, "admin", TeamRole::Member).await;
    // Past every operation, as a restored dump would.
    world.db.execute("UPDATE users SET role = 'user' WHERE email = 'admin@example.com'").await;
    assert_eq!(refused(&world, &token).await.kind, ErrorKind::NotFound);
    world.db.execute("UPDATE users SET role = 'admin' WHERE email = 'admin@example.com'").await;
    join(&world, &token, "nobody").await.expect("an admin again");
}

#[tokio::test]
async fn tm_3_an_instance_admin_who_is_one_no_more_leaves_no_open_links() {
    let world = World::new().await;
    let owner = world.actor("owner").await;
    let token = invite(&world, "admin", TeamRole::Member).await;
    let admin = world.user("admin").await;
    control::users::set_role(&world.ctx, &owner, admin, InstanceRole::User).await.expect("demoted");
    control::users::set_role(&world.ctx, &owner, admin, InstanceRole::Admin).await.expect("promoted");
    assert_eq!(refused(&world, &token).await.kind, ErrorKind::NotFound);
}

#[tokio::test]
async fn the_operator_invites_too_and_their_links_do_not_die() {
    let world = World::new().await;
    let link = invitations::create(&world.ctx, &Actor::operator(), new(TeamRole::Admin)).await.expect("invitation");
    join(&world, &secret(&link), "nobody").await.expect("joined");
    let lead = world.actor("lead").await;
    let listed = invitations::list(&world.ctx, &lead, "alpha").await.expect("list");
    assert_eq!(listed[0].invited_by, "operator");
}

#[tokio::test]
async fn a_link_for_one_address_is_for_nobody_else() {
    let world = World::new().await;
    let lead = world.actor("lead").await;
    let bound = NewInvitation { email: " Ada@Example.com ".to_owned(), ..new(TeamRole::Member) };
    let token = secret(&invitations::create(&world.ctx, &lead, bound).await.expect("invitation"));
    let other = join(&world, &token, "nobody").await;
    assert!(message(other).ends_with("sign in as the invited address"));
    let stranger = invitations::redeem(&world.ctx, None, newcomer(&token, "bob"), HOME).await;
    assert_eq!(kind(stranger), Some(ErrorKind::Conflict));
    invitations::redeem(&world.ctx, None, newcomer(&token, "ada"), HOME).await.expect("the invited address");
}

#[tokio::test]
async fn an_address_with_an_account_signs_in_first() {
    let world = World::new().await;
    let token = invite(&world, "lead", TeamRole::Member).await;
    let refusal = invitations::redeem(&world.ctx, None, newcomer(&token, "nobody"), HOME).await;
    let refusal = refusal.expect_err("has an account").into_api();
    assert_eq!(refusal.kind, ErrorKind::Conflict);
    assert!(refusal.of_field("email").is_some_and(|text| text.contains("sign in first, then open the link again")));
    let mine =
        control::sessions::sign_in(&world.ctx, "nobody@example.com", PASSWORD.to_owned(), Some([192, 0, 2, 1].into()));
    mine.await.expect("their password is as it was");
    join(&world, &token, "nobody").await.expect("signed in");
}

#[tokio::test]
async fn a_member_uses_no_link_up() {
    let world = World::new().await;
    let token = invite(&world, "lead", TeamRole::Admin).await;
    assert_eq!(kind(join(&world, &token, "viewer").await), Some(ErrorKind::Conflict));
    assert_eq!(world.actor("viewer").await.memberships()[0].role, Some(TeamRole::Viewer));
    assert_eq!(states(&world).await, [InvitationState::Open]);
    join(&world, &token, "nobody").await.expect("still good for somebody else");
}

#[tokio::test]
async fn nobody_is_invited_who_is_there() {
    let world = World::new().await;
    let lead = world.actor("lead").await;
    let input = NewInvitation { email: "viewer@example.com".to_owned(), ..new(TeamRole::Member) };
    assert_eq!(kind(invitations::create(&world.ctx, &lead, input).await), Some(ErrorKind::Conflict));
}

#[tokio::test]
async fn wrong_fields_of_an_invitation_are_reported_at_once() {
    let world = World::new().await;
    let lead = world.actor("lead").await;
    for days in [0, 31, u32::MAX] {
        let input = NewInvitation { email: "nobody".to_owned(), days, ..new(TeamRole::Member) };
        assert_eq!(fields(invitations::create(&world.ctx, &lead, input).await), ["email", "days"]);
    }
}

#[tokio::test]
async fn wrong_fields_of_a_new_account_leave_the_link_as_it_is_and_cost_no_try() {
    let world = World::new().await;
    let token = invite(&world, "lead", TeamRole::Member).await;
    for _ in 0..25 {
        let form = Redeem { password: "short".to_owned(), email: "ada".to_owned(), ..newcomer(&token, " ") };
        let refusal = invitations::redeem(&world.ctx, None, form, HOME).await;
        assert_eq!(fields(refusal), ["email", "name", "password"]);
    }
    assert_eq!(states(&world).await, [InvitationState::Open]);
}

#[tokio::test]
async fn lg_4_guessing_links_is_as_slow_as_guessing_passwords() {
    let world = World::new().await;
    let token = invite(&world, "lead", TeamRole::Member).await;
    let guess = || invitations::redeem(&world.ctx, None, newcomer("0123456789abcdefABCDEFxy", "eve"), HOME);
    let mut answers = Vec::new();
    for _ in 0..22 {
        answers.push(kind(guess().await));
    }
    let looked_up = answers.iter().filter(|kind| **kind == Some(ErrorKind::NotFound)).count();
    assert!((20..=21).contains(&looked_up), "{looked_up}: one try comes back every three seconds");
    assert_eq!(answers[21], Some(ErrorKind::Throttled));
    assert_eq!(kind(join(&world, &token, "nobody").await), Some(ErrorKind::Throttled), "a good link from there, too");
    let actor = world.actor("nobody").await;
    invitations::redeem(&world.ctx, Some(&actor), bare(&token), Some("198.51.100.7")).await.expect("from elsewhere");
}

#[tokio::test]
async fn tk_3_a_reset_link_is_no_invitation_and_the_reverse() {
    let world = World::new().await;
    let owner = world.actor("owner").await;
    let link = control::users::reset_link(&world.ctx, &owner, world.user("nobody").await).await.expect("link");
    assert_eq!(refused(&world, &secret(&link)).await.kind, ErrorKind::NotFound);
    let token = invite(&world, "lead", TeamRole::Member).await;
    let reset = control::users::redeem_reset(&world.ctx, &token, "another long phrase".to_owned(), HOME).await;
    assert!(matches!(reset, Err(Error::NoReset)));
    assert_eq!(states(&world).await, [InvitationState::Open]);
}

#[tokio::test]
async fn an_invitation_of_another_team_does_not_exist() {
    let world = World::new().await;
    invite(&world, "lead", TeamRole::Member).await;
    let lead = world.actor("lead").await;
    let id = invitations::list(&world.ctx, &lead, "alpha").await.expect("list")[0].id;
    let stranger = world.actor("stranger").await;
    for team in ["alpha", "beta"] {
        let refusal = invitations::revoke(&world.ctx, &stranger, team, id).await;
        assert_eq!(kind(refusal), Some(ErrorKind::NotFound), "{team}");
    }
    assert_eq!(states(&world).await, [InvitationState::Open]);
}

#[tokio::test]
async fn au_2_each_step_is_one_row_without_an_address_or_a_secret() {
    let world = World::new().await;
    let lead = world.actor("lead").await;
    let input = NewInvitation { email: "ada@example.com".to_owned(), ..new(TeamRole::Member) };
    let token = secret(&invitations::create(&world.ctx, &lead, input).await.expect("invitation"));
    invitations::redeem(&world.ctx, None, newcomer(&token, "ada"), HOME).await.expect("joined");
    let rows = world
        .db
        .text("SELECT string_agg(action || ' ' || array_to_string(fields, '+'), ', ' ORDER BY at) FROM audit_log WHERE action LIKE 'invitation%'")
        .await;
    assert_eq!(rows, "invitation.create role+email+expires, invitation.redeem email+name+password+role");
    assert_eq!(
        world
            .db
            .number("SELECT count(*) FROM audit_log a WHERE action LIKE 'invitation%' AND a::text LIKE '%@%'")
            .await,
        0
    );
}
