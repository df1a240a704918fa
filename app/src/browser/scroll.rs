//! Boxes that scroll.

use leptos::prelude::document;
use wasm_bindgen::JsCast;
use web_sys::Element;

fn by_id(id: &str) -> Option<Element> {
    document().get_element_by_id(id).and_then(|element| element.dyn_into().ok())
}

/// So near to its end, a box is at its end: about a line.
const NEAR: i32 = 24;

/// Is a box that was scrolled to `top` further up now, and not at its end?
pub fn is_scrolled_up(id: &str, top: i32) -> bool {
    by_id(id)
        .is_some_and(|it| it.scroll_top() < top && it.scroll_top() + it.client_height() + NEAR < it.scroll_height())
}

/// Tells where the end is.
pub fn scroll_to_end(id: &str) -> i32 {
    let Some(element) = by_id(id) else { return 0 };
    element.set_scroll_top(element.scroll_height());
    element.scroll_top()
}

/// How far a box is scrolled, in thousandths of what it can be; the end is all of it.
pub fn scrolled(id: &str) -> u32 {
    let Some(it) = by_id(id) else { return 1_000 };
    let room = it.scroll_height() - it.client_height();
    let top = it.scroll_top();
    if top + NEAR >= room { 1_000 } else { u32::try_from(i64::from(top) * 1_000 / i64::from(room.max(1))).unwrap_or(0) }
}

/// Scrolls a box to a share of its height, in thousandths.
pub fn scroll_to_share(id: &str, share: u32) {
    if let Some(it) = by_id(id) {
        let room = i64::from(it.scroll_height() - it.client_height());
        let top = i32::try_from(room * i64::from(share) / 1_000).unwrap_or_default();
        if (it.scroll_top() - top).abs() > 2 {
            it.set_scroll_top(top);
        }
    }
}

/// Which of its columns a strip shows, when each is as wide as the strip.
pub fn column_in_view(id: &str) -> Option<u32> {
    let strip = by_id(id)?;
    let width = strip.client_width();
    let at = strip.scroll_left().checked_add(width / 2)?.checked_div(width)?;
    u32::try_from(at).ok()
}

/// Brings an element into its strip, without moving the page more than it must.
pub fn bring_into_view(id: &str) {
    if let Some(element) = by_id(id) {
        let options = web_sys::ScrollIntoViewOptions::new();
        options.set_inline(web_sys::ScrollLogicalPosition::Start);
        options.set_block(web_sys::ScrollLogicalPosition::Nearest);
        element.scroll_into_view_with_scroll_into_view_options(&options);
    }
}
