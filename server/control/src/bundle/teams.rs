//! `[[teams]]`: teams by slug, and their members. Members that the bundle does not name stay.

use domain::{ApiError, error::FieldErrors, id::TeamId, role::TeamRole, text};
use serde::Deserialize;
use store::teams::Team;

use super::{Action, Run};
use crate::Error;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    slug: String,
    name: String,
    #[serde(default)]
    members: Vec<MemberEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MemberEntry {
    email: String,
    role: TeamRole,
}

pub(super) async fn apply(run: &mut Run<'_>) -> Result<(), Error> {
    for entry in &run.document.teams {
        let result = one(run, entry).await;
        run.entry("teams", &entry.slug, result)?;
    }
    Ok(())
}

async fn one(run: &mut Run<'_>, entry: &Entry) -> Result<(), Error> {
    let mut errors = FieldErrors::default();
    let slug = errors.check("slug", text::slug(&entry.slug)).unwrap_or_default();
    let name = errors.check("name", text::name(&entry.name)).unwrap_or_default();
    errors.finish()?;
    let id = match store::teams::by_slug(&mut run.tx, &slug).await? {
        Some(team) if team.name == name => team.id,
        Some(team) => {
            store::teams::rename(&mut run.tx, team.id, &name).await?;
            run.note(Action::Change, "team", &slug, &["name"]).await?;
            team.id
        }
        None => {
            let id = TeamId::new(&*run.ctx.clock, &*run.ctx.entropy);
            let store_content =
                store::instance::load(&mut run.tx).await?.map(|row| row.store_content).unwrap_or_default();
            let team = Team { id, slug: slug.clone(), name, store_content };
            store::teams::insert(&mut run.tx, &team).await?;
            run.note(Action::Create, "team", &slug, &[]).await?;
            id
        }
    };
    members(run, entry, &slug, id).await
}

async fn members(run: &mut Run<'_>, entry: &Entry, slug: &str, team: TeamId) -> Result<(), Error> {
    let before = store::teams::members(&mut run.tx, team).await?;
    for member in &entry.members {
        let email = text::email(&member.email).map_err(|message| ApiError::field("members", message))?;
        let user = store::users::by_email(&mut run.tx, &email).await?;
        let user = user.ok_or_else(|| ApiError::field("members", format!("there is no user {email}")))?;
        let present = before.iter().find(|present| present.user == user.id);
        if present.is_some_and(|present| present.role == member.role) {
            continue;
        }
        store::teams::put_member(&mut run.tx, team, user.id, member.role).await?;
        let name = format!("{email} of {slug}");
        match present {
            Some(_) => run.note(Action::Change, "member", &name, &["role"]).await?,
            None => run.note(Action::Create, "member", &name, &["role"]).await?,
        }
    }
    let is_led = |members: &[store::teams::Member]| members.iter().any(|member| member.role == TeamRole::Admin);
    if is_led(&before) && !is_led(&store::teams::members(&mut run.tx, team).await?) {
        return Err(ApiError::field("members", "the last admin of a team stays one").into());
    }
    Ok(())
}
