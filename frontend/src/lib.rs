//! The browser's entry: takes over the page that the server sent.
//!
//! Never here: anything else. Views live in `app`, which is compiled for both sides; one more page changes nothing here.
#![cfg(target_arch = "wasm32")]

use leptos::{mount::hydrate_from_async, tachys::dom::body};

/// Called once by the script that the server puts into every page.
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    wasm_bindgen_futures::spawn_local(async {
        // The page may be a file of its own that has to come first.
        hydrate_from_async(body(), app::App).await.forget();
        app::browser::mark_hydrated();
    });
}
