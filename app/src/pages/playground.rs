//! The playground: columns × cases, their answers side by side. Here is `/playground`, the form with the reader's draft or with
//! `models=` from the address; `run.rs` has `/playground/{run}`, the answers of a run, with the form filled from it.

use domain::grid::Grid;

use self::{
    address::Address,
    composer::composer,
    desk::Desk,
    draft::Draft,
    launch::{Launch, Scope},
    panel::panel_view,
};
use super::{frame::ReplayNotes, team};
use crate::{
    api::{self, models::ModelChoice},
    components::{
        button::{Look, icon_button, link_button},
        empty_state::empty_state,
        erase::{Erase, views},
        error_panel::sentence,
        fetched::{self, Fetched},
        icon::icon,
        page::Page,
        reactive::live,
        skeleton::Shape,
        state::State,
    },
    prelude::*,
};

mod address;
mod bar;
mod blind;
mod calls;
mod cases;
mod cell;
mod columns;
mod compare;
mod composer;
mod desk;
mod diff;
mod draft;
mod exact;
mod grid;
mod guard;
mod images;
mod launch;
mod live;
mod metrics;
mod name;
mod pairs;
mod panel;
mod parts;
mod prompt;
mod run;
mod settings;
mod tools;

pub use diff::diff_view;
pub use pairs::pair_rows;
pub use run::Run;

/// How many models are chosen for somebody who has chosen none.
const PREFILLED: usize = 3;

#[component]
pub fn Playground() -> impl IntoView {
    let team = team();
    let models = fetched::fetch(move || team.get(), api::models::list);
    let kept = fetched::fetch(move || team.get(), api::playground::draft);
    view! { <Page title="Playground">{kept.loaded(Shape::Text, move |kept| content(kept, team, models))}</Page> }
}

fn content(kept: Option<Grid>, team: Signal<String>, models: Fetched<Vec<ModelChoice>>) -> AnyView {
    let address = Address::of_page();
    let draft = Draft::new(team, kept.unwrap_or_default(), None);
    let launch = Launch::new(draft, None);
    let panel = State::default();
    let form = models.loaded(Shape::Text, move |all| {
        if all.is_empty() {
            return no_models(&team.get_untracked());
        }
        let named = address.models();
        if !named.is_empty() {
            draft.choose(&named);
        }
        draft.prefill(&all, PREFILLED);
        draft.watch(true);
        composer(launch, all, panel, Some(address))
    });
    view! {
        <div class="playground" on:keydown=move |event| shortcut(launch, None, &event)>
            {replay_notes()}
            {form}
            {panel_view(draft, panel)}
            <p class="playground-hint">"Answers appear here side by side, each with its time, tokens and cost."</p>
        </div>
    }
    .erase()
}

/// What changed since the request that the draft was made of.
fn replay_notes() -> AnyView {
    let Some(ReplayNotes(notes)) = use_context() else { return ().into_any() };
    live(move || {
        let said = notes.get();
        if said.is_empty() {
            return ().into_any();
        }
        let rows = views(said, &|note| view! { <li>{sentence(&note)}</li> }.erase());
        view! {
            <div class="banner banner-warn" role="status">
                {icon("alert")}
                <ul>{rows}</ul>
                {icon_button("x", "Dismiss", move || notes.set(Vec::new()))}
            </div>
        }
        .erase()
    })
}

/// `desk`: on the page of a run.
fn shortcut(launch: Launch, desk: Option<Desk>, event: &leptos::ev::KeyboardEvent) {
    let is_run = event.key() == "Enter" && (event.ctrl_key() || event.meta_key());
    if is_run {
        launch.run(Scope::All);
    }
    if is_run || desk.is_some_and(|desk| desk.key(event)) {
        event.prevent_default();
    }
}

fn no_models(team: &str) -> AnyView {
    let action = link_button(Look::Primary, format!("/t/{team}/models?add=1"), "Add model", "plus");
    let words = "The playground needs at least one model of this team.";
    empty_state("box", "No model yet", words.to_owned(), Some(action))
}
