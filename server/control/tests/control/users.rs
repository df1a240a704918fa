//! Accounts: nobody touches somebody above them, the last owner stays, a disabled account is dead at once, and a reset link
//! sets one password.

use control::{Actor, Error, users};
use domain::{
    ApiError, ErrorKind,
    id::{SessionId, UserId},
    role::{InstanceRole, TeamRole},
};
use serde_json::json;

use crate::world::{PASSWORD, World, fields, kind, message, secret};

const HOME: Option<&str> = Some("192.0.2.1");
const FRESH: &str = "another long phrase";

async fn start(world: &World, token: &[u8], name: &str) -> SessionId {
    let user = world.user(name).await;
    control::sessions::start(&world.ctx, token, user, &json!({}), "Firefox", "192.0.2.1").await.expect("session")
}

async fn is_live(world: &World, token: &[u8]) -> bool {
    control::sessions::load(&world.ctx, token).await.expect("query").is_some()
}

async fn signs_in(world: &World, email: &str, password: &str) -> bool {
    let address = Some([198, 51, 100, 7].into());
    control::sessions::sign_in(&world.ctx, email, password.to_owned(), address).await.is_ok()
}

async fn link(world: &World, by: &str, user: &str) -> String {
    let actor = world.actor(by).await;
    secret(&users::reset_link(&world.ctx, &actor, world.user(user).await).await.expect("link"))
}

async fn redeem(world: &World, token: &str) -> Result<UserId, Error> {
    users::redeem_reset(&world.ctx, token, FRESH.to_owned(), HOME).await
}

async fn refused(world: &World, token: &str) -> ApiError {
    redeem(world, token).await.expect_err("refused").into_api()
}

#[tokio::test]
async fn ad_7_the_list_shows_roles_teams_and_live_sessions() {
    let world = World::new().await;
    start(&world, b"a", "lead").await;
    start(&world, b"b", "lead").await;
    control::sessions::end(&world.ctx, b"b").await.expect("ended");
    let admin = world.actor("admin").await;
    let people = users::list(&world.ctx, &admin).await.expect("list");
    assert_eq!(people.len(), 7);
    let of = |email: &str| people.iter().find(|it| it.email == email).expect("listed");
    let lead = of("lead@example.com");
    assert_eq!((lead.sessions, lead.disabled, lead.is_you), (1, false, false));
    assert!(lead.last_seen.is_some());
    assert_eq!(
        lead.teams.iter().map(|team| (team.slug.as_str(), team.role)).collect::<Vec<_>>(),
        [("alpha", TeamRole::Admin)]
    );
    let own = of("admin@example.com");
    assert!(own.is_you && own.teams.is_empty() && own.last_seen.is_none());
}

#[tokio::test]
async fn ac_4_owners_alone_make_and_unmake_admins_and_owners() {
    let world = World::new().await;
    let (owner, admin) = (world.actor("owner").await, world.actor("admin").await);
    let (nobody, owners_id) = (world.user("nobody").await, world.user("owner").await);
    for (user, role) in [
        (nobody, InstanceRole::Admin),
        (nobody, InstanceRole::Owner),
        (world.user("admin").await, InstanceRole::Owner),
        (world.user("admin").await, InstanceRole::User),
        (owners_id, InstanceRole::User),
    ] {
        assert_eq!(kind(users::set_role(&world.ctx, &admin, user, role).await), Some(ErrorKind::Forbidden));
    }
    users::set_role(&world.ctx, &owner, nobody, InstanceRole::Owner).await.expect("made an owner");
    let made = world.actor("nobody").await;
    users::set_role(&world.ctx, &made, owners_id, InstanceRole::User).await.expect("one of two");
    assert_eq!(kind(users::list(&world.ctx, &world.actor("owner").await).await), Some(ErrorKind::Forbidden));
    let unknown = UserId(uuid::Uuid::from_u128(9));
    let missing = users::set_role(&world.ctx, &made, unknown, InstanceRole::User).await;
    assert_eq!(kind(missing), Some(ErrorKind::NotFound));
}

#[tokio::test]
async fn tm_6_the_last_owner_is_not_demoted_and_not_disabled() {
    let world = World::new().await;
    let owner = world.actor("owner").await;
    let user = world.user("owner").await;
    let demoted = users::set_role(&world.ctx, &owner, user, InstanceRole::Admin).await;
    assert!(message(demoted).starts_with("the last owner of the instance stays one"));
    let disabled = users::disable(&world.ctx, &Actor::operator(), user).await;
    assert!(message(disabled).starts_with("the last owner of the instance stays one"));
    // An owner who cannot sign in is none.
    let nobody = world.user("nobody").await;
    users::set_role(&world.ctx, &owner, nobody, InstanceRole::Owner).await.expect("two owners");
    users::disable(&world.ctx, &owner, nobody).await.expect("one of two");
    let demoted = users::set_role(&world.ctx, &owner, user, InstanceRole::User).await;
    assert_eq!(kind(demoted), Some(ErrorKind::Conflict));
}

