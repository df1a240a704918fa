//! Questions with a name: of one person, or of the whole team (`product.md` HI-2). Whoever opens one sees what they may see.

use domain::{
    error::FieldErrors,
    history::{NewView, SavedView},
    id::ViewId,
    permission::Permission,
    text,
};
use store::{pool, views::View};

use crate::{Actor, Context, Error, audit};

/// Most views that one person sees.
const MOST_VIEWS: usize = 500;
/// Longest part of an address.
const LONGEST_QUERY: usize = 2_000;

/// The reader's own and those that the team shares, by name. Whoever may see the list of requests may ask its questions.
pub async fn views(ctx: &Context, actor: &Actor, team: &str) -> Result<Vec<SavedView>, Error> {
    let team = actor.team(ctx, team).await?;
    actor.require(Permission::ReadTeam, &team)?;
    let user = actor.user().ok_or(Error::NeedsPerson)?;
    let mut db = pool::connection(&ctx.pools.dashboard).await?;
    let rows = store::views::list(&mut db, team.id, user).await?;
    let shown = |row: View| SavedView {
        id: row.id,
        name: row.name,
        query: row.query,
        shared: row.shared,
        owner: row.owner_name,
        is_mine: row.owner == user,
    };
    Ok(rows.into_iter().map(shown).collect())
}

/// Keeps a question under a name. The same name again replaces what the same person kept under it.
pub async fn save_view(ctx: &Context, actor: &Actor, input: NewView) -> Result<ViewId, Error> {
    let NewView { team, name, query, shared } = input;
    let team = actor.team(ctx, &team).await?;
    actor.require(Permission::RunPlayground, &team)?;
    let user = actor.user().ok_or(Error::NeedsPerson)?;
    let mut errors = FieldErrors::default();
    let name = errors.check("name", text::name(&name)).unwrap_or_default();
    let query = query.trim().trim_start_matches('?');
    if query.len() > LONGEST_QUERY || query.chars().any(char::is_control) {
        errors.add("query", format!("use at most {LONGEST_QUERY} bytes of an address, without control characters"));
    }
    errors.finish()?;
    let mut tx = ctx.begin().await?;
    let known = store::views::list(&mut tx, team.id, user).await?;
    let is_known = known.iter().any(|row| row.owner == user && row.name == name);
    if !is_known && known.len() >= MOST_VIEWS {
        return Err(Error::conflict("there are as many views as there may be: remove what nobody needs"));
    }
    let action = if is_known { "view.update" } else { "view.create" };
    let id = ViewId::new(&*ctx.clock, &*ctx.entropy);
    let new = store::views::NewView { name: &name, query, shared };
    let id = store::views::insert(&mut tx, team.id, user, id, &new).await?;
    let object = format!("view {id}");
    let act = audit::Act { team: Some(team.id), action, object: &object, fields: &["name", "query", "shared"] };
    audit::record(ctx, actor, &mut tx, act).await?;
    pool::commit(tx).await?;
    Ok(id)
}

/// Takes a view away: its owner's, or a shared one for who manages the team.
pub async fn remove_view(ctx: &Context, actor: &Actor, team: &str, view: ViewId) -> Result<(), Error> {
    let team = actor.team(ctx, team).await?;
    actor.require(Permission::RunPlayground, &team)?;
    let user = actor.user().ok_or(Error::NeedsPerson)?;
    let mut tx = ctx.begin().await?;
    let known = store::views::list(&mut tx, team.id, user).await?;
    let row = known.iter().find(|row| row.id == view).ok_or(Error::NotFound)?;
    if row.owner != user {
        actor.require(Permission::ManageTeam, &team)?;
    }
    if !store::views::delete(&mut tx, team.id, view).await? {
        return Err(Error::NotFound);
    }
    let object = format!("view {view}");
    let act = audit::Act { team: Some(team.id), action: "view.remove", object: &object, fields: &["removed"] };
    audit::record(ctx, actor, &mut tx, act).await?;
    Ok(pool::commit(tx).await?)
}
