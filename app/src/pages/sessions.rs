//! The sign-in sessions of the reader: which device, where from, end one or all others.

use crate::{
    components::sheet_page::{SheetPage, load, sheet_page},
    prelude::*,
};

static PAGE: SheetPage = SheetPage::new("Your sessions", load!("sessions/page", sessions::page));

#[component]
pub fn Sessions() -> impl IntoView {
    sheet_page(&PAGE)
}
