//! Members of a team, and the invitations that are still open.

use control::{Access, Actor, Context, Error};
use domain::{
    id::{InvitationId, UserId},
    permission::Permission,
    person::{Invitation, InvitationState, LONGEST_INVITATION, Member, NewInvitation, USUAL_INVITATION},
    role::{InstanceRole, TeamRole},
};
use serde_json::json;

use super::{
    asked, cell, choice, danger, forms::FormOf, headers_with_actions, id_of, instance_role, menu, nothing, opens,
    page as sheet, primary, table, time, time_or,
};
use crate::components::{
    form::{Choice, FieldKind, Form, Rule, Shows},
    sheet::{Ask, Block, Cell, Kind, Sheet},
};

pub async fn page(ctx: &Context, actor: &Actor, ask: Ask) -> Result<Sheet, Error> {
    let team = actor.team(ctx, &ask.team).await?;
    let may_manage = actor.may(Permission::ManageMembers, &team);
    let (what, id) = ask.value.split_once(' ').unwrap_or((&ask.value, ""));
    match what {
        "new" => return Ok(asked(invite(&team, actor))),
        "leave" => return Ok(asked(leave(&team))),
        "revoke" => return Ok(asked(revoke(&team, id_of(id)?))),
        _ => {}
    }
    let members = control::members::list(ctx, actor, &ask.team).await?;
    if what.is_empty() {
        let invitations = match may_manage {
            true => control::invitations::list(ctx, actor, &ask.team).await?,
            false => Vec::new(),
        };
        return Ok(list(may_manage, members, invitations));
    }
    let id: UserId = id_of(id)?;
    let member = members.into_iter().find(|it| it.user == id).ok_or(Error::NotFound)?;
    match what {
        "role" => Ok(asked(role(&team, &member))),
        "remove" => Ok(asked(remove(&team, &member))),
        _ => Err(Error::NotFound),
    }
}

fn list(may_manage: bool, members: Vec<Member>, invitations: Vec<Invitation>) -> Sheet {
    let actions = if may_manage { vec![primary("Invite", "new")] } else { Vec::new() };
    let rows = members.into_iter().map(|it| member(it, may_manage)).collect();
    let columns = headers_with_actions(&["Name", "E-mail", "Role", "Joined", "Last seen"]);
    let mut blocks = vec![table("Members", columns, rows)];
    if may_manage {
        blocks.push(open_invitations(invitations));
    }
    Sheet { actions, ..sheet(blocks) }
}

fn member(it: Member, may_manage: bool) -> Vec<Cell> {
    let Member { user, email, name, role, disabled, is_you, instance_role, joined, last_seen } = it;
    let mut marks = Vec::new();
    marks.extend(is_you.then(|| cell(Kind::Tag, "you")));
    marks.extend(disabled.then(|| cell(Kind::Warn, "disabled")));
    let note = match instance_role {
        InstanceRole::User => String::new(),
        role => format!("also {} of the instance", role.as_str()),
    };
    let mut actions = Vec::new();
    if may_manage {
        actions.push(opens("Change role", format!("role {user}")));
        actions.extend((!is_you).then(|| danger("Remove", format!("remove {user}"))));
    }
    actions.extend(is_you.then(|| danger("Leave the team", "leave")));
    vec![
        Cell { more: marks, ..cell(Kind::Text, name.clone()) },
        cell(Kind::Text, email),
        Cell { note, ..cell(Kind::Text, role.as_str()) },
        time(joined),
        time_or(last_seen, "never"),
        menu(format!("Actions for {name}"), &user.to_string(), actions),
    ]
}

fn open_invitations(invitations: Vec<Invitation>) -> Block {
    let heading = "Invitations".to_owned();
    if invitations.is_empty() {
        let text =
            "None. An invitation is a link: whoever opens it joins this team in the role that it names.".to_owned();
        return Block { heading, text, ..Block::default() };
    }
    let columns = headers_with_actions(&["For", "Role", "Invited by", "Expires", "State"]);
    let rows = invitations.into_iter().map(invitation).collect();
    Block { heading, ..table("Invitations", columns, rows) }
}

