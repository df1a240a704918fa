//! The management tokens of the reader.

use crate::{
    components::sheet_page::{SheetPage, load, sheet_page},
    prelude::*,
};

static PAGE: SheetPage = SheetPage {
    opens: "new",
    empty: (
        "key",
        "No token yet",
        "A token lets a script manage keys, members and models for you, within the scopes that you choose. It calls no models: keys do.",
    ),
    ..SheetPage::new("Your tokens", load!("tokens/page", tokens::page))
};

#[component]
pub fn Tokens() -> impl IntoView {
    sheet_page(&PAGE)
}
