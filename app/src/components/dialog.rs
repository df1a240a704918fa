//! A modal dialog on the native element: focus moves in and comes back, Esc closes, the page behind is inert.

use leptos::prelude::*;

use super::icon::icon;
use crate::browser;

/// Opens and closes with `open`; closing it by Esc or by its cross writes `open` back.
#[component]
pub fn Dialog(
    id: &'static str,
    #[prop(into)] title: Signal<String>,
    open: RwSignal<bool>,
    #[prop(optional, into)] summary: Signal<String>,
    /// A dialog that shows something only once must be closed by its own button.
    #[prop(optional, into)]
    insist: Signal<bool>,
    children: Children,
) -> impl IntoView {
    let heading = format!("{id}-title");
    let labelled = heading.clone();
    Effect::new(move |_| if open.get() { browser::open_dialog(id) } else { browser::close_dialog(id) });
    view! {
        <dialog
            id=id
            class="dialog"
            aria-labelledby=labelled
            on:close=move |_| open.set(false)
            on:cancel=move |event: leptos::ev::Event| {
                if insist.get_untracked() {
                    event.prevent_default();
                }
            }
        >
            <div class="dialog-head">
                <h2 id=heading>{move || title.get()}</h2>
                <Show when=move || !insist.get()>
                    <button
                        class="button button-icon"
                        type="button"
                        title="Close"
                        aria-label="Close"
                        on:click=move |_| open.set(false)
                    >
                        {icon("x")}
                    </button>
                </Show>
            </div>
            <Show when=move || !summary.get().is_empty()>
                <p class="dialog-summary">{move || summary.get()}</p>
            </Show>
            {children()}
        </dialog>
    }
}
