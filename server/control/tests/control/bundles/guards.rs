//! A bundle passes no guard that holds for people: one entry for one thing, a team keeps an admin, old links die.

use control::{Actor, audit, bundle, members, users};
use domain::{ErrorKind, audit::AuditQuery, role::TeamRole};

use super::{apply, plan};
use crate::world::{BUNDLE, Named, World, kind, message, secret};

const LEAD: &str = "{ email = \"lead@example.com\", role = \"admin\" }";
const MEMBER: &str = "{ email = \"member@example.com\", role = \"member\" }";
const LAST: &str = "the last admin of alpha stays one: make somebody else an admin first";

async fn role(world: &World, name: &str) -> Option<TeamRole> {
    world.actor(name).await.memberships().iter().find(|access| access.slug == "alpha")?.role
}

#[tokio::test]
async fn a_thing_that_stands_in_the_file_twice_is_refused_by_name() {
    let world = World::new().await;
    let provider = "kind = \"openai-compatible\"\nbase_url = \"https://api.example.com/v1\"\n";
    for (entry, name) in [
        ("[[users]]\nemail = \" Lead@Example.com\"\nname = \"Twice\"\n".to_owned(), "users. Lead@Example.com"),
        ("[[teams]]\nslug = \"alpha\"\nname = \"Twice\"\n".to_owned(), "teams.alpha"),
        (format!("[[providers]]\nslug = \"shared\"\n{provider}"), "providers.shared"),
        (format!("[[providers]]\nslug = \"new\"\n{provider}").repeat(2), "providers.new"),
        (
            "[[models]]\nslug = \"big\"\nprovider = \"shared\"\nprice = { input = \"1\", output = \"2\" }\n".to_owned(),
            "models.big",
        ),
        (
            format!("[[providers]]\nslug = \"new\"\n{provider}[[models]]\nslug = \"big\"\nprovider = \"new\"\n"),
            "models.big",
        ),
        ("[[keys]]\nname = \"ci \"\nteam = \"alpha\"\nmodels = [\"big\"]\n".to_owned(), "keys.ci "),
    ] {
        let said = message(world.apply(&format!("{BUNDLE}{entry}")).await);
        assert_eq!(said, format!("{name}: stands in the bundle twice: leave one of them"));
    }
    let twice = BUNDLE.replace(MEMBER, &format!("{MEMBER}, {}", MEMBER.replace("\"member\"", "\"viewer\"")));
    assert!(message(world.apply(&twice).await).contains("teams.alpha.members: member@example.com stands there twice"));
}

#[tokio::test]
async fn one_name_in_two_teams_is_two_things() {
    let world = World::new().await;
    let text = format!(
        "{BUNDLE}[[keys]]\nname = \"ci\"\nteam = \"beta\"\nmodels = \"all\"\n[[models]]\nslug = \"small\"\nprovider = \"shared\"\n"
    );
    assert_eq!(apply(&world, &text).await, ["create model small", "create key ci of beta"]);
    assert_eq!(apply(&world, &text).await, [""; 0]);
}

#[tokio::test]
async fn the_last_admin_who_can_sign_in_is_neither_demoted_nor_disabled() {
    let world = World::new().await;
    let disabled = BUNDLE.replace("name = \"Lead\"", "name = \"Lead\"\ndisabled = true");
    let demoted = BUNDLE.replace(LEAD, &LEAD.replace("admin", "member"));
    for text in [&disabled, &demoted] {
        assert!(message(world.apply(text).await).contains(LAST), "{text}");
        let planned = bundle::plan(&world.ctx, &Actor::operator(), text, &Named::usual()).await;
        assert!(message(planned).contains(LAST), "{text}");
    }
    // A team that the file does not name counts as well.
    let (start, rest) = disabled.split_once("[[teams]]\nslug = \"alpha\"").expect("alpha");
    let (_, beta) = rest.split_once("[[teams]]").expect("beta");
    let beta = beta.split_once("[[providers]]").expect("providers").0;
    assert!(message(world.apply(&format!("{start}[[teams]]{beta}")).await).contains(LAST));
    // An admin who cannot sign in is none.
    let owner = world.actor("owner").await;
    members::set_role(&world.ctx, &owner, "alpha", world.user("member").await, TeamRole::Admin).await.expect("two");
    users::disable(&world.ctx, &owner, world.user("member").await).await.expect("one of two");
    let kept = demoted.replace(MEMBER, &MEMBER.replace("\"member\"", "\"admin\""));
    assert!(message(world.apply(&kept).await).contains(LAST));
    assert_eq!(role(&world, "lead").await, Some(TeamRole::Admin));
}

