//! The frame of one page: title, heading, actions, body.

use leptos_meta::Title;

use super::{announcer::Announcer, erase::Erase, icon::icon, reactive::react};
use crate::prelude::*;

/// The heading of every page.
pub const HEADING: &str = "page-heading";

/// How wide the content may grow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Width {
    Form,
    Reading,
    #[default]
    Full,
}

/// Where a page belongs, when it is a part of another one.
#[derive(Clone, Copy, Debug)]
pub struct Parent {
    pub href: Signal<String>,
    pub label: &'static str,
}

/// One page. `actions` stand at the right of its header, the primary one last.
#[component]
pub fn Page(
    title: &'static str,
    #[prop(optional)] width: Width,
    #[prop(optional)] parent: Option<Parent>,
    #[prop(optional)] actions: Option<AnyView>,
    children: Children,
) -> impl IntoView {
    let announcer = use_context::<Announcer>();
    react(move || {
        if let Some(announcer) = announcer {
            announcer.arrive(title, HEADING);
        }
    });
    let body = match width {
        Width::Form => "page-body page-form",
        Width::Reading => "page-body page-reading",
        Width::Full => "page-body",
    };
    let trail = parent.map(|parent| {
        view! {
            <a class="page-parent" href=move || parent.href.get()>
                {parent.label}
            </a>
            <span class="page-trail">{icon("chevron-right")}</span>
        }
        .erase()
    });
    view! {
        // A plain text: the server writes the head when the page's own signals may be gone already.
        <Title text=format!("{title} · Tallygate") />
        <div class="page-header">
            {trail} <h1 id=HEADING tabindex="-1">
                {title}
            </h1>
            <div class="page-actions">{actions}</div>
        </div>
        <div class=body>{children()}</div>
    }
}
