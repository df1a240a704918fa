//! Pages arranged on the server: what operations answer with, as plain cells for `components::sheet`; and forms read back
//! into what operations take. Never compiled for the browser.
//!
//! Never here: rules, requests. One more page: a file below with its arrangement.

use crate::components::sheet::{Cell, Kind};

pub mod catalog;
pub mod imports;
pub mod models;
pub mod prices;

fn cell(kind: Kind, text: impl Into<String>) -> Cell {
    Cell { kind, text: text.into(), ..Cell::default() }
}

/// A figure, or a dash with its reason.
fn figure(text: &str, why: &str) -> Cell {
    if text.is_empty() { Cell { note: why.to_owned(), ..cell(Kind::Missing, "") } } else { cell(Kind::Figures, text) }
}

fn headers(first: &[&str], figures: &[&str]) -> Vec<Cell> {
    let texts = first.iter().map(|text| cell(Kind::Text, *text));
    texts.chain(figures.iter().map(|text| cell(Kind::Figures, *text))).collect()
}
