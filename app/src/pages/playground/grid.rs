//! The answers of a run: columns × rows, one row as a strip, or one cell. The region scrolls, never the page.

use std::sync::Arc;

use domain::{
    grid::{Case, Grid},
    run::Place,
    text::thousands,
};

use super::{
    address::Layout,
    bar::{run_bar, view_bar},
    cell::cell_view,
    columns::own_words,
    compare::compare,
    desk::Desk,
    exact::exact_drawer,
    launch::Scope,
    pairs::vote_buttons,
    parts,
};
use crate::{
    browser,
    components::{
        button::{Look, icon_button, plain_button},
        erase::{Erase, views},
        icon::icon,
        reactive::{Keyed, keyed, live, remade, settled, when},
    },
    events::FeedState,
    format::marked,
    prelude::*,
};

const REGION: &str = "answers";

pub fn grid(desk: Desk, starter: String, created: domain::clock::Stamp, feed: RwSignal<FeedState>) -> AnyView {
    let run = desk.run;
    view! {
        <section class="run" aria-label="Answers">
            {run_bar(desk, starter, created, feed)}
            {view_bar(desk)}
            {place_bar(desk)}
            {column_tabs(desk)}
            {region_view(desk)}
            {when(move || has_more(desk), move || more(desk))}
            {compare(desk)}
            {when(move || desk.address.look().blind, move || parts::pairs(desk))}
            {exact_drawer(run, desk.exact)}
        </section>
    }
    .erase()
}

fn has_more(desk: Desk) -> bool {
    let rows = usize::try_from(desk.run.rows.get()).unwrap_or(usize::MAX);
    desk.address.look().layout == Layout::Grid && rows < desk.run.cases()
}

fn more(desk: Desk) -> AnyView {
    let left = desk.run.cases() as u64 - u64::from(desk.run.rows.get());
    let label = format!("Load more rows, {} left", thousands(left));
    view! { <div class="table-more">{plain_button(Look::Secondary, label, "", move || desk.load_more())}</div> }.erase()
}

fn region_view(desk: Desk) -> AnyView {
    let shape = move |_: Option<&String>| {
        let look = desk.address.look();
        format!("{:?} {}", look.layout as u8, look.blind)
    };
    let shape = settled(Memo::new(shape));
    live(move || {
        shape.track();
        untrack(|| region(desk))
    })
}

/// Made again when the layout or the order of columns changes, not when answers do.
fn region(desk: Desk) -> AnyView {
    let layout = desk.address.look().layout;
    let order = desk.order();
    let columns = if layout == Layout::Focus { 1 } else { order.len() };
    let is_many = desk.run.cases() > 1;
    let class = format!(
        "grid layout-{} cols-{columns} {}",
        Layout::ALL.iter().find(|it| it.0 == layout).map_or("grid", |it| it.1),
        if is_many && layout == Layout::Grid { "grid-many" } else { "grid-one" },
    );
    let heads = (layout != Layout::Focus).then(|| views(order.clone(), &|variant| head(desk, variant)));
    let rows: AnyView = if layout == Layout::Focus {
        let at =
            move |_: Option<&String>| desk.run.cell_at(desk.at()).map(|cell| cell.element_id()).unwrap_or_default();
        let at = settled(Memo::new(at));
        remade(move || at.track(), move || untrack(|| focus_cell(desk)))
    } else {
        // Another order of columns is another row.
        let is_blind = desk.address.look_now().blind;
        let key = move |case: u16| usize::from(case) << 1 | usize::from(is_blind);
        keyed(move || {
            let order = untrack(|| desk.order());
            let row = |case: u16| {
                let order = order.clone();
                Keyed { key: key(case), make: Arc::new(move || row_view(desk, case, &order)) }
            };
            desk.shown().into_iter().map(row).collect()
        })
    };
    let nothing = when(
        move || desk.shown().is_empty(),
        || view! { <p class="grid-nothing">"No row differs from the base column."</p> }.erase(),
    );
    view! {
        <div
            class=class
            id=REGION
            tabindex="0"
            role="region"
            aria-label="Answers side by side"
            on:scroll=move |_| { desk.in_view.set(browser::column_in_view(REGION).unwrap_or_default()); }
        >
            {heads}
            {rows}
            {nothing}
        </div>
    }
    .into_any()
}

/// The head of a column: stays while rows scroll.
fn head(desk: Desk, variant: u16) -> AnyView {
    let of = move |grid: &Grid| grid.variants.get(usize::from(variant)).map(own_words).unwrap_or_default();
    let own = desk.run.grid.with_untracked(of);
    let is_base = move || desk.address.look().base == Some(variant);
    let is_many = desk.run.cases() > 1;
    let again = move || {
        icon_button("play", format!("Run the column {}", desk.name(variant)), move || {
            desk.launch.run(Scope::Column(variant));
        })
    };
    view! {
        <div class="grid-head" id=format!("column-{variant}")>
            <span class="mono grid-head-name" title=move || desk.name(variant)>
                {move || marked(&desk.name(variant))}
            </span>
            {(!own.is_empty()).then(|| view! { <span class="chip-note">{own}</span> }.erase())}
            {when(is_base, || view! { <span class="tag">"base"</span> }.erase())}
            <span class="grid-head-tools">{(is_many && desk.run.may_change).then(|| live(again))}</span>
        </div>
    }
    .erase()
}

fn row_view(desk: Desk, case: u16, order: &[u16]) -> AnyView {
    let cells = views(order.to_vec(), &|variant| cell_at(desk, Place { variant, case }));
    view! {
        {live(move || strip(desk, case))}
        {cells}
    }
    .into_any()
}

