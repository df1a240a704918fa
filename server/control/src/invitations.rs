//! Invitations: a link that lets one person join one team in one role, once.
//!
//! Opening a link changes nothing; [`redeem`] alone uses it up, by one statement that exactly one of many wins. An invitation
//! is worth what its inviter may give at that moment (`product.md` TM-3), so one of somebody who was demoted, removed or
//! disabled is dead. Unknown, used, expired, taken back: one answer.

use auth::digest::Token;
use domain::{
    error::FieldErrors,
    id::{InvitationId, UserId},
    permission::Permission,
    person::{self, InvitationState, LONGEST_INVITATION, NewLink},
    role::InstanceRole,
    text,
    token::TokenScope,
};
use store::{
    invitations::{Invitation, Inviter, NewInvitation},
    pool::{self, Tx},
};

use crate::{Access, Actor, Context, Error, audit, links, members, stamps::Stamps};

mod redeem;

pub use redeem::{Joined, Redeem, redeem};

/// Open invitations of one team at once.
const MOST_OPEN: i64 = 200;

/// Those that can be used, and those of the last month that could.
pub async fn list(ctx: &Context, actor: &Actor, team: &str) -> Result<Vec<person::Invitation>, Error> {
    let team = actor.team(ctx, team).await?;
    actor.require_read(Permission::ManageMembers, &team, TokenScope::MembersRead)?;
    let mut db = pool::connection(&ctx.pools.dashboard).await?;
    let invitations = store::invitations::list(&mut db, team.id).await?;
    let stamps = Stamps::of_reader(actor, &mut db).await?;
    Ok(invitations.into_iter().map(|invitation| shown(stamps, invitation)).collect())
}

fn shown(stamps: Stamps, invitation: Invitation) -> person::Invitation {
    let state = match &invitation {
        it if it.is_redeemed => InvitationState::Redeemed,
        it if it.is_revoked || !is_entitled(it) => InvitationState::Revoked,
        it if it.is_expired => InvitationState::Expired,
        _ => InvitationState::Open,
    };
    person::Invitation {
        id: invitation.id,
        role: invitation.role,
        email: invitation.email,
        invited_by: invitation.inviter.map_or_else(|| "operator".to_owned(), |inviter| inviter.name),
        created: stamps.of(invitation.created_at),
        expires: stamps.of(invitation.expires_at),
        state,
    }
}

/// Makes a link to hand over by any channel. Its secret leaves here and is never shown again.
pub async fn create(ctx: &Context, actor: &Actor, input: person::NewInvitation) -> Result<NewLink, Error> {
    let team = actor.team(ctx, &input.team).await?;
    actor.require(Permission::ManageMembers, &team)?;
    members::require_gift(actor, &team, input.role)?;
    let person::NewInvitation { team: _, role, email, days } = input;
    let mut errors = FieldErrors::default();
    let email = if email.trim().is_empty() { Ok(String::new()) } else { text::email(&email) };
    let email = errors.check("email", email).unwrap_or_default();
    let days = errors.check("days", checked_days(days)).unwrap_or_default();
    errors.finish()?;
    let mut tx = ctx.begin().await?;
    store::teams::lock(&mut tx, team.id).await?;
    require_place(&mut tx, &team, &email).await?;
    let token = Token::make(&*ctx.entropy);
    let (id, digest) = (InvitationId::new(&*ctx.clock, &*ctx.entropy), token.digest());
    let token_hash = digest.as_bytes();
    let row = NewInvitation { id, token_hash, role, email: &email, invited_by: actor.user(), days };
    let expires_at = store::invitations::insert(&mut tx, team.id, &row).await?;
    note(ctx, actor, &mut tx, &team, "invitation.create", id).await?;
    let expires = Stamps::of_reader(actor, &mut tx).await?.of(expires_at);
    pool::commit(tx).await?;
    let title = format!("{}, as {}", team.name, role.as_str());
    Ok(NewLink { title, url: links::url(ctx, "invite", token), expires })
}

/// Takes an invitation back. One that was taken back before is no error.
pub async fn revoke(ctx: &Context, actor: &Actor, team: &str, id: InvitationId) -> Result<(), Error> {
    let team = actor.team(ctx, team).await?;
    actor.require(Permission::ManageMembers, &team)?;
    let mut tx = ctx.begin().await?;
    let row = store::invitations::get(&mut tx, team.id, id).await?.ok_or(Error::NotFound)?;
    if row.is_revoked {
        return Ok(());
    }
    if !store::invitations::revoke(&mut tx, team.id, id).await? {
        return Err(Error::conflict("this invitation was used already: remove the member instead"));
    }
    note(ctx, actor, &mut tx, &team, "invitation.revoke", id).await?;
    Ok(pool::commit(tx).await?)
}

/// Takes back what this person made and may not give any more. Called in every transaction that takes a right from somebody, so
/// that getting it back later brings no old link to life.
pub(crate) async fn end_unentitled(tx: &mut Tx, inviter: UserId) -> Result<(), Error> {
    for invitation in store::invitations::open_of(tx, inviter).await? {
        if !is_entitled(&invitation) {
            store::invitations::revoke(tx, invitation.team, invitation.id).await?;
        }
    }
    Ok(())
}

/// May its inviter, as they are now, give what it gives?
fn is_entitled(invitation: &Invitation) -> bool {
    let may = |Inviter { role, team_role, disabled, .. }: &Inviter| {
        let by_instance = Permission::ManageMembers.held_by(*role, None);
        let by_team = Permission::ManageMembers.held_by(InstanceRole::User, *team_role);
        !disabled && (by_instance || by_team && *team_role >= Some(invitation.role))
    };
    invitation.inviter.as_ref().is_none_or(may)
}

/// A team has room for one more link, and nobody is invited who is there.
async fn require_place(tx: &mut Tx, team: &Access, email: &str) -> Result<(), Error> {
    if store::invitations::count_open(tx, team.id).await? >= MOST_OPEN {
        let message = format!("this team has {MOST_OPEN} open invitations: take back what nobody needs");
        return Err(Error::conflict(message));
    }
    let Some(user) = store::users::by_email(tx, email).await? else { return Ok(()) };
    match store::members::role(tx, team.id, user.id).await? {
        Some(_) => Err(Error::conflict("this person is a member of the team already")),
        None => Ok(()),
    }
}

fn checked_days(days: u32) -> Result<i32, String> {
    let allowed = (1..=LONGEST_INVITATION).contains(&days).then(|| i32::try_from(days).ok()).flatten();
    allowed.ok_or_else(|| format!("use a number of days from 1 to {LONGEST_INVITATION}, such as 7"))
}

async fn note(
    ctx: &Context,
    actor: &Actor,
    tx: &mut Tx,
    team: &Access,
    action: &str,
    id: InvitationId,
) -> Result<(), Error> {
    let object = format!("invitation {id}");
    let fields: &[&str] = if action == "invitation.create" { &["role", "email", "expires"] } else { &["revoked"] };
    audit::record(ctx, actor, tx, audit::Act { team: Some(team.id), action, object: &object, fields }).await
}
