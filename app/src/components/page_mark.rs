//! The product's mark, as the favicon draws it: four tallies and the stroke through them.

use leptos::prelude::*;

use super::erase::Erase;

pub fn page_mark() -> AnyView {
    view! {
        <svg class="page-mark" width="32" height="32" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
            <use_ href="/icons.svg#mark" />
        </svg>
    }
    .erase()
}
