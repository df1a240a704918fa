//! State as word, shape and colour together: a filled dot, a ring, or a ring with a bar.

use super::erase::Erase;
use crate::prelude::*;

/// What a state means. Colour and shape follow from it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    #[default]
    Neutral,
    Active,
    Ok,
    Warn,
    Bad,
    /// Somebody else's claim.
    Note,
}

impl Tone {
    fn class(self) -> &'static str {
        match self {
            Self::Neutral => "badge tone-neutral",
            Self::Active => "badge tone-active",
            Self::Ok => "badge tone-ok",
            Self::Warn => "badge tone-warn",
            Self::Bad => "badge tone-bad",
            Self::Note => "badge tone-note",
        }
    }
}

/// A state: dot and word.
pub fn badge(tone: Tone, word: impl Into<String>) -> AnyView {
    view! {
        <span class=tone.class()>
            <span class="badge-dot" aria-hidden="true"></span>
            {word.into()}
        </span>
    }
    .erase()
}

/// A quiet label without a state, such as *shared*.
pub fn tag(word: impl Into<String>) -> AnyView {
    view! { <span class="tag">{word.into()}</span> }.erase()
}
