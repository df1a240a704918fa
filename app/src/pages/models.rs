//! Models: the names clients send, what they cost, how much they take. A model without a price says so; it is never $0.

use leptos_router::hooks::use_query_map;

use self::add::AddDialog;
use crate::{
    api,
    components::{
        button::{Button, Look, link_button},
        erase::Erase,
        fetched::Fetched,
        field::FieldInfo,
        reactive::react,
        sheet::Sheet,
        sheet_page::{Around, SheetPage, Subject, sheet_page_with},
    },
    prelude::*,
};

mod add;
pub use add::tokens;

const INPUT: FieldInfo = FieldInfo {
    inputmode: "decimal",
    placeholder: "2.50",
    ..FieldInfo::new("model-price-input", "price.input", "Input")
};
const CACHED: FieldInfo = FieldInfo {
    inputmode: "decimal",
    placeholder: "0.25",
    ..FieldInfo::new("model-price-cached", "price.cache_read", "Cached input")
};
const OUTPUT: FieldInfo = FieldInfo {
    inputmode: "decimal",
    placeholder: "10.00",
    ..FieldInfo::new("model-price-output", "price.output", "Output")
};

static PAGE: SheetPage = SheetPage {
    title: "Models",
    of_models: false,
    subject: Subject::Path("team"),
    load: |ask| Box::pin(api::models::page(ask)),
    press: |ask| Box::pin(api::prices::confirm(ask)),
    send: |ask| Box::pin(api::prices::confirm(ask)),
    empty: ("box", "No model yet", "A model is a name your clients send, bound to a provider and a price."),
    form_title: "",
    form_text: "",
    fields: &[],
    submit: "",
};

#[component]
pub fn Models() -> impl IntoView {
    sheet_page_with(&PAGE, around)
}

fn around(team: Signal<String>, list: Fetched<Sheet>) -> Around {
    let adding = RwSignal::new(false);
    let query = use_query_map();
    react(move || {
        if query.read().get("add").is_some() {
            adding.set(true);
        }
    });
    let add = Callback::new(move |()| adding.set(true));
    let catalog = format!("/t/{}/models/catalogue", team.get_untracked());
    let actions = view! {
        {link_button(Look::Secondary, catalog, "Catalogue", "search")}
        <Button look=Look::Primary label="Add model" icon_name="plus" press=add />
    }
    .into_any();
    let below = view! { <AddDialog team=team open=adding list=list /> }.erase();
    (Some(actions), Some(below))
}
