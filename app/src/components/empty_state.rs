//! What an empty area says: one sentence and one action.

use super::{erase::Erase, icon::icon};
use crate::prelude::*;

/// `action` is a button or a link, or nothing.
pub fn empty_state(icon_name: &'static str, title: &'static str, text: String, action: Option<AnyView>) -> AnyView {
    view! {
        <div class="empty-state">
            <div class="empty-state-mark">{icon(icon_name)}</div>
            <h2>{title}</h2>
            <p>{text}</p>
            {action}
        </div>
    }
    .erase()
}
