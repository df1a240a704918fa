//! The price of one model: its versions, newest first, and the form that adds one with all its rates.

use crate::{
    api::prices,
    components::{
        field::FieldInfo,
        sheet_page::{SheetPage, Subject, sheet_page},
    },
    prelude::*,
};

static PAGE: SheetPage = SheetPage {
    title: "Price",
    of_models: true,
    subject: Subject::Path("model"),
    load: |ask| Box::pin(prices::list(ask)),
    press: |ask| Box::pin(prices::confirm(ask)),
    send: |ask| Box::pin(prices::create(ask)),
    form_title: "New version",
    form_text: "What was charged before stays as it is. Rates that are left empty are borrowed: reasoning from output, \
                cached input from input, batch, flex and priority from standard. A discount such as -50% is worked out \
                from the standard rate.",
    fields: &[
        FieldInfo {
            hint: "A day or a time, such as 2026-12-01T08:30. Empty: from now on.",
            ..FieldInfo::new("price-from", "effective_from", "In force from")
        },
        FieldInfo::new("price-note", "note", "Note"),
        FieldInfo {
            hint: "Address of the page with the figures.",
            ..FieldInfo::new("price-url", "source_url", "Source")
        },
        FieldInfo {
            hint: "When it said so, such as 2026-11-12.",
            ..FieldInfo::new("price-date", "source_date", "Date of the source")
        },
    ],
    empty: ("", "", ""),
    submit: "Add version",
};

#[component]
pub fn Prices() -> impl IntoView {
    sheet_page(&PAGE)
}