/// The cell of a place, once it has come from the server.
fn cell_at(desk: Desk, place: Place) -> AnyView {
    match untrack(|| desk.run.cell_at(place)) {
        Some(cell) => cell_view(desk, cell),
        None => live(move || match desk.run.cell_at(place) {
            Some(cell) => cell_view(desk, cell),
            None => view! { <div class="cell cell-missing"></div> }.erase(),
        }),
    }
}

fn focus_cell(desk: Desk) -> AnyView {
    let place = desk.at();
    match desk.run.cell_at(place) {
        Some(cell) => cell_view(desk, cell),
        None => view! { <p class="grid-nothing">"Loading this row"</p> }.erase(),
    }
}

/// The line above a row: which case it is, running it, and voting on it.
fn strip(desk: Desk, case: u16) -> AnyView {
    let words = desk.run.grid.with_untracked(|grid| {
        grid.cases
            .get(usize::from(case))
            .filter(|it| grid.cases.len() > 1 || is_said(it))
            .map(|it| case_words(case, it))
    });
    let is_voting = desk.address.look().blind;
    if words.is_none() && !is_voting {
        return ().into_any();
    }
    let (title, detail) = words.unwrap_or_default();
    let again = (desk.run.cases() > 1 && desk.run.may_change)
        .then(|| icon_button("play", format!("Run the row {}", case + 1), move || desk.launch.run(Scope::Row(case))));
    view! {
        <div class="grid-strip">
            <div class="grid-strip-inner">
                {again}
                <h3>{title}</h3>
                <p class="grid-strip-detail" title=detail.clone()>
                    {detail.clone()}
                </p>
                {is_voting.then(|| vote_buttons(desk, case))}
            </div>
        </div>
    }
    .erase()
}

fn is_said(case: &Case) -> bool {
    !case.name.is_empty() || !case.values.is_empty() || !case.turns.is_empty()
}

/// "Case 3", and what is in it.
fn case_words(index: u16, case: &Case) -> (String, String) {
    let number = index + 1;
    let title =
        if case.name.is_empty() { format!("Case {number}") } else { format!("{number}. {}", marked(&case.name)) };
    let mut parts: Vec<String> =
        case.values.iter().map(|(name, value)| format!("{name}: {}", short(&marked(value)))).collect();
    parts.extend(case.turns.iter().map(|turn| short(&marked(&turn.text))));
    (title, parts.join(" · "))
}

fn short(text: &str) -> String {
    const MOST: usize = 120;
    let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(MOST) {
        Some((at, _)) => format!("{}…", line.get(..at).unwrap_or_default()),
        None => line,
    }
}

/// Which row or cell is shown, where only one is.
fn place_bar(desk: Desk) -> AnyView {
    live(move || {
        let layout = desk.address.look().layout;
        if layout == Layout::Grid {
            return ().into_any();
        }
        let at = desk.at();
        let (cases, is_focus) = (desk.run.cases(), layout == Layout::Focus);
        if !is_focus && cases < 2 {
            return ().into_any();
        }
        let words = match is_focus {
            true => desk.title(at),
            false => format!("Case {} of {cases}", at.case + 1),
        };
        // A step goes on to the next row behind the last column.
        let step = move |by: isize| {
            let next = if is_focus { desk.step(at, by, 0) } else { desk.step(at, 0, by) };
            match is_focus && next == at {
                true => {
                    let row = desk.step(at, 0, by);
                    let edge = if by > 0 { isize::MIN / 2 } else { isize::MAX / 2 };
                    if row.case == at.case { at } else { desk.step(row, edge, 0) }
                }
                false => next,
            }
        };
        let (back, on) = (step(-1), step(1));
        let button = |name: &'static str, label: &'static str, to: Place| {
            view! {
                <button
                    class="button button-icon"
                    type="button"
                    title=label
                    aria-label=label
                    disabled=to == at
                    on:click=move |_| desk.go(to)
                >
                    {icon(name)}
                </button>
            }
            .erase()
        };
        view! {
            <div class="place-bar">
                {button("chevron-left", if is_focus { "Previous cell" } else { "Previous case" }, back)}
                <span class="place-words">{words}</span>
                {button("chevron-right", if is_focus { "Next cell" } else { "Next case" }, on)}
            </div>
        }
        .erase()
    })
}

/// Narrow screens show one column at a time; these lead to the others.
fn column_tabs(desk: Desk) -> AnyView {
    live(move || {
        let order = desk.order();
        if order.len() < 2 || desk.address.look().layout == Layout::Focus {
            return ().into_any();
        }
        let tabs = views(order.into_iter().enumerate().collect(), &|(index, variant): (usize, u16)| {
            view! {
                <button
                    class="tab mono"
                    type="button"
                    aria-pressed=move || (desk.in_view.get() as usize == index).to_string()
                    on:click=move |_| browser::bring_into_view(&format!("column-{variant}"))
                >
                    {move || desk.name(variant)}
                </button>
            }
            .erase()
        });
        view! {
            <div class="tabs cell-links" role="group" aria-label="Columns">
                {tabs}
            </div>
        }
        .erase()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_says_what_is_in_it() {
        let values = vec![("topic".to_owned(), "parsing\n dates".to_owned())];
        let case = Case { values, ..Case::default() };
        assert_eq!(case_words(2, &case), ("Case 3".to_owned(), "topic: parsing dates".to_owned()));
        let case = Case { name: "long".to_owned(), ..Case::default() };
        assert_eq!(case_words(0, &case), ("1. long".to_owned(), String::new()));
        assert_eq!(short(&"ä".repeat(200)).chars().count(), 121);
    }
}
