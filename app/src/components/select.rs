//! Choices: the native select, and a group of radio buttons for choices that need explaining.

use super::{erase::Erase, field::field_note};
use crate::prelude::*;

/// One choice: what is sent, what is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    pub value: String,
    pub label: String,
}

/// A native select bound to `chosen`.
pub fn select(
    id: &'static str,
    label: &'static str,
    hint: &'static str,
    choices: Signal<Vec<Choice>>,
    chosen: RwSignal<String>,
    error: Signal<Option<String>>,
) -> AnyView {
    let options = move || {
        let choices = choices.get();
        let options = choices.into_iter().map(move |Choice { value, label }| {
            let mine = value.clone();
            view! {
                <option value=value selected=move || chosen.get() == mine>
                    {label}
                </option>
            }
            .erase()
        });
        options.collect::<Vec<_>>()
    };
    view! {
        <div class="field">
            <label for=id>{label}</label>
            <select
                id=id
                class="input select"
                aria-describedby=format!("{id}-note")
                aria-invalid=move || error.with(Option::is_some).then_some("true")
                on:change=move |event| chosen.set(event_target_value(&event))
            >
                {move || options()}
            </select>
            {field_note(id, hint, error)}
        </div>
    }
    .erase()
}

/// One explained choice of a radio group.
#[derive(Clone, Copy, Debug)]
pub struct Explained {
    pub value: &'static str,
    pub label: &'static str,
    pub text: &'static str,
}

/// Radio buttons that a plain form posts; `chosen` is what was chosen before, empty when nothing is.
pub fn plain_radios(
    id: &'static str,
    name: &'static str,
    legend: &'static str,
    choices: &'static [Explained],
    chosen: String,
    error: Option<String>,
) -> AnyView {
    let class = if error.is_some() { "radios radios-wrong" } else { "radios" };
    let rows = choices
        .iter()
        .map(|choice| {
            let note = format!("{id}-{}-text", choice.value);
            view! {
                <div class="radio">
                    <input
                        type="radio"
                        id=format!("{id}-{}", choice.value)
                        name=name
                        value=choice.value
                        checked=chosen == choice.value
                        required=true
                        aria-describedby=note.clone()
                    />
                    <div>
                        <label for=format!("{id}-{}", choice.value)>{choice.label}</label>
                        <p id=note>{choice.text}</p>
                    </div>
                </div>
            }
            .erase()
        })
        .collect::<Vec<_>>();
    view! {
        <fieldset class=class aria-describedby=format!("{id}-note")>
            <legend>{legend}</legend>
            {rows}
            {field_note(id, "", Signal::stored(error))}
        </fieldset>
    }
    .erase()
}

/// A checkbox with its label.
pub fn checkbox(id: &'static str, label: &'static str, hint: &'static str, checked: RwSignal<bool>) -> AnyView {
    view! {
        <div class="checkbox">
            <input
                type="checkbox"
                id=id
                aria-describedby=format!("{id}-note")
                prop:checked=move || checked.get()
                on:change=move |event| checked.set(event_target_checked(&event))
            />
            <div>
                <label for=id>{label}</label>
                <p id=format!("{id}-note")>{hint}</p>
            </div>
        </div>
    }
    .erase()
}
