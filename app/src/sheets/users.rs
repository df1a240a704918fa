//! Accounts of the instance: roles, disabling, links for a new password, sessions.

use control::{Actor, Context, Error};
use domain::{
    id::UserId,
    permission::Permission,
    person::{Person, TeamOfPerson},
    role::InstanceRole,
};
use serde_json::json;

use super::{
    asked, cell, choice, danger, does, forms::FormOf, headers_with_actions, id_of, instance_role, menu, nothing, opens,
    page as sheet, table, time_or, words,
};
use crate::components::{
    form::{FieldKind, Form, Shows},
    sheet::{Ask, Cell, Kind, Sheet},
};

pub async fn page(ctx: &Context, actor: &Actor, ask: Ask) -> Result<Sheet, Error> {
    let people = control::users::list(ctx, actor).await?;
    let may_grant = actor.require_instance(Permission::GrantInstanceAdmin).is_ok();
    let Some((what, id)) = ask.value.split_once(' ') else { return Ok(list(actor, may_grant, people)) };
    let id: UserId = id_of(id)?;
    let person = people.into_iter().find(|it| it.id == id).ok_or(Error::NotFound)?;
    match what {
        "role" => Ok(asked(role(&person))),
        "disable" => Ok(asked(disable(&person))),
        "reset" => Ok(asked(reset(&person))),
        _ => Err(Error::NotFound),
    }
}

fn list(actor: &Actor, may_grant: bool, people: Vec<Person>) -> Sheet {
    let intro = "Everybody with an account. New people come by an invitation into a team. A role of the instance gives no \
                 sight of what teams say to models.";
    let columns = headers_with_actions(&["Name", "E-mail", "Role", "Teams", "Last seen"]);
    let rows = people.into_iter().map(|it| row(actor, may_grant, it)).collect();
    sheet(vec![words(intro), table("People", columns, rows)])
}

fn row(actor: &Actor, may_grant: bool, it: Person) -> Vec<Cell> {
    let actions = menu(format!("Actions for {}", it.name), &it.id.to_string(), actions(actor, may_grant, &it));
    let Person { id: _, email, name, role, disabled, is_you, teams, created, last_seen, sessions } = it;
    let mut marks = Vec::new();
    marks.extend(is_you.then(|| cell(Kind::Tag, "you")));
    marks.extend(disabled.then(|| cell(Kind::Warn, "disabled")));
    let live = match sessions {
        0 => String::new(),
        1 => "1 session".to_owned(),
        more => format!("{more} sessions"),
    };
    vec![
        Cell { note: format!("since {}", created.text), more: marks, ..cell(Kind::Text, name) },
        cell(Kind::Text, email),
        cell(Kind::Text, role.as_str()),
        teams_of(&teams),
        Cell { more: vec![cell(Kind::Text, live)], ..time_or(last_seen, "never") },
        actions,
    ]
}

fn teams_of(teams: &[TeamOfPerson]) -> Cell {
    let named = |it: &TeamOfPerson| format!("{} ({})", it.name, it.role.as_str());
    match teams {
        [] => nothing("none"),
        [one] => cell(Kind::Text, named(one)),
        [one, rest @ ..] => {
            let note = rest.iter().map(named).collect::<Vec<_>>().join(", ");
            Cell { note, ..cell(Kind::Text, named(one)) }
        }
    }
}

/// Only a courtesy: what is above the reader's own role is refused by the operation.
fn actions(actor: &Actor, may_grant: bool, it: &Person) -> Vec<Cell> {
    let (id, input) = (it.id, json!({ "user": it.id }));
    if it.role > instance_role(actor) {
        return Vec::new();
    }
    let mut all = Vec::new();
    all.extend(may_grant.then(|| opens("Change role", format!("role {id}"))));
    if !it.is_you {
        all.push(opens("Reset password", format!("reset {id}")));
    }
    all.extend((it.sessions > 0).then(|| does("End sessions", "users/end_sessions", &input, "Sessions ended")));
    match (it.is_you, it.disabled) {
        (true, _) => {}
        (false, true) => all.push(does("Enable", "users/enable", &input, "Account enabled")),
        (false, false) => all.push(danger("Disable", format!("disable {id}"))),
    }
    all
}

fn role(person: &Person) -> Form {
    let roles = [
        (InstanceRole::User, "User", "Only what their teams let them do."),
        (InstanceRole::Admin, "Admin", "Manages accounts, teams, providers, prices and settings of the instance."),
        (InstanceRole::Owner, "Owner", "Also makes and unmakes owners and admins, and applies bundles."),
    ];
    let roles = roles.into_iter().map(|(role, label, text)| choice(role.as_str(), label, text)).collect();
    FormOf::new(format!("Role of {}", person.name), "users/set_role", json!({ "user": person.id, "role": person.role }))
        .text("Their role at the instance. Roles in teams are changed on the page of the team's members.")
        .field(FieldKind::Radios, "role", "Role")
        .choices(roles)
        .required()
        .then(|then| then.frame = true)
        .submit("Change role", "Role changed")
}

fn disable(person: &Person) -> Form {
    FormOf::new(format!("Disable {}", person.name), "users/disable", json!({ "user": person.id }))
        .text("Their sessions, personal keys and tokens stop working within a second. Nothing is deleted: the account can be enabled again.")
        .danger()
        .submit("Disable account", "Account disabled")
}

fn reset(person: &Person) -> Form {
    let shows = Shows {
        title: "New password: ¤title¤".to_owned(),
        warning: "This is the only time the link is shown. Hand it over by any way you trust; it works once, until ¤expires.text¤."
            .to_owned(),
        copy: "Copy link".to_owned(),
        secret: "¤url¤".to_owned(),
        snippets: Vec::new(),
    };
    FormOf::new(format!("Reset the password of {}", person.name), "users/reset_link", json!({ "user": person.id }))
        .text("Makes a link by which they choose a new password. The one they have works until then; earlier links stop working.")
        .shows(shows)
        .submit("Create link", "")
}
