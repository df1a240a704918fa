//! The few things that only a browser has, behind plain functions: on the server they do nothing.
//!
//! Pages and components call these and stay free of `cfg`. Never here: views, server functions. Nothing here may be called
//! while a view is being built, except [`preference`], which answers the same on both sides.

#[cfg(feature = "hydrate")]
pub use real::*;
#[cfg(not(feature = "hydrate"))]
pub use server::*;

/// Where a form field stands in the browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldText {
    pub value: String,
    /// What the server had put into it.
    pub initial: String,
}

#[cfg(feature = "hydrate")]
mod real {
    use std::rc::Rc;

    use leptos::prelude::{document, request_animation_frame, window};
    use wasm_bindgen::{JsCast, JsValue, closure::Closure};
    use web_sys::{Element, HtmlDialogElement, HtmlElement, HtmlInputElement, HtmlTextAreaElement};

    use super::FieldText;

    const YEAR_SECONDS: u32 = 31_536_000;

    fn by_id<T: JsCast>(id: &str) -> Option<T> {
        document().get_element_by_id(id).and_then(|element| element.dyn_into().ok())
    }

    /// A choice of looks (`theme`, `sidebar`): an attribute of `<html>`, which the server wrote from its cookie.
    pub fn preference(name: &str) -> Option<String> {
        document().document_element().and_then(|root| root.get_attribute(&format!("data-{name}")))
    }

    /// Shows the choice and keeps it in the cookie the server reads; `None` goes back to the default.
    pub fn set_preference(name: &str, value: Option<&str>) {
        let Some(root) = document().document_element() else { return };
        let attribute = format!("data-{name}");
        // A refused cookie (private mode) only means that the choice ends with the tab.
        let _shown = match value {
            Some(value) => root.set_attribute(&attribute, value),
            None => root.remove_attribute(&attribute),
        };
        let (value, age) = (value.unwrap_or_default(), if value.is_some() { YEAR_SECONDS } else { 0 });
        if let Ok(page) = document().dyn_into::<web_sys::HtmlDocument>() {
            let _kept = page.set_cookie(&format!("{name}={value}; Path=/; Max-Age={age}; SameSite=Lax"));
        }
    }

    pub fn mark_hydrated() {
        if let Some(root) = document().document_element() {
            let _marked = root.set_attribute("data-hydrated", "1");
        }
        if let Some(performance) = window().performance() {
            let _marked = performance.mark("app:hydrated");
        }
    }

    /// Puts `text` on the clipboard and tells whether that worked; without https there is no clipboard.
    pub fn copy(text: &str, done: Rc<dyn Fn(bool)>) {
        let navigator = window().navigator();
        let offered = js_sys::Reflect::get(&navigator, &JsValue::from_str("clipboard")).is_ok_and(|it| it.is_object());
        if !offered {
            return done(false);
        }
        let otherwise = done.clone();
        let kept = Closure::once(move |_: JsValue| done(true));
        let refused = Closure::once(move |_: JsValue| otherwise(false));
        let _promise = navigator.clipboard().write_text(text).then2(&kept, &refused);
        // One of them is called once, later; the few bytes of the other are the price.
        kept.forget();
        refused.forget();
    }

    /// The fields of a form by name; boxes only where they are ticked.
    pub fn form_fields(id: &str) -> Vec<(String, String)> {
        let Ok(found) = document().query_selector_all(&format!("#{id} input[name]")) else { return Vec::new() };
        let mut fields = Vec::new();
        for index in 0..found.length() {
            let Some(Ok(field)) = found.get(index).map(JsCast::dyn_into::<HtmlInputElement>) else { continue };
            if field.type_() != "checkbox" || field.checked() {
                fields.push((field.name(), field.value()));
            }
        }
        fields
    }

    /// Reads the file that was chosen in a file field as text, and hands over its name and its text. A file that cannot be
    /// read is an empty one.
    pub fn read_file(id: &str, done: Rc<dyn Fn(String, String)>) {
        let chosen = by_id::<HtmlInputElement>(id).and_then(|field| field.files()).and_then(|files| files.get(0));
        let Some(file) = chosen else { return };
        let name = file.name();
        // One for both ends of the promise: what a refusal brings is no text.
        let ended = Closure::once(move |text: JsValue| done(name, text.as_string().unwrap_or_default()));
        let _promise = file.text().then2(&ended, &ended);
        ended.forget();
    }

    pub fn open_dialog(id: &str) {
        if let Some(dialog) = by_id::<HtmlDialogElement>(id)
            && !dialog.open()
        {
            let _shown = dialog.show_modal();
        }
    }

