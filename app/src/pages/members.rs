//! Members of a team, and invitations into it.

use crate::{
    components::sheet_page::{SheetPage, load, sheet_page},
    prelude::*,
};

static PAGE: SheetPage =
    SheetPage { opens: "invite", ..SheetPage::new("Members", load!("members/page", members::page)) };

#[component]
pub fn Members() -> impl IntoView {
    sheet_page(&PAGE)
}