#[tokio::test]
async fn tm_6_two_owners_who_demote_each_other_at_once_leave_one() {
    let world = World::new().await;
    let operator = Actor::operator();
    let (a, b) = (world.user("owner").await, world.user("nobody").await);
    for _ in 0..8 {
        for user in [a, b] {
            users::enable(&world.ctx, &operator, user).await.expect("enabled");
            users::set_role(&world.ctx, &operator, user, InstanceRole::Owner).await.expect("two owners");
        }
        let (first, second) = (world.actor("owner").await, world.actor("nobody").await);
        let (one, other) = tokio::join!(
            users::set_role(&world.ctx, &first, b, InstanceRole::User),
            users::disable(&world.ctx, &second, a)
        );
        assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
    }
}

#[tokio::test]
async fn tm_5_a_disabled_account_has_no_session_no_sign_in_and_no_link() {
    let world = World::new().await;
    let admin = world.actor("admin").await;
    start(&world, b"a", "member").await;
    let reset = link(&world, "admin", "member").await;
    let member = world.user("member").await;
    let before = world.db.number("SELECT version FROM config_version").await;

    users::disable(&world.ctx, &admin, member).await.expect("disabled");

    assert!(!is_live(&world, b"a").await);
    assert_eq!(world.db.number("SELECT count(*) FROM sessions WHERE revoked_at IS NULL").await, 0);
    assert_eq!(world.db.number("SELECT version FROM config_version").await, before + 1, "every replica hears of it");
    assert!(!signs_in(&world, "member@example.com", PASSWORD).await);
    assert_eq!(refused(&world, &reset).await.kind, ErrorKind::NotFound);
    assert_eq!(kind(users::reset_link(&world.ctx, &admin, member).await), Some(ErrorKind::Conflict));
    let session = SessionId(uuid::Uuid::from_u128(1));
    assert!(control::actor::load(&world.ctx, member, session).await.expect("query").is_none());

    users::disable(&world.ctx, &admin, member).await.expect("what is so stays so");
    users::enable(&world.ctx, &admin, member).await.expect("enabled");
    assert!(!is_live(&world, b"a").await, "an old session stays ended");
    assert_eq!(refused(&world, &reset).await.kind, ErrorKind::NotFound, "an old link stays dead");
    assert!(signs_in(&world, "member@example.com", PASSWORD).await);
    let rows =
        "SELECT string_agg(action, ' ' ORDER BY at) FROM audit_log WHERE action IN ('user.disable', 'user.enable')";
    assert_eq!(world.db.text(rows).await, "user.disable user.enable");
}

#[tokio::test]
async fn nobody_disables_somebody_above_them_or_themselves() {
    let world = World::new().await;
    let admin = world.actor("admin").await;
    let owner = world.user("owner").await;
    for refusal in [
        users::disable(&world.ctx, &admin, owner).await,
        users::enable(&world.ctx, &admin, owner).await,
        users::reset_link(&world.ctx, &admin, owner).await.map(drop),
    ] {
        assert_eq!(kind(refusal), Some(ErrorKind::Forbidden));
    }
    let own = world.user("admin").await;
    assert_eq!(kind(users::disable(&world.ctx, &admin, own).await), Some(ErrorKind::Conflict));
    assert_eq!(kind(users::reset_link(&world.ctx, &admin, own).await), Some(ErrorKind::Conflict));
}

#[tokio::test]
async fn ss_7_an_admin_signs_somebody_out_everywhere() {
    let world = World::new().await;
    let admin = world.actor("admin").await;
    start(&world, b"a", "member").await;
    start(&world, b"b", "member").await;
    start(&world, b"c", "lead").await;
    users::end_sessions(&world.ctx, &admin, world.user("member").await).await.expect("ended");
    assert!(!is_live(&world, b"a").await && !is_live(&world, b"b").await);
    assert!(is_live(&world, b"c").await);
    users::end_sessions(&world.ctx, &admin, world.user("member").await).await.expect("none is left");
    assert_eq!(world.db.number("SELECT count(*) FROM audit_log WHERE action = 'user.end_sessions'").await, 1);
}

