//! The figures of all columns in one table: what narrow screens show instead of columns side by side.

use super::live::LiveCell;
use crate::{
    components::{
        erase::Erase,
        table::{Column, figures, table, text},
    },
    format::{amount, count_or_dash, duration_or_dash},
    prelude::*,
};

pub fn compare(cells: &[LiveCell]) -> AnyView {
    const COLUMNS: &[Column] =
        &[text("Model"), figures("Cost"), figures("First token"), figures("Total"), figures("In"), figures("Out")];
    let rows = cells.iter().map(|cell| row(*cell)).collect();
    view! {
        <div class="compare">
            <h2>"Compare"</h2>
            {table("Figures of all columns", "compare-table", COLUMNS, rows)}
        </div>
    }
    .erase()
}

fn row(cell: LiveCell) -> AnyView {
    let cost = move || {
        let it = cell.metrics.get();
        amount(it.cost, it.unpriced, it.usage_source)
    };
    let usage = move || cell.metrics.with(|it| it.usage);
    view! {
        <tr>
            <th scope="row" class="mono">
                {cell.model.get_value()}
            </th>
            <td class="figures" title=move || cost().title>
                {move || cost().text}
            </td>
            <td class="figures">{move || duration_or_dash(cell.metrics.with(|it| it.first_token_ms))}</td>
            <td class="figures">{move || duration_or_dash(cell.metrics.with(|it| it.total_ms))}</td>
            <td class="figures">{move || count_or_dash(usage().map(|it| it.total_input()))}</td>
            <td class="figures">{move || count_or_dash(usage().map(|it| it.total_output()))}</td>
        </tr>
    }
    .erase()
}
