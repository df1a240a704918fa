//! `[[teams]]`: teams by slug, and their members. Members that the bundle does not name stay.

use domain::{
    ApiError,
    error::FieldErrors,
    id::TeamId,
    role::TeamRole,
    team::{StoreContent, TeamSettings},
    text,
};
use serde::{Deserialize, Serialize};
use store::{pool::Tx, teams::Team};

use super::{Action, Document, Run};
use crate::{Error, invitations, members as guards};

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    slug: String,
    name: String,
    /// Absent: that of the instance for a new team, and no change for another.
    #[serde(skip_serializing_if = "Option::is_none")]
    store_content: Option<StoreContent>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    members: Vec<MemberEntry>,
}

#[derive(Deserialize, Serialize)]
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
    // Only now is it known who leads a team: one may step down before another is named.
    for (team, slug, user) in std::mem::take(&mut run.stepped_down) {
        let result = guards::require_other_admin(&mut run.tx, team, user, &slug).await;
        run.entry("teams", &slug, result)?;
    }
    Ok(())
}

async fn one(run: &mut Run<'_>, entry: &Entry) -> Result<(), Error> {
    let mut errors = FieldErrors::default();
    let slug = errors.check("slug", text::slug(&entry.slug)).unwrap_or_default();
    let name = errors.check("name", text::name(&entry.name)).unwrap_or_default();
    errors.finish()?;
    run.once("teams", slug.clone())?;
    let id = match store::teams::by_slug(&mut run.tx, &slug).await? {
        Some(team) => change(run, entry, team, name).await?,
        None => {
            let id = TeamId::new(&*run.ctx.clock, &*run.ctx.entropy);
            let usual = store::instance::load(&mut run.tx).await?.map(|row| row.store_content).unwrap_or_default();
            let team = Team { id, slug: slug.clone(), name, store_content: entry.store_content.unwrap_or(usual) };
            store::teams::insert(&mut run.tx, &team).await?;
            run.note(Action::Create, ("team", &slug), Some(id), &[]).await?;
            id
        }
    };
    members(run, entry, &slug, id).await
}

async fn change(run: &mut Run<'_>, entry: &Entry, before: Team, name: String) -> Result<TeamId, Error> {
    let Team { id, slug, name: old_name, store_content: old_policy } = before;
    let store_content = entry.store_content.unwrap_or(old_policy);
    let differs = [("name", name != old_name), ("store_content", store_content != old_policy)];
    let fields: Vec<&'static str> =
        differs.into_iter().filter_map(|(field, differs)| differs.then_some(field)).collect();
    if !fields.is_empty() {
        let settings = TeamSettings { slug: slug.clone(), revision: 0, name, store_content };
        store::teams::update(&mut run.tx, id, &settings).await?;
        run.note(Action::Change, ("team", &slug), Some(id), &fields).await?;
    }
    Ok(id)
}

async fn members(run: &mut Run<'_>, entry: &Entry, slug: &str, team: TeamId) -> Result<(), Error> {
    let before = store::teams::members(&mut run.tx, team).await?;
    for member in &entry.members {
        let email = text::email(&member.email).map_err(|message| ApiError::field("members", message))?;
        if run.once("members", format!("{slug} {email}")).is_err() {
            return Err(ApiError::field("members", format!("{email} stands there twice: leave one of them")).into());
        }
        let user = store::users::by_email(&mut run.tx, &email).await?;
        let user = user.ok_or_else(|| ApiError::field("members", format!("there is no user {email}")))?;
        let present = before.iter().find(|present| present.user == user.id);
        if present.is_some_and(|present| present.role == member.role) {
            continue;
        }
        store::teams::put_member(&mut run.tx, team, user.id, member.role).await?;
        invitations::end_unentitled(&mut run.tx, user.id).await?;
        if present.is_some_and(|present| present.role == TeamRole::Admin) {
            run.stepped_down.push((team, slug.to_owned(), user.id));
        }
        let action = if present.is_some() { Action::Change } else { Action::Create };
        run.note(action, ("member", &format!("{email} of {slug}")), Some(team), &["role"]).await?;
    }
    Ok(())
}

pub(super) async fn export(tx: &mut Tx, out: &mut Document) -> Result<(), Error> {
    let mut teams = store::teams::all(tx).await?;
    teams.sort_by(|a, b| a.slug.cmp(&b.slug));
    for Team { id, slug, name, store_content } in teams {
        let members = store::teams::members(tx, id).await?;
        let members = members.into_iter().map(|member| MemberEntry { email: member.email, role: member.role });
        out.teams.push(Entry { slug, name, store_content: Some(store_content), members: members.collect() });
    }
    Ok(())
}
