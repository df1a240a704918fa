//! The figures of the shown rows in one table: what narrow screens have instead of columns side by side.

use super::{desk::Desk, live::LiveCell};
use crate::{
    components::{
        erase::{Erase, views},
        reactive::live,
        table::{Column, figures, table, text},
    },
    format::{amount, count_or_dash, duration_or_dash},
    prelude::*,
};

/// Rows of a large grid that the table still holds.
const MOST: usize = 60;

pub fn compare(desk: Desk) -> AnyView {
    const COLUMNS: &[Column] =
        &[text("Cell"), figures("Cost"), figures("First token"), figures("Total"), figures("In"), figures("Out")];
    live(move || {
        let shown = desk.shown();
        let cells: Vec<LiveCell> = desk
            .run
            .cells
            .with(|cells| cells.iter().filter(|cell| shown.contains(&cell.place.case)).take(MOST).copied().collect());
        let rows = views(cells, &|cell| row(desk, cell));
        view! {
            <div class="compare">
                <h2>"Compare"</h2>
                {table("Figures of all columns", "compare-table", COLUMNS, rows)}
            </div>
        }
        .erase()
    })
}

fn row(desk: Desk, cell: LiveCell) -> AnyView {
    let metrics = move || cell.current().map(|it| it.metrics.get()).unwrap_or_default();
    let cost = move || {
        let it = metrics();
        amount(it.cost, it.unpriced, it.usage_source)
    };
    let usage = move || metrics().usage;
    view! {
        <tr>
            <th scope="row" class="mono">
                {move || desk.title(cell.place)}
            </th>
            <td class="figures" title=move || cost().title>
                {move || cost().text}
            </td>
            <td class="figures">{move || duration_or_dash(metrics().first_token_ms)}</td>
            <td class="figures">{move || duration_or_dash(metrics().total_ms)}</td>
            <td class="figures">{move || count_or_dash(usage().map(|it| it.total_input()))}</td>
            <td class="figures">{move || count_or_dash(usage().map(|it| it.total_output()))}</td>
        </tr>
    }
    .erase()
}
