//! A secret shown once, with the ways to use it. It lives in a signal of the open dialog and nowhere else.

use super::{
    button::{Button, Look},
    code_block::code_block,
    copy_button::copy_button,
    dialog::{Dialog, open_while},
    erase::{Erase, views},
    form::{Shows, fill},
    icon::icon,
    tabs::Tabs,
};
use crate::{api::json::Node, prelude::*};

/// What the answer of an operation says at the marked places.
pub fn reveal(shows: Shows, answer: &Node) -> Shows {
    let Shows { title, warning, copy, secret, snippets } = shows;
    let mut filled = Vec::new();
    for (label, text) in snippets {
        filled.push((label, fill(&text, answer)));
    }
    Shows {
        title: fill(&title, answer),
        warning: fill(&warning, answer),
        copy,
        secret: fill(&secret, answer),
        snippets: filled,
    }
}

/// A dialog that opens when something is revealed and forgets it when closed.
#[component]
pub fn KeyReveal(id: &'static str, revealed: RwSignal<Option<Shows>>) -> impl IntoView {
    let open = open_while(revealed);
    let title = Signal::derive(move || revealed.with(|it| it.as_ref().map(|it| it.title.clone())).unwrap_or_default());
    view! {
        <Dialog id=id title=title open=open insist=true>
            {move || revealed.get().map(|it| secret_view(it, open))}
        </Dialog>
    }
}

fn secret_view(it: Shows, open: RwSignal<bool>) -> AnyView {
    let Shows { title: _, warning, copy, secret, snippets } = it;
    let chosen = RwSignal::new(snippets.first().map(|(label, _)| label.clone()).unwrap_or_default());
    let tabs = (snippets.len() > 1).then(|| {
        let labels = snippets.iter().map(|(label, _)| label.clone()).collect();
        view! { <Tabs label="Ways to use it" choices=labels chosen=chosen /> }.erase()
    });
    let snippets = views(snippets, &|(label, text)| {
        let mine = label.clone();
        view! { <div hidden=move || chosen.with(|chosen| *chosen != mine)>{code_block(label, text)}</div> }.erase()
    });
    view! {
        <div class="reveal">
            <p class="banner banner-warn">{icon("alert")} <span>{warning}</span></p>
            <div class="reveal-secret">
                <code id="revealed-key">{secret.clone()}</code>
                {copy_button(copy, secret)}
            </div>
            {tabs}
            {snippets}
            <div class="dialog-actions">
                <Button look=Look::Primary label="I stored it" press=move |()| open.set(false) />
            </div>
        </div>
    }
    .erase()
}
