//! A community price file, compared with the models of the instance and taken over model by model.
//!
//! The file stays in the browser between the two steps and is sent with both: what is written is what the server reads.

use crate::{
    components::{
        field::FieldInfo,
        sheet_page::{SheetPage, Subject, load, sheet_page},
    },
    prelude::*,
};

static PAGE: SheetPage = SheetPage {
    subject: Subject::File("Price file"),
    send: "prices/import/accept",
    form_text: "Compares a community price file (model_prices_and_context_window.json of litellm) with the models of this \
                instance. Nothing is written before you accept it, and what you accept stays unconfirmed until somebody \
                has checked it at the vendor.",
    fields: &[FieldInfo {
        hint: "The day the file was made, such as 2026-11-12. It is kept with every price taken from it.",
        ..FieldInfo::new("price-file-date", "file_date", "Date of the file")
    }],
    submit: "Take over what is ticked",
    ..SheetPage::new("Import prices", load!("prices/import/preview", prices::preview))
};

#[component]
pub fn PriceImport() -> impl IntoView {
    sheet_page(&PAGE)
}
