//! Pages that the browser loads when somebody first goes there. What only they need is no part of the first load.
//!
//! `view=lazy!(Page)` in a `<Route>` is all it takes: `cargo xtask site` cuts the program there, into a file named after the
//! page and files for what several of them share. The router keeps the old page until the new one is loaded. A page whose parts
//! others need, or that most people see first, stays `page(..)`. Parts of a page that few people open are shown by [`arriving`].
//! Never here: views.

use std::{
    future::{Future, pending},
    pin::Pin,
};

use leptos::{prelude::*, reactive::computed::ScopedFuture, wasm_split::SplitLoaderError};
use leptos_router::{ChooseView, hooks::use_url};

use crate::{browser, components::reactive::when};

type Loading<T> = Pin<Box<dyn Future<Output = Result<T, SplitLoaderError>>>>;

/// A page in a file of its own. One type for all, so that what the router does with a page is compiled once.
#[derive(Clone, Copy)]
pub struct LazyPage {
    pub name: &'static str,
    pub load: fn() -> Loading<()>,
    pub make: fn() -> Loading<AnyView>,
}

impl ChooseView for LazyPage {
    async fn preload(&self) {
        #[cfg(feature = "ssr")]
        announce(self.name);
        if (self.load)().await.is_err() {
            // After an update the server no longer has the files of this page's program; a full page load brings the new one.
            browser::load_page(&address());
            // The old page stays until the browser has left it.
            pending::<()>().await;
        }
    }

    async fn choose(self) -> AnyView {
        // The router loads before it chooses; there is no page without its file.
        (self.make)().await.unwrap_or_else(|_| ().into_any())
    }
}

/// Where the router is going. The browser shows it only once the page is there.
fn address() -> String {
    let url = use_url().get_untracked();
    let search = if url.search().is_empty() { String::new() } else { format!("?{}", url.search()) };
    format!("{}{search}{}", url.path(), url.hash())
}

#[cfg(feature = "ssr")]
type FilesOf = dyn Fn(&str) -> Vec<String> + Send + Sync;

/// Knows the addresses of the files that a page needs. The server provides one.
#[cfg(feature = "ssr")]
#[derive(Clone)]
pub struct PageFiles(std::sync::Arc<FilesOf>);

#[cfg(feature = "ssr")]
impl PageFiles {
    pub fn new(of: impl Fn(&str) -> Vec<String> + Send + Sync + 'static) -> Self {
        Self(std::sync::Arc::new(of))
    }
}

/// Tells the browser which files the page will ask for, so that they arrive together with the program.
#[cfg(feature = "ssr")]
fn announce(page: &str) {
    let (Some(PageFiles(of)), Some(response)) = (use_context(), use_context::<leptos_axum::ResponseOptions>()) else {
        return;
    };
    for file in of(page) {
        let link = format!("<{file}>; rel=preload; as=fetch; type=\"application/wasm\"; crossorigin");
        if let Ok(link) = http::HeaderValue::try_from(link) {
            response.append_header(http::header::LINK, link);
        }
    }
}

/// A part of a page in a file of its own: nothing until the file is here, and nothing in what the server renders. Its signals
/// belong to whoever shows it.
pub fn arriving(view: Loading<AnyView>) -> AnyView {
    if cfg!(feature = "ssr") {
        // As many empty parts as the browser begins with.
        return view! {
            {when(|| false, || ().into_any())}
            {when(|| false, || ().into_any())}
        }
        .into_any();
    }
    let (made, is_here, is_lost) = (StoredValue::new_local(None), RwSignal::new(false), RwSignal::new(false));
    leptos::task::spawn_local(ScopedFuture::new(async move {
        match view.await {
            Ok(view) => {
                let _gone = made.try_set_value(Some(view));
                let _gone = is_here.try_set(true);
            }
            Err(_) => {
                let _gone = is_lost.try_set(true);
            }
        }
    }));
    let show = move || made.try_update_value(Option::take).flatten().unwrap_or_else(|| ().into_any());
    let lost = || view! { <p class="form-text">"This part could not be loaded: reload the page."</p> }.into_any();
    view! {
        {when(move || is_here.get(), show)}
        {when(move || is_lost.get(), lost)}
    }
    .into_any()
}

/// The view of a `<Route>` whose page is a file of its own.
macro_rules! lazy {
    ($page:ident) => {{
        #[::leptos::wasm_split::wasm_split($page, wasm_split_path = ::leptos::wasm_split, preload(load), fallible)]
        fn make() -> Result<AnyView, ::leptos::wasm_split::SplitLoaderError> {
            Ok($page().into_any())
        }
        $crate::lazy::LazyPage { name: stringify!($page), load: || Box::pin(load()), make: || Box::pin(make()) }
    }};
}
pub(crate) use lazy;
