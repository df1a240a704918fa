//! What a price file would change: one block for each model, with its checkbox; a jump has a second one.

use control::{Actor, Context, Error};
use domain::{
    ApiError,
    permission::Permission,
    price::import::{ImportChange, ImportChoice, ImportChoices, ImportPreview, ImportReview, Imported},
};

use super::{cell, figure, headers};
use crate::{
    components::sheet::{Ask, Block, Cell, Fields, Kind, Sheet},
    format::plural,
};

/// What a checkbox says: take this deployment, compared with this version.
const TAKE: &str = "take ";
/// And: its jump was looked at.
const SURE: &str = "sure ";

pub async fn preview(ctx: &Context, actor: &Actor, ask: Ask) -> Result<Sheet, Error> {
    // No file is chosen yet: there is nothing to compare, for those who may.
    if ask.file.is_empty() {
        return actor.require_instance(Permission::ManageInstanceProviders).map(|()| Sheet::default());
    }
    control::prices::import::preview(ctx, actor, ask.file.as_bytes()).await.map(sheet)
}

pub async fn accept(ctx: &Context, actor: &Actor, ask: Ask) -> Result<String, Error> {
    let input = read(ask.subject, &ask.fields)?;
    control::prices::import::accept(ctx, actor, ask.file.as_bytes(), input).await.map(done)
}

fn sheet(preview: ImportPreview) -> Sheet {
    let ImportPreview { changes, review, same, unknown, not_matched } = preview;
    let summary = format!(
        "{} would change, {} already, {} of the file not used here.",
        plural(changes.len() as u64, "model", "models"),
        plural(same.into(), "is the same", "are the same"),
        plural(not_matched.into(), "entry", "entries"),
    );
    let mut blocks =
        vec![Block { heading: "What the file would change".to_owned(), text: summary, ..Block::default() }];
    if !unknown.is_empty() {
        blocks.push(Block { text: format!("Not in the file: {}.", unknown.join(", ")), ..Block::default() });
    }
    blocks.extend((!review.is_empty()).then(|| review_block(review)));
    Sheet { blocks, form: changes.into_iter().map(block).collect(), ..Sheet::default() }
}

fn block(change: ImportChange) -> Block {
    let ImportChange { deployment, current, model, place, entry, lines, facts, notes, is_jump } = change;
    let current = current.map(|version| version.to_string()).unwrap_or_default();
    let on = if is_jump { "" } else { "on" }.to_owned();
    let take = Cell { value: format!("{TAKE}{deployment} {current}"), note: on, ..cell(Kind::Tick, model) };
    let mut line = vec![take, Cell { note: String::new(), ..cell(Kind::Mono, format!("{place}, from {entry}")) }];
    if is_jump {
        line.push(cell(Kind::Warn, "jump"));
        line.push(Cell {
            value: format!("{SURE}{deployment}"),
            ..cell(Kind::Tick, "More than five times: I have checked this")
        });
    }
    let row = |it: domain::price::import::ImportLine| {
        let mut ratio = figure(&it.ratio, "–");
        ratio.more.extend(it.is_jump.then(|| cell(Kind::Warn, "jump")));
        vec![cell(Kind::Text, it.label), figure(&it.old, "none"), figure(&it.new, "none"), ratio]
    };
    Block {
        line,
        caption: "Rates that differ".to_owned(),
        columns: headers(&["Rate"], &["Now", "File", "Ratio"]),
        rows: lines.into_iter().map(row).collect(),
        text: facts.into_iter().chain(notes).collect::<Vec<_>>().join(" · "),
        ..Block::default()
    }
}

fn review_block(review: Vec<ImportReview>) -> Block {
    let row = |it: ImportReview| {
        vec![
            cell(Kind::Mono, it.entry),
            cell(Kind::Mono, it.field),
            cell(Kind::Mono, it.value),
            cell(Kind::Text, it.reason),
        ]
    };
    Block {
        heading: "For review: left out".to_owned(),
        caption: "For review".to_owned(),
        columns: headers(&["Entry", "Field", "Value", "Reason"], &[]),
        rows: review.into_iter().map(row).collect(),
        ..Block::default()
    }
}

/// The boxes that are ticked.
fn read(file: String, fields: &Fields) -> Result<ImportChoices, ApiError> {
    let broken = || ApiError::field("choices", "a choice could not be read: read the file again");
    let mut choices = Vec::new();
    let mut confirmed_jumps = Vec::new();
    for (name, _) in fields {
        if let Some((deployment, current)) = name.strip_prefix(TAKE).and_then(|name| name.split_once(' ')) {
            let deployment = deployment.parse().map_err(|_| broken())?;
            let current = if current.is_empty() { None } else { Some(current.parse().map_err(|_| broken())?) };
            choices.push(ImportChoice { deployment, current });
        } else if let Some(deployment) = name.strip_prefix(SURE) {
            confirmed_jumps.push(deployment.parse().map_err(|_| broken())?);
        }
    }
    let file_date =
        fields.iter().find(|(name, _)| name == "file_date").map(|(_, text)| text.clone()).unwrap_or_default();
    Ok(ImportChoices { file, file_date, choices, confirmed_jumps })
}

fn done(done: Imported) -> String {
    format!("{} taken over, not confirmed yet", plural(done.versions.into(), "price", "prices"))
}

#[cfg(test)]
mod tests {
    use domain::id::{DeploymentId, PriceVersionId};
    use uuid::Uuid;

    use super::*;

    #[test]
    fn ticked_boxes_become_the_choices_that_they_stand_for() {
        let change = |number, current: Option<u128>, is_jump| ImportChange {
            deployment: DeploymentId(Uuid::from_u128(number)),
            current: current.map(|it| PriceVersionId(Uuid::from_u128(it))),
            model: "m".to_owned(),
            place: "p/m".to_owned(),
            entry: "m".to_owned(),
            lines: Vec::new(),
            facts: Vec::new(),
            notes: Vec::new(),
            is_jump,
        };
        let changes = vec![change(1, Some(7), false), change(2, None, true)];
        let sheet = sheet(ImportPreview { changes: changes.clone(), ..ImportPreview::default() });
        let boxes: Vec<&Cell> = sheet.form.iter().flat_map(|it| &it.line).filter(|it| it.kind == Kind::Tick).collect();
        // A jump is not ticked beforehand.
        assert_eq!(boxes.iter().map(|it| it.note.as_str()).collect::<Vec<_>>(), ["on", "", ""]);
        let fields: Fields = boxes.iter().map(|it| (it.value.clone(), "on".to_owned())).collect();
        let choices = read("f".to_owned(), &fields).unwrap();
        assert_eq!(choices.choices, changes.iter().map(ImportChoice::from).collect::<Vec<_>>());
        assert_eq!(choices.confirmed_jumps, [DeploymentId(Uuid::from_u128(2))]);
        assert!(read(String::new(), &vec![("take x y".to_owned(), "on".to_owned())]).is_err());
    }
}
