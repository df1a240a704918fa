//! A text area or a line for lists of them: ids are made of their place, the text stays in the box and is told on every input,
//! so that a page with a hundred of them renders none again while somebody types. What was typed before the page hydrated is
//! taken over, as in `field`.

use super::{erase::Erase, error_panel::sentence, reactive::react};
use crate::{browser, prelude::*};

/// What a box is, apart from its text.
#[derive(Clone, Debug, Default)]
pub struct TextBox {
    /// Unique on the page.
    pub id: String,
    pub label: String,
    /// The label is for assistive technology only.
    pub quiet: bool,
    pub hint: String,
    pub placeholder: &'static str,
    pub mono: bool,
    /// Zero: one line.
    pub rows: u32,
    /// `numeric`, `decimal`; empty: any text.
    pub inputmode: &'static str,
    /// Why it cannot be used; empty: it can.
    pub disabled: Signal<String>,
    /// What is wrong with it.
    pub error: Signal<Option<String>>,
}

/// `first` is in it from the start; `typed` hears every change, `left` that it is over.
///
/// A browser tells a field that it was left even when it is taken away, and by then nobody may listen any more.
pub fn text_box(it: TextBox, first: String, typed: Callback<String>, left: Callback<()>) -> AnyView {
    let TextBox { id, label, quiet, hint, placeholder, mono, rows, inputmode, disabled, error } = it;
    adopt(&id, typed);
    let note = format!("{id}-note");
    let class = if mono { "input mono" } else { "input" };
    let invalid = move || error.with(Option::is_some).then_some("true");
    let is_disabled = move || disabled.with(|why| !why.is_empty());
    let input = if rows == 0 {
        view! {
            <input
                id=id.clone()
                class=class
                type="text"
                value=first
                autocomplete="off"
                placeholder=placeholder
                inputmode=inputmode
                disabled=is_disabled
                aria-invalid=invalid
                aria-describedby=note.clone()
                on:input=move |event| { let _gone = typed.try_run(event_target_value(&event)); }
                on:change=move |_| { let _gone = left.try_run(()); }
            />
        }
        .erase()
    } else {
        let area = leptos::html::textarea()
            .id(id.clone())
            .class(class)
            .rows(rows.to_string())
            .autocomplete("off")
            .placeholder(placeholder)
            .disabled(is_disabled)
            .aria_invalid(invalid)
            .aria_describedby(note.clone())
            .on(leptos::ev::input, move |event| {
                let _gone = typed.try_run(event_target_value(&event));
            })
            .on(leptos::ev::change, move |_| {
                let _gone = left.try_run(());
            });
        // An empty text node would arrive as a space in the box: no text, no node.
        match first.is_empty() {
            true => area.into_any(),
            false => leptos::prelude::ElementChild::child(area, first).into_any(),
        }
    };
    let said = move || error.get().map_or_else(|| hint.clone(), |message| sentence(&message));
    let words = move || Some(disabled.get()).filter(|why| !why.is_empty()).unwrap_or_else(&said);
    view! {
        <div class="field">
            <label for=id class=if quiet { "visually-hidden" } else { "" }>
                {label}
            </label>
            {input}
            <p class=move || if error.with(Option::is_some) { "field-note field-error" } else { "field-note" } id=note>
                {words}
            </p>
        </div>
    }
    .erase()
}

/// Takes over what was typed before the page came alive. A box that is made later holds what it was given.
fn adopt(id: &str, typed: Callback<String>) {
    let is_hydrating = Owner::current_shared_context().is_some_and(|context| context.during_hydration());
    if !is_hydrating {
        return;
    }
    let id = id.to_owned();
    react(move || {
        if let Some(now) = browser::field_text(&id)
            && now.value != now.initial
        {
            typed.run(now.value);
        }
    });
}
