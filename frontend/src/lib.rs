//! The browser's entry: takes over the page that the server sent.
//!
//! Never here: anything else. Views live in `app`, which is compiled for both sides; one more page changes nothing here.
#![cfg(target_arch = "wasm32")]

/// Called once by the script that the server puts into every page.
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_body(app::App);
}
