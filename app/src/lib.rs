//! The user interface, compiled twice: with `ssr` into the server, with `hydrate` for the browser.
//!
//! Here: the document shell, the routes, server functions of one line, views. Never here: SQL, business rules, sessions,
//! HTTP clients. One more page: a file in `pages/`, its `<Route>` line below with `view=lazy!(Page)`, and its entry in
//! `pages::frame::places` when the navigation should lead to it.

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
        toast::{ToastRegion, Toasts},
    },
    lazy::lazy,
    pages::{
        api_reference::ApiReference,
        audit::Audit,
        bundle::Bundle,
        catalog::Catalog,
        frame::Frame,
        history::{HistoryList, NoRequest, compare::HistoryCompare},
        home::Home,
        invite::Invite,
        key::Key,
        keys::Keys,
        me::Me,
        members::Members,
        models::Models,
        people::People,
        permissions::Permissions,
        playground::{Playground, Run},
        price_import::PriceImport,
        prices::Prices,
        problem::NotFound,
        providers::Providers,
        request::Request,
        reset::Reset,
        runs::Runs,
        sessions::Sessions,
        settings::Settings,
        setup::Setup,
        sign_in::SignIn,
        start::Start,
        team_settings::TeamSettings,
        teams::Teams,
        tokens::Tokens,
        verdicts::VerdictReport,
    },
};

pub mod api;
pub mod browser;
pub mod components;
pub mod events;
pub mod format;
pub mod forms;
pub mod lazy;
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
    // The script imports it, which a browser would learn only after having it.
    let loader = format!("/{pkg}/loader.js");
    // Paths come from our own options, never from a request: quoting them as JSON strings is enough.
    let start =
        format!("import({script:?}).then(m => m.default({{module_or_path: {wasm:?}}}).then(() => m.hydrate()));");
    view! {
        <!DOCTYPE html>
        <html
            lang="en"
            data-theme=browser::preference("theme")
            data-density=browser::preference("density")
            data-sidebar=browser::preference("sidebar")
        >
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover" />
                <meta name="color-scheme" content="light dark" />
                <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
                <link rel="stylesheet" href=format!("/{pkg}/tallygate.css") />
                <link rel="modulepreload" href=script nonce=nonce.clone() />
                <link rel="modulepreload" href=loader nonce=nonce.clone() />
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

/// A page without its own type, for the same reason. It is part of the first load, unlike those in `lazy!`.
fn page<V>(view: fn() -> V) -> fn() -> V {
    view
}

/// The whole application.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    provide_context(Announcer::new());
    provide_context(Toasts::new());
    view! {
        <Router>
            <Routes fallback=NotFound>
                <Route path=at(path!("/")) view=page(Start) ssr=SsrMode::Async />
                <Route path=at(path!("/setup")) view=lazy!(Setup) ssr=SsrMode::Async />
                <Route path=at(path!("/sign-in")) view=page(SignIn) ssr=SsrMode::Async />
                <Route path=at(path!("/invite")) view=lazy!(Invite) ssr=SsrMode::Async />
                <Route path=at(path!("/reset")) view=lazy!(Reset) ssr=SsrMode::Async />
                <ParentRoute path=at(path!("")) view=page(Frame) ssr=SsrMode::Async>
                    <Route path=at(path!("/t/:team")) view=page(Home) ssr=SsrMode::Async />
                    <Route path=at(path!("/t/:team/playground")) view=lazy!(Playground) ssr=SsrMode::Async />
                    <Route path=at(path!("/t/:team/playground/:run")) view=lazy!(Run) ssr=SsrMode::Async />
                    <Route path=at(path!("/t/:team/runs")) view=lazy!(Runs) ssr=SsrMode::Async />
                    <Route path=at(path!("/t/:team/history/compare")) view=lazy!(HistoryCompare) ssr=SsrMode::Async />
                    <ParentRoute path=at(path!("/t/:team/history")) view=lazy!(HistoryList) ssr=SsrMode::Async>
                        <Route path=at(path!("")) view=page(NoRequest) ssr=SsrMode::Async />
                        <Route path=at(path!("/:request")) view=lazy!(Request) ssr=SsrMode::Async />
                    </ParentRoute>
                    <Route path=at(path!("/t/:team/verdicts")) view=lazy!(VerdictReport) ssr=SsrMode::Async />
                    <Route path=at(path!("/t/:team/models")) view=lazy!(Models) ssr=SsrMode::Async />
                    <Route path=at(path!("/t/:team/models/catalogue")) view=lazy!(Catalog) ssr=SsrMode::Async />
                    <Route path=at(path!("/t/:team/models/:model")) view=lazy!(Prices) ssr=SsrMode::Async />
                    <Route path=at(path!("/t/:team/providers")) view=lazy!(Providers) ssr=SsrMode::Async />
                    <Route path=at(path!("/t/:team/keys")) view=lazy!(Keys) ssr=SsrMode::Async />
                    <Route path=at(path!("/t/:team/keys/:key")) view=lazy!(Key) ssr=SsrMode::Async />
                    <Route path=at(path!("/t/:team/members")) view=lazy!(Members) ssr=SsrMode::Async />
                    <Route path=at(path!("/t/:team/settings")) view=lazy!(TeamSettings) ssr=SsrMode::Async />
                    <Route path=at(path!("/me")) view=lazy!(Me) ssr=SsrMode::Async />
                    <Route path=at(path!("/me/sessions")) view=lazy!(Sessions) ssr=SsrMode::Async />
                    <Route path=at(path!("/me/tokens")) view=lazy!(Tokens) ssr=SsrMode::Async />
                    <Route path=at(path!("/permissions")) view=lazy!(Permissions) ssr=SsrMode::Async />
                    <Route path=at(path!("/api-reference")) view=lazy!(ApiReference) ssr=SsrMode::Async />
                    <Route path=at(path!("/admin/people")) view=lazy!(People) ssr=SsrMode::Async />
                    <Route path=at(path!("/admin/teams")) view=lazy!(Teams) ssr=SsrMode::Async />
                    <Route path=at(path!("/admin/audit")) view=lazy!(Audit) ssr=SsrMode::Async />
                    <Route path=at(path!("/admin/bundle")) view=lazy!(Bundle) ssr=SsrMode::Async />
                    <Route path=at(path!("/admin/prices")) view=lazy!(PriceImport) ssr=SsrMode::Async />
                    <Route path=at(path!("/admin/settings")) view=lazy!(Settings) ssr=SsrMode::Async />
                </ParentRoute>
            </Routes>
        </Router>
        <ToastRegion />
        <AnnouncerRegion />
    }
}
