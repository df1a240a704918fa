//! One key: its rules, the secrets that still work, what it was used for last.

use crate::{
    components::sheet_page::{SheetPage, Subject, load, sheet_page},
    prelude::*,
};

static PAGE: SheetPage = SheetPage {
    parent: ("keys", "Keys"),
    subject: Subject::Path("key"),
    ..SheetPage::new("Key", load!("keys/page", keys::page))
};

#[component]
pub fn Key() -> impl IntoView {
    sheet_page(&PAGE)
}
