//! Pages arranged on the server: what operations answer with, as plain cells for `components::sheet`; the forms that change
//! it, as data; and forms of cells read back into what operations take. Never compiled for the browser.
//!
//! Never here: rules, SQL, permission checks; who may not do something is not offered it, and refused by the operation all the
//! same. One more page: a file below with its arrangement. A page answers with itself, or, where `Ask::value` names what a
//! button asked for, with the one form for it: `new`, `edit <id>`.

use control::Actor;
use domain::{clock::Stamp, permission::Permission, role::InstanceRole, team::StoreContent};

use crate::components::{
    form::Choice,
    sheet::{Block, Cell, Kind, Sheet},
};

pub mod audit;
pub mod bundle;
pub mod catalog;
mod forms;
pub mod imports;
pub mod keys;
pub mod members;
pub mod models;
pub mod permissions;
pub mod prices;
pub mod profile;
pub mod providers;
pub mod reference;
pub mod sessions;
pub mod settings;
mod snippets;
pub mod teams;
pub mod tokens;
pub mod users;

fn cell(kind: Kind, text: impl Into<String>) -> Cell {
    Cell { kind, text: text.into(), ..Cell::default() }
}

/// The reader's own, for what is offered and how it is said; operations decide for themselves.
fn instance_role(actor: &Actor) -> InstanceRole {
    let holds = |permission| actor.require_instance(permission).is_ok();
    match (holds(Permission::GrantInstanceAdmin), holds(Permission::ManageUsers)) {
        (true, _) => InstanceRole::Owner,
        (false, true) => InstanceRole::Admin,
        (false, false) => InstanceRole::User,
    }
}

/// A figure, or a dash with its reason.
fn figure(text: &str, why: &str) -> Cell {
    if text.is_empty() { missing_figure(why) } else { cell(Kind::Figures, text) }
}

fn missing_figure(why: &str) -> Cell {
    Cell { note: why.to_owned(), ..cell(Kind::Missing, "") }
}

/// A dash, and its reason in words that are always there.
fn nothing(why: &str) -> Cell {
    Cell { value: why.to_owned(), ..cell(Kind::None, "") }
}

fn time(stamp: Stamp) -> Cell {
    let Stamp { iso, text, title } = stamp;
    Cell { value: iso, note: title, ..cell(Kind::Time, text) }
}

fn time_or(stamp: Option<Stamp>, why: &str) -> Cell {
    stamp.map_or_else(|| nothing(why), time)
}

/// A button that opens a form.
fn opens(label: &str, value: impl Into<String>) -> Cell {
    Cell { value: value.into(), ..cell(Kind::Open, label) }
}

/// The same for what takes something away.
fn danger(label: &str, value: impl Into<String>) -> Cell {
    Cell { value: value.into(), ..cell(Kind::Danger, label) }
}

fn primary(label: &str, value: &str) -> Cell {
    Cell { value: value.to_owned(), ..cell(Kind::Primary, label) }
}

/// A button that does something at once: the operation, what it takes, and what is said when it is done.
fn does(label: &str, operation: &str, input: &serde_json::Value, said: &str) -> Cell {
    Cell { value: format!("{operation} {input}"), note: said.to_owned(), ..cell(Kind::Post, label) }
}

fn menu(label: String, name: &str, items: Vec<Cell>) -> Cell {
    if items.is_empty() {
        return cell(Kind::Text, "");
    }
    Cell { value: name.to_owned(), more: items, ..cell(Kind::Menu, label) }
}

fn headers(first: &[&str], figures: &[&str]) -> Vec<Cell> {
    let texts = first.iter().map(|text| cell(Kind::Text, *text));
    texts.chain(figures.iter().map(|text| cell(Kind::Figures, *text))).collect()
}

/// The same with a last column for buttons.
fn headers_with_actions(columns: &[&str]) -> Vec<Cell> {
    let mut columns = headers(columns, &[]);
    columns.push(cell(Kind::Button, "Actions"));
    columns
}

fn table(caption: &str, columns: Vec<Cell>, rows: Vec<Vec<Cell>>) -> Block {
    Block { caption: caption.to_owned(), columns, rows, ..Block::default() }
}

fn words(text: impl Into<String>) -> Block {
    Block { text: text.into(), ..Block::default() }
}

fn page(blocks: Vec<Block>) -> Sheet {
    Sheet { blocks, ..Sheet::default() }
}

/// The answer to a button: the form it asked for.
fn asked(form: crate::components::form::Form) -> Sheet {
    Sheet { forms: vec![form], ..Sheet::default() }
}

/// `edit 0193…` as the word and the id; an id that is none is nothing that exists.
fn id_of<T: std::str::FromStr>(text: &str) -> Result<T, control::Error> {
    text.parse().map_err(|_| control::Error::NotFound)
}

fn choice(value: &str, label: &str, text: &str) -> Choice {
    Choice { value: value.to_owned(), label: label.to_owned(), text: text.to_owned() }
}

/// What a content policy stores, in the words of set-up.
fn content_choices() -> Vec<Choice> {
    let of = |policy: StoreContent, label, text| choice(policy.as_str(), label, text);
    vec![
        of(
            StoreContent::Full,
            "Keep prompts and answers",
            "The text of API calls is kept for 30 days. Images and files are kept as hash and size only.",
        ),
        of(
            StoreContent::Redacted,
            "Keep them with keys masked",
            "The same, but what looks like an API key is masked before it is stored. Nothing else is.",
        ),
        of(StoreContent::Metadata, "Keep numbers only", "API calls keep times, models, tokens and cost, and no text."),
    ]
}
