//! A moment as the server formatted it, so that both sides print the same.

use domain::clock::Stamp;

use crate::{format::MISSING, prelude::*};

use super::erase::Erase;

pub fn time(stamp: Stamp) -> AnyView {
    let Stamp { iso, text, title } = stamp;
    view! {
        <time datetime=iso title=title>
            {text}
        </time>
    }
    .erase()
}

/// The moment, or a dash whose title says why there is none.
pub fn time_or(stamp: Option<Stamp>, why: &'static str) -> AnyView {
    stamp.map_or_else(|| missing(why), time)
}

/// A dash with its reason.
pub fn missing(why: &'static str) -> AnyView {
    view! {
        <span class="missing" title=why>
            {MISSING}
            <span class="visually-hidden">{why}</span>
        </span>
    }
    .erase()
}
