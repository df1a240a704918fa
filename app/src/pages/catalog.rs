//! The built-in catalogue: find a model, take it over with its price.

use leptos::server_fn::ServerFn;

use crate::{
    api::catalog,
    components::sheet_page::{SheetPage, Subject, sheet_page},
    prelude::*,
};

static PAGE: SheetPage = SheetPage {
    title: "Catalogue",
    of_models: true,
    subject: Subject::Search("Vendor or model"),
    load: catalog::Search::PATH,
    press: catalog::Add::PATH,
    send: catalog::Add::PATH,
    #[cfg(feature = "ssr")]
    load_here: |ask| Box::pin(catalog::search(ask)),
    form_title: "",
    form_text: "",
    fields: &[],
    submit: "",
};

#[component]
pub fn Catalog() -> impl IntoView {
    sheet_page(&PAGE)
}
