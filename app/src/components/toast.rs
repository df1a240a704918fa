//! Short words about something that just happened, bottom right. They leave after six seconds, problems stay.

use std::{sync::Arc, time::Duration};

use super::{
    erase::Erase,
    icon::icon,
    reactive::{Keyed, keyed},
};
use crate::{browser, prelude::*};

const SECONDS: u64 = 6;
const REGION: &str = "toasts";

#[derive(Clone, Debug, PartialEq, Eq)]
struct Toast {
    /// Position in the order of the tab: the key of its row.
    number: usize,
    text: String,
    problem: bool,
}

/// Where pages leave their words.
#[derive(Clone, Copy)]
pub struct Toasts {
    shown: RwSignal<Vec<Toast>>,
    next: StoredValue<usize>,
}

impl Toasts {
    pub fn new() -> Self {
        Self { shown: RwSignal::new(Vec::new()), next: StoredValue::new(0) }
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

    fn push(self, text: String, problem: bool) -> usize {
        let number = self.next.get_value();
        self.next.set_value(number.wrapping_add(1));
        self.shown.update(|list| list.push(Toast { number, text, problem }));
        number
    }

    fn expire(self, number: usize) {
        // Nothing leaves while pointer or focus rests on them.
        let leave = move || if browser::is_in_use(REGION) { self.expire(number) } else { self.close(number) };
        set_timeout(leave, Duration::from_secs(SECONDS));
    }

    fn close(self, number: usize) {
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
    view! {
         <div class="toasts" id=REGION role="status">
            {keyed(move || toasts.shown.get().into_iter().map(|toast| row(toasts, toast)).collect())}
        </div>
    }
}

fn row(toasts: Toasts, toast: Toast) -> Keyed {
    let Toast { number, text, problem } = toast;
    let make = move || {
        view! {
            <div class=if problem { "toast toast-problem" } else { "toast" }>
                {icon(if problem { "alert" } else { "check" })} <span>{text.clone()}</span>
                <button
                    class="button button-icon"
                    type="button"
                    title="Dismiss"
                    aria-label="Dismiss"
                    on:click=move |_| toasts.close(number)
                >
                    {icon("x")}
                </button>
            </div>
        }
        .erase()
    };
    Keyed { key: number, make: Arc::new(make) }
}
