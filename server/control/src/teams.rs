//! The reader and their teams.

use domain::{
    permission::Permission,
    team::{Me, TeamHome, TeamLink},
};
use store::{history::Totals, pool};

use crate::{Actor, Context, Error, history};

/// Requests on the first page of a team.
const RECENT: u32 = 5;

/// Who is signed in, and the teams they can open.
pub async fn me(ctx: &Context, actor: &Actor) -> Result<Me, Error> {
    let person = actor.person().ok_or(Error::NeedsPerson)?;
    let mut db = pool::connection(&ctx.pools.dashboard).await?;
    let instance = store::instance::load(&mut db).await?;
    let mut teams: Vec<TeamLink> = actor
        .memberships()
        .iter()
        .map(|access| TeamLink {
            id: access.id,
            slug: access.slug.clone(),
            name: access.name.clone(),
            role: access.role,
        })
        .collect();
    if Permission::ReadTeam.held_by(actor.role(), None) {
        for team in store::teams::all(&mut db).await? {
            if !teams.iter().any(|link| link.id == team.id) {
                teams.push(TeamLink { id: team.id, slug: team.slug, name: team.name, role: None });
            }
        }
    }
    let (instance_name, zone) =
        instance.map_or_else(|| ("Tallygate".to_owned(), "UTC".to_owned()), |row| (row.name, row.reporting_zone));
    Ok(Me {
        name: person.name.clone(),
        email: person.email.clone(),
        role: person.role,
        instance_name,
        zone,
        teams,
        public_url: ctx.public_url.to_string(),
    })
}

/// What a team costs, and what is left to do.
pub async fn home(ctx: &Context, actor: &Actor, team: &str) -> Result<TeamHome, Error> {
    let team = actor.team(ctx, team).await?;
    actor.require(Permission::ReadTeam, &team)?;
    let mut db = pool::connection(&ctx.pools.dashboard).await?;
    let stamps = crate::stamps(ctx, &mut db).await?;
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
