//! Runs of the team, newest first: the filters are a GET form, so the address says what is shown.

use domain::run::{Progress, RunPage, RunQuery, RunSummary};
use leptos_router::{
    NavigateOptions,
    hooks::{use_navigate, use_query_map},
    params::ParamsMap,
};

use super::team;
use crate::{
    api,
    components::{
        badge::{Tone, badge},
        button::{Look, link_button},
        empty_state::empty_state,
        erase::{Erase, views},
        fetched::fetch,
        later::Later,
        page::Page,
        reactive::when,
        skeleton::Shape,
        table::{Column, figures, table, text},
        time::time,
    },
    format::{amount, marked, query_value},
    prelude::*,
};

const SEARCH_MS: u64 = 200;

/// What the address asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Filter {
    team: String,
    q: String,
    open: bool,
    mine: bool,
    before: String,
}

impl Filter {
    fn query(self) -> RunQuery {
        let Self { team, q, open, mine, before } = self;
        RunQuery { team, q, open, mine, before: before.parse().ok(), limit: None }
    }

    fn address(&self) -> String {
        let mut parts = Vec::new();
        if !self.q.is_empty() {
            parts.push(format!("q={}", query_value(&self.q)));
        }
        parts.extend(self.open.then(|| "open=1".to_owned()));
        parts.extend(self.mine.then(|| "mine=1".to_owned()));
        if !self.before.is_empty() {
            parts.push(format!("before={}", self.before));
        }
        let mark = if parts.is_empty() { "" } else { "?" };
        format!("/t/{}/runs{mark}{}", self.team, parts.join("&"))
    }

    fn is_set(&self) -> bool {
        self.open || self.mine || !self.q.is_empty()
    }
}

#[derive(Clone, Copy)]
struct Asked {
    team: Signal<String>,
    query: Memo<ParamsMap>,
}

impl Asked {
    fn get(self) -> Filter {
        let query = self.query.read();
        let text = |name| query.get(name).unwrap_or_default();
        let is = |name| query.get(name).is_some();
        Filter { team: self.team.get(), q: text("q"), open: is("open"), mine: is("mine"), before: text("before") }
    }
}

#[component]
pub fn Runs() -> impl IntoView {
    let team = team();
    let asked = Asked { team, query: crate::components::reactive::settled(use_query_map()) };
    let list = fetch(move || asked.get().address(), move |_| api::runs::list(untrack(|| asked.get()).query()));
    let actions = view! {
        <a class="button button-primary" href=move || format!("/t/{}/playground", team.get())>
            <span>"New run"</span>
        </a>
    }
    .erase();
    view! {
        <Page title="Runs" actions=actions>
            {form(asked)}
            {list.loaded(Shape::Table, move |page| runs(page, untrack(|| asked.get())))}
        </Page>
    }
}

/// Works as a plain GET form; in the browser a choice applies at once.
fn form(asked: Asked) -> AnyView {
    let navigate = use_navigate();
    let go = Callback::new(move |(filter, replace): (Filter, bool)| {
        let options = NavigateOptions { replace, scroll: false, ..NavigateOptions::default() };
        navigate(&filter.address(), options);
    });
    let words = StoredValue::new(String::new());
    let search = Later::new(SEARCH_MS, move |_| {
        let q = words.get_value();
        go.run((Filter { q, before: String::new(), ..untrack(|| asked.get()) }, true));
    });
    let now = untrack(|| asked.get());
    let check = move |name: &'static str, label: &'static str, is: fn(&Filter) -> bool, set: fn(&mut Filter, bool)| {
        view! {
            <label class="check-item">
                <input
                    type="checkbox"
                    name=name
                    value="1"
                    checked=is(&untrack(|| asked.get()))
                    prop:checked=move || is(&asked.get())
                    on:change=move |event| {
                        let mut filter = Filter { before: String::new(), ..untrack(|| asked.get()) };
                        set(&mut filter, event_target_checked(&event));
                        go.run((filter, false));
                    }
                />
                <span>{label}</span>
            </label>
        }
        .erase()
    };
    let clear = move || link_button(Look::Quiet, format!("/t/{}/runs", asked.team.get()), "Clear", "");
    view! {
        <form class="filters" method="get" action=move || format!("/t/{}/runs", asked.team.get())>
            <label class="visually-hidden" for="runs-q">
                "Part of the name"
            </label>
            <input
                class="input filters-search"
                id="runs-q"
                name="q"
                type="search"
                placeholder="Find a run by its name"
                value=now.q
                on:input=move |event| {
                    words.set_value(event_target_value(&event));
                    search.ask();
                }
            />
            {check("open", "Running", |it| it.open, |it, on| it.open = on)}
            {check("mine", "Mine", |it| it.mine, |it, on| it.mine = on)}
            <noscript>
                <button class="button" type="submit">
                    "Apply"
                </button>
            </noscript>
            {when(move || asked.get().is_set(), clear)}
        </form>
    }
    .erase()
}

