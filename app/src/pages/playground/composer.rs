//! The form of a run: columns, what is said, what else a call carries, cases, and the button with its cost.

use domain::{
    grid::{AnswerFormat, MAX_SAMPLES},
    task::TaskClass,
};

use super::{
    address::Address,
    cases::cases_view,
    columns::columns,
    draft::{Draft, Owner},
    guard::guard,
    launch::{Launch, Scope},
    panel::Panel,
    parts,
    prompt::prompt_view,
    settings::{format_view, format_word, settings_view, summary},
    tools::tools_view,
};
use crate::{
    api::{self, models::ModelChoice},
    components::{
        button::{Button, Look},
        erase::{Erase, views},
        fetched,
        icon::icon,
        reactive::{react, remade},
        select::choice,
        skeleton::Shape,
        state::State,
        submit::form_error,
    },
    format::plural,
    prelude::*,
};

/// The parts of the form that are closed until somebody needs them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Parameters,
    Answer,
    Tools,
    Cases,
}

impl Part {
    const ALL: [Self; 4] = [Self::Parameters, Self::Answer, Self::Tools, Self::Cases];

    fn label(self) -> &'static str {
        match self {
            Self::Parameters => "Parameters",
            Self::Answer => "Answer format",
            Self::Tools => "Tools",
            Self::Cases => "Cases",
        }
    }

    /// What it holds, for the button that opens it.
    fn holds(self, draft: Draft) -> String {
        draft.grid.with(|grid| match self {
            Self::Parameters => summary(&grid.settings),
            Self::Answer => match grid.settings.format {
                AnswerFormat::Text => String::new(),
                format => format_word(format).to_owned(),
            },
            Self::Tools if grid.prompt.tools.is_empty() => String::new(),
            Self::Tools => grid.prompt.tools.len().to_string(),
            Self::Cases => grid.cases.len().to_string(),
        })
    }

    pub fn view(self, draft: Draft, panel: State<Panel>) -> AnyView {
        match self {
            Self::Parameters => settings_view(draft, Owner::All),
            Self::Answer => format_view(draft, Owner::All),
            Self::Tools => tools_view(draft, Owner::All),
            Self::Cases => cases_view(draft, panel),
        }
    }
}

/// The form on the page of a run, with the models that it may choose from.
pub fn of_run(launch: Launch, panel: State<Panel>) -> AnyView {
    let team = launch.draft.team;
    let models = fetched::fetch(move || team.get(), api::models::list);
    models.loaded(Shape::Text, move |all| {
        launch.draft.watch(false);
        composer(launch, all, panel, None)
    })
}

/// `address`: of a page without a run.
pub fn composer(launch: Launch, models: Vec<ModelChoice>, panel: State<Panel>, address: Option<Address>) -> AnyView {
    let draft = launch.draft;
    let has_many = draft.read(|grid| grid.cases.len() > 1 || !grid.variables().is_empty());
    let open = State::<Option<Part>>::default();
    // Not before the page is alive: what is opened is a file of its own.
    react(move || {
        if has_many && !launch.has_run() {
            open.set(Some(Part::Cases));
        }
    });
    let parts = views(Part::ALL.to_vec(), &|part| part_button(draft, part, open));
    let part = move || open.get_untracked().map(|part| parts::form(part, draft, panel)).into_any();
    view! {
        <form
            class="composer"
            novalidate=true
            on:submit=move |event| {
                event.prevent_default();
                launch.run(Scope::All);
            }
        >
            {columns(draft, models, panel, address)}
            {prompt_view(draft, Owner::All)}
            <div class="composer-parts" role="group" aria-label="More of the request">
                {parts}
            </div>
            <div class="composer-part" id="composer-part">
                {remade(move || open.track(), part)}
            </div>
            {form_error(draft.submit.error.into())}
            {foot(launch)}
        </form>
    }
    .erase()
}

fn part_button(draft: Draft, part: Part, open: State<Option<Part>>) -> AnyView {
    let holds = move || part.holds(draft);
    view! {
        <button
            class="part-button"
            type="button"
            aria-expanded=move || (open.get() == Some(part)).to_string()
            aria-controls="composer-part"
            on:click=move |_| open.update(|open| *open = if *open == Some(part) { None } else { Some(part) })
        >
            {icon("chevron-right")}
            <span>{part.label()}</span>
            <span class="part-holds">{holds}</span>
        </button>
    }
    .erase()
}

fn foot(launch: Launch) -> AnyView {
    let draft = launch.draft;
    let label = move || match (launch.has_run(), draft.differs.get()) {
        (false, _) => "Run",
        (true, true) => "Run as a new run",
        (true, false) => "Run all again",
    };
    view! {
        <div class="composer-foot">
            {samples(draft)}
            {task(draft)}
            {guard(draft)}
            <Button
                look=Look::Primary
                label=Signal::derive(move || label().to_owned())
                icon_name="play"
                shortcut="Ctrl ↵"
                submit=true
                busy=draft.submit.busy
            />
        </div>
    }
    .erase()
}

fn samples(draft: Draft) -> AnyView {
    let choices = (1..=MAX_SAMPLES).map(|count| (count.to_string(), plural(u64::from(count), "sample", "samples")));
    let now = draft.read(|grid| grid.samples.to_string());
    let choose = Callback::new(move |value: String| {
        draft.type_in(&|grid| grid.samples = value.parse().unwrap_or(1));
    });
    choice(
        "playground-samples".to_owned(),
        "Samples of each cell".to_owned(),
        true,
        choices.collect(),
        Signal::stored(now),
        choose,
    )
}

fn task(draft: Draft) -> AnyView {
    let now = draft.read(|grid| grid.task.map(TaskClass::as_str).unwrap_or_default().to_owned());
    let choose = Callback::new(move |value: String| draft.type_in(&|grid| grid.task = TaskClass::parse(&value)));
    let mut choices = crate::format::task_choices();
    if let Some(none) = choices.first_mut() {
        "Kind of work".clone_into(&mut none.1);
    }
    choice("playground-task".to_owned(), "Kind of work".to_owned(), true, choices, Signal::stored(now), choose)
}
