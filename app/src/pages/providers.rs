//! Providers: through which account models are reached. `?connect=1` opens the dialog, which is the page's own: it asks for the
//! vendor first.

use self::connect::ConnectDialog;
use crate::{
    components::{
        erase::Erase,
        sheet_page::{SheetPage, load, sheet_page_with},
    },
    prelude::*,
};

mod connect;

static PAGE: SheetPage = SheetPage {
    opens: "connect",
    own: true,
    empty: (
        "plug",
        "No provider yet",
        "A provider is an account or a server that answers model calls. Connect one to add its models.",
    ),
    ..SheetPage::new("Providers", load!("providers/page", providers::page))
};

#[component]
pub fn Providers() -> impl IntoView {
    sheet_page_with(&PAGE, |team, open, list| view! { <ConnectDialog team=team open=open list=list /> }.erase())
}
