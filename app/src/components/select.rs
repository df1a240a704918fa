//! Choices of forms that are no data: a group of radio buttons for choices that need explaining, and a checkbox.

use super::{erase::Erase, field::field_note};
use crate::prelude::*;

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
            {field_note(id.to_owned(), String::new(), Signal::stored(error))}
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

/// A native choice: value and label of each, and what hears the new value.
pub fn choice(
    id: String,
    label: String,
    quiet: bool,
    choices: Vec<(String, String)>,
    chosen: Signal<String>,
    choose: Callback<String>,
) -> AnyView {
    let options = super::erase::views(choices, &|(value, label)| {
        let mine = value.clone();
        view! {
            <option value=value.clone() selected=move || chosen.with(|chosen| *chosen == mine)>
                {label}
            </option>
        }
        .erase()
    });
    view! {
        <div class="field">
            <label for=id.clone() class=if quiet { "visually-hidden" } else { "" }>
                {label}
            </label>
            <select
                class="input select"
                id=id.clone()
                prop:value=move || chosen.get()
                on:change=move |event| { let _gone = choose.try_run(event_target_value(&event)); }
            >
                {options}
            </select>
        </div>
    }
    .erase()
}
