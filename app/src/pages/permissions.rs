//! Who may do what: the table, with the roles of the reader marked.

use crate::{
    components::sheet_page::{SheetPage, load, sheet_page},
    prelude::*,
};

static PAGE: SheetPage = SheetPage::new("Permissions", load!("permissions/table", permissions::table));

#[component]
pub fn Permissions() -> impl IntoView {
    sheet_page(&PAGE)
}
