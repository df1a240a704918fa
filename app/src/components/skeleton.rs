//! Grey shapes in the final layout while content loads; they fade in after 200 ms, so a fast answer never shows them.

use super::erase::Erase;
use crate::prelude::*;

/// What the content will look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    Table,
    Stats,
    Text,
}

pub fn skeleton(shape: Shape) -> AnyView {
    let class = match shape {
        Shape::Table => "skeleton skeleton-table",
        Shape::Stats => "skeleton skeleton-stats",
        Shape::Text => "skeleton skeleton-text",
    };
    let count = match shape {
        Shape::Table => 8,
        Shape::Stats | Shape::Text => 4,
    };
    let bars = (0..count).map(|_| view! { <span class="skeleton-bar"></span> }.erase()).collect::<Vec<_>>();
    view! {
        <div class=class>
            <span class="visually-hidden">"Loading"</span>
            {bars}
        </div>
    }
    .erase()
}
