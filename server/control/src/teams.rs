//! Teams: the reader's own, the list of all, what a team is called and keeps.

use domain::{
    error::FieldErrors,
    id::TeamId,
    permission::Permission,
    role::TeamRole,
    team::{Me, NewTeam, TeamHome, TeamLink, TeamSettings, TeamSummary},
    text,
};
use store::{
    history::Totals,
    pool::{self, Connection},
    teams::{Listed, Team},
};

use crate::{Actor, Context, Error, audit, history, setup::slug_of, stamps::Stamps};

/// Requests on the first page of a team.
const RECENT: u32 = 5;

/// Who is signed in, and the teams they can open.
pub async fn me(ctx: &Context, actor: &Actor) -> Result<Me, Error> {
    let person = actor.person().ok_or(Error::NeedsPerson)?;
    let mut db = pool::connection(&ctx.pools.dashboard).await?;
    let teams = reachable(&mut db, actor).await?;
    let zone = Stamps::of_reader(actor, &mut db).await?.zone().to_owned();
    let instance = store::instance::load(&mut db).await?;
    Ok(Me {
        name: person.name.clone(),
        email: person.email.clone(),
        role: person.role,
        instance_name: instance.map_or_else(|| "Tallygate".to_owned(), |row| row.name),
        zone,
        teams,
        public_url: ctx.public_url.to_string(),
    })
}

/// The teams this actor can open: their own, and those that an instance role lets them see.
pub async fn links(ctx: &Context, actor: &Actor) -> Result<Vec<TeamLink>, Error> {
    let mut db = pool::connection(&ctx.pools.dashboard).await?;
    reachable(&mut db, actor).await
}

async fn reachable(db: &mut Connection, actor: &Actor) -> Result<Vec<TeamLink>, Error> {
    let own = actor.memberships().iter().map(|access| TeamLink {
        id: access.id,
        slug: access.slug.clone(),
        name: access.name.clone(),
        role: access.role,
    });
    let mut teams: Vec<TeamLink> = own.collect();
    if Permission::ReadTeam.held_by(actor.role(), None) {
        for team in store::teams::all(db).await? {
            if actor.reaches(team.id) && !teams.iter().any(|link| link.id == team.id) {
                teams.push(TeamLink { id: team.id, slug: team.slug, name: team.name, role: None });
            }
        }
    }
    Ok(teams)
}

/// All teams with their size.
pub async fn list(ctx: &Context, actor: &Actor) -> Result<Vec<TeamSummary>, Error> {
    actor.require_instance(Permission::ManageTeams)?;
    let mut db = pool::connection(&ctx.pools.dashboard).await?;
    let stamps = Stamps::of_reader(actor, &mut db).await?;
    let teams = store::teams::list(&mut db, actor.user()).await?;
    Ok(teams.into_iter().map(|listed| summary(stamps, listed)).collect())
}

fn summary(stamps: Stamps, listed: Listed) -> TeamSummary {
    let Listed { team, members, keys, created_at, role } = listed;
    TeamSummary {
        slug: team.slug,
        name: team.name,
        members: u64::try_from(members).unwrap_or(0),
        keys: u64::try_from(keys).unwrap_or(0),
        store_content: team.store_content,
        created: stamps.of(created_at),
        role,
    }
}

