//! The rows of a grid: a small table with a column for each variable of the prompts.

use domain::grid::{Case, Grid, MAX_CASES};

use super::{
    draft::{Draft, blank_case},
    panel::Panel,
};
use crate::{
    browser,
    components::{
        button::{Look, icon_button, plain_button},
        erase::{Erase, views},
        reactive::{remade, settled, when},
        state::State,
        text_box::{TextBox, text_box},
    },
    format::plural,
    prelude::*,
};

pub mod import;
pub mod sets;

/// Rows shown at once.
const PAGE: usize = 20;

pub fn cases_view(draft: Draft, panel: State<Panel>) -> AnyView {
    let shown = RwSignal::new(PAGE);
    // The columns of the table change while a prompt is typed, but seldom.
    let variables = settled(Memo::new(move |_| draft.grid.with(columns).join(" ")));
    let changes = move || {
        draft.shape.track();
        shown.track();
        variables.track();
    };
    let table = move || {
        let (shown, variables) = (shown.get_untracked(), variables.get_untracked());
        let variables: Vec<String> = variables.split_whitespace().map(str::to_owned).collect();
        let cases: Vec<(usize, Case)> = draft.read(|grid| grid.cases.iter().take(shown).cloned().enumerate().collect());
        case_table(draft, &variables, cases, panel)
    };
    let hidden = move || {
        draft.shape.track();
        draft.read(|grid| grid.cases.len()).saturating_sub(shown.get())
    };
    let more = move || {
        plain_button(
            Look::Quiet,
            format!("Show {}", plural(hidden() as u64, "more case", "more cases")),
            "",
            move || {
                shown.update(|shown| *shown += PAGE);
            },
        )
    };
    let error = draft.problem("cases".to_owned());
    view! {
        <div class="cases">
            {remade(changes, table)}
            {when(move || hidden() > 0, more)}
            <p class="field-note field-error">{move || error.get()}</p>
            <div class="case-foot">
                {plain_button(Look::Secondary, "Add case", "plus", move || add(draft))}
                {plain_button(Look::Quiet, "Bring in CSV or JSON lines", "file", move || panel.set(Panel::Import))}
                {plain_button(Look::Quiet, "Case sets", "list", move || panel.set(Panel::Sets))}
            </div>
        </div>
    }
    .erase()
}

/// The variables of the prompts, and those that only cases have: a value that nobody asks for is still somebody's.
pub fn columns(grid: &Grid) -> Vec<String> {
    let mut names = grid.variables();
    for (name, _) in grid.cases.iter().flat_map(|case| &case.values) {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    names
}

fn add(draft: Draft) {
    let at = draft.read(|grid| grid.cases.len());
    draft.reshape(&|grid| {
        if grid.cases.len() < MAX_CASES {
            let case = blank_case(grid);
            grid.cases.push(case);
        }
    });
    request_animation_frame(move || browser::focus(&format!("case-{at}-name")));
}

fn case_table(draft: Draft, variables: &[String], cases: Vec<(usize, Case)>, panel: State<Panel>) -> AnyView {
    let heads = views(variables.to_vec(), &|name| {
        view! {
            <th scope="col" class="mono">
                {name}
            </th>
        }
        .erase()
    });
    let is_only = cases.len() == 1;
    let rows = views(cases, &|(index, case)| case_row(draft, variables, index, &case, is_only, panel));
    let hint = variables.is_empty().then(|| {
        view! { <p class="form-text">"Write {{name}} in a prompt to have a column for its values here."</p> }.erase()
    });
    view! {
        <div class="table-scroll" role="region" aria-label="Cases" tabindex="0">
            <table class="table case-table">
                <caption class="visually-hidden">"Cases"</caption>
                <thead>
                    <tr>
                        <th scope="col">"Case"</th>
                        {heads}
                        <th scope="col">"Messages"</th>
                        <th scope="col">
                            <span class="visually-hidden">"Actions"</span>
                        </th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
        {hint}
    }
    .into_any()
}

fn case_row(
    draft: Draft,
    variables: &[String],
    index: usize,
    case: &Case,
    is_only: bool,
    panel: State<Panel>,
) -> AnyView {
    let number = index + 1;
    let name = TextBox {
        id: format!("case-{index}-name"),
        label: format!("Name of case {number}"),
        quiet: true,
        placeholder: "unnamed",
        error: draft.problem(format!("cases.{index}.name")),
        ..TextBox::default()
    };
    let named = Callback::new(move |text: String| {
        draft.type_in(&|grid| {
            if let Some(case) = grid.cases.get_mut(index) {
                case.name.clone_from(&text);
            }
        });
    });
    let values = views(variables.to_vec(), &|variable| {
        let first = case.values.iter().find(|(known, _)| *known == variable).map(|(_, value)| value.clone());
        view! { <td>{value_box(draft, index, variable, first.unwrap_or_default())}</td> }.erase()
    });
    let messages = match case.turns.len() {
        0 => "none".to_owned(),
        some => plural(some as u64, "message", "messages"),
    };
    let remove = (!is_only).then(|| {
        icon_button("x", format!("Remove case {number}"), move || {
            draft.reshape(&|grid| {
                if grid.cases.len() > 1 && index < grid.cases.len() {
                    grid.cases.remove(index);
                }
            });
        })
    });
    let copy = icon_button("copy", format!("Copy case {number}"), move || {
        draft.reshape(&|grid| {
            if let Some(case) = grid.cases.get(index).filter(|_| grid.cases.len() < MAX_CASES).cloned() {
                grid.cases.insert(index + 1, case);
            }
        });
    });
    view! {
        <tr>
            <th scope="row">
                {text_box(name, case.name.clone(), named, Callback::new(move |()| draft.leave(&format!("cases.{index}.name"))))}
            </th>
            {values}
            <td>{plain_button(Look::Quiet, messages, "pencil", move || panel.set(Panel::Case(index)))}</td>
            <td class="row-actions">{copy} {remove}</td>
        </tr>
    }
    .erase()
}

fn value_box(draft: Draft, index: usize, variable: String, first: String) -> AnyView {
    let path = format!("cases.{index}.values");
    let it = TextBox {
        id: format!("case-{index}-{variable}"),
        label: format!("{variable} of case {}", index + 1),
        quiet: true,
        rows: 1,
        error: draft.problem(path.clone()),
        ..TextBox::default()
    };
    let typed = Callback::new(move |text: String| {
        draft.type_in(&|grid| {
            let Some(case) = grid.cases.get_mut(index) else { return };
            match case.values.iter_mut().find(|(known, _)| *known == variable) {
                Some((_, value)) => value.clone_from(&text),
                None => case.values.push((variable.clone(), text.clone())),
            }
        });
    });
    text_box(it, first, typed, Callback::new(move |()| draft.leave(&path)))
}
