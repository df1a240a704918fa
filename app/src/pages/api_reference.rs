//! The public API, for people.

use crate::{
    components::{
        page::Width,
        sheet_page::{SheetPage, load, sheet_page},
    },
    prelude::*,
};

static PAGE: SheetPage = SheetPage {
    width: Width::Reading,
    empty: ("list", "Not described here", "This server does not say what its public API offers."),
    ..SheetPage::new("API reference", load!("reference/page", reference::page))
};

#[component]
pub fn ApiReference() -> impl IntoView {
    sheet_page(&PAGE)
}
