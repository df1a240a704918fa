//! The rows of the table about people: members, invitations, teams, accounts, one's own things, tokens, the log.

use control::{Actor, Context, invitations::Redeem};
use domain::{
    audit::AuditQuery,
    id::{InvitationId, TokenId, UserId},
    person::{Density, NewInvitation, PasswordChange, Profile, Theme},
    role::{InstanceRole, TeamRole},
    team::{NewTeam, StoreContent, TeamSettings},
    token::{NewToken, TokenScope},
};
use uuid::Uuid;

use super::{Operation, Target};

const NINE: Uuid = Uuid::from_u128(9);

/// `person` has an account, no team and no role.
pub fn operations() -> Vec<(&'static str, Operation)> {
    operations![
        ("teams::links", c, a, t, control::teams::links(c, a)),
        ("teams::list", c, a, t, control::teams::list(c, a)),
        ("teams::create", c, a, t, control::teams::create(c, a, team(t))),
        ("teams::settings", c, a, t, control::teams::settings(c, a, "alpha")),
        ("teams::update", c, a, t, control::teams::update(c, a, settings())),
        ("members::list", c, a, t, control::members::list(c, a, "alpha")),
        (
            "members::set_role (unknown)",
            c,
            a,
            t,
            control::members::set_role(c, a, "alpha", UserId(NINE), TeamRole::Member)
        ),
        ("members::remove (unknown)", c, a, t, control::members::remove(c, a, "alpha", UserId(NINE))),
        ("invitations::list", c, a, t, control::invitations::list(c, a, "alpha")),
        ("invitations::create", c, a, t, control::invitations::create(c, a, invitation())),
        ("invitations::revoke (unknown)", c, a, t, control::invitations::revoke(c, a, "alpha", InvitationId(NINE))),
        ("invitations::redeem (unknown)", c, a, t, control::invitations::redeem(c, Some(a), no_link(), None)),
        ("users::list", c, a, t, control::users::list(c, a)),
        ("users::disable (user)", c, a, t, control::users::disable(c, a, t.person)),
        ("users::disable (owner)", c, a, t, control::users::disable(c, a, t.owner)),
        ("users::enable (user)", c, a, t, control::users::enable(c, a, t.person)),
        ("users::enable (owner)", c, a, t, control::users::enable(c, a, t.owner)),
        ("users::reset_link (user)", c, a, t, control::users::reset_link(c, a, t.person)),
        ("users::reset_link (owner)", c, a, t, control::users::reset_link(c, a, t.owner)),
        ("users::end_sessions", c, a, t, control::users::end_sessions(c, a, t.person)),
        ("users::set_role (user to user)", c, a, t, control::users::set_role(c, a, t.person, InstanceRole::User)),
        ("users::set_role (user to admin)", c, a, t, promoted(c, a, t)),
        ("users::set_role (owner to user)", c, a, t, control::users::set_role(c, a, t.owner, InstanceRole::User)),
        ("profile::get", c, a, t, control::profile::get(c, a)),
        ("profile::update", c, a, t, control::profile::update(c, a, profile())),
        ("profile::change_password (same)", c, a, t, control::profile::change_password(c, a, same_password())),
        ("tokens::list", c, a, t, control::tokens::list(c, a)),
        ("tokens::create", c, a, t, control::tokens::create(c, a, token(t, ""))),
        ("tokens::create (for the team)", c, a, t, control::tokens::create(c, a, token(t, "alpha"))),
        ("tokens::revoke (unknown)", c, a, t, control::tokens::revoke(c, a, TokenId(NINE))),
        ("audit::list", c, a, t, control::audit::list(c, a, AuditQuery::default())),
        ("audit::refused", c, a, t, control::audit::refused(c, a, "/ui/users/list")),
        ("audit::exported", c, a, t, control::audit::exported(c, a, "audit log")),
        // Last, because it is the one row that takes something from those who come after.
        ("members::join", c, a, t, control::members::join(c, a, "alpha", TeamRole::Viewer)),
        ("members::leave", c, a, t, control::members::leave(c, a, "alpha")),
    ]
    .into()
}

/// Gives a role and takes it back, so that every actor finds the same.
async fn promoted(ctx: &Context, actor: &Actor, target: &Target) -> Result<(), control::Error> {
    control::users::set_role(ctx, actor, target.person, InstanceRole::Admin).await?;
    control::users::set_role(ctx, &Actor::operator(), target.person, InstanceRole::User).await
}

fn team(target: &Target) -> NewTeam {
    NewTeam { name: format!("Team {}", target.nr), slug: String::new() }
}

/// As it is, so that nobody's copy is stale.
fn settings() -> TeamSettings {
    TeamSettings {
        slug: "alpha".to_owned(),
        revision: 1,
        name: "Alpha".to_owned(),
        store_content: StoreContent::Metadata,
    }
}

fn invitation() -> NewInvitation {
    NewInvitation { team: "alpha".to_owned(), role: TeamRole::Admin, email: String::new(), days: 7 }
}

fn no_link() -> Redeem {
    let token = "0123456789abcdefABCDEFxy".to_owned();
    Redeem { token, name: String::new(), email: String::new(), password: String::new() }
}

fn profile() -> Profile {
    Profile { name: "P".to_owned(), zone: String::new(), theme: Theme::Dark, density: Density::Compact }
}

fn same_password() -> PasswordChange {
    let same = "some long pass phrase".to_owned();
    PasswordChange { current: same.clone(), new: same }
}

fn token(target: &Target, team: &str) -> NewToken {
    NewToken {
        name: format!("t-{}", target.nr),
        scopes: vec![TokenScope::KeysRead],
        team: team.to_owned(),
        expires: String::new(),
    }
}
