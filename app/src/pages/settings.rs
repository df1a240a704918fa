//! Settings of the instance.

use crate::{
    components::{
        page::Width,
        sheet_page::{SheetPage, load, sheet_page},
    },
    prelude::*,
};

static PAGE: SheetPage =
    SheetPage { width: Width::Form, ..SheetPage::new("Instance settings", load!("settings/page", settings::page)) };

#[component]
pub fn Settings() -> impl IntoView {
    sheet_page(&PAGE)
}
