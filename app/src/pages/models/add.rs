//! The dialog that adds a model.

use domain::{
    model::{NewModel, PriceText},
    provider::ProviderSummary,
};

use super::{CACHED, INPUT, OUTPUT};
use crate::{
    api,
    components::{
        button::{Button, Look, link_button},
        dialog::Dialog,
        erase::Erase,
        fetched::{Fetched, fetch},
        field::{FieldInfo, text_field},
        select::{Choice, select},
        sheet::Sheet,
        submit::{Submit, form_error},
    },
    prelude::*,
};

const NAME: FieldInfo = FieldInfo {
    hint: "What clients send as model.",
    required: true,
    mono: true,
    ..FieldInfo::new("model-name", "name", "Model name")
};
const UPSTREAM: FieldInfo = FieldInfo {
    hint: "What the provider calls it. Empty: the same.",
    mono: true,
    ..FieldInfo::new("model-upstream", "upstream", "Name at the provider")
};
const CONTEXT: FieldInfo = FieldInfo {
    hint: "Tokens, prompt and answer together.",
    inputmode: "numeric",
    placeholder: "128000",
    ..FieldInfo::new("model-context", "context_window", "Context size")
};
const MAX_OUTPUT: FieldInfo = FieldInfo {
    hint: "Most tokens of one answer.",
    inputmode: "numeric",
    placeholder: "16384",
    ..FieldInfo::new("model-max", "max_output", "Maximum output")
};

/// All text fields of the dialog.
#[derive(Clone, Copy)]
struct Draft {
    provider: RwSignal<String>,
    name: RwSignal<String>,
    upstream: RwSignal<String>,
    context: RwSignal<String>,
    max_output: RwSignal<String>,
    input: RwSignal<String>,
    cached: RwSignal<String>,
    output: RwSignal<String>,
}

impl Draft {
    fn new(provider: String) -> Self {
        let empty = || RwSignal::new(String::new());
        Self {
            provider: RwSignal::new(provider),
            name: empty(),
            upstream: empty(),
            context: empty(),
            max_output: empty(),
            input: empty(),
            cached: empty(),
            output: empty(),
        }
    }

    fn clear(self) {
        let Self { provider: _, name, upstream, context, max_output, input, cached, output } = self;
        for field in [name, upstream, context, max_output, input, cached, output] {
            field.set(String::new());
        }
    }

    fn read(self, team: String) -> Result<NewModel, domain::ApiError> {
        let mut wrong = domain::error::FieldErrors::default();
        let context_window = wrong.check("context_window", tokens(&self.context.get_untracked())).flatten();
        let max_output = wrong.check("max_output", tokens(&self.max_output.get_untracked())).flatten();
        wrong.finish()?;
        Ok(NewModel {
            team,
            provider: self.provider.get_untracked(),
            name: self.name.get_untracked(),
            upstream: self.upstream.get_untracked(),
            context_window,
            max_output,
            price: PriceText {
                input: self.input.get_untracked(),
                cache_read: self.cached.get_untracked(),
                output: self.output.get_untracked(),
            },
        })
    }
}

/// A number of tokens as people type it; empty is not known.
pub fn tokens(text: &str) -> Result<Option<u32>, String> {
    let text: String = text.chars().filter(|c| !matches!(c, ',' | ' ' | '_')).collect();
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| "enter a whole number of tokens, such as 128000".to_owned())
}

#[component]
pub fn AddDialog(team: Signal<String>, open: RwSignal<bool>, list: Fetched<Sheet>) -> impl IntoView {
    let providers = fetch(move || team.get(), api::providers::list);
    view! {
        <Dialog id="model-dialog" title="Add a model" open=open>
            {providers
                .view(move |all| {
                    let all = all.unwrap_or_default();
                    if all.is_empty() { no_provider(team) } else { form(all, team, open, list) }
                })}
        </Dialog>
    }
}

fn no_provider(team: Signal<String>) -> AnyView {
    let href = format!("/t/{}/providers?connect=1", team.get_untracked());
    view! {
        <p class="form-text">"A model is reached through a provider, and none is connected yet."</p>
        <div class="dialog-actions">{link_button(Look::Primary, href, "Connect a provider", "plug")}</div>
    }
    .erase()
}

fn form(providers: Vec<ProviderSummary>, team: Signal<String>, open: RwSignal<bool>, list: Fetched<Sheet>) -> AnyView {
    let draft = Draft::new(providers.first().map(|it| it.slug.clone()).unwrap_or_default());
    let choices =
        providers.into_iter().map(|it| Choice { label: format!("{} ({})", it.slug, it.title), value: it.slug });
    let choices = Signal::stored(choices.collect());
    let submit = Submit::new();
    let save = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let input = match draft.read(team.get_untracked()) {
            Ok(input) => input,
            Err(error) => {
                submit.error.set(Some(error));
                return crate::browser::focus_first_invalid();
            }
        };
        let done = move || {
            draft.clear();
            open.set(false);
            list.refetch();
        };
        submit.tell(Box::pin(api::models::create(input)), Box::new(done));
    };
    let error = move |field| submit.of_field(field);
    view! {
        <form class="form" on:submit=save novalidate=true>
            {select("model-provider", "Provider", "", choices, draft.provider, error("provider"))}
            <div class="form-pair">
                {text_field(NAME, draft.name, error("name"))}
                {text_field(UPSTREAM, draft.upstream, error("upstream"))}
            </div>
            <div class="form-pair">
                {text_field(CONTEXT, draft.context, error("context_window"))}
                {text_field(MAX_OUTPUT, draft.max_output, error("max_output"))}
            </div>
            <fieldset class="form-group">
                <legend>"Price in dollars per million tokens"</legend>
                <div class="form-triple">
                    {text_field(INPUT, draft.input, error("price.input"))}
                    {text_field(CACHED, draft.cached, error("price.cache_read"))}
                    {text_field(OUTPUT, draft.output, error("price.output"))}
                </div>
                <p class="form-text">"Leave all three empty when you do not know it yet: its cost then counts as unknown, not as zero."</p>
            </fieldset>
            {form_error(submit.error.into())}
            <div class="dialog-actions">
                <Button label="Cancel" press=move |()| open.set(false) />
                <Button look=Look::Primary label="Add model" submit=true busy=submit.busy />
            </div>
        </form>
    }
    .erase()
}

#[cfg(test)]
mod tests {
    use super::tokens;

    #[test]
    fn token_counts_may_be_empty_or_grouped() {
        assert_eq!(tokens(""), Ok(None));
        assert_eq!(tokens("128,000"), Ok(Some(128_000)));
        assert!(tokens("128k").is_err());
        assert!(tokens("-1").is_err());
    }
}
