//! All teams of the instance.

use crate::{
    components::sheet_page::{SheetPage, load, sheet_page},
    prelude::*,
};

static PAGE: SheetPage = SheetPage { opens: "new", ..SheetPage::new("Teams", load!("teams/page", teams::page)) };

#[component]
pub fn Teams() -> impl IntoView {
    sheet_page(&PAGE)
}
