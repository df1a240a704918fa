//! Buttons act, links navigate; both come in the same looks.

use super::{erase::Erase, icon::icon};
use crate::prelude::*;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Look {
    Primary,
    #[default]
    Secondary,
    Quiet,
    Danger,
}

impl Look {
    fn class(self) -> &'static str {
        match self {
            Self::Primary => "button button-primary",
            Self::Secondary => "button",
            Self::Quiet => "button button-quiet",
            Self::Danger => "button button-danger",
        }
    }
}

/// A button with words. While `busy` it keeps its label and width, cannot be pressed again and shows a spinner.
#[component]
pub fn Button(
    #[prop(optional)] look: Look,
    #[prop(into)] label: Signal<String>,
    #[prop(optional)] icon_name: &'static str,
    /// The shortcut that does the same, printed on the button.
    #[prop(optional)]
    shortcut: &'static str,
    #[prop(optional)] submit: bool,
    #[prop(optional, into)] busy: Signal<bool>,
    #[prop(optional, into)] disabled: Signal<bool>,
    #[prop(optional, into)] press: Option<Callback<()>>,
) -> impl IntoView {
    view! {
        <button
            class=look.class()
            type=if submit { "submit" } else { "button" }
            aria-busy=move || busy.get().to_string()
            disabled=move || disabled.get() || busy.get()
            on:click=move |_| {
                if let Some(press) = press {
                    press.run(());
                }
            }
        >
            {(!icon_name.is_empty()).then(|| icon(icon_name))}
            <span>{move || label.get()}</span>
            {(!shortcut.is_empty()).then(|| view! { <span class="shortcut">{shortcut}</span> }.erase())}
            <span class="spinner" aria-hidden="true"></span>
        </button>
    }
}

/// A square button with an icon; `label` is its name and its tooltip.
#[component]
pub fn IconButton(
    icon_name: &'static str,
    label: String,
    #[prop(optional, into)] disabled: Signal<bool>,
    press: Callback<()>,
) -> impl IntoView {
    view! {
        <button
            class="button button-icon"
            type="button"
            title=label.clone()
            aria-label=label
            disabled=move || disabled.get()
            on:click=move |_| press.run(())
        >
            {icon(icon_name)}
        </button>
    }
}

/// A link that looks like a button.
pub fn link_button(look: Look, href: String, label: &'static str, icon_name: &'static str) -> AnyView {
    view! {
        <a class=look.class() href=href>
            {(!icon_name.is_empty()).then(|| icon(icon_name))}
            <span>{label}</span>
        </a>
    }
    .erase()
}

/// [`IconButton`] for lists of them, compiled once.
pub fn icon_button(
    icon_name: &'static str,
    label: impl Into<String>,
    press: impl Fn() + Send + Sync + 'static,
) -> AnyView {
    icon_button_of(icon_name, label.into(), Callback::new(move |()| press()))
}

fn icon_button_of(icon_name: &'static str, label: String, press: Callback<()>) -> AnyView {
    view! { <IconButton icon_name=icon_name label=label press=press /> }.erase()
}

/// [`Button`] with words and an icon, compiled once.
pub fn plain_button(
    look: Look,
    label: impl Into<String>,
    icon_name: &'static str,
    press: impl Fn() + Send + Sync + 'static,
) -> AnyView {
    plain_button_of(look, label.into(), icon_name, Callback::new(move |()| press()))
}

fn plain_button_of(look: Look, label: String, icon_name: &'static str, press: Callback<()>) -> AnyView {
    view! { <Button look=look label=label icon_name=icon_name press=press /> }.erase()
}
