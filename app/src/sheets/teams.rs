//! All teams of the instance; the settings of one.

use control::{Actor, Context, Error};
use domain::{
    permission::Permission,
    role::TeamRole,
    team::{NewTeam, TeamSettings, TeamSummary},
};
use serde_json::json;

use super::{
    asked, cell, choice, content_choices, forms::FormOf, headers, nothing, opens, page as sheet, primary, table, time,
    words,
};
use crate::components::{
    form::{FieldKind, Form, Rule},
    sheet::{Ask, Block, Cell, Kind, Sheet},
};

pub async fn page(ctx: &Context, actor: &Actor, ask: Ask) -> Result<Sheet, Error> {
    let teams = control::teams::list(ctx, actor).await?;
    match ask.value.split_once(' ') {
        Some(("join", slug)) => {
            let team = teams.into_iter().find(|it| it.slug == slug).ok_or(Error::NotFound)?;
            Ok(asked(join(&team)))
        }
        _ if ask.value == "new" => Ok(asked(new())),
        _ => Ok(list(teams)),
    }
}

fn list(teams: Vec<TeamSummary>) -> Sheet {
    let mut columns = headers(&["Team", "Your role", "Content of new requests"], &["Members", "Keys"]);
    columns.extend([cell(Kind::Text, "Created"), cell(Kind::Button, "Actions")]);
    let rows = teams.into_iter().map(row).collect();
    let intro = "Joining a team is written into the audit log and shown to its members.";
    Sheet { actions: vec![primary("New team", "new")], ..sheet(vec![table("Teams", columns, rows), words(intro)]) }
}

fn row(it: TeamSummary) -> Vec<Cell> {
    let TeamSummary { slug, name, members, keys, store_content, created, role } = it;
    let content = content_choices().into_iter().find(|it| it.value == store_content.as_str());
    let action = match role {
        Some(_) => cell(Kind::Text, ""),
        None => opens("Join", format!("join {slug}")),
    };
    vec![
        Cell { value: format!("/t/{slug}"), note: slug, ..cell(Kind::Name, name) },
        role.map_or_else(|| nothing("not a member"), |role| cell(Kind::Text, role.as_str())),
        cell(Kind::Text, content.map(|it| it.label).unwrap_or_default()),
        cell(Kind::Figures, domain::text::thousands(members)),
        cell(Kind::Figures, domain::text::thousands(keys)),
        time(created),
        action,
    ]
}

fn new() -> Form {
    let input = NewTeam { name: String::new(), slug: String::new() };
    FormOf::new("New team", "teams/create", json!({ "input": input }))
        .text("You become its admin. What it stores at first is what the instance's settings say.")
        .field(FieldKind::Text, "input.name", "Name")
        .rule(Rule::Name)
        .required()
        .field(FieldKind::Mono, "input.slug", "Short name")
        .hint("Part of its addresses, for ever. Empty: made of the name.")
        .rule(Rule::Slug)
        .then(|then| {
            then.frame = true;
            "/t/¤slug¤/members".clone_into(&mut then.go);
        })
        .submit("Create team", "Team created: invite its members next")
}

fn join(team: &TeamSummary) -> Form {
    let roles = [(TeamRole::Admin, "Admin"), (TeamRole::Member, "Member"), (TeamRole::Viewer, "Viewer")];
    let roles = roles.into_iter().map(|(role, label)| choice(role.as_str(), label, "")).collect();
    FormOf::new(format!("Join {}", team.name), "members/join", json!({ "team": team.slug, "role": TeamRole::Member }))
        .text("The team's members see that you joined, and the audit log keeps it.")
        .field(FieldKind::Select, "role", "As")
        .choices(roles)
        .then(|then| then.frame = true)
        .submit("Join team", "You are a member now")
}

/// The settings of the team that the address names.
pub async fn settings_page(ctx: &Context, actor: &Actor, ask: Ask) -> Result<Sheet, Error> {
    let team = actor.team(ctx, &ask.team).await?;
    let settings = control::teams::settings(ctx, actor, &ask.team).await?;
    if actor.may(Permission::ManageTeam, &team) {
        return Ok(Sheet { forms: vec![settings_form(settings)], ..Sheet::default() });
    }
    let TeamSettings { slug, revision: _, name, store_content } = settings;
    let content = content_choices().into_iter().find(|it| it.value == store_content.as_str());
    let rows = [
        ("Name", cell(Kind::Text, name)),
        ("Short name", cell(Kind::Mono, slug)),
        ("Content", content.map(|it| Cell { note: it.text, ..cell(Kind::Text, it.label) }).unwrap_or_default()),
    ];
    let rows = rows.into_iter().map(|(name, value)| vec![cell(Kind::Text, name), value]).collect();
    let text = "Admins of the team can change this.".to_owned();
    Ok(sheet(vec![Block { text, ..table("Settings", headers(&["Setting", "Value"], &[]), rows) }]))
}

fn settings_form(settings: TeamSettings) -> Form {
    FormOf::new("Name and content", "teams/update", json!({ "input": settings }))
        .text("What is stored holds for requests from now on; what was stored before stays until its time is over. A key or a call may ask for less than its team, never for more. Playground runs keep their own text.")
        .field(FieldKind::Text, "input.name", "Name")
        .rule(Rule::Name)
        .required()
        .field(FieldKind::Radios, "input.store_content", "What is stored of API calls")
        .choices(content_choices())
        .required()
        .again("settings")
        .then(|then| then.frame = true)
        .submit("Save settings", "Settings saved")
}
