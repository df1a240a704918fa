//! The table of permissions: operation × role, with the reader's own roles marked.

use control::{Actor, Context, Error};
use domain::{
    permission::Permission,
    role::{InstanceRole, TeamRole},
};

use super::{cell, headers, instance_role, nothing, page as sheet, table, words};
use crate::components::sheet::{Ask, Block, Cell, Kind, Sheet};

const INSTANCE: [InstanceRole; 3] = [InstanceRole::Owner, InstanceRole::Admin, InstanceRole::User];
const TEAM: [TeamRole; 3] = [TeamRole::Admin, TeamRole::Member, TeamRole::Viewer];

pub async fn page(_ctx: &Context, actor: &Actor, _ask: Ask) -> Result<Sheet, Error> {
    let own: Vec<TeamRole> = actor.memberships().iter().filter_map(|it| it.role).collect();
    let mark = |mine: bool, name: String| if mine { format!("{name} (you)") } else { name };
    let instance = INSTANCE.map(|role| mark(role == instance_role(actor), format!("instance {}", role.as_str())));
    let team = TEAM.map(|role| mark(own.contains(&role), format!("team {}", role.as_str())));
    let names: Vec<&str> =
        std::iter::once("Operation").chain(instance.iter().chain(&team).map(String::as_str)).collect();
    let rows = Permission::ALL.into_iter().map(row).collect();
    let intro = "Who may do what. A role of the instance alone never reads prompts or what was said: for that, somebody joins \
                 the team, which its members see. Everybody manages their own account, sessions and tokens.";
    Ok(sheet(vec![words(intro), table("Permissions", headers(&names, &[]), rows), memberships(actor)]))
}

fn row(permission: Permission) -> Vec<Cell> {
    let yes = |may: bool| if may { cell(Kind::Ok, "yes") } else { nothing("no") };
    let mut row = vec![cell(Kind::Text, permission.summary())];
    row.extend(INSTANCE.map(|role| yes(permission.held_by(role, None))));
    // What a team role gives by itself, to somebody without a role at the instance.
    row.extend(TEAM.map(|role| yes(permission.held_by(InstanceRole::User, Some(role)))));
    row
}

fn memberships(actor: &Actor) -> Block {
    let row = |team: &control::Access| {
        let role = team.role.map_or("through your instance role", |role| role.as_str());
        vec![Cell { value: format!("/t/{}", team.slug), ..cell(Kind::Name, team.name.clone()) }, cell(Kind::Text, role)]
    };
    let rows: Vec<Vec<Cell>> = actor.memberships().iter().map(row).collect();
    let heading = "Your teams".to_owned();
    if rows.is_empty() {
        return Block { heading, text: "You are a member of no team.".to_owned(), ..Block::default() };
    }
    Block { heading, ..table("Your teams", headers(&["Team", "Your role"], &[]), rows) }
}
