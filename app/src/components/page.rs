//! The frame of one page: title, heading, actions, body; and the faces of content that is loading or failed.

use leptos::prelude::*;
use leptos_meta::Title;
use serde::{Serialize, de::DeserializeOwned};

use super::{
    announcer::Announcer,
    error_panel::error_panel,
    icon::icon,
    skeleton::{Shape, skeleton},
};
use crate::api::{Answer, Failure};

const HEADING: &str = "page-heading";

/// How wide the content may grow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Width {
    Form,
    Reading,
    #[default]
    Full,
}

/// Where a page belongs, when it is a part of another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parent {
    pub href: String,
    pub label: &'static str,
}

/// One page. `actions` stand at the right of its header, the primary one last.
#[component]
pub fn Page(
    #[prop(into)] title: Signal<String>,
    #[prop(optional)] width: Width,
    #[prop(optional, into)] parent: Option<Signal<Parent>>,
    #[prop(optional)] actions: Option<AnyView>,
    children: Children,
) -> impl IntoView {
    let announcer = use_context::<Announcer>();
    Effect::new(move |_| {
        let title = title.get();
        if let Some(announcer) = announcer {
            announcer.arrive(&title, HEADING);
        }
    });
    let body = match width {
        Width::Form => "page-body page-form",
        Width::Reading => "page-body page-reading",
        Width::Full => "page-body",
    };
    let trail = parent.map(|parent| {
        view! {
            <a class="page-parent" href=move || parent.get().href>
                {move || parent.get().label}
            </a>
            <span class="page-trail">{icon("chevron-right")}</span>
        }
    });
    view! {
        <Title text=move || format!("{} · Tallygate", title.get()) />
        <div class="page-header">
            {trail} <h1 id=HEADING tabindex="-1">
                {move || title.get()}
            </h1>
            <div class="page-actions">{actions}</div>
        </div>
        <div class=body>{children()}</div>
    }
}

/// Content that comes from the server: its skeleton, then itself or what went wrong. While it is fetched again the old content
/// stays.
pub fn loaded<T>(
    resource: Resource<Answer<T>>,
    shape: Shape,
    content: impl Fn(T) -> AnyView + Clone + Send + Sync + 'static,
) -> AnyView
where
    T: Clone + Serialize + DeserializeOwned + Send + Sync + 'static,
{
    let retry = Callback::new(move |()| resource.refetch());
    view! {
        <Transition fallback=move || skeleton(shape)>
            {move || {
                let content = content.clone();
                Suspend::new(async move {
                    match resource.await {
                        Ok(value) => content(value),
                        Err(Failure(error)) => error_panel(error, Some(retry)),
                    }
                })
            }}
        </Transition>
    }
    .into_any()
}
