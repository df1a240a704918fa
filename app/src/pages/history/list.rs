//! The pages of the list: rows that are added below, what is chosen for comparing, and how many came since.

use std::sync::Arc;

use domain::{
    history::{HistoryPage, HistoryQuery, HistoryRow},
    id::{AttemptId, RequestId},
};

use super::{
    ask::{Ask, Asked},
    table::{COLUMNS, cells},
};
use crate::{
    api, browser,
    components::{
        badge::{Tone, badge},
        button::{Look, link_button, plain_button},
        empty_state::empty_state,
        erase::{Erase, views},
        error_panel::sentence,
        fetched::Fetched,
        icon::icon,
        reactive::{Keyed, fresh_key, keyed, live, react, when},
        state::State,
        submit::{Submit, form_error},
    },
    events::{Feed, FeedState, News, Topic},
    format::plural,
    prelude::*,
};

/// Most requests that are compared (`product.md` HI-7).
const MOST_COMPARED: usize = 4;

/// What the page and its rows share.
#[derive(Clone, Copy)]
pub struct List {
    pub asked: Asked,
    /// The request in the drawer; empty: none.
    pub open: Signal<String>,
    pub chosen: State<Vec<RequestId>>,
    rows: State<Vec<Arc<HistoryRow>>>,
    next: State<Option<AttemptId>>,
    /// Of the answer that is shown: rows of an older one must not stay.
    number: StoredValue<usize>,
    /// The row that `j` and `k` stand on.
    at: State<Option<RequestId>>,
}

impl List {
    pub fn new(asked: Asked, open: Signal<String>) -> Self {
        Self {
            asked,
            open,
            chosen: State::default(),
            rows: State::default(),
            next: State::default(),
            number: StoredValue::new(0),
            at: State::default(),
        }
    }

    /// `x`: chooses the row that the keys stand on.
    pub fn choose(self) {
        if let Some(at) = self.at.get_untracked() {
            self.toggle(at);
        }
    }

    fn toggle(self, request: RequestId) {
        self.chosen.update(|chosen| {
            let before = chosen.len();
            chosen.retain(|it| *it != request);
            if chosen.len() == before && before < MOST_COMPARED {
                chosen.push(request);
            }
        });
    }

    /// `j` and `k`.
    pub fn step(self, by: isize) {
        let next = self.rows.with_untracked(|rows| {
            let at = self.at.get_untracked().and_then(|at| rows.iter().position(|row| row.request == at));
            let to = at.map_or(0, |at| at.saturating_add_signed(by)).min(rows.len().saturating_sub(1));
            rows.get(to).map(|row| row.request)
        });
        if let Some(next) = next {
            self.at.set(Some(next));
            browser::focus(&link_id(next));
        }
    }
}

fn link_id(request: RequestId) -> String {
    format!("request-{request}")
}

/// Made anew for each answer of the server.
pub fn list_view(list: List, page: HistoryPage, fetched: Fetched<HistoryPage>) -> AnyView {
    let HistoryPage { rows, next, notices, span } = page;
    let newest = rows.first().map(|row| row.attempt);
    let ask = list.asked.now();
    let is_empty = rows.is_empty();
    list.number.set_value(fresh_key());
    list.rows.set(rows.into_iter().map(Arc::new).collect());
    list.next.set(next);
    let notes = views(notices, &|notice| view! { <li>{sentence(&notice)}</li> }.erase());
    let table = if is_empty { nothing(&ask) } else { table(list) };
    view! {
        <div class="history-status">
            <p class="history-words">{span}</p>
            {tail(&ask, newest, fetched)}
            {live(move || comparing(list))}
        </div>
        <ul class="history-notices">{notes}</ul>
        {table}
        {(!is_empty).then(|| more(list))}
    }
    .into_any()
}

fn table(list: List) -> AnyView {
    let heads = views(COLUMNS.to_vec(), &|column| {
        view! {
            <th scope="col" class=if column.figures { "figures" } else { "" }>
                {column.label}
            </th>
        }
        .erase()
    });
    let rows = move || {
        let number = list.number.get_value() << 16;
        list.rows.with(|rows| rows.iter().enumerate().map(|(at, row)| keyed_row(list, number | at, row)).collect())
    };
    view! {
        <div class="table-scroll" role="region" aria-label="Requests" tabindex="0">
            <table class="table request-table">
                <caption class="visually-hidden">"Requests"</caption>
                <thead>
                    <tr>
                        {heads}
                        <th scope="col">
                            <span class="visually-hidden">"Compare"</span>
                        </th>
                    </tr>
                </thead>
                <tbody>{keyed(rows)}</tbody>
            </table>
        </div>
    }
    .erase()
}

fn keyed_row(list: List, key: usize, row: &Arc<HistoryRow>) -> Keyed {
    let row = row.clone();
    Keyed { key, make: Arc::new(move || row_view(list, (*row).clone())) }
}

