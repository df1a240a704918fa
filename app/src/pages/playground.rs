//! The playground: one prompt, several models, their answers side by side. `/playground` is the empty form, with `models=` in
//! the address; `/playground/{run}` is a run, live or finished, with the form filled from it.

use domain::{
    ApiError, ErrorKind,
    id::RunId,
    run::{CellView, RunView},
};
use leptos_router::hooks::use_query_map;

use self::{
    composer::{Draft, composer},
    grid::grid,
};
use super::{param, team};
use crate::{
    api::{self, Answer, Failure, models::ModelChoice},
    components::{
        button::{Look, link_button},
        empty_state::empty_state,
        erase::Erase,
        fetched::{self, Fetched},
        page::{Page, Parent},
        skeleton::Shape,
    },
    prelude::*,
};

mod cell;
mod compare;
mod composer;
mod grid;
mod live;
mod picker;

/// How many models are chosen for somebody who has chosen none.
const PREFILLED: usize = 3;

#[component]
pub fn Playground() -> impl IntoView {
    let (team, run) = (team(), param("run"));
    let models = fetched::fetch(move || team.get(), api::models::list);
    let view = fetched::fetch(move || run.get(), move |run| fetch(team.get_untracked(), run));
    // The same component serves both addresses, each mounted for itself.
    let is_run = !run.get_untracked().is_empty();
    let title = if is_run { "Run" } else { "Playground" };
    let href = Signal::derive(move || format!("/t/{}/playground", team.get()));
    let parent = is_run.then_some(Parent { href, label: "Playground" });
    let body = view.loaded(Shape::Text, move |view| content(view, team, models));
    match parent {
        Some(parent) => view! { <Page title=title parent=parent>{body}</Page> }.erase(),
        None => view! { <Page title=title>{body}</Page> }.erase(),
    }
}

/// The run of the address; none when there is no run in it.
async fn fetch(team: String, run: String) -> Answer<Option<RunView>> {
    if run.is_empty() {
        return Ok(None);
    }
    match run.parse::<RunId>() {
        Ok(id) => api::runs::get(team, id).await.map(Some),
        Err(_) => Err(Failure(ApiError::new(ErrorKind::NotFound, "no such run"))),
    }
}

fn content(view: Option<RunView>, team: Signal<String>, models: Fetched<Vec<ModelChoice>>) -> AnyView {
    let (draft, again) = match &view {
        Some(run) => (from_run(run), true),
        None => (from_address(), false),
    };
    let form = models.loaded(Shape::Text, move |all| {
        if all.is_empty() {
            return no_models(&team.get_untracked());
        }
        draft.prefill(&all, PREFILLED);
        composer(draft, all, team, again)
    });
    let below = match view {
        Some(run) => grid(run, team.get_untracked()),
        None => view! { <p class="playground-hint">"Answers appear here side by side, each with its time, tokens and cost."</p> }
            .erase(),
    };
    view! {
        <div class="playground">{form} {below}</div>
    }
    .erase()
}

fn from_run(run: &RunView) -> Draft {
    let models = run.cells.iter().map(|CellView { model, .. }| model.clone()).collect();
    let max_output = run.max_output.map(|it| it.to_string()).unwrap_or_default();
    Draft::new(models, &run.system, &run.user, &max_output, &run.temperature)
}

fn from_address() -> Draft {
    let models = use_query_map().read_untracked().get("models").unwrap_or_default();
    let models = models.split(',').filter(|it| !it.is_empty()).map(str::to_owned).collect();
    Draft::new(models, "", "", "", "")
}

fn no_models(team: &str) -> AnyView {
    let action = link_button(Look::Primary, format!("/t/{team}/models?add=1"), "Add model", "plus");
    let words = "The playground needs at least one model of this team.";
    empty_state("box", "No model yet", words.to_owned(), Some(action))
}
