//! The file that describes an instance: what it would change, and what it has changed.

use control::{Actor, Context, Error, bundle::Secrets};
use domain::{
    ApiError,
    bundle::{ChangeAction, PlannedChange},
};

use super::{cell, headers, nothing, page as sheet, table, words};
use crate::{
    components::sheet::{Ask, Block, Cell, Kind, Sheet},
    format::plural,
};

const SURE: &str = "sure";

pub async fn page(ctx: &Context, actor: &Actor, secrets: &dyn Secrets, ask: Ask) -> Result<Sheet, Error> {
    let export = Cell { value: "/admin/bundle.toml".to_owned(), ..cell(Kind::File, "Export") };
    let actions = vec![export];
    if ask.file.is_empty() {
        actor.require_instance(domain::permission::Permission::ManageBundle)?;
        return Ok(Sheet { actions, ..Sheet::default() });
    }
    let changes = match control::bundle::plan(ctx, actor, &ask.file, secrets).await {
        Ok(changes) => changes,
        Err(Error::Invalid(error)) => return Ok(Sheet { actions, ..sheet(vec![wrong(error)]) }),
        Err(error) => return Err(error),
    };
    let heading = format!("What {} would change", if ask.subject.is_empty() { "the file" } else { &ask.subject });
    if changes.is_empty() {
        let text = "Nothing: the instance is already as the file says.".to_owned();
        return Ok(Sheet { actions, ..sheet(vec![Block { heading, text, ..Block::default() }]) });
    }
    let text = format!("{}. All of it happens, or nothing.", plural(changes.len() as u64, "change", "changes"));
    let block = Block { heading, text, ..list(changes) };
    let sure = Cell { value: SURE.to_owned(), ..cell(Kind::Tick, "I have read what will change") };
    let form = vec![Block { line: vec![sure], ..Block::default() }];
    Ok(Sheet { actions, form, ..sheet(vec![block]) })
}

/// What is wrong with the file: a reason to change it, not to leave the page.
fn wrong(error: ApiError) -> Block {
    let ApiError { message, fields, .. } = error;
    let heading = "This file cannot be applied".to_owned();
    if fields.is_empty() {
        return Block { heading, line: vec![cell(Kind::Bad, message)], ..Block::default() };
    }
    let rows = fields.into_iter().map(|it| vec![cell(Kind::Mono, it.field), cell(Kind::Text, it.message)]).collect();
    Block { heading, ..table("What is wrong", headers(&["Where", "What is wrong"], &[]), rows) }
}

pub async fn apply(ctx: &Context, actor: &Actor, secrets: &dyn Secrets, ask: Ask) -> Result<Sheet, Error> {
    if ask.field(SURE).is_empty() {
        return Err(ApiError::field(SURE, "read the changes and say so, then apply").into());
    }
    let changes = control::bundle::apply(ctx, actor, &ask.file, secrets).await?;
    let made = changes.iter().any(|it| it.shown_once.is_some());
    let mut blocks = vec![Block { heading: "Done".to_owned(), ..list(changes) }];
    blocks.extend(made.then(|| words("This is the only time the keys are shown. Store them where you keep secrets.")));
    Ok(sheet(blocks))
}

fn list(changes: Vec<PlannedChange>) -> Block {
    let made = changes.iter().any(|it| it.shown_once.is_some());
    let columns = headers(&["Change", "What", "Name", "Fields", "Secret"][..if made { 5 } else { 4 }], &[]);
    let row = |it: PlannedChange| {
        let PlannedChange { action, kind, name, fields, shown_once } = it;
        let action = match action {
            ChangeAction::Create => cell(Kind::Ok, "create"),
            ChangeAction::Change => cell(Kind::Warn, "change"),
        };
        let fields = if fields.is_empty() { nothing("all") } else { cell(Kind::Text, fields.join(", ")) };
        let mut row = vec![action, cell(Kind::Text, kind), cell(Kind::Mono, name), fields];
        let secret = shown_once.map(|secret| Cell { note: "Copy key".to_owned(), ..cell(Kind::Copy, secret) });
        row.extend(made.then(|| secret.unwrap_or_else(|| nothing("none"))));
        row
    };
    table("Changes", columns, changes.into_iter().map(row).collect())
}
