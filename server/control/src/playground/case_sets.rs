//! Named lists of cases: of one person, or of the whole team (`product.md` PG-14).

use domain::{
    error::FieldErrors,
    grid::{Case, MAX_CASES},
    id::CaseSetId,
    permission::Permission,
    run::{CaseSet, NewCaseSet},
    text,
};
use store::{case_sets::Listed, pool};

use crate::{Actor, Context, Error, audit, grids};

/// Most case sets that one person sees.
const MOST_SETS: usize = 500;
/// The constraint that a second set of one name and owner hits.
const NAME_KEY: &str = "case_sets_name_key";

/// The reader's own and those that the team shares, by name.
pub async fn case_sets(ctx: &Context, actor: &Actor, team: &str) -> Result<Vec<CaseSet>, Error> {
    let team = actor.team(ctx, team).await?;
    actor.require(Permission::RunPlayground, &team)?;
    let user = actor.user().ok_or(Error::NeedsPerson)?;
    let mut db = pool::connection(&ctx.pools.dashboard).await?;
    let rows = store::case_sets::list(&mut db, team.id, user).await?;
    let shown = |row: Listed| CaseSet {
        id: row.id,
        name: row.name,
        cases: row.cases,
        owner: row.owner_name,
        shared: row.shared,
        is_mine: row.owner == user,
    };
    Ok(rows.into_iter().map(shown).collect())
}

/// The cases of a set that the reader may see.
pub async fn case_set(ctx: &Context, actor: &Actor, team: &str, set: CaseSetId) -> Result<Vec<Case>, Error> {
    let team = actor.team(ctx, team).await?;
    actor.require(Permission::RunPlayground, &team)?;
    let user = actor.user().ok_or(Error::NeedsPerson)?;
    let mut db = pool::connection(&ctx.pools.dashboard).await?;
    let set = store::case_sets::get(&mut db, team.id, set).await?.ok_or(Error::NotFound)?;
    match set.shared || set.owner == user {
        true => Ok(set.cases),
        false => Err(Error::NotFound),
    }
}

/// Keeps cases under a name. The same name again replaces what the same person kept under it.
pub async fn save_case_set(ctx: &Context, actor: &Actor, input: NewCaseSet) -> Result<CaseSetId, Error> {
    let NewCaseSet { team, name, shared, cases } = input;
    let team = actor.team(ctx, &team).await?;
    actor.require(Permission::RunPlayground, &team)?;
    let user = actor.user().ok_or(Error::NeedsPerson)?;
    let mut errors = FieldErrors::default();
    let name = errors.check("name", text::name(&name)).unwrap_or_default();
    if !(1..=MAX_CASES).contains(&cases.len()) {
        errors.add("cases", format!("use 1 to {MAX_CASES} cases"));
    }
    errors.finish()?;
    let mut tx = ctx.begin().await?;
    let cases = grids::check_cases(&mut tx, team.id, cases).await?;
    let set = store::case_sets::NewCaseSet { name: &name, shared, cases: &cases };
    let (id, action) = match store::case_sets::by_name(&mut tx, team.id, user, &name).await? {
        Some(id) => {
            store::case_sets::update(&mut tx, team.id, id, &set).await?;
            (id, "case_set.update")
        }
        None if store::case_sets::list(&mut tx, team.id, user).await?.len() >= MOST_SETS => {
            return Err(Error::conflict("there are as many case sets as there may be: remove what nobody needs"));
        }
        None => {
            let id = CaseSetId::new(&*ctx.clock, &*ctx.entropy);
            store::case_sets::insert(&mut tx, team.id, user, id, &set)
                .await
                .map_err(|error| Error::taken(error, NAME_KEY, "case set", "name", &name))?;
            (id, "case_set.create")
        }
    };
    let object = format!("case set {id}");
    let act = audit::Act { team: Some(team.id), action, object: &object, fields: &["name", "shared", "cases"] };
    audit::record(ctx, actor, &mut tx, act).await?;
    pool::commit(tx).await?;
    Ok(id)
}

/// Takes a set away: its owner's, or a shared one for who manages the team.
pub async fn remove_case_set(ctx: &Context, actor: &Actor, team: &str, set: CaseSetId) -> Result<(), Error> {
    let team = actor.team(ctx, team).await?;
    actor.require(Permission::RunPlayground, &team)?;
    let user = actor.user().ok_or(Error::NeedsPerson)?;
    let mut tx = ctx.begin().await?;
    let found = store::case_sets::get(&mut tx, team.id, set).await?.ok_or(Error::NotFound)?;
    if !found.shared && found.owner != user {
        return Err(Error::NotFound);
    }
    if found.owner != user {
        actor.require(Permission::ManageTeam, &team)?;
    }
    if !store::case_sets::archive(&mut tx, team.id, set).await? {
        return Err(Error::NotFound);
    }
    let object = format!("case set {set}");
    let act = audit::Act { team: Some(team.id), action: "case_set.remove", object: &object, fields: &["archived"] };
    audit::record(ctx, actor, &mut tx, act).await?;
    Ok(pool::commit(tx).await?)
}
