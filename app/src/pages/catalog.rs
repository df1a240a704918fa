//! The built-in catalogue: find a model, take it over with its price.

use crate::{
    components::sheet_page::{SheetPage, load, sheet_page},
    prelude::*,
};

static PAGE: SheetPage = SheetPage {
    parent: ("models", "Models"),
    press: "catalog/add",
    ..SheetPage::new("Catalogue", load!("catalog/search", catalog::search))
};

#[component]
pub fn Catalog() -> impl IntoView {
    sheet_page(&PAGE)
}
