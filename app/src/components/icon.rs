//! One icon of the sprite `public/icons.svg`. Icons decorate words or sit in a button that has a name, so they are hidden from
//! assistive technology. One more icon: a `<symbol>` in the sprite.

use leptos::prelude::*;

use super::erase::Erase;

/// `name` is the id of a symbol.
pub fn icon(name: &'static str) -> AnyView {
    view! {
        <svg class="icon" width="16" height="16" aria-hidden="true" focusable="false">
            <use_ href=format!("/icons.svg#{name}") />
        </svg>
    }
    .erase()
}
