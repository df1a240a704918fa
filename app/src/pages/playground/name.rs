//! The name of a run, and its renaming.

use domain::id::RunId;

use crate::{
    api,
    components::{
        button::{Look, icon_button, plain_button},
        erase::Erase,
        reactive::live,
        submit::{Submit, form_error},
        text_box::{TextBox, text_box},
    },
    format::marked,
    prelude::*,
};

/// Provided by the page, which knows it first.
#[derive(Clone, Copy)]
pub struct RunName(pub RwSignal<String>);

pub fn name_view(run: RunId, team: String, may_change: bool) -> AnyView {
    let Some(RunName(name)) = use_context::<RunName>() else { return ().into_any() };
    let editing = RwSignal::new(false);
    live(move || {
        if editing.get() {
            return edit(run, team.clone(), name, editing);
        }
        let pencil = may_change.then(|| icon_button("pencil", "Rename the run", move || editing.set(true)));
        view! {
            <div class="run-name">
                <h2>{marked(&name.get())}</h2>
                {pencil}
            </div>
        }
        .erase()
    })
}

fn edit(run: RunId, team: String, name: RwSignal<String>, editing: RwSignal<bool>) -> AnyView {
    let submit = Submit::new();
    let typed = RwSignal::new(name.get_untracked());
    let save = move || {
        let new = typed.get_untracked().trim().to_owned();
        submit.ask(api::runs::Rename { team: team.clone(), run, name: new.clone() }, move |()| {
            name.set(new);
            editing.set(false);
        });
    };
    let field = TextBox {
        id: "run-name".to_owned(),
        label: "Name of the run".to_owned(),
        quiet: true,
        error: submit.of_field("name"),
        ..TextBox::default()
    };
    let enter = save.clone();
    view! {
        <form
            class="run-name"
            on:submit=move |event| {
                event.prevent_default();
                enter();
            }
        >
            {text_box(field, name.get_untracked(), Callback::new(move |text| typed.set(text)), Callback::new(|()| ()))}
            {plain_button(Look::Secondary, "Rename", "", save)}
            {plain_button(Look::Quiet, "Leave it", "", move || editing.set(false))}
            {form_error(submit.error.into())}
        </form>
    }
    .erase()
}
