//! Real tables: caption, header scopes, a sticky head, figures on the right, sideways scrolling reachable by keyboard.

use super::erase::Erase;
use crate::prelude::*;

/// A column's header; figures are aligned right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    pub label: &'static str,
    pub figures: bool,
    /// The header is for assistive technology only (actions).
    pub quiet: bool,
}

pub const fn text(label: &'static str) -> Column {
    Column { label, figures: false, quiet: false }
}

pub const fn figures(label: &'static str) -> Column {
    Column { label, figures: true, quiet: false }
}

pub const fn actions(label: &'static str) -> Column {
    Column { label, figures: false, quiet: true }
}

/// `rows` are `<tr>` elements. `caption` names the table; `class` is the page's own (`key-table`).
pub fn table(caption: &'static str, class: &'static str, columns: &[Column], rows: Vec<AnyView>) -> AnyView {
    let head = columns.iter().map(|column| header(*column)).collect::<Vec<_>>();
    view! {
        <div class="table-scroll" role="region" aria-label=caption tabindex="0">
            <table class=format!("table {class}")>
                <caption class="visually-hidden">{caption}</caption>
                <thead>
                    <tr>{head}</tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .erase()
}

fn header(column: Column) -> AnyView {
    let Column { label, figures, quiet } = column;
    let class = if figures { "figures" } else { "" };
    view! {
        <th scope="col" class=class>
            <span class=if quiet { "visually-hidden" } else { "" }>{label}</span>
        </th>
    }
    .erase()
}
