//! Grids of one team, beyond the limits that `domain::grid` knows: models it can call, images it has, schemas that are
//! schemas, tools that exist, and a value for every variable. All wrong fields at once, by their dotted names.
//!
//! Here: what is wrong, for the form as well as for the start. Never here: what a cell costs and what its model can do; that
//! is the workbench's.

mod repair;
mod said;

use std::collections::{HashMap, HashSet};

use domain::{
    ApiError,
    error::{FieldError, FieldErrors},
    grid::{
        AnswerFormat, Case, Grid, ImageRef, MAX_CASES, MAX_CELL_IMAGE_BYTES, MAX_GRID_BYTES, MAX_VARIANTS, Prompt,
        Settings, Turn,
    },
    id::TeamId,
    run::Place,
};
use serde_json::Value;
use store::pool::Connection;

pub(crate) use repair::repaired;

use crate::{Context, Error};

/// Most bytes of a grid as it is stored: texts, and all that stands around them.
const MOST_STORED_BYTES: usize = 2 * MAX_GRID_BYTES;
/// Most fields whose NUL characters are named.
const MOST_NULS: usize = 20;
/// What a tool choice may say besides the name of a tool.
const CHOICES: [&str; 4] = ["", "auto", "none", "required"];

/// What is wrong with a grid, and which of its cells could run nevertheless.
#[derive(Debug, Default)]
pub(crate) struct Checked {
    pub wrong: Vec<FieldError>,
    /// Variants whose model the team cannot call.
    unknown: HashSet<u16>,
    /// Cases that lack a value, or are too long with theirs.
    unfit: HashSet<u16>,
}

impl Checked {
    fn of(errors: FieldErrors) -> Self {
        let wrong = errors.finish().err().map(|error| error.fields).unwrap_or_default();
        Self { wrong, ..Self::default() }
    }

    /// Notes what is wrong, unless the field or what it is part of has a message already.
    pub(crate) fn add(&mut self, field: &str, message: impl Into<String>) {
        let is_part = |of: &str| field.strip_prefix(of).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
        if !self.wrong.iter().any(|known| is_part(&known.field)) {
            self.wrong.push(FieldError { field: field.to_owned(), message: message.into() });
        }
    }

    pub(crate) fn may_run(&self, place: Place) -> bool {
        !self.unknown.contains(&place.variant) && !self.unfit.contains(&place.case)
    }

    /// `Ok` when no field was wrong.
    pub(crate) fn finish(self) -> Result<(), ApiError> {
        let mut errors = FieldErrors::default();
        for FieldError { field, message } in self.wrong {
            errors.add(&field, message);
        }
        errors.finish()
    }
}

/// Checks a grid for a team. Its images get the facts of what is stored, whatever the form said about them.
pub(crate) async fn check(ctx: &Context, db: &mut Connection, team: TeamId, grid: &mut Grid) -> Result<Checked, Error> {
    let mut checked = Checked::of(grid.check());
    check_storable(grid, &mut checked);
    check_models(db, team, grid, &mut checked).await?;
    check_images(db, team, grid, &mut checked).await?;
    check_tools(ctx, grid, &mut checked);
    said::check(grid, &mut checked);
    Ok(checked)
}

/// Checks cases alone, as a case set keeps them.
pub(crate) async fn check_cases(db: &mut Connection, team: TeamId, cases: Vec<Case>) -> Result<Vec<Case>, Error> {
    let mut grid = Grid { cases, ..Grid::default() };
    let mut checked = Checked::of(grid.check());
    checked.wrong.retain(|wrong| wrong.field.split('.').next() == Some("cases"));
    check_storable(&grid, &mut checked);
    check_images(db, team, &mut grid, &mut checked).await?;
    checked.finish()?;
    Ok(grid.cases)
}

