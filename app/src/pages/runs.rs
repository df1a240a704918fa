//! Earlier runs of the team, newest first.

use domain::run::RunSummary;

use super::team;
use crate::{
    api,
    components::{
        badge::{Tone, badge},
        button::{Look, link_button},
        empty_state::empty_state,
        erase::Erase,
        fetched::fetch,
        page::Page,
        skeleton::Shape,
        table::{Column, figures, table, text},
        time::time,
    },
    format::amount,
    prelude::*,
};

#[component]
pub fn Runs() -> impl IntoView {
    let team = team();
    let list = fetch(move || team.get(), api::runs::list);
    let actions = view! {
        <a class="button button-primary" href=move || format!("/t/{}/playground", team.get())>
            <span>"New run"</span>
        </a>
    }
    .erase();
    view! {
        <Page title="Runs" actions=actions>
            {list.loaded(Shape::Table, move |all| runs(all, team.get_untracked()))}
        </Page>
    }
}

fn runs(all: Vec<RunSummary>, team: String) -> AnyView {
    const COLUMNS: &[Column] =
        &[text("Prompt"), text("Models"), text("State"), figures("Cost"), text("Started by"), text("Started")];
    if all.is_empty() {
        let href = format!("/t/{team}/playground");
        let action = link_button(Look::Primary, href, "Open playground", "columns");
        let words = "A run sends one prompt to several models and shows their answers side by side.";
        return empty_state("play", "No run yet", words.to_owned(), Some(action));
    }
    table("Runs", "run-table", COLUMNS, all.into_iter().map(|it| row(it, &team)).collect())
}

fn row(run: RunSummary, team: &str) -> AnyView {
    let RunSummary { id, title, models, starter, created, finished, cost } = run;
    let state = if finished { badge(Tone::Ok, "finished") } else { badge(Tone::Active, "running") };
    let cost = amount(cost, false, None);
    let names = models.join(", ");
    view! {
        <tr>
            <th scope="row" class="cell-title">
                <a href=format!("/t/{team}/playground/{id}") title=title.clone()>
                    {title.clone()}
                </a>
            </th>
            <td class="mono cell-title" title=names.clone()>
                {names.clone()}
            </td>
            <td>{state}</td>
            <td class="figures" title=cost.title>
                {cost.text}
            </td>
            <td>{starter}</td>
            <td>{time(created)}</td>
        </tr>
    }
    .erase()
}
