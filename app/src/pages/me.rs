//! What people change of themselves: name, looks, password.

use crate::{
    components::{
        page::Width,
        sheet_page::{SheetPage, load, sheet_page},
    },
    prelude::*,
};

static PAGE: SheetPage =
    SheetPage { width: Width::Form, ..SheetPage::new("Your profile", load!("profile/page", profile::page)) };

#[component]
pub fn Me() -> impl IntoView {
    sheet_page(&PAGE)
}
