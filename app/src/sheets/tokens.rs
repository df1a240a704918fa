//! The reader's own management tokens.

use control::{Actor, Context, Error};
use domain::{
    id::TokenId,
    token::{NewToken, TokenScope, TokenSummary},
};
use serde_json::json;

use super::{
    asked, cell, choice, danger, forms::FormOf, headers_with_actions, id_of, nothing, page as sheet, primary, table,
    time_or, words,
};
use crate::components::{
    form::{FieldKind, Form, Rule, Shows},
    sheet::{Ask, Cell, Kind, Sheet},
};

pub async fn page(ctx: &Context, actor: &Actor, ask: Ask) -> Result<Sheet, Error> {
    if ask.value == "new" {
        return Ok(asked(new(ctx, actor)));
    }
    let tokens = control::tokens::list(ctx, actor).await?;
    match ask.value.split_once(' ') {
        Some(("revoke", id)) => {
            let id: TokenId = id_of(id)?;
            let token = tokens.into_iter().find(|it| it.id == id).ok_or(Error::NotFound)?;
            Ok(asked(revoke(&token)))
        }
        Some(_) => Err(Error::NotFound),
        None => Ok(list(tokens)),
    }
}

fn list(tokens: Vec<TokenSummary>) -> Sheet {
    let actions = vec![primary("New token", "new")];
    if tokens.is_empty() {
        return Sheet { actions, ..Sheet::default() };
    }
    let intro = "A token lets a script manage what you may manage yourself, within its scopes. It calls no models: keys do. \
                 The API is described under API reference.";
    let columns = headers_with_actions(&["Name", "Token", "Scopes", "Team", "Expires", "Last used"]);
    let rows = tokens.into_iter().map(row).collect();
    Sheet { actions, ..sheet(vec![words(intro), table("Tokens", columns, rows)]) }
}

fn row(it: TokenSummary) -> Vec<Cell> {
    let TokenSummary { id, name, public, last_four, scopes, team, created, expires, last_used, is_expired } = it;
    let scopes: Vec<&str> = scopes.into_iter().map(TokenScope::as_str).collect();
    let mut ends = time_or(expires, "never");
    ends.more.extend(is_expired.then(|| cell(Kind::Warn, "expired")));
    vec![
        Cell { note: format!("made {}", created.text), ..cell(Kind::Text, name) },
        cell(Kind::Mono, format!("tgm_{public}_…{last_four}")),
        cell(Kind::Text, scopes.join(", ")),
        if team.is_empty() { nothing("all of yours") } else { cell(Kind::Text, team) },
        ends,
        time_or(last_used, "never used"),
        danger("Revoke", format!("revoke {id}")),
    ]
}

fn new(ctx: &Context, actor: &Actor) -> Form {
    let input = NewToken { name: String::new(), scopes: Vec::new(), team: String::new(), expires: String::new() };
    let scopes = TokenScope::ALL.iter().map(|it| choice(it.as_str(), it.as_str(), it.summary())).collect();
    let mut teams = vec![choice("", "All that you may manage", "")];
    teams.extend(actor.memberships().iter().map(|it| choice(&it.slug, &it.name, "")));
    let url = &ctx.public_url;
    let shows = Shows {
        title: "Token ¤token.name¤".to_owned(),
        warning: "This is the only time the token is shown. Store it where you keep secrets.".to_owned(),
        copy: "Copy token".to_owned(),
        secret: "¤secret¤".to_owned(),
        snippets: vec![(
            "curl".to_owned(),
            format!("curl {url}/api/v1/teams \\\n  -H \"Authorization: Bearer ¤secret¤\"\n"),
        )],
    };
    FormOf::new("New token", "tokens/create", json!({ "input": input }))
        .text("It acts as you, within its scopes, and dies with your account.")
        .field(FieldKind::Text, "input.name", "Name")
        .hint("What uses it, such as terraform or key-rotation.")
        .rule(Rule::Name)
        .required()
        .field(FieldKind::Checks, "input.scopes", "Scopes")
        .choices(scopes)
        .required()
        .field(FieldKind::Select, "input.team", "Team")
        .choices(teams)
        .field(FieldKind::Day, "input.expires", "Expires")
        .hint("Works to the end of that day. Empty: it does not expire.")
        .shows(shows)
        .submit("Create token", "")
}

fn revoke(token: &TokenSummary) -> Form {
    FormOf::new(format!("Revoke {}", token.name), "tokens/revoke", json!({ "token": token.id }))
        .text("Scripts that use it are refused at once. This cannot be undone.")
        .danger()
        .submit("Revoke token", "Token revoked")
}
