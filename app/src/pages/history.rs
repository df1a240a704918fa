//! History: one row per request, newest first. The filters are a GET form, so the address says what is shown.

use domain::{
    history::{HistoryPage, HistoryQuery, HistoryRow},
    ledger::{AttemptState, Outcome},
};
use leptos_router::{
    NavigateOptions,
    hooks::{use_navigate, use_query_map},
    params::ParamsMap,
};

use super::team;
use crate::{
    api::{self, models::ModelChoice},
    components::{
        badge::{Tone, badge},
        button::{Look, link_button},
        empty_state::empty_state,
        erase::Erase,
        fetched::{Fetched, fetch},
        page::Page,
        reactive::when,
        skeleton::Shape,
        table::{Column, figures, table, text},
        time::time,
    },
    format::{amount, duration_or_dash, outcome_sentence, outcome_word, query_value, row_tokens},
    prelude::*,
};

/// What the address asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Filter {
    team: String,
    model: String,
    failed: bool,
    before: String,
}

impl Filter {
    fn query(self) -> HistoryQuery {
        HistoryQuery {
            team: self.team,
            before: self.before.parse().ok(),
            limit: None,
            model: Some(self.model).filter(|it| !it.is_empty()),
            failed: self.failed,
        }
    }

    fn address(&self, before: Option<String>) -> String {
        let mut parts = Vec::new();
        if !self.model.is_empty() {
            parts.push(format!("model={}", query_value(&self.model)));
        }
        if self.failed {
            parts.push("failed=1".to_owned());
        }
        parts.extend(before.map(|id| format!("before={id}")));
        let query = if parts.is_empty() { String::new() } else { format!("?{}", parts.join("&")) };
        format!("/t/{}/history{query}", self.team)
    }

    /// Changes whenever something else must be fetched.
    fn key(&self) -> String {
        self.address(Some(self.before.clone()))
    }

    fn is_set(&self) -> bool {
        self.failed || !self.model.is_empty()
    }
}

/// The address itself; a closure over it would be one more type of memo.
#[derive(Clone, Copy)]
struct Asked {
    team: Signal<String>,
    query: Memo<ParamsMap>,
}

impl Asked {
    fn get(self) -> Filter {
        let query = self.query.read();
        let text = |name| query.get(name).unwrap_or_default();
        let failed = query.get("failed").is_some();
        Filter { team: self.team.get(), model: text("model"), failed, before: text("before") }
    }
}

#[component]
pub fn HistoryList() -> impl IntoView {
    let team = team();
    let filter = Asked { team, query: use_query_map() };
    let list = fetch(move || filter.get().key(), move |_| api::history::list(untrack(|| filter.get()).query()));
    let models = fetch(move || team.get(), api::models::list);
    view! {
        <Page title="History">
            <FilterForm filter=filter models=models />
            {list.loaded(Shape::Table, move |page| history(page, untrack(|| filter.get())))}
        </Page>
    }
}

/// Works as a plain GET form; in the browser a choice applies at once.
#[component]
fn FilterForm(filter: Asked, models: Fetched<Vec<ModelChoice>>) -> impl IntoView {
    let navigate = use_navigate();
    let go = Callback::new(move |address: String| navigate(&address, NavigateOptions::default()));
    let choose = move |event| {
        go.run(
            Filter { model: event_target_value(&event), before: String::new(), ..untrack(|| filter.get()) }
                .address(None),
        );
    };
    let fail = move |event| {
        go.run(
            Filter { failed: event_target_checked(&event), before: String::new(), ..untrack(|| filter.get()) }
                .address(None),
        );
    };
    let option = move |name: String| {
        let mine = name.clone();
        view! {
            <option value=name.clone() selected=move || filter.get().model == mine>
                {name.clone()}
            </option>
        }
        .erase()
    };
    let options = models.view(move |all| {
        let all = all.unwrap_or_default();
        all.into_iter().map(|model| option(model.name)).collect::<Vec<_>>().into_any()
    });
    let clear = move || {
        let href = format!("/t/{}/history", filter.get().team);
        link_button(Look::Quiet, href, "Clear", "")
    };
    view! {
        <form class="filters" method="get" action=move || format!("/t/{}/history", filter.get().team)>
            <label class="visually-hidden" for="history-model">
                "Model"
            </label>
            <select class="input select" id="history-model" name="model" on:change=choose>
                <option value="" selected=move || filter.get().model.is_empty()>
                    "All models"
                </option>
                {options}
            </select>
            <label class="check-item">
                <input type="checkbox" name="failed" value="1" prop:checked=move || filter.get().failed checked=untrack(|| filter.get()).failed on:change=fail />
                <span>"Failed only"</span>
            </label>
            <noscript>
                <button class="button" type="submit">
                    "Apply"
                </button>
            </noscript>
            {when(move || filter.get().is_set(), clear)}
        </form>
    }
}

