//! The playground: columns × cases, their answers side by side. `/playground` is the form with the reader's draft or with
//! `models=` from the address; `/playground/{run}` is a run, live or finished, with the form filled from it.

use domain::{
    ApiError, ErrorKind,
    grid::Grid,
    id::RunId,
    run::{ROWS_SHOWN, RunView},
};

use self::{
    address::Address,
    blind::Blind,
    composer::composer,
    desk::Desk,
    draft::Draft,
    grid::grid,
    launch::{Launch, Scope},
    live::LiveRun,
    name::RunName,
    panel::panel_view,
};
use super::{frame::ReplayNotes, param, team};
use crate::{
    api::{self, Answer, Failure, models::ModelChoice},
    components::{
        button::{Look, icon_button, link_button},
        empty_state::empty_state,
        erase::{Erase, views},
        error_panel::sentence,
        fetched::{self, Fetched},
        icon::icon,
        page::{Page, Parent},
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
mod settings;
mod tools;

pub use diff::diff_view;
pub use pairs::pair_rows;

/// How many models are chosen for somebody who has chosen none.
const PREFILLED: usize = 3;

/// What the form begins with.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
struct Start {
    draft: Option<Grid>,
    run: Option<RunView>,
}

#[component]
pub fn Playground() -> impl IntoView {
    let (team, run) = (team(), param("run"));
    let models = fetched::fetch(move || team.get(), api::models::list);
    let start = fetched::fetch(move || run.get(), move |run| fetch(team.get_untracked(), run));
    // The same component serves both addresses, each mounted for itself.
    let is_run = !run.get_untracked().is_empty();
    let title = if is_run { "Run" } else { "Playground" };
    let href = Signal::derive(move || format!("/t/{}/playground", team.get()));
    let parent = is_run.then_some(Parent { href, label: "Playground" });
    let body = start.loaded(Shape::Text, move |start| content(start, team, models));
    match parent {
        Some(parent) => view! { <Page title=title parent=parent>{body}</Page> }.erase(),
        None => view! { <Page title=title>{body}</Page> }.erase(),
    }
}

/// The run of the address, or the reader's draft when there is none in it.
async fn fetch(team: String, run: String) -> Answer<Start> {
    if run.is_empty() {
        let draft = api::playground::draft(team).await?;
        return Ok(Start { draft, run: None });
    }
    match run.parse::<RunId>() {
        Ok(id) => Ok(Start { draft: None, run: Some(api::runs::get(team, id, Some(ROWS_SHOWN)).await?) }),
        Err(_) => Err(Failure(ApiError::new(ErrorKind::NotFound, "no such run"))),
    }
}

fn content(start: Start, team: Signal<String>, models: Fetched<Vec<ModelChoice>>) -> AnyView {
    let address = Address::of_page();
    let kept = start.run.as_ref().map(|run| run.grid.clone());
    let draft = Draft::new(team, kept.clone().or(start.draft).unwrap_or_default(), kept);
    let run = start.run.as_ref().map(|view| LiveRun::new(view.clone()));
    let launch = Launch::new(draft, run);
    let panel = State::default();
    let desk = start.run.as_ref().zip(run).map(|(view, run)| {
        let blind = Blind::new(run, view.votes.clone(), address);
        (Desk::new(launch, run, address, blind), view.clone())
    });
    let form = models.loaded(Shape::Text, move |all| {
        if all.is_empty() && run.is_none() {
            return no_models(&team.get_untracked());
        }
        if run.is_none() {
            let named = address.models();
            if !named.is_empty() {
                draft.choose(&named);
            }
            draft.prefill(&all, PREFILLED);
        }
        draft.watch(run.is_none());
        composer(launch, all, panel, run.is_none().then_some(address))
    });
    let keyed = desk.as_ref().map(|(desk, _)| *desk);
    let below = match desk {
        Some((desk, view)) => {
            let feed = desk.run.follow(view.cursor);
            provide_context(RunName(RwSignal::new(view.name)));
            grid(desk, view.starter, view.created, feed)
        }
        None => view! { <p class="playground-hint">"Answers appear here side by side, each with its time, tokens and cost."</p> }
            .erase(),
    };
    view! {
        <div class="playground" on:keydown=move |event| shortcut(launch, keyed, &event)>
            {run.is_none().then(replay_notes)}
            {form}
            {panel_view(draft, panel)}
            {below}
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