#[tokio::test]
async fn pw_5_a_reset_link_sets_one_password_and_ends_all_sessions() {
    let world = World::new().await;
    let admin = world.actor("admin").await;
    start(&world, b"a", "member").await;
    let link = users::reset_link(&world.ctx, &admin, world.user("member").await).await.expect("link");
    assert_eq!(link.title, "Member");
    assert!(link.url.starts_with("http://localhost:3000/reset#"));
    assert!(is_live(&world, b"a").await, "a link alone changes nothing");

    assert_eq!(redeem(&world, &secret(&link)).await.expect("redeemed"), world.user("member").await);

    assert!(!is_live(&world, b"a").await);
    assert!(signs_in(&world, "member@example.com", FRESH).await);
    assert!(!signs_in(&world, "member@example.com", PASSWORD).await);
    assert_eq!(refused(&world, &secret(&link)).await.kind, ErrorKind::NotFound);
    let rows = world
        .db
        .text("SELECT string_agg(action || ' ' || actor, ', ' ORDER BY at) FROM audit_log WHERE action LIKE 'user.re%'")
        .await;
    let (admin, member) = (world.user("admin").await, world.user("member").await);
    let expected = format!("user.reset_link {admin}, user.redeem_reset {member}, user.redeem_reset_refused anonymous");
    assert_eq!(rows, expected);
}

#[tokio::test]
async fn tk_2_of_many_resets_at_once_exactly_one_sets_the_password() {
    let world = World::new().await;
    let token = link(&world, "admin", "member").await;
    let mut tasks = tokio::task::JoinSet::new();
    for nr in 0..12u8 {
        let (ctx, token) = (world.ctx.clone(), token.clone());
        let (password, address) = (format!("{FRESH} {nr}"), format!("198.51.{nr}.1"));
        tasks.spawn(async move { users::redeem_reset(&ctx, &token, password, Some(address.as_str())).await.is_ok() });
    }
    assert_eq!(tasks.join_all().await.into_iter().filter(|done| *done).count(), 1);
    assert_eq!(world.db.number("SELECT count(*) FROM audit_log WHERE action = 'user.redeem_reset'").await, 1);
}

#[tokio::test]
async fn tk_1_unknown_used_replaced_and_expired_resets_get_one_answer() {
    let world = World::new().await;
    let used = link(&world, "admin", "viewer").await;
    redeem(&world, &used).await.expect("redeemed");
    let replaced = link(&world, "admin", "member").await;
    let expired = link(&world, "admin", "member").await;
    world.db.execute("UPDATE password_resets SET expires_at = clock_timestamp() WHERE redeemed_at IS NULL").await;
    let mut answers = Vec::new();
    for token in ["0123456789abcdefABCDEFxy", &used, &replaced, &expired, "", " ", "null", &used[..21]] {
        answers.push(refused(&world, token).await);
    }
    assert_eq!(answers[0].kind, ErrorKind::NotFound);
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:?}");
}

#[tokio::test]
async fn a_newer_link_ends_the_older_ones() {
    let world = World::new().await;
    let older = link(&world, "admin", "member").await;
    let newer = link(&world, "owner", "member").await;
    assert_eq!(refused(&world, &older).await.kind, ErrorKind::NotFound);
    redeem(&world, &newer).await.expect("the newest works");
}

#[tokio::test]
async fn tk_3_a_link_of_somebody_who_could_not_make_it_now_is_dead() {
    let world = World::new().await;
    let owner = world.actor("owner").await;
    let (admin, member) = (world.user("admin").await, world.user("member").await);
    let above = link(&world, "admin", "member").await;
    users::set_role(&world.ctx, &owner, member, InstanceRole::Owner).await.expect("above its maker now");
    assert_eq!(refused(&world, &above).await.kind, ErrorKind::NotFound);
    let demoted = link(&world, "admin", "viewer").await;
    // Past every operation, as a restored dump would.
    world.db.execute("UPDATE users SET role = 'user' WHERE email = 'admin@example.com'").await;
    assert_eq!(refused(&world, &demoted).await.kind, ErrorKind::NotFound);
    world.db.execute("UPDATE users SET role = 'admin' WHERE email = 'admin@example.com'").await;
    users::disable(&world.ctx, &owner, admin).await.expect("disabled");
    assert_eq!(refused(&world, &demoted).await.kind, ErrorKind::NotFound);
}

#[tokio::test]
async fn a_weak_password_leaves_the_link_as_it_is() {
    let world = World::new().await;
    let token = link(&world, "admin", "member").await;
    for weak in ["short", "member@example.com", "aaaaaaaaaaaaaaaa"] {
        let refusal = users::redeem_reset(&world.ctx, &token, weak.to_owned(), HOME).await;
        assert_eq!(fields(refusal), ["password"], "{weak}");
    }
    redeem(&world, &token).await.expect("a good one");
}

#[tokio::test]
async fn tk_1_a_dump_of_resets_opens_nothing_and_the_log_names_nobody() {
    let world = World::new().await;
    let token = link(&world, "admin", "member").await;
    let dump = world.db.text("SELECT string_agg(r::text, ' ') FROM password_resets r").await;
    assert!(!dump.contains(&token));
    let named = "SELECT count(*) FROM audit_log a WHERE action LIKE 'user.%' AND a::text LIKE '%@%'";
    assert_eq!(world.db.number(named).await, 0);
}
