//! Models: the names clients send, what they cost, how much they take. A model without a price says so; it is never $0.

use crate::{
    components::sheet_page::{SheetPage, load, sheet_page},
    prelude::*,
};

static PAGE: SheetPage = SheetPage {
    press: "prices/confirm",
    opens: "add",
    empty: ("box", "No model yet", "A model is a name your clients send, bound to a provider and a price."),
    ..SheetPage::new("Models", load!("models/page", models::page))
};

#[component]
pub fn Models() -> impl IntoView {
    sheet_page(&PAGE)
}
