//! An address that leads nowhere. Everything else that can go wrong is shown in place, by `components::error_panel`.

use leptos_meta::Title;

use crate::{
    components::{
        button::{Look, link_button},
        icon::icon,
    },
    prelude::*,
};

#[component]
pub fn NotFound() -> impl IntoView {
    #[cfg(feature = "ssr")]
    if let Some(response) = use_context::<leptos_axum::ResponseOptions>() {
        response.set_status(http::StatusCode::NOT_FOUND);
    }
    view! {
        <Title text="Not found · Tallygate" />
        <main class="gate" id="main">
            <div class="gate-card">
                <div class="error-panel-mark">{icon("search")}</div>
                <h1>"This page does not exist"</h1>
                <p class="gate-lead">"The address is wrong, or what it led to is gone. Nothing was changed."</p>
                {link_button(Look::Primary, "/".to_owned(), "Back to start", "")}
            </div>
        </main>
    }
}
