//! Keys: what clients send. The secret is shown once, revoking asks for the name.

use crate::{
    components::sheet_page::{SheetPage, load, sheet_page},
    prelude::*,
};

static PAGE: SheetPage = SheetPage {
    opens: "new",
    empty: (
        "key",
        "No key yet",
        "A key lets a program call the models of this team. Its secret is shown once, when it is made.",
    ),
    ..SheetPage::new("Keys", load!("keys/page", keys::page))
};

#[component]
pub fn Keys() -> impl IntoView {
    sheet_page(&PAGE)
}
