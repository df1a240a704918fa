//! Light, dark, or as the system has it. The choice is a cookie, so the next page is right from its first byte.

use super::{erase::Erase, icon::icon};
use crate::{browser, prelude::*};

const CHOICES: [(&str, &str, &str); 3] =
    [("light", "Light theme", "sun"), ("dark", "Dark theme", "moon"), ("", "Theme of the system", "monitor")];

pub fn theme_switch() -> AnyView {
    let chosen = RwSignal::new(browser::preference("theme").unwrap_or_default());
    let buttons = CHOICES
        .into_iter()
        .map(|(value, name, icon_name)| {
            view! {
                <button
                    class="tab"
                    type="button"
                    title=name
                    aria-label=name
                    aria-pressed=move || chosen.with(|chosen| chosen == value).to_string()
                    on:click=move |_| {
                        chosen.set(value.to_owned());
                        browser::set_preference("theme", (!value.is_empty()).then_some(value));
                    }
                >
                    {icon(icon_name)}
                </button>
            }
            .erase()
        })
        .collect::<Vec<_>>();
    view! {
        <div class="tabs theme-switch" role="group" aria-label="Theme">
            {buttons}
        </div>
    }
    .erase()
}
