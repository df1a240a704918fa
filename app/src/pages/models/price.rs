//! The dialog that adds a price version to a model.

use domain::model::{ModelSummary, NewPrice, PriceText};

use crate::{
    api,
    components::{
        button::{Button, Look},
        dialog::{Dialog, open_while},
        erase::Erase,
        fetched::Fetched,
        field::{FieldInfo, text_field},
        submit::{Submit, form_error},
        time::time,
        toast::Toasts,
    },
    prelude::*,
};

// Ids of their own: the other dialog is on the same page.
const INPUT: FieldInfo = FieldInfo { id: "price-input", required: true, ..super::INPUT };
const CACHED: FieldInfo = FieldInfo { id: "price-cached", ..super::CACHED };
const OUTPUT: FieldInfo = FieldInfo { id: "price-output", required: true, ..super::OUTPUT };
const SOURCE: FieldInfo = FieldInfo {
    hint: "Where the figures come from, such as the address of the vendor's price page.",
    ..FieldInfo::new("price-source", "source", "Source")
};

/// Open while `model` names one.
#[component]
pub fn PriceDialog(
    team: Signal<String>,
    model: RwSignal<Option<ModelSummary>>,
    list: Fetched<Vec<ModelSummary>>,
) -> impl IntoView {
    let open = open_while(model);
    let title = Signal::derive(move || {
        model.with(|it| it.as_ref().map_or_else(|| "Price".to_owned(), |it| format!("Price of {}", it.name)))
    });
    view! {
        <Dialog
            id="price-dialog"
            title=title
            open=open
            summary=Signal::stored("A new version counts from now on. What was charged before stays as it is.".to_owned())
        >
            {move || model.get().map(|it| form(it, team, open, list))}
        </Dialog>
    }
}

fn form(it: ModelSummary, team: Signal<String>, open: RwSignal<bool>, list: Fetched<Vec<ModelSummary>>) -> AnyView {
    let PriceText { input, cache_read, output } = it.price.clone().unwrap_or_default();
    let [input, cached, output] = [input, cache_read, output].map(RwSignal::new);
    let source = RwSignal::new(String::new());
    let submit = Submit::new();
    let toasts = use_context::<Toasts>();
    let id = it.id;
    let save = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let price = PriceText {
            input: input.get_untracked(),
            cache_read: cached.get_untracked(),
            output: output.get_untracked(),
        };
        let input = NewPrice { team: team.get_untracked(), model: id, price, source: source.get_untracked() };
        submit.run(api::models::set_price(input), move |saved: ModelSummary| {
            open.set(false);
            list.refetch();
            if let Some(toasts) = toasts {
                toasts.done(format!("Price of {} set", saved.name));
            }
        });
    };
    let since =
        it.priced_since.map(|stamp| view! { <p class="form-text">"In force since " {time(stamp)} "."</p> }.erase());
    let error = move |field| submit.of_field(field);
    view! {
        <form class="form" on:submit=save novalidate=true>
            {since}
            <fieldset class="form-group">
                <legend>"Dollars per million tokens"</legend>
                <div class="form-triple">
                    {text_field(INPUT, input, error("price.input"))}
                    {text_field(CACHED, cached, error("price.cache_read"))}
                    {text_field(OUTPUT, output, error("price.output"))}
                </div>
            </fieldset>
            {text_field(SOURCE, source, error("source"))} {form_error(submit.error.into())}
            <div class="dialog-actions">
                <Button label="Cancel" press=move |()| open.set(false) />
                <Button look=Look::Primary label="Set price" submit=true busy=submit.busy />
            </div>
        </form>
    }
    .erase()
}
