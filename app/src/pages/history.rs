//! History: one row per request, newest first, beside its filters. A request opens in a drawer over the list, at an address of
//! its own.

use domain::history::Facets;
use leptos_router::components::Outlet;

use self::{
    ask::Asked,
    bar::{SEARCH, chips, search_bar},
    list::{List, list_view},
    sidebar::sidebar,
    views::views_menu,
};
use super::{param, team};
use crate::{
    api::{self, protocol},
    browser,
    components::{
        erase::Erase,
        fetched::fetch,
        later::Later,
        page::Page,
        reactive::{live, react},
        skeleton::Shape,
        state::State,
    },
    prelude::*,
};

pub mod ask;
mod bar;
pub mod compare;
mod list;
mod sidebar;
pub mod table;
mod views;

#[component]
pub fn HistoryList() -> impl IntoView {
    let team = team();
    let asked = Asked::of_page(team);
    let open = param("request");
    let page = fetch(move || asked.get().key(), move |_| api::history::list(asked.now().query()));
    let facets = State::default();
    count(asked, facets);
    let list = List::new(asked, open);
    keys(list);
    let export = move || {
        let ask = asked.get();
        view! {
            {download(ask.export("csv"), "CSV")}
            {download(ask.export("jsonl"), "JSON lines")}
        }
        .into_any()
    };
    let tools = view! {
        {views_menu(asked)}
        {live(export)}
    }
    .into_any();
    view! {
        <Page title="History">
            <form class="history" method="get" action=move || format!("/t/{}/history", team.get()) on:submit=move |event| event.prevent_default()>
                {search_bar(asked, tools)}
                {chips(asked, facets)}
                <div class="history-columns">
                    <details class="history-sidebar">
                        <summary>"Filters"</summary>
                        {sidebar(asked, facets)}
                    </details>
                    <div class="history-list">
                        {page.loaded(Shape::Table, move |answer| list_view(list, answer, page))}
                    </div>
                </div>
            </form>
        </Page>
        <Outlet />
    }
}

/// The list alone: nothing is open over it.
#[component]
pub fn NoRequest() -> impl IntoView {}

fn download(href: String, label: &'static str) -> AnyView {
    view! {
        <a class="button" href=href download="" rel="external">
            {crate::components::icon::icon("download")}
            <span>{label}</span>
        </a>
    }
    .erase()
}

/// Asks for the counts once the list has been asked for, and again when the question changes.
fn count(asked: Asked, facets: State<Option<Facets>>) {
    let later = State::<Option<Later>>::default();
    let ask = Later::new(50, move |turn| {
        let input = api::history::AskFacets { query: asked.now().query() };
        protocol::ask(input, move |answer| {
            if later.get_untracked().is_some_and(|later| later.is_last(turn)) {
                // Without counts the filters still work.
                facets.set(answer.ok());
            }
        });
    });
    later.put(Some(ask));
    react(move || {
        let _asked = asked.get();
        ask.ask();
    });
}

/// `/`, `j`, `k`, `x`; those of the drawer are its own.
fn keys(list: List) {
    react(move || {
        let handle = window_event_listener(leptos::ev::keydown, move |event| {
            if event.ctrl_key() || event.meta_key() || event.alt_key() || browser::is_typing(&event) {
                return;
            }
            match event.key().as_str() {
                "/" => browser::focus(SEARCH),
                "j" => list.step(1),
                "k" => list.step(-1),
                "x" => list.choose(),
                _ => return,
            }
            event.prevent_default();
        });
        on_cleanup(move || handle.remove());
    });
}
