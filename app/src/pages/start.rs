//! `/`: the server leads on to the team, to sign-in or to set-up. This is what remains when it cannot.

use leptos_meta::Title;

use crate::{
    components::{
        button::{Look, link_button},
        page_mark::page_mark,
    },
    prelude::*,
};

#[component]
pub fn Start() -> impl IntoView {
    view! {
        <Title text="Tallygate" />
        <main class="gate" id="main">
            <div class="gate-card">
                {page_mark()} <h1>"Tallygate"</h1>
                <p class="gate-lead">"One gateway, one ledger and one playground for every code model your team uses."</p>
                {link_button(Look::Primary, "/sign-in".to_owned(), "Sign in", "")}
            </div>
        </main>
    }
}
