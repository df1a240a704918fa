//! Short words about something that just happened, bottom right. They leave after six seconds, problems stay.

use std::time::Duration;

use leptos::prelude::*;

use super::icon::icon;

const SECONDS: u64 = 6;

#[derive(Clone, Debug, PartialEq, Eq)]
struct Toast {
    /// Position in the order of the tab: the key of its row.
    number: u32,
    text: String,
    problem: bool,
}

/// Where pages leave their words.
#[derive(Clone, Copy)]
pub struct Toasts {
    shown: RwSignal<Vec<Toast>>,
    next: StoredValue<u32>,
    /// Pointer or focus rests on them: nothing leaves meanwhile.
    held: StoredValue<bool>,
}

impl Toasts {
    pub fn new() -> Self {
        Self { shown: RwSignal::new(Vec::new()), next: StoredValue::new(0), held: StoredValue::new(false) }
    }

    /// Something worked.
    pub fn done(self, text: impl Into<String>) {
        let number = self.push(text.into(), false);
        self.expire(number);
    }

    /// Something did not; stays until closed.
    pub fn problem(self, text: impl Into<String>) {
        self.push(text.into(), true);
    }

    fn push(self, text: String, problem: bool) -> u32 {
        let number = self.next.get_value();
        self.next.set_value(number.wrapping_add(1));
        self.shown.update(|list| list.push(Toast { number, text, problem }));
        number
    }

    fn expire(self, number: u32) {
        let leave = move || if self.held.get_value() { self.expire(number) } else { self.close(number) };
        set_timeout(leave, Duration::from_secs(SECONDS));
    }

    fn close(self, number: u32) {
        self.shown.update(|list| list.retain(|toast| toast.number != number));
    }
}

impl Default for Toasts {
    fn default() -> Self {
        Self::new()
    }
}

#[component]
pub fn ToastRegion() -> impl IntoView {
    let toasts = expect_context::<Toasts>();
    let hold = move |held: bool| toasts.held.set_value(held);
    view! {
        <div
            class="toasts"
            role="status"
            aria-live="polite"
            on:mouseenter=move |_| hold(true)
            on:mouseleave=move |_| hold(false)
            on:focusin=move |_| hold(true)
            on:focusout=move |_| hold(false)
        >
            <For each=move || toasts.shown.get() key=|toast| toast.number let:toast>
                <div class=if toast.problem { "toast toast-problem" } else { "toast" }>
                    {icon(if toast.problem { "alert" } else { "check" })}
                    <span>{toast.text.clone()}</span>
                    <button
                        class="button button-icon"
                        type="button"
                        title="Dismiss"
                        aria-label="Dismiss"
                        on:click=move |_| toasts.close(toast.number)
                    >
                        {icon("x")}
                    </button>
                </div>
            </For>
        </div>
    }
}
