//! The controls of a form that is data: the browser's own, with the label above and hint or error below.

use crate::{
    components::{
        erase::{Erase, views},
        field::field_note,
        form::{Choice, Field, FieldKind},
    },
    prelude::*,
};

pub fn labelled(field: Field, id: &str, error: Signal<Option<String>>) -> AnyView {
    let (label, hint) = (field.label.clone(), field.hint.clone());
    let control = match field.kind {
        FieldKind::Select | FieldKind::Maybe => select(field, id, error),
        FieldKind::Lines | FieldKind::Pairs => area(field, id, error),
        _ => input(field, id, error),
    };
    view! {
        <div class="field">
            <label for=id.to_owned()>{label}</label>
            {control}
            {field_note(id.to_owned(), hint, error)}
        </div>
    }
    .erase()
}

fn input(field: Field, id: &str, error: Signal<Option<String>>) -> AnyView {
    let Field { name, kind, value, required, .. } = field;
    let (kind_of_input, autocomplete, mono) = match kind {
        FieldKind::Mono | FieldKind::Confirm => ("text", "off", true),
        FieldKind::Email => ("email", "off", false),
        FieldKind::Search => ("search", "off", false),
        FieldKind::Password => ("password", "current-password", false),
        FieldKind::NewPassword => ("password", "new-password", false),
        FieldKind::Secret => ("password", "new-password", true),
        FieldKind::Day => ("date", "off", false),
        _ => ("text", "off", false),
    };
    let value = if kind == FieldKind::Confirm { String::new() } else { value };
    view! {
        <input
            id=id.to_owned()
            name=name
            class=if mono { "input mono" } else { "input" }
            type=kind_of_input
            value=value
            autocomplete=autocomplete
            inputmode=if kind == FieldKind::Number { "numeric" } else { "text" }
            required=required
            aria-invalid=move || error.with(Option::is_some).then_some("true")
            aria-describedby=format!("{id}-note")
        />
    }
    .erase()
}

fn area(field: Field, id: &str, error: Signal<Option<String>>) -> AnyView {
    let Field { name, value, required, .. } = field;
    let area = leptos::html::textarea()
        .id(id.to_owned())
        .name(name)
        .class("input mono")
        .rows("3")
        .autocomplete("off")
        .required(required)
        .aria_invalid(move || error.with(Option::is_some).then_some("true"))
        .aria_describedby(format!("{id}-note"));
    // An empty text node would arrive as a space in the box: no text, no node.
    if value.is_empty() { area.into_any() } else { leptos::prelude::ElementChild::child(area, value).into_any() }
}

fn select(field: Field, id: &str, error: Signal<Option<String>>) -> AnyView {
    let Field { name, value, choices, required, .. } = field;
    let options = views(choices, &|it| {
        let selected = it.value == value;
        view! {
            <option value=it.value selected=selected>
                {it.label}
            </option>
        }
        .erase()
    });
    view! {
        <select
            id=id.to_owned()
            name=name
            class="input select"
            required=required
            aria-invalid=move || error.with(Option::is_some).then_some("true")
            aria-describedby=format!("{id}-note")
        >
            {options}
        </select>
    }
    .erase()
}

pub fn flag(field: Field, id: &str) -> AnyView {
    let Field { name, value, label, hint, .. } = field;
    view! {
        <div class="checkbox">
            <input
                type="checkbox"
                id=id.to_owned()
                name=name
                checked=value == "true"
                aria-describedby=format!("{id}-note")
            />
            <div>
                <label for=id.to_owned()>{label}</label>
                <p id=format!("{id}-note")>{hint}</p>
            </div>
        </div>
    }
    .erase()
}

/// More than this many are searched through.
const FEW: usize = 10;

/// Boxes to tick, or explained buttons of which one is on.
pub fn choices(field: Field, id: &str, error: Signal<Option<String>>) -> AnyView {
    let Field { name, kind, value, label, hint, choices, .. } = field;
    let is_radio = kind == FieldKind::Radios;
    let words = RwSignal::new(String::new());
    let search = (choices.len() > FEW).then(|| search(&label, words));
    let ticked: Vec<&str> = value.lines().collect();
    let rows = views(choices, &|it| {
        let on = ticked.contains(&it.value.as_str());
        if is_radio { radio(it, on, &name, id, error) } else { tick(it, on, &name, words, error) }
    });
    view! {
        <fieldset class=if is_radio { "radios" } else { "form-group" } aria-describedby=format!("{id}-note")>
            <legend>{label}</legend>
            {search}
            <div class=if is_radio { "radio-list" } else { "check-list" }>{rows}</div>
            {field_note(id.to_owned(), hint, error)}
        </fieldset>
    }
    .erase()
}

fn search(label: &str, words: RwSignal<String>) -> AnyView {
    view! {
        <input
            class="input"
            type="search"
            aria-label=format!("Search: {label}")
            placeholder="Search"
            on:input=move |event: leptos::ev::Event| words.set(event_target_value(&event).to_ascii_lowercase())
        />
    }
    .erase()
}

fn radio(it: Choice, on: bool, name: &str, id: &str, error: Signal<Option<String>>) -> AnyView {
    let Choice { value, label, text } = it;
    let mine = format!("{id}-{value}");
    let note = format!("{mine}-text");
    view! {
        <div class="radio">
            <input
                type="radio"
                id=mine.clone()
                name=name.to_owned()
                value=value
                checked=on
                aria-describedby=note.clone()
                aria-invalid=move || error.with(Option::is_some).then_some("true")
            />
            <div>
                <label for=mine>{label}</label>
                <p id=note>{text}</p>
            </div>
        </div>
    }
    .erase()
}

fn tick(it: Choice, on: bool, name: &str, words: RwSignal<String>, error: Signal<Option<String>>) -> AnyView {
    let Choice { value, label, text } = it;
    let searched = label.to_ascii_lowercase();
    view! {
        <label class="check-item" hidden=move || words.with(|words| !searched.contains(words.as_str()))>
            <input
                type="checkbox"
                name=name.to_owned()
                value=value
                checked=on
                aria-invalid=move || error.with(Option::is_some).then_some("true")
            />
            <span class="mono">{label}</span>
            <span class="sub">{text}</span>
        </label>
    }
    .erase()
}
