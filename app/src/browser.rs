//! The few things that only a browser has, behind plain functions: on the server they do nothing.
//!
//! Pages and components call these and stay free of `cfg`. Never here: views, server functions. Nothing here may be called
//! while a view is being built, except [`preference`], which answers the same on both sides.

#[cfg(not(feature = "hydrate"))]
pub use server::*;
#[cfg(feature = "hydrate")]
pub use {files::*, real::*, scroll::*};

#[cfg(feature = "hydrate")]
mod files;
#[cfg(feature = "hydrate")]
mod scroll;
#[cfg(not(feature = "hydrate"))]
mod server;

/// The field that an event happened to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventField {
    pub name: String,
    pub value: String,
    /// Something to tick rather than to type into.
    pub is_box: bool,
}

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
    use web_sys::{Element, HtmlDialogElement, HtmlElement, HtmlFormElement, HtmlInputElement, HtmlTextAreaElement};

    use super::{EventField, FieldText};

    const YEAR_SECONDS: u32 = 31_536_000;

    fn by_id<T: JsCast>(id: &str) -> Option<T> {
        document().get_element_by_id(id).and_then(|element| element.dyn_into().ok())
    }

    /// A choice of looks (`theme`, `density`, `sidebar`): an attribute of `<html>`, which the server wrote from its cookie.
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

    /// Milliseconds since the page began.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "no page lives for fifty days")]
    pub fn now_ms() -> u32 {
        window().performance().map_or(0, |performance| performance.now() as u32)
    }

    /// What browser tests and speed gates wait for.
    pub fn mark_hydrated() {
        if let Some(root) = document().document_element() {
            let _marked = root.set_attribute("data-hydrated", "1");
        }
        if let Some(performance) = window().performance() {
            let _marked = performance.mark("app:hydrated");
        }
    }

    /// Leaves for an address of ours by a full page load. While this page is still starting it has just been loaded: then once
    /// more, and no third time.
    pub fn load_page(address: &str) {
        let location = window().location();
        let parts = [location.pathname(), location.search(), location.hash()];
        let here: String = parts.into_iter().filter_map(Result::ok).collect();
        let is_running = document().document_element().is_some_and(|root| root.has_attribute("data-hydrated"));
        let way_here = window().performance().map(|it| it.navigation().type_());
        let is_reload = way_here == Some(web_sys::PerformanceNavigation::TYPE_RELOAD);
        if is_running || !is_reload {
            let _left = if address == here { location.reload() } else { location.set_href(address) };
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

    fn text_of(object: &JsValue, property: &str) -> String {
        let found = js_sys::Reflect::get(object, &JsValue::from_str(property));
        found.ok().and_then(|it| it.as_string()).unwrap_or_default()
    }

    fn is_box(field: &JsValue) -> bool {
        matches!(text_of(field, "type").as_str(), "checkbox" | "radio")
    }

    /// The fields of a form by name, from its first to its last; boxes only where they are ticked.
    pub fn form_fields(id: &str) -> Vec<(String, String)> {
        let Ok(found) = document().query_selector_all(&format!("#{id} [name]")) else { return Vec::new() };
        let mut fields = Vec::new();
        for index in 0..found.length() {
            let Some(field) = found.get(index) else { continue };
            let ticked = field.dyn_ref::<HtmlInputElement>().is_some_and(HtmlInputElement::checked);
            if !is_box(&field) || ticked {
                fields.push((text_of(&field, "name"), text_of(&field, "value")));
            }
        }
        fields
    }

    /// Puts the fields of a form back to what the page says they are.
    pub fn reset_form(id: &str) {
        if let Some(form) = by_id::<HtmlFormElement>(id) {
            form.reset();
        }
    }

    pub fn event_field(event: &web_sys::Event) -> Option<EventField> {
        let field = event.target()?;
        let (name, value) = (text_of(&field, "name"), text_of(&field, "value"));
        (!name.is_empty()).then(|| EventField { name, value, is_box: is_box(&field) })
    }

    /// Does the focus go from a field to a button? Then nothing may move before it is pressed.
    pub fn goes_to_button(event: &web_sys::Event) -> bool {
        let next = js_sys::Reflect::get(event, &JsValue::from_str("relatedTarget")).ok();
        let next = next.and_then(|it| it.dyn_into::<Element>().ok());
        next.is_some_and(|it| it.matches("button").unwrap_or(false))
    }

    /// Takes what follows `#` out of the address bar and out of the history.
    pub fn forget_fragment() {
        let location = window().location();
        let (path, search) = (location.pathname().unwrap_or_default(), location.search().unwrap_or_default());
        if let Ok(history) = window().history() {
            let _replaced = history.replace_state_with_url(&JsValue::NULL, "", Some(&format!("{path}{search}")));
        }
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

    /// Opens what a file field opens.
    pub fn click(id: &str) {
        if let Some(element) = by_id::<HtmlElement>(id) {
            element.click();
        }
    }

    pub fn open_dialog(id: &str) {
        if let Some(dialog) = by_id::<HtmlDialogElement>(id)
            && !dialog.open()
        {
            let _shown = dialog.show_modal();
            // Not to the cross, which comes first: to the first field, or else to what leads out.
            let first =
                ["input:not([type=hidden]), select, textarea", ".reveal-secret button", ".dialog-actions button"];
            let found = first.into_iter().find_map(|it| dialog.query_selector(it).ok().flatten());
            if let Some(Ok(field)) = found.map(JsCast::dyn_into::<HtmlElement>) {
                let _focused = field.focus();
            }
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

    /// The arrows go from item to item of the menu that the event happened in.
    pub fn walk_menu(event: &web_sys::KeyboardEvent) {
        let step = match event.key().as_str() {
            "ArrowDown" => 1,
            "ArrowUp" => -1,
            _ => return,
        };
        let menu = event.current_target().and_then(|it| it.dyn_into::<Element>().ok());
        let Some(Ok(items)) = menu.map(|it| it.query_selector_all(".menu-item")) else { return };
        let active = document().active_element();
        let items: Vec<HtmlElement> =
            (0..items.length()).filter_map(|index| items.get(index)?.dyn_into().ok()).collect();
        let at = items.iter().position(|it| active.as_ref().is_some_and(|active| it.is_same_node(Some(active))));
        let next = at.map_or(0, |at| at.saturating_add_signed(step));
        if let Some(item) = items.get(next) {
            event.prevent_default();
            let _focused = item.focus();
        }
    }

    pub fn focus(id: &str) {
        if let Some(element) = by_id::<HtmlElement>(id) {
            let _focused = element.focus();
        }
    }

    /// Moves to an element when what had the focus is gone.
    pub fn find_lost_focus(id: &str) {
        let active = document().active_element();
        if active.is_none_or(|it| it.tag_name() == "BODY") {
            focus(id);
        }
    }

    /// Moves to the first wrong field, once the page shows it as wrong.
    pub fn focus_first_invalid() {
        request_animation_frame(|| {
            // What hides one of them shows all of them.
            if let Ok(folds) = document().query_selector_all("details:has([aria-invalid='true'])") {
                for at in 0..folds.length() {
                    let fold = folds.item(at).and_then(|fold| fold.dyn_into::<Element>().ok());
                    let _opened = fold.map(|fold| fold.set_attribute("open", ""));
                }
            }
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

    /// Is a dialog or a menu open?
    pub fn has_layer() -> bool {
        document().query_selector("dialog[open], [popover]:popover-open").ok().flatten().is_some()
    }

    /// Is the event in something to type into?
    pub fn is_typing(event: &web_sys::Event) -> bool {
        let target = event.target().and_then(|it| it.dyn_into::<Element>().ok());
        target.is_some_and(|it| it.matches("input, textarea, select, [contenteditable]").unwrap_or(false))
    }

    pub fn has_focus(id: &str) -> bool {
        document().active_element().is_some_and(|it| it.id() == id)
    }

    /// The address of the page, for somebody else.
    pub fn page_address() -> String {
        window().location().href().unwrap_or_default()
    }

    /// Does pointer or focus rest in it?
    pub fn is_in_use(id: &str) -> bool {
        by_id::<Element>(id).is_some_and(|it| it.matches(":hover, :focus-within").unwrap_or(false))
    }
}
