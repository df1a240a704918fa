//! A few choices side by side, one of them pressed: for views of the same thing. Pages that are different are links instead.

use super::erase::{Erase, views};
use crate::prelude::*;

/// `label` names the group; a choice is its word.
#[component]
pub fn Tabs(label: &'static str, choices: Vec<String>, chosen: RwSignal<String>) -> impl IntoView {
    let buttons = views(choices, &|word| {
        let (mine, value) = (word.clone(), word.clone());
        view! {
            <button
                class="tab"
                type="button"
                aria-pressed=move || chosen.with(|chosen| *chosen == mine).to_string()
                on:click=move |_| chosen.set(value.clone())
            >
                {word}
            </button>
        }
        .erase()
    });
    view! {
        <div class="tabs" role="group" aria-label=label>
            {buttons}
        </div>
    }
}
