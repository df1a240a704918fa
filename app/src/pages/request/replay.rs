//! *Replay in playground*: the request becomes the reader's draft, and what changed since is said there.

use domain::{history::Replay, id::RequestId};
use leptos_router::{NavigateOptions, hooks::use_navigate};

use crate::{
    api,
    components::{
        button::{Button, Look},
        submit::{Submit, form_error},
    },
    pages::frame::ReplayNotes,
    prelude::*,
};

pub fn replay_button(team: String, request: RequestId) -> AnyView {
    let submit = Submit::new();
    let navigate = use_navigate();
    let notes = use_context::<ReplayNotes>();
    let press = Callback::new(move |()| {
        let (to, team, navigate) = (team.clone(), team.clone(), navigate.clone());
        let work = async move {
            let Replay { grid, notes } = api::history::replay(team.clone(), request).await?;
            api::playground::save_draft(team, grid).await?;
            Ok(notes)
        };
        submit.run(work, move |said: Vec<String>| {
            if let Some(ReplayNotes(notes)) = notes {
                notes.set(said);
            }
            navigate(&format!("/t/{to}/playground"), NavigateOptions::default());
        });
    });
    view! {
        <Button look=Look::Secondary label="Replay in playground" icon_name="columns" busy=submit.busy press=press />
        {form_error(submit.error.into())}
    }
    .into_any()
}