/// Makes a team that stores what the instance says for new ones. Its creator is its first admin.
pub async fn create(ctx: &Context, actor: &Actor, input: NewTeam) -> Result<TeamSummary, Error> {
    actor.require_instance(Permission::ManageTeams)?;
    let NewTeam { name, slug } = input;
    let mut errors = FieldErrors::default();
    let name = errors.check("name", text::name(&name)).unwrap_or_default();
    let slug = if slug.trim().is_empty() { Ok(slug_of(&name)) } else { text::slug(slug.trim()) };
    let slug = errors.check("slug", slug).unwrap_or_default();
    errors.finish()?;
    let mut tx = ctx.begin().await?;
    let store_content = store::instance::load(&mut tx).await?.map(|row| row.store_content).unwrap_or_default();
    let team = Team { id: TeamId::new(&*ctx.clock, &*ctx.entropy), slug, name, store_content };
    store::teams::insert(&mut tx, &team)
        .await
        .map_err(|error| Error::taken(error, store::teams::SLUG_KEY, "team", "slug", &team.slug))?;
    if let Some(user) = actor.user() {
        store::members::add(&mut tx, team.id, user, TeamRole::Admin).await?;
    }
    let object = format!("team {}", team.slug);
    let act = audit::Act { team: Some(team.id), action: "team.create", object: &object, fields: &["name", "slug"] };
    audit::record(ctx, actor, &mut tx, act).await?;
    store::notify::config(&mut tx).await?;
    let stamps = Stamps::of_reader(actor, &mut tx).await?;
    let listed = store::teams::list(&mut tx, actor.user()).await?.into_iter().find(|it| it.team.id == team.id);
    pool::commit(tx).await?;
    listed.map(|listed| summary(stamps, listed)).ok_or(Error::NotFound)
}

pub async fn settings(ctx: &Context, actor: &Actor, team: &str) -> Result<TeamSettings, Error> {
    let team = actor.team(ctx, team).await?;
    actor.require(Permission::ReadTeam, &team)?;
    let mut db = pool::connection(&ctx.pools.dashboard).await?;
    store::teams::settings(&mut db, team.id).await?.ok_or(Error::NotFound)
}

/// Changes all settings at once; the audit row names the ones that differ. A save over somebody else's is refused.
pub async fn update(ctx: &Context, actor: &Actor, input: TeamSettings) -> Result<TeamSettings, Error> {
    let team = actor.team(ctx, &input.slug).await?;
    actor.require(Permission::ManageTeam, &team)?;
    let name = text::name(&input.name).map_err(|message| domain::ApiError::field("name", message))?;
    let asked = TeamSettings { name, ..input };
    let mut tx = ctx.begin().await?;
    store::teams::lock(&mut tx, team.id).await?;
    let before = store::teams::settings(&mut tx, team.id).await?.ok_or(Error::NotFound)?;
    let (mine, theirs) = (pairs(&asked), pairs(&before));
    let fields: Vec<&str> =
        mine.iter().zip(&theirs).filter(|(mine, theirs)| mine.1 != theirs.1).map(|(mine, _)| mine.0).collect();
    if fields.is_empty() {
        return Ok(before);
    }
    if asked.revision != before.revision {
        return Err(Error::stale(&mine, &theirs));
    }
    store::teams::update(&mut tx, team.id, &asked).await?;
    let object = format!("team {}", before.slug);
    let act = audit::Act { team: Some(team.id), action: "team.update", object: &object, fields: &fields };
    audit::record(ctx, actor, &mut tx, act).await?;
    store::notify::config(&mut tx).await?;
    let after = store::teams::settings(&mut tx, team.id).await?.ok_or(Error::NotFound)?;
    pool::commit(tx).await?;
    Ok(after)
}

/// Field and text of everything that somebody may change.
fn pairs(settings: &TeamSettings) -> [(&'static str, String); 2] {
    let TeamSettings { slug: _, revision: _, name, store_content } = settings;
    [("name", name.clone()), ("store_content", store_content.as_str().to_owned())]
}

/// What a team costs, and what is left to do.
pub async fn home(ctx: &Context, actor: &Actor, team: &str) -> Result<TeamHome, Error> {
    let team = actor.team(ctx, team).await?;
    actor.require(Permission::ReadTeam, &team)?;
    let mut db = pool::connection(&ctx.pools.dashboard).await?;
    let stamps = Stamps::of_reader(actor, &mut db).await?;
    let Totals { requests, errors, cost, unpriced, providers, models, unpriced_models, keys, runs } =
        store::history::totals(&mut db, team.id).await?;
    Ok(TeamHome {
        requests_24h: requests,
        errors_24h: errors,
        cost_24h: cost,
        unpriced_24h: unpriced,
        providers,
        models,
        unpriced_models,
        keys,
        runs,
        recent: history::recent(&mut db, actor, &team, stamps, RECENT).await?,
    })
}
