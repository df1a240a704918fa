//! One figure with its unit and where it comes from.

use super::erase::Erase;
use crate::prelude::*;

/// A figure as it is printed, never a number: unknown and zero must already differ.
#[derive(Clone, Debug, Default)]
pub struct Stat {
    pub label: &'static str,
    pub figure: String,
    /// Exact value, for the title.
    pub exact: String,
    /// A short line below: a share, a warning, a unit.
    pub note: String,
    /// The note asks for attention.
    pub warn: bool,
    /// Where the figure comes from.
    pub href: String,
}

/// A row of figures as a description list.
pub fn stats(list: Vec<Stat>) -> AnyView {
    let cells = list.into_iter().map(stat).collect::<Vec<_>>();
    view! { <dl class="stats">{cells}</dl> }.erase()
}

fn stat(stat: Stat) -> AnyView {
    let Stat { label, figure, exact, note, warn, href } = stat;
    view! {
        <div class="stat">
            <dt>{label}</dt>
            <dd class="stat-figure" title=exact>
                {if href.is_empty() {
                    figure.into_any()
                } else {
                    view! { <a href=href>{figure}</a> }.erase()
                }}
            </dd>
            <dd class=if warn { "stat-note stat-warn" } else { "stat-note" }>{note}</dd>
        </div>
    }
    .erase()
}