/// A draft may be unfinished and wrong, but not larger than a grid, nor hold what no table can keep.
pub(crate) fn check_draft(grid: &Grid) -> Result<(), ApiError> {
    let mut checked = Checked::default();
    if grid.variants.len() > MAX_VARIANTS {
        checked.add("variants", format!("use at most {MAX_VARIANTS} models"));
    }
    if grid.cases.len() > MAX_CASES {
        checked.add("cases", format!("use at most {MAX_CASES} cases"));
    }
    check_storable(grid, &mut checked);
    checked.finish()
}

/// Too much, or a NUL character, which is no text for the database.
fn check_storable(grid: &Grid, checked: &mut Checked) {
    // A grid always has a form in JSON.
    let value = serde_json::to_value(grid).unwrap_or_default();
    if value.to_string().len() > MOST_STORED_BYTES {
        checked.add("grid", format!("all of it may have at most {} MiB", MOST_STORED_BYTES / 1024 / 1024));
    }
    let mut found = Vec::new();
    find_nul(&value, String::new(), &mut found);
    for field in found {
        checked.add(&field, "remove the NUL character");
    }
}

fn find_nul(value: &Value, at: String, found: &mut Vec<String>) {
    if found.len() == MOST_NULS {
        return;
    }
    let within = |name: &str| if at.is_empty() { name.to_owned() } else { format!("{at}.{name}") };
    match value {
        Value::String(text) if text.contains('\0') => found.push(at),
        Value::Array(list) => {
            for (index, value) in list.iter().enumerate() {
                find_nul(value, within(&index.to_string()), found);
            }
        }
        Value::Object(members) => {
            for (name, value) in members {
                find_nul(value, within(name), found);
            }
        }
        _ => {}
    }
}

async fn check_models(db: &mut Connection, team: TeamId, grid: &Grid, checked: &mut Checked) -> Result<(), Error> {
    let callable = store::models::list(db, team).await?;
    let names: HashSet<&str> =
        callable.iter().flat_map(|model| model.aliases.iter().chain([&model.name])).map(String::as_str).collect();
    for (variant, index) in grid.variants.iter().take(MAX_VARIANTS).zip(0u16..) {
        if !names.contains(variant.model.as_str()) {
            let shown: String = variant.model.chars().filter(|c| !c.is_control()).take(100).collect();
            let message = match shown.is_empty() {
                true => "choose a model".to_owned(),
                false => format!("this team has no model named {shown}"),
            };
            checked.add(&format!("variants.{index}.model"), message);
            checked.unknown.insert(index);
        }
    }
    Ok(())
}

async fn check_images(db: &mut Connection, team: TeamId, grid: &mut Grid, checked: &mut Checked) -> Result<(), Error> {
    let Grid { prompt, variants, cases, settings: _, samples: _, task: _ } = grid;
    let mut lists = vec![("prompt".to_owned(), &mut prompt.turns)];
    for (index, variant) in variants.iter_mut().enumerate() {
        lists.extend(variant.prompt.as_mut().map(|own| (format!("variants.{index}.prompt"), &mut own.turns)));
    }
    lists.extend(cases.iter_mut().enumerate().map(|(index, case)| (format!("cases.{index}"), &mut case.turns)));
    let used = lists.iter().flat_map(|(_, turns)| turns.iter()).flat_map(|turn| turn.images.iter());
    let ids: HashSet<_> = used.map(|image| image.id).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let ids: Vec<_> = ids.into_iter().collect();
    let stored = store::images::describe(db, team, &ids).await?;
    let stored: HashMap<_, ImageRef> = stored.into_iter().map(|image| (image.id, image)).collect();
    for (at, turns) in lists {
        for (index, Turn { images, .. }) in turns.iter_mut().enumerate() {
            for image in images {
                match stored.get(&image.id) {
                    Some(stored) => image.clone_from(stored),
                    None => checked.add(&format!("{at}.turns.{index}.images"), "add the image again: it is not there"),
                }
            }
        }
    }
    check_image_bytes(grid, checked);
    Ok(())
}