fn runs(page: RunPage, filter: Filter) -> AnyView {
    const COLUMNS: &[Column] = &[
        text("Name"),
        text("Models"),
        text("State"),
        figures("Cells"),
        figures("Cost"),
        text("Started by"),
        text("Started"),
    ];
    let RunPage { runs, next } = page;
    if runs.is_empty() {
        return nothing(&filter);
    }
    let rows = views(runs, &|run| row(run, &filter.team));
    let more = next.map(|id| {
        let href = Filter { before: id.to_string(), ..filter.clone() }.address();
        link_button(Look::Secondary, href, "Load more", "")
    });
    let newest = (!filter.before.is_empty()).then(|| {
        let href = Filter { before: String::new(), ..filter.clone() }.address();
        link_button(Look::Quiet, href, "Back to the newest", "")
    });
    view! {
        {table("Runs", "run-table", COLUMNS, rows)}
        <div class="table-more">{newest} {more}</div>
    }
    .into_any()
}

fn nothing(filter: &Filter) -> AnyView {
    if filter.is_set() || !filter.before.is_empty() {
        let clear = link_button(Look::Secondary, format!("/t/{}/runs", filter.team), "Clear filters", "");
        return empty_state("search", "Nothing matches", "No run fits these filters.".to_owned(), Some(clear));
    }
    let href = format!("/t/{}/playground", filter.team);
    let action = link_button(Look::Primary, href, "Open playground", "columns");
    let words = "A run sends prompts to several models and shows their answers side by side.";
    empty_state("play", "No run yet", words.to_owned(), Some(action))
}

fn row(run: RunSummary, team: &str) -> AnyView {
    let RunSummary { id, name, models, starter, created, finished, progress, cost, unpriced } = run;
    let cost = amount(Some(cost), unpriced, None);
    let (name, models) = (marked(&name), models.join(", "));
    view! {
        <tr>
            <th scope="row" class="cell-title">
                <a href=format!("/t/{team}/playground/{id}") title=name.clone()>
                    {name.clone()}
                </a>
            </th>
            <td class="mono cell-title" title=models.clone()>
                {models.clone()}
            </td>
            <td>{state(finished, &progress)}</td>
            <td class="figures">{format!("{} of {}", progress.done, progress.cells)}</td>
            <td class=if cost.unpriced { "figures cost-unknown" } else { "figures" } title=cost.title>
                {cost.text}
            </td>
            <td>{starter}</td>
            <td>{time(created)}</td>
        </tr>
    }
    .erase()
}

fn state(is_finished: bool, it: &Progress) -> AnyView {
    if !is_finished {
        return badge(Tone::Active, "running");
    }
    match it {
        Progress { failed, .. } if *failed > 0 => badge(Tone::Bad, format!("{failed} failed")),
        Progress { stopped, .. } if *stopped > 0 => badge(Tone::Neutral, format!("{stopped} stopped")),
        Progress { idle, .. } if *idle > 0 => badge(Tone::Neutral, format!("{idle} not run")),
        _ => badge(Tone::Ok, "finished"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hi_9_the_address_of_runs_leaves_defaults_out() {
        let filter = Filter { team: "core".to_owned(), ..Filter::default() };
        assert_eq!(filter.address(), "/t/core/runs");
        let filter = Filter { q: "a b".to_owned(), open: true, mine: true, before: "x".to_owned(), ..filter };
        assert_eq!(filter.address(), "/t/core/runs?q=a%20b&open=1&mine=1&before=x");
        assert_eq!(filter.query().before, None);
    }
}
