//! A panel over the right half of the page, on the native dialog: focus moves in and comes back, Esc closes. On a phone it is
//! the whole screen. What is inside is made when it opens and gone when it closes.

use super::{
    erase::Erase,
    icon::icon,
    reactive::{react, when},
};
use crate::{browser, prelude::*};

/// Opens and closes with `open`.
pub fn drawer(
    id: &'static str,
    title: Signal<String>,
    open: RwSignal<bool>,
    content: impl Fn() -> AnyView + Send + Sync + 'static,
) -> AnyView {
    react(move || if open.get() { browser::open_dialog(id) } else { browser::close_dialog(id) });
    let heading = format!("{id}-title");
    view! {
        <dialog id=id class="drawer" aria-labelledby=heading.clone() on:close=move |_| open.set(false)>
            <div class="drawer-head">
                <h2 id=heading.clone()>{move || title.get()}</h2>
                {close(Callback::new(move |()| open.set(false)))}
            </div>
            <div class="drawer-body">{when(move || open.get(), content)}</div>
        </dialog>
    }
    .erase()
}

/// The cross of a drawer.
pub fn close(press: Callback<()>) -> AnyView {
    view! {
        <button class="button button-icon" type="button" title="Close" aria-label="Close" on:click=move |_| press.run(())>
            {icon("x")}
        </button>
    }
    .erase()
}
