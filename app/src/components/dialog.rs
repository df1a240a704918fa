//! A modal dialog on the native element: focus moves in and comes back, Esc closes, the page behind is inert.

use super::{
    erase::Erase,
    icon::icon,
    reactive::{react, when},
};
use crate::{browser, prelude::*};

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
    react(move || if open.get() { browser::open_dialog(id) } else { browser::close_dialog(id) });
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
                {when(move || !insist.get(), move || close_button(open))}
            </div>
            {when(move || !summary.get().is_empty(), move || summary_view(summary))}
            {children()}
        </dialog>
    }
}

fn close_button(open: RwSignal<bool>) -> AnyView {
    view! {
        <button
            class="button button-icon"
            type="button"
            title="Close"
            aria-label="Close"
            on:click=move |_| open.set(false)
        >
            {icon("x")}
        </button>
    }
    .erase()
}

fn summary_view(summary: Signal<String>) -> AnyView {
    view! { <p class="dialog-summary">{move || summary.get()}</p> }.erase()
}

/// For dialogs about one thing: open while there is one, and closing forgets it.
pub fn open_while<T: Send + Sync + 'static>(subject: RwSignal<Option<T>>) -> RwSignal<bool> {
    let open = RwSignal::new(false);
    react(move || {
        let wanted = subject.with(Option::is_some);
        if open.get_untracked() != wanted {
            open.set(wanted);
        }
    });
    react(move || {
        // The guard keeps the two effects from waking each other for ever.
        if !open.get() && subject.with_untracked(Option::is_some) {
            subject.set(None);
        }
    });
    open
}
