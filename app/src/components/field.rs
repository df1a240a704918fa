//! Text fields: label above, hint below, the error in the hint's place and tied to the field.
//!
//! Fields are not reset when the page hydrates: what was typed before that is taken over.

use super::{erase::Erase, error_panel::sentence, reactive::react};
use crate::{browser, prelude::*};

/// What a field is, apart from its value and its error.
#[derive(Clone, Copy, Debug)]
pub struct FieldInfo {
    /// Unique on the page: `{page}-{field}`.
    pub id: &'static str,
    pub name: &'static str,
    pub label: &'static str,
    pub hint: &'static str,
    pub kind: &'static str,
    pub autocomplete: &'static str,
    pub placeholder: &'static str,
    pub inputmode: &'static str,
    pub required: bool,
    /// Ids, addresses, model names.
    pub mono: bool,
    /// Zero: one line.
    pub rows: u32,
}

impl FieldInfo {
    pub const fn new(id: &'static str, name: &'static str, label: &'static str) -> Self {
        Self {
            id,
            name,
            label,
            hint: "",
            kind: "text",
            autocomplete: "off",
            placeholder: "",
            inputmode: "text",
            required: false,
            mono: false,
            rows: 0,
        }
    }
}

/// A field bound to `value`, both ways.
pub fn text_field(info: FieldInfo, value: RwSignal<String>, error: Signal<Option<String>>) -> AnyView {
    let first = value.get_untracked();
    let adopted = StoredValue::new(false);
    react(move || {
        let wanted = value.get();
        let Some(now) = browser::field_text(info.id) else { return };
        let first_time = !adopted.get_value();
        adopted.set_value(true);
        if first_time && now.value != now.initial {
            value.set(now.value);
        } else if now.value != wanted {
            browser::set_field_text(info.id, &wanted);
        }
    });
    let input = control(info, first, error, Callback::new(move |text| value.set(text)));
    framed(info, error, input)
}

/// A field that only the form itself reads: for plain posts that work without JavaScript.
pub fn plain_field(info: FieldInfo, initial: String, error: Option<String>) -> AnyView {
    let error = Signal::stored(error);
    let input = control(info, initial, error, Callback::new(|_: String| ()));
    framed(info, error, input)
}

fn control(info: FieldInfo, first: String, error: Signal<Option<String>>, typed: Callback<String>) -> AnyView {
    let FieldInfo { id, name, kind, autocomplete, placeholder, inputmode, required, mono, rows, .. } = info;
    let class = if mono { "input mono" } else { "input" };
    let described = move || format!("{id}-note");
    let invalid = move || error.with(Option::is_some).then_some("true");
    if rows == 0 {
        return view! {
            <input
                id=id
                name=name
                class=class
                type=kind
                value=first
                autocomplete=autocomplete
                placeholder=placeholder
                inputmode=inputmode
                required=required
                aria-invalid=invalid
                aria-describedby=described()
                on:input=move |event| typed.run(event_target_value(&event))
            />
        }
        .erase();
    }
    // An empty text node would arrive as a space in the box: no text, no node.
    let text: Option<AnyView> = (!first.is_empty()).then(|| first.into_any());
    let area = leptos::html::textarea()
        .id(id)
        .name(name)
        .class(class)
        .rows(rows.to_string())
        .autocomplete(autocomplete)
        .placeholder(placeholder)
        .required(required)
        .aria_invalid(invalid)
        .aria_describedby(described())
        .on(leptos::ev::input, move |event| typed.run(event_target_value(&event)));
    match text {
        Some(text) => leptos::prelude::ElementChild::child(area, text).into_any(),
        None => area.into_any(),
    }
}

fn framed(info: FieldInfo, error: Signal<Option<String>>, input: AnyView) -> AnyView {
    let FieldInfo { id, label, hint, .. } = info;
    view! {
        <div class="field">
            <label for=id>
                {label}
            </label>
            {input}
            {field_note(id.to_owned(), hint.to_owned(), error)}
        </div>
    }
    .erase()
}

/// Hint or error below a field, under the id that the field names as its description.
pub fn field_note(id: String, hint: String, error: Signal<Option<String>>) -> AnyView {
    let class = move || if error.with(Option::is_some) { "field-note field-error" } else { "field-note" };
    view! {
        <p class=class id=format!("{id}-note")>
            {move || error.get().map_or_else(|| hint.clone(), |message| sentence(&message))}
        </p>
    }
    .erase()
}
