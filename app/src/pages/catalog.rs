//! The built-in catalogue: find a model, take it over with its price.

use crate::{
    api::catalog,
    components::sheet_page::{SheetPage, Subject, sheet_page},
    prelude::*,
};

static PAGE: SheetPage = SheetPage {
    title: "Catalogue",
    of_models: true,
    subject: Subject::Search("Vendor or model"),
    load: |ask| Box::pin(catalog::search(ask)),
    press: |ask| Box::pin(catalog::add(ask)),
    send: |ask| Box::pin(catalog::add(ask)),
    form_title: "",
    form_text: "",
    fields: &[],
    empty: ("", "", ""),
    submit: "",
};

#[component]
pub fn Catalog() -> impl IntoView {
    sheet_page(&PAGE)
}