fn invitation(it: Invitation) -> Vec<Cell> {
    let Invitation { id, role, email, invited_by, created, expires, state } = it;
    let whom = if email.is_empty() { nothing("whoever has the link") } else { cell(Kind::Text, email) };
    let shown = match state {
        InvitationState::Open => cell(Kind::Ok, "open"),
        InvitationState::Redeemed => cell(Kind::Neutral, "accepted"),
        InvitationState::Expired => cell(Kind::Neutral, "expired"),
        InvitationState::Revoked => cell(Kind::Neutral, "revoked"),
    };
    let action = match state {
        InvitationState::Open => opens("Revoke", format!("revoke {id}")),
        _ => cell(Kind::Text, ""),
    };
    vec![
        whom,
        cell(Kind::Text, role.as_str()),
        Cell { note: created.text, ..cell(Kind::Text, invited_by) },
        time(expires),
        shown,
        action,
    ]
}

/// Roles up to the greatest that somebody may give.
fn roles(greatest: TeamRole) -> Vec<Choice> {
    let all = [
        (TeamRole::Member, "Member", "Uses playground, prompts and models, and makes personal keys."),
        (TeamRole::Viewer, "Viewer", "Reads what the team has, and changes nothing."),
        (TeamRole::Admin, "Admin", "Also invites people and manages keys, providers, models and settings."),
    ];
    let allowed = all.into_iter().filter(|(role, ..)| *role <= greatest);
    allowed.map(|(role, label, text)| choice(role.as_str(), label, text)).collect()
}

fn invite(team: &Access, actor: &Actor) -> Form {
    let input =
        NewInvitation { team: team.slug.clone(), role: TeamRole::Member, email: String::new(), days: USUAL_INVITATION };
    let greatest = if instance_role(actor) >= InstanceRole::Admin {
        TeamRole::Admin
    } else {
        team.role.unwrap_or(TeamRole::Viewer)
    };
    let shows = Shows {
        title: "Invitation: ¤title¤".to_owned(),
        warning: "This is the only time the link is shown. Hand it over by any way you trust; it works once, until ¤expires.text¤."
            .to_owned(),
        copy: "Copy link".to_owned(),
        secret: "¤url¤".to_owned(),
        snippets: Vec::new(),
    };
    FormOf::new("Invite to the team", "invitations/create", json!({ "input": input }))
        .text("Makes a link that works once. Nothing is sent: you hand it over.")
        .field(FieldKind::Radios, "input.role", "Role")
        .choices(roles(greatest))
        .required()
        .field(FieldKind::Email, "input.email", "E-mail")
        .hint("Only this person can accept. Empty: whoever has the link.")
        .rule(Rule::Email)
        .field(FieldKind::Number, "input.days", "Days until it expires")
        .hint(format!("1 to {LONGEST_INVITATION}."))
        .required()
        .shows(shows)
        .submit("Create link", "")
}

fn role(team: &Access, member: &Member) -> Form {
    let base = json!({ "team": team.slug, "user": member.user, "role": member.role });
    FormOf::new(format!("Role of {}", member.name), "members/set_role", base)
        .text("Holds within a second, also on pages that are open.")
        .field(FieldKind::Radios, "role", "Role")
        .choices(roles(TeamRole::Admin))
        .required()
        .then(|then| then.frame = true)
        .submit("Change role", "Role changed")
}

/// Asked first: a link that somebody waits for is not given again, only replaced.
fn revoke(team: &Access, id: InvitationId) -> Form {
    FormOf::new("Revoke this invitation", "invitations/revoke", json!({ "team": team.slug, "id": id }))
        .text("Whoever has the link is refused from now on. To let them in you need a new one.")
        .danger()
        .submit("Revoke invitation", "Invitation revoked")
}

fn remove(team: &Access, member: &Member) -> Form {
    let base = json!({ "team": team.slug, "user": member.user });
    FormOf::new(format!("Remove {}", member.name), "members/remove", base)
        .text("They lose the team within a second, and their personal keys in it are revoked. Service keys stay.")
        .danger()
        .submit("Remove member", "Member removed")
}

fn leave(team: &Access) -> Form {
    FormOf::new(format!("Leave {}", team.name), "members/leave", json!({ "team": team.slug }))
        .text("Your personal keys in this team are revoked. To come back you need a new invitation.")
        .danger()
        .then(|then| {
            then.frame = true;
            "/".clone_into(&mut then.go);
        })
        .submit("Leave team", "You left the team")
}
