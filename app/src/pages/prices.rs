//! The price of one model: its versions, newest first, and the form that adds one with all its rates.

use crate::{
    components::{
        field::FieldInfo,
        sheet_page::{SheetPage, Subject, load, sheet_page},
    },
    prelude::*,
};

static PAGE: SheetPage = SheetPage {
    parent: ("models", "Models"),
    subject: Subject::Path("model"),
    press: "prices/confirm",
    send: "prices/create",
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
    submit: "Add version",
    ..SheetPage::new("Price", load!("prices/list", prices::list))
};

#[component]
pub fn Prices() -> impl IntoView {
    sheet_page(&PAGE)
}
