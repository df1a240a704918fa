//! On the server there is no browser: nothing happens, except that cookies are read.

use std::rc::Rc;

use super::{EventField, FieldText};

/// A choice of looks (`theme`, `density`, `sidebar`) from its cookie; only the values we write ourselves are read back.
#[cfg(feature = "ssr")]
pub fn preference(name: &str) -> Option<String> {
    let parts = leptos::prelude::use_context::<http::request::Parts>()?;
    let cookies = parts.headers.get_all(http::header::COOKIE);
    let pairs = cookies.iter().filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(';'));
    let value = pairs.filter_map(|pair| pair.trim().split_once('=')).find(|(key, _)| *key == name)?.1;
    matches!(value, "light" | "dark" | "closed" | "compact").then(|| value.to_owned())
}

#[cfg(not(feature = "ssr"))]
pub fn preference(_name: &str) -> Option<String> {
    None
}

pub fn set_preference(_name: &str, _value: Option<&str>) {}
pub fn now_ms() -> u32 {
    0
}
pub fn mark_hydrated() {}
pub fn load_page(_address: &str) {}
pub fn copy(_text: &str, _done: Rc<dyn Fn(bool)>) {}
pub fn form_fields(_id: &str) -> Vec<(String, String)> {
    Vec::new()
}
pub fn reset_form(_id: &str) {}
pub fn event_field(_event: &leptos::web_sys::Event) -> Option<EventField> {
    None
}
pub fn goes_to_button(_event: &leptos::web_sys::Event) -> bool {
    false
}
pub fn forget_fragment() {}
pub fn read_file(_id: &str, _done: Rc<dyn Fn(String, String)>) {}
pub fn event_images(_event: &leptos::web_sys::Event, _done: Rc<dyn Fn(String, u32, String)>) -> bool {
    false
}
pub fn event_text(_event: &leptos::web_sys::Event, _done: Rc<dyn Fn(String)>) -> bool {
    false
}
pub fn forget_files(_event: &leptos::web_sys::Event) {}
pub fn click(_id: &str) {}
pub fn open_dialog(_id: &str) {}
pub fn close_dialog(_id: &str) {}
pub fn hide_popovers() {}
pub fn walk_menu(_event: &leptos::web_sys::KeyboardEvent) {}
pub fn focus(_id: &str) {}
pub fn find_lost_focus(_id: &str) {}
pub fn focus_first_invalid() {}
pub fn field_text(_id: &str) -> Option<FieldText> {
    None
}
pub fn set_field_text(_id: &str, _text: &str) {}
pub fn zone() -> Option<String> {
    None
}
pub fn fragment() -> String {
    String::new()
}
pub fn is_scrolled_up(_id: &str, _top: i32) -> bool {
    false
}
pub fn scroll_to_end(_id: &str) -> i32 {
    0
}
pub fn scrolled(_id: &str) -> u32 {
    1_000
}
pub fn scroll_to_share(_id: &str, _share: u32) {}
pub fn column_in_view(_id: &str) -> Option<u32> {
    None
}
pub fn bring_into_view(_id: &str) {}
pub fn has_layer() -> bool {
    false
}
pub fn is_typing(_event: &leptos::web_sys::Event) -> bool {
    false
}
pub fn has_focus(_id: &str) -> bool {
    false
}
pub fn page_address() -> String {
    String::new()
}
pub fn is_in_use(_id: &str) -> bool {
    false
}
