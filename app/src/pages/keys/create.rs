//! The dialog that makes a key.

use domain::key::{AllowedModels, CreatedKey, KeyKind, KeySummary, NewKey};

use crate::{
    api::{self, models::ModelChoice},
    components::{
        button::{Button, Look},
        dialog::Dialog,
        erase::Erase,
        fetched::{Fetched, fetch},
        field::{FieldInfo, text_field},
        reactive::when,
        reveal::Revealed,
        select::{Choice, select},
        submit::{Submit, form_error},
    },
    pages::frame::Viewer,
    prelude::*,
};

const NAME: FieldInfo = FieldInfo {
    hint: "What uses it, such as editor or nightly-ci.",
    required: true,
    ..FieldInfo::new("key-name", "name", "Name")
};

#[component]
pub fn CreateDialog(
    team: Signal<String>,
    open: RwSignal<bool>,
    list: Fetched<Vec<KeySummary>>,
    revealed: RwSignal<Option<Revealed>>,
) -> impl IntoView {
    let models = fetch(move || team.get(), api::models::list);
    let viewer = use_context::<Viewer>();
    view! {
        <Dialog id="key-dialog" title="New key" open=open>
            {models
                .view(move |all| {
                    let all = all.unwrap_or_default();
                    let Some(viewer) = viewer else { return ().into_any() };
                    viewer
                        .me
                        .view(move |me| {
                            let public_url = me.map(|me| me.public_url).unwrap_or_default();
                            form(all.clone(), public_url, team, open, list, revealed)
                        })
                })}
        </Dialog>
    }
}

fn form(
    models: Vec<ModelChoice>,
    public_url: String,
    team: Signal<String>,
    open: RwSignal<bool>,
    list: Fetched<Vec<KeySummary>>,
    revealed: RwSignal<Option<Revealed>>,
) -> AnyView {
    let name = RwSignal::new(String::new());
    let kind = RwSignal::new(KeyKind::Personal.as_str().to_owned());
    let which = RwSignal::new("all".to_owned());
    let only = RwSignal::new(Vec::<String>::new());
    let submit = Submit::new();
    let first_model = models.first().map(|it| it.name.clone()).unwrap_or_else(|| "model-name".to_owned());
    let url = StoredValue::new((public_url, first_model));
    let save = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let models =
            if which.get_untracked() == "all" { AllowedModels::All } else { AllowedModels::Only(only.get_untracked()) };
        let input = NewKey {
            team: team.get_untracked(),
            name: name.get_untracked(),
            kind: KeyKind::parse(&kind.get_untracked()).unwrap_or_default(),
            models,
        };
        submit.run(api::keys::create(input), move |made: CreatedKey| {
            let (public_url, model) = url.get_value();
            let CreatedKey { key, secret } = made;
            let model = match &key.models {
                AllowedModels::Only(names) => names.first().cloned().unwrap_or(model),
                AllowedModels::All => model,
            };
            name.set(String::new());
            open.set(false);
            list.refetch();
            revealed.set(Some(Revealed { name: key.name, secret, public_url, model }));
        });
    };
    view! {
        <form class="form" on:submit=save novalidate=true>
            {text_field(NAME, name, submit.of_field("name"))}
            {select(
                "key-kind",
                "Kind",
                "A personal key ends with your membership, a service key belongs to the team.",
                Signal::stored(choices(&[("personal", "Personal"), ("service", "Service")])),
                kind,
                submit.of_field("kind"),
            )}
            {select(
                "key-models",
                "Models",
                "",
                Signal::stored(choices(&[("all", "All models of the team"), ("only", "Only these")])),
                which,
                submit.of_field("models"),
            )}
            {when(move || which.get() == "only", move || model_boxes(&models, only))}
            {form_error(submit.error.into())}
            <div class="dialog-actions">
                <Button label="Cancel" press=move |()| open.set(false) />
                <Button look=Look::Primary label="Create key" submit=true busy=submit.busy />
            </div>
        </form>
    }
    .erase()
}

fn choices(pairs: &[(&str, &str)]) -> Vec<Choice> {
    pairs.iter().map(|(value, label)| Choice { value: (*value).to_owned(), label: (*label).to_owned() }).collect()
}

fn model_boxes(models: &[ModelChoice], only: RwSignal<Vec<String>>) -> AnyView {
    let boxes = models.iter().map(|model| model_box(model.name.clone(), only)).collect::<Vec<_>>();
    view! {
        <fieldset class="form-group">
            <legend>"Only these models"</legend>
            <div class="check-list">{boxes}</div>
        </fieldset>
    }
    .erase()
}

fn model_box(name: String, only: RwSignal<Vec<String>>) -> AnyView {
    let (mine, label) = (name.clone(), name.clone());
    let toggle = move |event| {
        let chosen = event_target_checked(&event);
        only.update(|only| {
            only.retain(|it| *it != name);
            if chosen {
                only.push(name.clone());
            }
        });
    };
    view! {
        <label class="check-item">
            <input type="checkbox" prop:checked=move || only.with(|only| only.contains(&mine)) on:change=toggle />
            <span class="mono">{label}</span>
        </label>
    }
    .erase()
}
