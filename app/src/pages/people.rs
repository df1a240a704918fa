//! The accounts of the instance.

use crate::{
    components::sheet_page::{SheetPage, load, sheet_page},
    prelude::*,
};

static PAGE: SheetPage = SheetPage::new("People", load!("users/page", users::page));

#[component]
pub fn People() -> impl IntoView {
    sheet_page(&PAGE)
}
