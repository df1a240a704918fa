//! Tells assistive technology what changed without a page load: one polite live region, there before its text changes.

use crate::{browser, prelude::*};

/// Where pages and streams leave their sentence.
#[derive(Clone, Copy)]
pub struct Announcer {
    text: RwSignal<String>,
    /// The first page of a tab was announced by the browser itself.
    arrived: StoredValue<bool>,
}

impl Announcer {
    pub fn new() -> Self {
        Self { text: RwSignal::new(String::new()), arrived: StoredValue::new(false) }
    }

    pub fn say(self, sentence: &str) {
        self.text.set(sentence.to_owned());
    }

    /// A page is on the screen under `title`: focus goes to its heading and its name is read out, except on the first load.
    pub fn arrive(self, title: &str, heading: &str) {
        if self.arrived.get_value() {
            browser::hide_popovers();
            // Not before the frame: until then the heading of this name is that of the page that goes.
            let heading = heading.to_owned();
            request_animation_frame(move || browser::focus(&heading));
            self.say(title);
        }
        self.arrived.set_value(true);
    }
}

impl Default for Announcer {
    fn default() -> Self {
        Self::new()
    }
}

#[component]
pub fn AnnouncerRegion() -> impl IntoView {
    let announcer = expect_context::<Announcer>();
    view! {
        <div class="visually-hidden" role="status">
            {move || announcer.text.get()}
        </div>
    }
}