fn history(page: HistoryPage, filter: Filter) -> AnyView {
    let HistoryPage { rows, next } = page;
    if rows.is_empty() {
        return nothing(&filter);
    }
    let more = next.map(|id| link_button(Look::Secondary, filter.address(Some(id.to_string())), "Load more", ""));
    let newest =
        (!filter.before.is_empty()).then(|| link_button(Look::Quiet, filter.address(None), "Back to the newest", ""));
    view! {
        {request_table(rows, &filter.team)}
        <div class="table-more">{newest} {more}</div>
    }
    .erase()
}

fn nothing(filter: &Filter) -> AnyView {
    if filter.is_set() || !filter.before.is_empty() {
        let clear = link_button(Look::Secondary, format!("/t/{}/history", filter.team), "Clear filters", "");
        return empty_state("search", "Nothing matches", "No request fits these filters.".to_owned(), Some(clear));
    }
    let action = link_button(Look::Primary, format!("/t/{}/playground", filter.team), "Open playground", "columns");
    let words = "Every call through a key or the playground appears here with its tokens and its cost.";
    empty_state("list", "Waiting for the first request", words.to_owned(), Some(action))
}

/// The table of requests; Home shows a short one.
pub fn request_table(rows: Vec<HistoryRow>, team: &str) -> AnyView {
    const COLUMNS: &[Column] = &[
        text("Time"),
        text("Model"),
        text("Provider"),
        text("Caller"),
        text("Status"),
        figures("In"),
        figures("Out"),
        figures("Cost"),
        figures("First byte"),
        figures("Total"),
    ];
    table("Requests", "request-table", COLUMNS, rows.into_iter().map(|it| row(it, team)).collect())
}

fn row(row: HistoryRow, team: &str) -> AnyView {
    let (input, output) = row_tokens(&row);
    let cost = amount(row.cost, row.unpriced, row.usage_source);
    let status = status(row.state, row.outcome);
    let HistoryRow { request, time: stamp, origin, caller, model, provider, first_byte_ms, total_ms, .. } = row;
    view! {
        <tr>
            <th scope="row">
                <a href=format!("/t/{team}/history/{request}")>{time(stamp)}</a>
            </th>
            <td class="mono">{model}</td>
            <td>{provider}</td>
            <td title=origin.clone()>{caller}</td>
            <td>{status}</td>
            <td class="figures">{input}</td>
            <td class="figures">{output}</td>
            <td class=if cost.unpriced { "figures cost-unknown" } else { "figures" } title=cost.title>
                {cost.text}
            </td>
            <td class="figures">{duration_or_dash(first_byte_ms)}</td>
            <td class="figures">{duration_or_dash(total_ms)}</td>
        </tr>
    }
    .erase()
}

/// State and outcome in one word, with a sentence for the title.
pub fn status(state: AttemptState, outcome: Option<Outcome>) -> AnyView {
    let (tone, word, sentence) = match (state, outcome) {
        (AttemptState::Reserved, _) => (Tone::Active, "running", "Reserved and on its way."),
        (_, Some(Outcome::Success)) => (Tone::Ok, outcome_word(Outcome::Success), outcome_sentence(Outcome::Success)),
        (AttemptState::Uncertain, None) => (Tone::Warn, "uncertain", "Nobody can know what the upstream did."),
        (AttemptState::Uncertain, Some(it)) => (Tone::Warn, outcome_word(it), outcome_sentence(it)),
        (_, Some(Outcome::Cancelled)) => {
            (Tone::Neutral, outcome_word(Outcome::Cancelled), outcome_sentence(Outcome::Cancelled))
        }
        (_, Some(it)) => (Tone::Bad, outcome_word(it), outcome_sentence(it)),
        (_, None) => (Tone::Neutral, "ended", "How it ended was not recorded."),
    };
    view! { <span title=sentence>{badge(tone, word)}</span> }.erase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_of_a_filter_leaves_defaults_out() {
        let filter = Filter { team: "core".to_owned(), ..Filter::default() };
        assert_eq!(filter.address(None), "/t/core/history");
        let filter = Filter { model: "a b".to_owned(), failed: true, ..filter };
        assert_eq!(filter.address(Some("x".to_owned())), "/t/core/history?model=a%20b&failed=1&before=x");
    }

    #[test]
    fn a_bad_position_in_the_address_means_the_newest() {
        let filter = Filter { before: "nonsense".to_owned(), ..Filter::default() };
        assert_eq!(filter.query().before, None);
    }
}
