//! The file that describes the instance: read what it would change, then let it.

use crate::{
    components::sheet_page::{SheetPage, Subject, load, sheet_page},
    prelude::*,
};

static PAGE: SheetPage = SheetPage {
    subject: Subject::File("Bundle"),
    send: "bundle/apply_file",
    form_text: "A bundle describes people, teams, providers, models and keys of this instance in one TOML file. Choose one to see what it would change: nothing is written before you apply it. Secrets come from variables of the server whose names begin with TALLYGATE_SECRET_, never from the file.",
    submit: "Apply",
    ..SheetPage::new("Bundle", load!("bundle/page", bundle::page))
};

#[component]
pub fn Bundle() -> impl IntoView {
    sheet_page(&PAGE)
}
