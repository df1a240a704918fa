//! A community price file, compared with the models of the instance and taken over model by model.
//!
//! The file stays in the browser between the two steps and is sent with both: what is written is what the server reads.

use crate::{
    api::prices,
    components::{
        field::FieldInfo,
        sheet_page::{SheetPage, Subject, sheet_page},
    },
    prelude::*,
};

static PAGE: SheetPage = SheetPage {
    title: "Import prices",
    of_models: false,
    subject: Subject::File("Price file"),
    load: |ask| Box::pin(prices::preview(ask)),
    press: |ask| Box::pin(prices::accept(ask)),
    send: |ask| Box::pin(prices::accept(ask)),
    form_title: "",
    form_text: "Compares a community price file (model_prices_and_context_window.json of litellm) with the models of this \
                instance. Nothing is written before you accept it, and what you accept stays unconfirmed until somebody \
                has checked it at the vendor.",
    fields: &[FieldInfo {
        hint: "The day the file was made, such as 2026-11-12. It is kept with every price taken from it.",
        ..FieldInfo::new("price-file-date", "file_date", "Date of the file")
    }],
    empty: ("", "", ""),
    submit: "Take over what is ticked",
};

#[component]
pub fn PriceImport() -> impl IntoView {
    sheet_page(&PAGE)
}
