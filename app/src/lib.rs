//! The user interface, compiled twice: with `ssr` into the server, with `hydrate` for the browser.
//!
//! Here: the document shell, the routes, server functions of one line, views. Never here: SQL, business rules, sessions,
//! HTTP clients. One more page: a file in `pages/`, its `<Route>` line below, and its entry in `pages::frame::places` when
//! the navigation should lead to it.

use std::sync::Arc;

use leptos::prelude::*;
use leptos_meta::{MetaTags, provide_meta_context};
use leptos_router::{
    PossibleRouteMatch, SsrMode,
    components::{ParentRoute, Route, Router, Routes},
    path,
};

use crate::{
    components::{
        announcer::{Announcer, AnnouncerRegion},
        reactive::react,
        toast::{ToastRegion, Toasts},
    },
    pages::{
        catalog::Catalog, frame::Frame, history::HistoryList, home::Home, keys::Keys, models::Models,
        playground::Playground, price_import::PriceImport, prices::Prices, problem::NotFound, providers::Providers,
        request::Request, runs::Runs, sessions::Sessions, settings::Settings, setup::Setup, sign_in::SignIn,
        start::Start,
    },
};

pub mod api;
pub mod browser;
pub mod components;
pub mod events;
pub mod format;
pub mod forms;
pub mod pages;
mod prelude;
#[cfg(feature = "ssr")]
mod sheets;

/// The document around [`App`]. Rendered on the server only; its scripts and preloads carry the nonce of the response, which
/// is why `<HydrationScripts>` is not used: its module preload has none.
pub fn shell(options: LeptosOptions) -> impl IntoView {
    let pkg = options.site_pkg_dir.to_string();
    let nonce = leptos::nonce::use_nonce();
    let (script, wasm) = (format!("/{pkg}/tallygate.js"), format!("/{pkg}/tallygate_bg.wasm"));
    // Paths come from our own options, never from a request: quoting them as JSON strings is enough.
    let start =
        format!("import({script:?}).then(m => m.default({{module_or_path: {wasm:?}}}).then(() => m.hydrate()));");
    view! {
        <!DOCTYPE html>
        <html lang="en" data-theme=browser::preference("theme") data-sidebar=browser::preference("sidebar")>
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover" />
                <meta name="color-scheme" content="light dark" />
                <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
                <link rel="stylesheet" href=format!("/{pkg}/tallygate.css") />
                <link rel="modulepreload" href=script nonce=nonce.clone() />
                <link rel="preload" href=wasm r#as="fetch" r#type="application/wasm" crossorigin="" />
                <script type="module" nonce=nonce>
                    {start}
                </script>
                <MetaTags />
            </head>
            <body>
                <App />
            </body>
        </html>
    }
}

/// A path without its type, so that the router is compiled for one kind of route instead of one for each shape.
fn at(path: impl PossibleRouteMatch + Send + Sync + 'static) -> Arc<dyn PossibleRouteMatch + Send + Sync> {
    Arc::new(path)
}

/// A page without its own type, for the same reason.
fn page<V>(view: fn() -> V) -> fn() -> V {
    view
}

/// The whole application.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    provide_context(Announcer::new());
    provide_context(Toasts::new());
    // The mark that browser tests and speed gates wait for: effects run once everything is hydrated.
    react(browser::mark_hydrated);
    view! {
        <Router>
            <Routes fallback=NotFound>
                <Route path=at(path!("/")) view=page(Start) ssr=SsrMode::Async />
                <Route path=at(path!("/setup")) view=page(Setup) ssr=SsrMode::Async />
                <Route path=at(path!("/sign-in")) view=page(SignIn) ssr=SsrMode::Async />
                <ParentRoute path=at(path!("")) view=page(Frame) ssr=SsrMode::Async>
                    <Route path=at(path!("/t/:team")) view=page(Home) ssr=SsrMode::Async />
                    <Route path=at(path!("/t/:team/playground")) view=page(Playground) ssr=SsrMode::Async />
                    <Route path=at(path!("/t/:team/playground/:run")) view=page(Playground) ssr=SsrMode::Async />
                    <Route path=at(path!("/t/:team/runs")) view=page(Runs) ssr=SsrMode::Async />
                    <Route path=at(path!("/t/:team/history")) view=page(HistoryList) ssr=SsrMode::Async />
                    <Route path=at(path!("/t/:team/history/:request")) view=page(Request) ssr=SsrMode::Async />
                    <Route path=at(path!("/t/:team/models")) view=page(Models) ssr=SsrMode::Async />
                    <Route path=at(path!("/t/:team/models/catalogue")) view=page(Catalog) ssr=SsrMode::Async />
                    <Route path=at(path!("/t/:team/models/:model")) view=page(Prices) ssr=SsrMode::Async />
                    <Route path=at(path!("/t/:team/providers")) view=page(Providers) ssr=SsrMode::Async />
                    <Route path=at(path!("/t/:team/keys")) view=page(Keys) ssr=SsrMode::Async />
                    <Route path=at(path!("/me/sessions")) view=page(Sessions) ssr=SsrMode::Async />
                    <Route path=at(path!("/admin/prices")) view=page(PriceImport) ssr=SsrMode::Async />
                    <Route path=at(path!("/admin/settings")) view=page(Settings) ssr=SsrMode::Async />
                </ParentRoute>
            </Routes>
        </Router>
        <ToastRegion />
        <AnnouncerRegion />
    }
}
