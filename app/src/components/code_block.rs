//! A block of code with its language and a copy button.

use super::{copy_button::copy_button, erase::Erase};
use crate::prelude::*;

/// `label` is the language or what the block is.
pub fn code_block(label: String, text: String) -> AnyView {
    view! {
        <div class="code-block">
            <div class="code-block-head">
                <span>{if label.is_empty() { "code".to_owned() } else { label }}</span>
                {copy_button("Copy code", text.clone())}
            </div>
            // Scrolls sideways, so the keyboard must be able to reach it.
            <pre tabindex="0">
                <code>{text}</code>
            </pre>
        </div>
    }
    .erase()
}
