//! `/playground/{run}`: the answers of a run, live or finished. What was asked is one line above them until somebody wants to
//! change it; then the form comes, in a file of its own.

use domain::{
    ApiError, ErrorKind,
    grid::Grid,
    id::RunId,
    run::{ROWS_SHOWN, RunView},
};

use super::{
    address::Address, blind::Blind, desk::Desk, draft::Draft, grid::grid, launch::Launch, live::LiveRun, name::RunName,
    parts, shortcut,
};
use crate::{
    api::{self, Answer, Failure},
    components::{
        erase::Erase,
        fetched::fetch,
        icon::icon,
        page::{Page, Parent},
        reactive::{react, when},
        skeleton::Shape,
        submit::form_error,
    },
    pages::{param, team},
    prelude::*,
};

const FORM: &str = "run-request";

#[component]
pub fn Run() -> impl IntoView {
    let (team, run) = (team(), param("run"));
    let start = fetch(move || run.get(), move |run| read(team.get_untracked(), run));
    let href = Signal::derive(move || format!("/t/{}/playground", team.get()));
    let parent = Parent { href, label: "Playground" };
    view! { <Page title="Run" parent=parent>{start.loaded(Shape::Text, move |view| content(view, team))}</Page> }
}

async fn read(team: String, run: String) -> Answer<RunView> {
    match run.parse::<RunId>() {
        Ok(id) => api::runs::get(team, id, Some(ROWS_SHOWN)).await,
        Err(_) => Err(Failure(ApiError::new(ErrorKind::NotFound, "no such run"))),
    }
}

fn content(view: RunView, team: Signal<String>) -> AnyView {
    let address = Address::of_page();
    let draft = Draft::new(team, view.grid.clone(), Some(view.grid.clone()));
    let run = LiveRun::new(view.clone());
    let launch = Launch::new(draft, Some(Callback::new(move |scope| run.again(draft.submit, scope))));
    let RunView { grid: asked, votes, cursor, name, starter, created, .. } = view;
    let desk = Desk::new(launch, run, address, Blind::new(run, votes, address));
    let feed = run.follow(cursor);
    provide_context(RunName(RwSignal::new(name)));
    view! {
        <div class="playground" on:keydown=move |event| shortcut(launch, Some(desk), &event)>
            {request(launch, &asked)}
            {grid(desk, starter, created, feed)}
        </div>
    }
    .erase()
}

/// The line that opens the form, and the form.
fn request(launch: Launch, asked: &Grid) -> AnyView {
    let draft = launch.draft;
    let open = RwSignal::new(false);
    // What the server refuses is a field of the form.
    react(move || {
        if draft.submit.error.with(|error| error.as_ref().is_some_and(|error| !error.fields.is_empty())) {
            open.set(true);
        }
    });
    let words = said(asked);
    let refused = move || form_error(draft.submit.error.into());
    view! {
        <section class="run-request" aria-label="Request">
            <button
                class="part-button"
                type="button"
                aria-expanded=move || open.get().to_string()
                aria-controls=FORM
                on:click=move |_| open.update(|open| *open = !*open)
            >
                {icon("chevron-right")}
                <span>"Request"</span>
                <span class="part-holds">{words}</span>
                {when(move || !open.get() && draft.differs.get(), || view! { <span class="tag">"changed"</span> }.erase())}
            </button>
            <div id=FORM>
                {when(move || open.get(), move || parts::request(launch))}
                {when(move || !open.get(), refused)}
            </div>
        </section>
    }
    .erase()
}

/// What all columns are asked, as far as one line holds it.
fn said(asked: &Grid) -> String {
    let texts =
        asked.prompt.turns.iter().chain(asked.cases.iter().flat_map(|case| &case.turns)).map(|turn| turn.text.trim());
    let first = texts.into_iter().find(|text| !text.is_empty()).unwrap_or_default();
    first.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).take(SHOWN).collect()
}

/// Letters; the style cuts what the line has no room for.
const SHOWN: usize = 200;
