//! The people of one team: list, roles, and how a membership begins and ends apart from invitations.
//!
//! A change waits for other changes of the same team, so that the last admin who can sign in stays (`product.md` TM-6). Whoever
//! goes takes their personal keys and the invitations that they answered for with them (TM-3, TM-5).

use domain::{
    id::{TeamId, UserId},
    permission::Permission,
    person::Member,
    role::TeamRole,
};
use store::{
    members::Listed,
    pool::{self, Tx},
};

use crate::{Access, Actor, Context, Error, audit, invitations, stamps::Stamps};

pub async fn list(ctx: &Context, actor: &Actor, team: &str) -> Result<Vec<Member>, Error> {
    let team = actor.team(ctx, team).await?;
    actor.require(Permission::ReadTeam, &team)?;
    let mut db = pool::connection(&ctx.pools.dashboard).await?;
    let stamps = Stamps::of_reader(actor, &mut db).await?;
    let members = store::members::list(&mut db, team.id).await?.into_iter().map(|listed| {
        let Listed { user, email, name, role, instance_role, disabled, joined_at, last_seen_at } = listed;
        Member {
            user,
            email,
            name,
            role,
            disabled,
            is_you: actor.user() == Some(user),
            instance_role,
            joined: stamps.of(joined_at),
            last_seen: last_seen_at.map(|at| stamps.of(at)),
        }
    });
    Ok(members.collect())
}

/// It holds from their next request on.
pub async fn set_role(ctx: &Context, actor: &Actor, team: &str, user: UserId, role: TeamRole) -> Result<(), Error> {
    let team = actor.team(ctx, team).await?;
    actor.require(Permission::ManageMembers, &team)?;
    require_gift(actor, &team, role)?;
    let mut tx = ctx.begin().await?;
    store::teams::lock(&mut tx, team.id).await?;
    let before = store::members::role(&mut tx, team.id, user).await?.ok_or(Error::NotFound)?;
    if before == role {
        return Ok(());
    }
    if before == TeamRole::Admin {
        require_other_admin(&mut tx, team.id, user, &team.slug).await?;
    }
    store::members::set_role(&mut tx, team.id, user, role).await?;
    invitations::end_unentitled(&mut tx, user).await?;
    finish(ctx, actor, tx, &team, "member.set_role", user).await
}

/// Ends a membership, the member's personal keys in the team, and the invitations they made.
pub async fn remove(ctx: &Context, actor: &Actor, team: &str, user: UserId) -> Result<(), Error> {
    let team = actor.team(ctx, team).await?;
    actor.require(Permission::ManageMembers, &team)?;
    end(ctx, actor, &team, user, "member.remove").await
}

/// Ends one's own membership.
pub async fn leave(ctx: &Context, actor: &Actor, team: &str) -> Result<(), Error> {
    let team = actor.team(ctx, team).await?;
    let user = actor.own()?.id;
    if team.role.is_none() {
        return Err(Error::conflict("you are not a member of this team"));
    }
    end(ctx, actor, &team, user, "member.leave").await
}

/// Whoever may join any team becomes a member of this one: the team sees it in its members and in the log (`security.md` AC-8).
pub async fn join(ctx: &Context, actor: &Actor, team: &str, role: TeamRole) -> Result<(), Error> {
    let team = actor.team(ctx, team).await?;
    actor.require_instance(Permission::ManageTeams)?;
    let user = actor.own()?.id;
    let mut tx = ctx.begin().await?;
    store::teams::lock(&mut tx, team.id).await?;
    if !store::members::add(&mut tx, team.id, user, role).await? {
        return Err(Error::conflict("you are a member of this team already"));
    }
    finish(ctx, actor, tx, &team, "member.join", user).await
}

async fn end(ctx: &Context, actor: &Actor, team: &Access, user: UserId, action: &str) -> Result<(), Error> {
    let mut tx = ctx.begin().await?;
    store::teams::lock(&mut tx, team.id).await?;
    let before = store::members::role(&mut tx, team.id, user).await?.ok_or(Error::NotFound)?;
    if before == TeamRole::Admin {
        require_other_admin(&mut tx, team.id, user, &team.slug).await?;
    }
    store::members::remove(&mut tx, team.id, user).await?;
    invitations::end_unentitled(&mut tx, user).await?;
    finish(ctx, actor, tx, team, action, user).await
}

/// The audit row, the news for every replica, and the end of the transaction.
async fn finish(
    ctx: &Context,
    actor: &Actor,
    mut tx: Tx,
    team: &Access,
    action: &str,
    user: UserId,
) -> Result<(), Error> {
    let object = format!("user {user}");
    let act = audit::Act { team: Some(team.id), action, object: &object, fields: &["role"] };
    audit::record(ctx, actor, &mut tx, act).await?;
    store::notify::config(&mut tx).await?;
    Ok(pool::commit(tx).await?)
}

/// Nobody gives more than they hold; whoever manages every team may give any role.
pub(crate) fn require_gift(actor: &Actor, team: &Access, role: TeamRole) -> Result<(), Error> {
    match Permission::ManageMembers.held_by(actor.role(), None) || team.role >= Some(role) {
        true => Ok(()),
        false => Err(Error::Forbidden { needs: format!("the team role {}", role.as_str()) }),
    }
}

/// The last admin of a team who can sign in stays one. Call it under the lock of the team.
pub(crate) async fn require_other_admin(tx: &mut Tx, team: TeamId, user: UserId, slug: &str) -> Result<(), Error> {
    match store::members::other_admins(tx, team, user).await? {
        0 => Err(Error::conflict(format!("the last admin of {slug} stays one: make somebody else an admin first"))),
        _ => Ok(()),
    }
}
