//! Copies an exact value. Says so in the button itself and to assistive technology.

use std::{rc::Rc, time::Duration};

use super::{announcer::Announcer, erase::Erase, icon::icon, toast::Toasts};
use crate::{browser, prelude::*};

/// `what` names the value: "Copy request id".
pub fn copy_button(what: impl Into<String>, text: String) -> AnyView {
    copy_button_of(what.into(), Signal::stored(text))
}

/// The same for a value that changes.
pub fn copy_button_of(what: String, text: Signal<String>) -> AnyView {
    copy_button_with(what, Callback::new(move |()| text.get_untracked()))
}

/// The same for what is only known when the button is pressed.
pub fn copy_button_when(what: impl Into<String>, text: fn() -> String) -> AnyView {
    copy_button_with(what.into(), Callback::new(move |()| text()))
}

fn copy_button_with(what: String, text: Callback<(), String>) -> AnyView {
    let copied = RwSignal::new(false);
    let announcer = use_context::<Announcer>();
    let toasts = use_context::<Toasts>();
    let done = move |worked: bool| {
        if !worked {
            if let Some(toasts) = toasts {
                toasts.problem("The browser refused the clipboard: select the text and copy it");
            }
            return;
        }
        copied.set(true);
        if let Some(announcer) = announcer {
            announcer.say("Copied");
        }
        let back = move || {
            // The button may be gone by then.
            let _gone = copied.try_set(false);
        };
        set_timeout(back, Duration::from_secs(2));
    };
    view! {
        <button
            class="button button-icon copy-button"
            type="button"
            title=what.clone()
            aria-label=what
            on:click=move |_| browser::copy(&text.run(()), Rc::new(done))
        >
            {move || if copied.get() { icon("check") } else { icon("copy") }}
        </button>
    }
    .erase()
}

/// A value in mono with its copy button.
pub fn copyable(what: impl Into<String>, text: String) -> AnyView {
    view! {
        <span class="copyable">
            <code>{text.clone()}</code>
            {copy_button(what, text)}
        </span>
    }
    .erase()
}