#[tokio::test]
async fn an_admin_hands_over_in_whatever_order_the_file_says_it() {
    let world = World::new().await;
    let over = BUNDLE
        .replace("name = \"Lead\"", "name = \"Lead\"\ndisabled = true")
        .replace(LEAD, &LEAD.replace("admin", "viewer"))
        .replace(MEMBER, &MEMBER.replace("\"member\"", "\"admin\""));
    let expected = [
        "change user lead@example.com: disabled",
        "change member lead@example.com of alpha: role",
        "change member member@example.com of alpha: role",
    ];
    assert_eq!(plan(&world, &over).await, expected);
    assert_eq!(apply(&world, &over).await, expected);
}

#[tokio::test]
async fn a_bundle_that_demotes_one_admin_while_the_other_goes_leaves_one() {
    let world = World::new().await;
    let owner = world.actor("owner").await;
    let both = BUNDLE.replace(MEMBER, &MEMBER.replace("\"member\"", "\"admin\""));
    let demoted = BUNDLE.replace(LEAD, &LEAD.replace("admin", "member")).replace(&format!("    {MEMBER},\n"), "");
    for _ in 0..8 {
        apply(&world, &both).await;
        let member = world.user("member").await;
        let (one, other) = tokio::join!(world.apply(&demoted), members::remove(&world.ctx, &owner, "alpha", member));
        assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
        let admins = "SELECT count(*) FROM memberships m JOIN teams t ON t.id = m.team_id
                       WHERE t.slug = 'alpha' AND m.role = 'admin'";
        assert_eq!(world.db.number(admins).await, 1);
    }
}

#[tokio::test]
async fn nobody_disables_their_own_account_by_a_bundle() {
    let world = World::new().await;
    let text = BUNDLE
        .replace("name = \"Owner\"", "name = \"Owner\"\ndisabled = true")
        .replace("role = \"admin\"\npassword", "role = \"owner\"\npassword");
    let refused = bundle::apply(&world.ctx, &world.actor("owner").await, &text, &Named::usual()).await;
    assert_eq!(message(refused), "users.owner@example.com: nobody disables their own account: ask another admin");
}

#[tokio::test]
async fn a_reset_link_dies_with_the_account_or_the_role_that_it_was_made_for() {
    for (before, after) in [
        ("name = \"Lead\"", "name = \"Lead\"\nrole = \"admin\""),
        ("name = \"Nobody\"", "name = \"Nobody\"\ndisabled = true"),
    ] {
        let world = World::new().await;
        let admin = world.actor("admin").await;
        let name = if before.contains("Lead") { "lead" } else { "nobody" };
        let link = secret(&users::reset_link(&world.ctx, &admin, world.user(name).await).await.expect("link"));
        apply(&world, &BUNDLE.replace(before, after)).await;
        apply(&world, &BUNDLE.replace(before, &format!("{before}\nrole = \"user\"\ndisabled = false"))).await;
        let redeemed =
            users::redeem_reset(&world.ctx, &link, "another long phrase".to_owned(), Some("192.0.2.1")).await;
        assert_eq!(kind(redeemed), Some(ErrorKind::NotFound), "{name}");
    }
}

#[tokio::test]
async fn what_a_bundle_does_to_a_team_stands_in_the_log_of_that_team() {
    let world = World::new().await;
    let owner = world.actor("owner").await;
    let query = AuditQuery { team: "alpha".to_owned(), action: "bundle".to_owned(), ..AuditQuery::default() };
    let page = audit::list(&world.ctx, &owner, query).await.expect("log");
    let mut objects: Vec<&str> = page.rows.iter().map(|row| row.object.as_str()).collect();
    objects.sort_unstable();
    assert_eq!(
        objects,
        [
            "key ci of alpha",
            "member lead@example.com of alpha",
            "member member@example.com of alpha",
            "member viewer@example.com of alpha",
            "model small",
            "provider local",
            "team alpha",
        ]
    );
    let without = "SELECT count(*) FROM audit_log WHERE team_id IS NULL AND object IN ('provider shared', 'model big')";
    assert_eq!(world.db.number(without).await, 2);
}
