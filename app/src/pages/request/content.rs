//! What was said in a call: fetched only when somebody opens it, and a lock with the reason where there is nothing.

use domain::{
    history::{CONTENT_DAYS, ContentLock, RequestContent},
    id::RequestId,
};

use crate::{
    api,
    components::{code_block::code_block, erase::Erase, fetched::fetch, icon::icon, reactive::when, skeleton::Shape},
    prelude::*,
};

pub fn content(team: String, request: RequestId) -> AnyView {
    let opened = RwSignal::new(false);
    view! {
        <details class="content">
            // The keyboard clicks it as well.
            <summary on:click=move |_| opened.set(true)>{icon("chevron-right")} "What was said"</summary>
            {when(move || opened.get(), move || fetched(team.clone(), request))}
        </details>
    }
    .erase()
}

fn fetched(team: String, request: RequestId) -> AnyView {
    let content = fetch(move || team.clone(), move |team| api::history::content(team, request));
    content.loaded(Shape::Text, |it| {
        let RequestContent { lock, asked, answered, is_redacted, is_cut } = it;
        if let Some(lock) = lock {
            return locked(lock);
        }
        let mut parts = vec![text("Request", asked), text("Answer", answered)];
        if is_redacted {
            parts.push(note("What looked like an API key was masked before the text was stored.".to_owned()));
        }
        if is_cut {
            parts.push(note("The answer is longer than what is kept: this is its beginning.".to_owned()));
        }
        view! { <div class="content-text">{parts}</div> }.erase()
    })
}

fn text(side: &'static str, text: String) -> AnyView {
    if text.is_empty() {
        return note(format!("{side}: nothing"));
    }
    code_block(side.to_owned(), text)
}

fn note(words: String) -> AnyView {
    view! { <p class="form-text">{words}</p> }.erase()
}

fn locked(lock: ContentLock) -> AnyView {
    let reason = match lock {
        ContentLock::Running => "The call still runs. Its text is stored when it ends.".to_owned(),
        ContentLock::InRun => "A playground run keeps its own text: open the run to read it.".to_owned(),
        ContentLock::Age => format!("Text is removed after {} days. The numbers stay.", u32::from(CONTENT_DAYS)),
        ContentLock::Policy => "This team keeps numbers only, so no text of its calls is stored.".to_owned(),
        ContentLock::NotKept => {
            "No text is stored: the call asked for numbers only, the team's policy was stricter then, or the server was too busy to write it."
                .to_owned()
        }
    };
    view! {
        <p class="content-lock">
            {icon("lock")} <span>{reason}</span>
        </p>
    }
    .erase()
}
