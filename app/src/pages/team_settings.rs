//! Settings of a team: its name, and what is stored of its calls.

use crate::{
    components::{
        page::Width,
        sheet_page::{SheetPage, load, sheet_page},
    },
    prelude::*,
};

static PAGE: SheetPage = SheetPage {
    width: Width::Form,
    ..SheetPage::new("Team settings", load!("teams/settings_page", teams::settings_page))
};

#[component]
pub fn TeamSettings() -> impl IntoView {
    sheet_page(&PAGE)
}
