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

/// The same for a choice that lives elsewhere, as in the address: value and word of each.
pub fn segments(
    label: &'static str,
    choices: &[(&'static str, &'static str)],
    chosen: Signal<&'static str>,
    choose: Callback<&'static str>,
) -> AnyView {
    let buttons = views(choices.to_vec(), &|(value, word)| {
        view! {
            <button
                class="tab"
                type="button"
                aria-pressed=move || (chosen.get() == value).to_string()
                on:click=move |_| choose.run(value)
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
    .erase()
}

/// A button that is pressed or not.
pub fn toggle(label: &'static str, pressed: Signal<bool>, press: Callback<()>) -> AnyView {
    view! {
        <button
            class="button toggle"
            type="button"
            aria-pressed=move || pressed.get().to_string()
            on:click=move |_| press.run(())
        >
            {label}
        </button>
    }
    .erase()
}
