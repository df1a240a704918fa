//! A block of code with its language and a copy button.

use super::{copy_button::copy_button, erase::Erase, highlight::stretches};
use crate::prelude::*;

/// Lines of code that grows that are laid out together.
const LINES: usize = 32;

/// `label` is the language or what the block is.
pub fn code_block(label: String, text: String) -> AnyView {
    framed(label, text.clone(), text.into_any())
}

/// The same while it grows: only its last lines are laid out again.
pub fn growing_block(label: String, text: String) -> AnyView {
    let part = |part: &mut String| view! { <span class="code-lines">{std::mem::take(part)}</span> }.erase();
    let (mut parts, mut open) = (Vec::new(), String::new());
    for (number, line) in text.split_inclusive('\n').enumerate() {
        if number > 0 && number % LINES == 0 {
            parts.push(part(&mut open));
        }
        open.push_str(line);
    }
    parts.push(part(&mut open));
    framed(label, text, parts.into_any())
}

/// The same in colours. `language` as the answer names it.
pub fn coloured_block(label: String, language: &str, text: String) -> AnyView {
    let mut parts = Vec::new();
    for (kind, part) in stretches(language, &text) {
        let part = part.to_owned();
        parts.push(match kind.class() {
            "" => part.into_any(),
            class => view! { <span class=class>{part}</span> }.erase(),
        });
    }
    framed(label, text, parts.into_any())
}

fn framed(label: String, text: String, code: AnyView) -> AnyView {
    view! {
        <div class="code-block">
            <div class="code-block-head">
                <span>{if label.is_empty() { "code".to_owned() } else { label }}</span>
                {copy_button("Copy code", text)}
            </div>
            // Scrolls sideways, so the keyboard must be able to reach it.
            <pre tabindex="0">
                <code>{code}</code>
            </pre>
        </div>
    }
    .erase()
}
