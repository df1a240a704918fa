//! The log of who did what.

use crate::{
    components::sheet_page::{SheetPage, load, sheet_page},
    prelude::*,
};

static PAGE: SheetPage = SheetPage::new("Audit log", load!("audit/page", audit::page));

#[component]
pub fn Audit() -> impl IntoView {
    sheet_page(&PAGE)
}
