//! The form of a run: models, messages, parameters.

use domain::{
    error::FieldErrors,
    id::RunId,
    run::{MAX_VARIANTS, NewRun},
};
use leptos_router::{NavigateOptions, hooks::use_navigate};

use super::picker::picker;
use crate::{
    api,
    api::models::ModelChoice,
    browser,
    components::{
        button::{Button, Look},
        erase::Erase,
        field::{FieldInfo, text_field},
        submit::{Submit, form_error},
    },
    prelude::*,
};

const SYSTEM: FieldInfo = FieldInfo {
    rows: 3,
    placeholder: "You review code. Be brief.",
    ..FieldInfo::new("playground-system", "system", "System prompt")
};
const USER: FieldInfo = FieldInfo {
    rows: 3,
    required: true,
    placeholder: "Write a function that parses an RFC 3339 timestamp.",
    ..FieldInfo::new("playground-user", "user", "User prompt")
};
const MAX_OUTPUT: FieldInfo = FieldInfo {
    inputmode: "numeric",
    placeholder: "model's own",
    ..FieldInfo::new("playground-max", "max_output", "Max output tokens")
};
const TEMPERATURE: FieldInfo = FieldInfo {
    inputmode: "decimal",
    placeholder: "provider's own",
    ..FieldInfo::new("playground-temperature", "temperature", "Temperature")
};

/// What is about to run.
#[derive(Clone, Copy)]
pub struct Draft {
    pub models: RwSignal<Vec<String>>,
    system: RwSignal<String>,
    user: RwSignal<String>,
    max_output: RwSignal<String>,
    temperature: RwSignal<String>,
}

impl Draft {
    pub fn new(models: Vec<String>, system: &str, user: &str, max_output: &str, temperature: &str) -> Self {
        let text = |text: &str| RwSignal::new(text.to_owned());
        Self {
            models: RwSignal::new(models),
            system: text(system),
            user: text(user),
            max_output: text(max_output),
            temperature: text(temperature),
        }
    }

    /// Keeps only models that exist, and chooses the first ones when none is left.
    pub fn prefill(self, all: &[ModelChoice], most: usize) {
        self.models.update(|chosen| {
            chosen.retain(|name| all.iter().any(|model| model.name == *name));
            chosen.truncate(MAX_VARIANTS);
            if chosen.is_empty() {
                chosen.extend(all.iter().take(most).map(|model| model.name.clone()));
            }
        });
    }

    fn read(self, team: String) -> Result<NewRun, domain::ApiError> {
        let mut wrong = FieldErrors::default();
        let models = self.models.get_untracked();
        if models.is_empty() {
            wrong.add("models", "choose at least one model, two or more to compare");
        }
        if self.user.with_untracked(|text| text.trim().is_empty()) {
            wrong.add("user", "enter a prompt");
        }
        let max_output =
            wrong.check("max_output", crate::components::form::tokens(&self.max_output.get_untracked())).flatten();
        wrong.finish()?;
        Ok(NewRun {
            team,
            models,
            system: self.system.get_untracked(),
            user: self.user.get_untracked(),
            max_output,
            temperature: self.temperature.get_untracked().trim().to_owned(),
        })
    }
}

/// `again`: the form stands above a run that it was filled from.
pub fn composer(draft: Draft, all: Vec<ModelChoice>, team: Signal<String>, again: bool) -> AnyView {
    let submit = Submit::new();
    let navigate = use_navigate();
    let start = Callback::new(move |()| {
        let team = team.get_untracked();
        let input = match draft.read(team.clone()) {
            Ok(input) => input,
            Err(error) => {
                submit.error.set(Some(error));
                return browser::focus_first_invalid();
            }
        };
        let navigate = navigate.clone();
        submit.run(api::runs::start(input), move |run: RunId| {
            navigate(&format!("/t/{team}/playground/{run}"), NavigateOptions::default());
        });
    });
    let keys = move |event: leptos::ev::KeyboardEvent| {
        if event.key() == "Enter" && (event.ctrl_key() || event.meta_key()) {
            event.prevent_default();
            start.run(());
        }
    };
    let error = move |field| submit.of_field(field);
    view! {
        <form
            class="composer"
            novalidate=true
            on:keydown=keys
            on:submit=move |event| {
                event.prevent_default();
                start.run(());
            }
        >
            {picker(draft.models, all, team, error("models"), !again)}
            <div class="composer-prompts">
                {text_field(SYSTEM, draft.system, error("system"))} {text_field(USER, draft.user, error("user"))}
            </div>
            {form_error(submit.error.into())}
            <div class="composer-foot">
                {text_field(MAX_OUTPUT, draft.max_output, error("max_output"))}
                {text_field(TEMPERATURE, draft.temperature, error("temperature"))}
                <Button
                    look=Look::Primary
                    label=if again { "Run again" } else { "Run" }
                    icon_name="play"
                    shortcut="Ctrl ↵"
                    submit=true
                    busy=submit.busy
                />
            </div>
        </form>
    }
    .erase()
}
