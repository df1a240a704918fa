//! A few choices side by side, one of them pressed: for views of the same thing. Pages that are different are links instead.

use super::erase::Erase;
use crate::prelude::*;

/// `label` names the group; each choice is its value and its word.
#[component]
pub fn Tabs(
    label: &'static str,
    choices: &'static [(&'static str, &'static str)],
    chosen: RwSignal<String>,
) -> impl IntoView {
    let buttons = choices
        .iter()
        .map(|(value, word)| {
            view! {
                <button
                    class="tab"
                    type="button"
                    aria-pressed=move || chosen.with(|chosen| chosen == value).to_string()
                    on:click=move |_| chosen.set((*value).to_owned())
                >
                    {*word}
                </button>
            }
            .erase()
        })
        .collect::<Vec<_>>();
    view! {
        <div class="tabs" role="group" aria-label=label>
            {buttons}
        </div>
    }
}