/// An image is sent as often as it is shown, so many small references can make a very large request.
fn check_image_bytes(grid: &Grid, checked: &mut Checked) {
    let prompts = grid.variants.iter().take(MAX_VARIANTS).map(|variant| grid.prompt_of(variant).image_bytes());
    let most = prompts.max().unwrap_or(0);
    let message = || format!("the images of one cell may have {} MiB together", MAX_CELL_IMAGE_BYTES / 1024 / 1024);
    if most > MAX_CELL_IMAGE_BYTES {
        return checked.add("prompt.turns", message());
    }
    for (index, case) in grid.cases.iter().enumerate().take(MAX_CASES) {
        if most + case.image_bytes() > MAX_CELL_IMAGE_BYTES {
            checked.add(&format!("cases.{index}.turns"), message());
        }
    }
}

/// Schemas are schemas, and a chosen tool exists.
fn check_tools(ctx: &Context, grid: &Grid, checked: &mut Checked) {
    let is_object = |text: &str| serde_json::from_str::<Value>(text).is_ok_and(|value| value.is_object());
    let mut schema = |field: String, text: &str| {
        // What is not even an object has its message.
        if is_object(text)
            && let Err(message) = ctx.workbench.check_schema(text)
        {
            checked.add(&field, message);
        }
    };
    let own = grid.variants.iter().enumerate().take(MAX_VARIANTS);
    let prompts = own.clone().filter_map(|(index, it)| Some((format!("variants.{index}.prompt"), it.prompt.as_ref()?)));
    for (at, Prompt { system: _, turns: _, tools }) in
        std::iter::once(("prompt".to_owned(), &grid.prompt)).chain(prompts)
    {
        for (index, tool) in tools.iter().enumerate() {
            schema(format!("{at}.tools.{index}.schema"), &tool.schema);
        }
    }
    let settings = own.filter_map(|(index, it)| Some((format!("variants.{index}.settings"), it.settings.as_ref()?)));
    for (at, settings) in std::iter::once(("settings".to_owned(), &grid.settings)).chain(settings) {
        if settings.format == AnswerFormat::Schema {
            schema(format!("{at}.schema"), &settings.schema);
        }
    }
    for (index, variant) in grid.variants.iter().enumerate().take(MAX_VARIANTS) {
        let Settings { tool_choice, .. } = grid.settings_of(variant);
        let tools = &grid.prompt_of(variant).tools;
        let message = match tool_choice.as_str() {
            "required" if tools.is_empty() => "there is no tool that could be required".to_owned(),
            choice if CHOICES.contains(&choice) || tools.iter().any(|tool| tool.name == choice) => continue,
            _ => "use auto, none, required or the name of a tool of the prompt".to_owned(),
        };
        let at = if variant.settings.is_some() { format!("variants.{index}.settings") } else { "settings".to_owned() };
        checked.add(&format!("{at}.tool_choice"), message);
    }
}

/// The cells that are asked for: all, or those that are named. What lies outside of the grid is a wrong field.
pub(crate) fn places(grid: &Grid, only: &[Place], checked: &mut Checked) -> Vec<Place> {
    let count = |length: usize, most: usize| u16::try_from(length.min(most)).unwrap_or(0);
    let (variants, cases) = (count(grid.variants.len(), MAX_VARIANTS), count(grid.cases.len(), MAX_CASES));
    let all = (0..cases).flat_map(|case| (0..variants).map(move |variant| Place { variant, case }));
    if only.is_empty() {
        return all.collect();
    }
    let asked: HashSet<(u16, u16)> = only.iter().map(|place| (place.variant, place.case)).collect();
    if asked.iter().any(|(variant, case)| *variant >= variants || *case >= cases) {
        checked.add("only", "these cells are not all in the grid");
    }
    all.filter(|place| asked.contains(&(place.variant, place.case))).collect()
}