    pub fn close_dialog(id: &str) {
        if let Some(dialog) = by_id::<HtmlDialogElement>(id)
            && dialog.open()
        {
            dialog.close();
        }
    }

    /// Closes menus that are still open after a link in them was followed.
    pub fn hide_popovers() {
        let Ok(open) = document().query_selector_all("[popover]:popover-open") else { return };
        for index in 0..open.length() {
            if let Some(Ok(menu)) = open.get(index).map(JsCast::dyn_into::<HtmlElement>) {
                let _hidden = menu.hide_popover();
            }
        }
    }

    pub fn focus(id: &str) {
        if let Some(element) = by_id::<HtmlElement>(id) {
            let _focused = element.focus();
        }
    }

    /// Moves to the first wrong field, once the page shows it as wrong.
    pub fn focus_first_invalid() {
        request_animation_frame(|| {
            let found = document().query_selector("[aria-invalid='true']");
            if let Ok(Some(field)) = found.map(|it| it.and_then(|it| it.dyn_into::<HtmlElement>().ok())) {
                let _focused = field.focus();
            }
        });
    }

    pub fn field_text(id: &str) -> Option<FieldText> {
        let element: Element = by_id(id)?;
        if let Some(input) = element.dyn_ref::<HtmlInputElement>() {
            return Some(FieldText { value: input.value(), initial: input.default_value() });
        }
        let area = element.dyn_ref::<HtmlTextAreaElement>()?;
        Some(FieldText { value: area.value(), initial: area.default_value().unwrap_or_default() })
    }

    pub fn set_field_text(id: &str, text: &str) {
        if let Some(input) = by_id::<HtmlInputElement>(id) {
            input.set_value(text);
        } else if let Some(area) = by_id::<HtmlTextAreaElement>(id) {
            area.set_value(text);
        }
    }

    /// The browser's IANA zone.
    pub fn zone() -> Option<String> {
        let format = js_sys::Intl::DateTimeFormat::new(&js_sys::Array::new(), &js_sys::Object::new());
        js_sys::Reflect::get(&format.resolved_options(), &JsValue::from_str("timeZone")).ok()?.as_string()
    }

    /// What follows `#` in the address.
    pub fn fragment() -> String {
        window().location().hash().unwrap_or_default().trim_start_matches('#').to_owned()
    }

    /// Is the scrolled box at its end, give or take a line?
    pub fn is_at_end(id: &str) -> bool {
        by_id::<Element>(id).is_none_or(|it| it.scroll_top() + it.client_height() + 24 >= it.scroll_height())
    }

    pub fn scroll_to_end(id: &str) {
        if let Some(element) = by_id::<Element>(id) {
            element.set_scroll_top(element.scroll_height());
        }
    }

    /// Does pointer or focus rest in it?
    pub fn is_in_use(id: &str) -> bool {
        by_id::<Element>(id).is_some_and(|it| it.matches(":hover, :focus-within").unwrap_or(false))
    }
}

#[cfg(not(feature = "hydrate"))]
mod server {
    use std::rc::Rc;

    use super::FieldText;

    /// A choice of looks (`theme`, `sidebar`) from its cookie; only the values we write ourselves are read back.
    #[cfg(feature = "ssr")]
    pub fn preference(name: &str) -> Option<String> {
        let parts = leptos::prelude::use_context::<http::request::Parts>()?;
        let cookies = parts.headers.get_all(http::header::COOKIE);
        let pairs = cookies.iter().filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(';'));
        let value = pairs.filter_map(|pair| pair.trim().split_once('=')).find(|(key, _)| *key == name)?.1;
        matches!(value, "light" | "dark" | "closed").then(|| value.to_owned())
    }

    #[cfg(not(feature = "ssr"))]
    pub fn preference(_name: &str) -> Option<String> {
        None
    }

    pub fn set_preference(_name: &str, _value: Option<&str>) {}
    pub fn mark_hydrated() {}
    pub fn copy(_text: &str, _done: Rc<dyn Fn(bool)>) {}
    pub fn form_fields(_id: &str) -> Vec<(String, String)> {
        Vec::new()
    }
    pub fn read_file(_id: &str, _done: Rc<dyn Fn(String, String)>) {}
    pub fn open_dialog(_id: &str) {}
    pub fn close_dialog(_id: &str) {}
    pub fn hide_popovers() {}
    pub fn focus(_id: &str) {}
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
    pub fn is_at_end(_id: &str) -> bool {
        false
    }
    pub fn scroll_to_end(_id: &str) {}
    pub fn is_in_use(_id: &str) -> bool {
        false
    }
}