fn row_view(list: List, row: HistoryRow) -> AnyView {
    let request = row.request;
    let href = list.asked.now().address(&request.to_string());
    let (mine, name) = (request.to_string(), format!("Compare the request of {}", row.time.text));
    let is_open = move || list.open.with(|open| *open == mine);
    let is_chosen = move || list.chosen.with(|chosen| chosen.contains(&request));
    let is_full = move || list.chosen.with(|chosen| chosen.len() >= MOST_COMPARED && !chosen.contains(&request));
    view! {
        <tr class=move || if is_open() { "row-open" } else { "" } on:focusin=move |_| list.at.set(Some(request))>
            {cells(row, href, link_id(request))}
            <td class="row-choose">
                <input
                    type="checkbox"
                    aria-label=name
                    prop:checked=is_chosen
                    disabled=is_full
                    on:change=move |_| list.toggle(request)
                />
            </td>
        </tr>
    }
    .erase()
}

/// Below the table. Without JavaScript it is a link to the next page.
fn more(list: List) -> AnyView {
    let submit = Submit::new();
    let load = move |next: AttemptId| {
        let query = HistoryQuery { before: Some(next), ..list.asked.now().query() };
        submit.ask(api::history::List { query }, move |page: HistoryPage| {
            list.rows.update(|rows| rows.extend(page.rows.into_iter().map(Arc::new)));
            list.next.set(page.next);
        });
    };
    let button = move || match list.next.get() {
        Some(next) => view! {
            <a
                class="button"
                href=list.asked.get().page(&next.to_string())
                aria-busy=move || submit.busy.get().to_string()
                on:click=move |event| {
                    event.prevent_default();
                    load(next);
                }
            >
                <span>"Load more"</span>
                <span class="spinner" aria-hidden="true"></span>
            </a>
        }
        .erase(),
        None => view! { <p class="table-foot">"These are all."</p> }.erase(),
    };
    let ask = list.asked.now();
    let newest = (!ask.before.is_empty()).then(|| link_button(Look::Quiet, ask.address(""), "Back to the newest", ""));
    view! {
        <div class="table-more">{newest} {live(button)}</div>
        {form_error(submit.error.into())}
    }
    .into_any()
}

fn nothing(ask: &Ask) -> AnyView {
    if ask.is_set() || !ask.from.is_empty() || !ask.to.is_empty() {
        let href = Ask { team: ask.team.clone(), ..Ask::default() }.address("");
        let clear = link_button(Look::Secondary, href, "Clear filters", "");
        return empty_state("search", "Nothing matches", "No request fits these filters.".to_owned(), Some(clear));
    }
    let action = link_button(Look::Primary, format!("/t/{}/playground", ask.team), "Open playground", "columns");
    let words = "Every call through a key or the playground appears here with its tokens and its cost.";
    empty_state("list", "Waiting for the first request", words.to_owned(), Some(action))
}

/// "12 new": nothing moves under the pointer until somebody asks for it. A list that ends in the past has none.
fn tail(ask: &Ask, newest: Option<AttemptId>, fetched: Fetched<HistoryPage>) -> AnyView {
    if !ask.to.is_empty() || !ask.before.is_empty() {
        return ().into_any();
    }
    let count = State::<u32>::default();
    let news = Callback::new(move |news: News| {
        if let News::History(new) = news {
            count.set(new);
        }
    });
    let topic = Topic::History { team: ask.team.clone(), query: ask.text() };
    let feed = Feed::new(topic, news, Callback::new(move |()| fetched.refetch()));
    react(move || {
        feed.watch_visibility();
        feed.open(newest.map(|it| it.to_string()).unwrap_or_default());
    });
    on_cleanup(move || feed.leave());
    let state = move || match feed.state.try_get().unwrap_or_default() {
        FeedState::Closed => ().into_any(),
        FeedState::Live => badge(Tone::Ok, "live"),
        FeedState::Reconnecting => badge(Tone::Warn, "reconnecting"),
        FeedState::Polling => badge(Tone::Warn, "asking every 2 s"),
    };
    let button = move || {
        let label = match count.get() {
            1_000.. => "1,000 and more new".to_owned(),
            new => plural(u64::from(new), "new", "new"),
        };
        plain_button(Look::Secondary, label, "refresh", move || fetched.refetch())
    };
    view! {
        <span class="history-tail" role="status">
            {live(state)}
            {when(move || count.get() > 0, button)}
        </span>
    }
    .erase()
}

fn comparing(list: List) -> AnyView {
    let chosen = list.chosen.get();
    if chosen.is_empty() {
        return ().into_any();
    }
    let ids: Vec<String> = chosen.iter().map(ToString::to_string).collect();
    let href = format!("/t/{}/history/compare?ids={}", list.asked.now().team, ids.join(","));
    let action = match chosen.len() {
        1 => view! { <span class="history-words">"Choose one to three more"</span> }.erase(),
        count => view! {
            <a class="button button-primary" href=href>
                {icon("columns")}
                <span>{format!("Compare {count}")}</span>
            </a>
        }
        .erase(),
    };
    view! {
        <span class="history-compare">
            {action}
            {plain_button(Look::Quiet, "Choose none", "", move || list.chosen.set(Vec::new()))}
        </span>
    }
    .erase()
}
