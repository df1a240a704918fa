//! Markdown as typed views, never as an HTML string: raw HTML in an answer stays text (`security.md` RD-1).
//!
//! `parse` reads blocks, `inline` what stands inside them; both are pure. [`MarkdownText`] grows while an answer streams: only
//! its last blocks are rendered again, finished ones stay as they are.

use std::sync::Arc;

use self::{
    inline::Inline,
    parse::{Block, Piece},
};
use super::{
    code_block::code_block,
    erase::Erase,
    reactive::{Keyed, keyed, when},
};
use crate::prelude::*;

pub mod inline;
pub mod parse;

/// Above this size an answer is shown as it is.
const MOST_BYTES: usize = 200_000;

/// Text that grows, and its blocks.
#[derive(Clone, Copy)]
pub struct MarkdownText {
    text: RwSignal<String>,
    frozen: RwSignal<Vec<Arc<Piece>>>,
    /// The last blocks, which the next characters may still change.
    open: RwSignal<Vec<Arc<Piece>>>,
}

impl MarkdownText {
    pub fn new(text: &str) -> Self {
        let it = Self {
            text: RwSignal::new(String::new()),
            frozen: RwSignal::new(Vec::new()),
            open: RwSignal::new(Vec::new()),
        };
        it.push(text);
        it
    }

    pub fn text(self) -> Signal<String> {
        self.text.into()
    }

    /// Appends what has arrived.
    pub fn push(self, more: &str) {
        if more.is_empty() {
            return;
        }
        self.text.update(|text| text.push_str(more));
        self.text.with_untracked(|text| {
            if text.len() > MOST_BYTES {
                return;
            }
            let from = self.open.with_untracked(|open| open.first().map_or(0, |piece| piece.start));
            let mut pieces = parse::parse(text, from);
            // A line that has only begun can still join the block before its own, so the last two stay open.
            let open = pieces.split_off(pieces.len().saturating_sub(2));
            if !pieces.is_empty() {
                self.frozen.update(|frozen| frozen.extend(pieces.into_iter().map(Arc::new)));
            }
            self.open.set(open.into_iter().map(Arc::new).collect());
        });
    }

    /// Starts again with another text, after the page lost the thread of events.
    pub fn replace(self, text: &str) {
        if self.text.with_untracked(|old| old == text) {
            return;
        }
        if let Some(more) = self.text.with_untracked(|old| text.strip_prefix(old.as_str()).map(str::to_owned)) {
            return self.push(&more);
        }
        self.text.set(String::new());
        self.frozen.set(Vec::new());
        self.open.set(Vec::new());
        self.push(text);
    }
}

/// The rendered text.
pub fn markdown(text: MarkdownText) -> AnyView {
    let too_long = move || text.text.with(|text| text.len() > MOST_BYTES);
    let frozen = move || text.frozen.with(|list| list.iter().map(row).collect());
    let open = move || text.open.with(|list| list.iter().map(|piece| block(&piece.block)).collect::<Vec<_>>());
    view! {
        <div class="markdown">
            {when(move || !too_long(), move || view! { {keyed(frozen)} {move || open()} }.erase())}
            {when(too_long, move || plain(text))}
        </div>
    }
    .erase()
}

/// The text as it came.
pub fn plain(text: MarkdownText) -> AnyView {
    view! { <pre class="plain-answer">{move || text.text.get()}</pre> }.erase()
}

fn row(piece: &Arc<Piece>) -> Keyed {
    let piece = piece.clone();
    Keyed { key: piece.start, make: Arc::new(move || block(&piece.block)) }
}

/// An element of an answer. One type for all tags, where the view macro has one for each.
fn element(tag: &'static str, children: Vec<AnyView>) -> AnyView {
    leptos::prelude::ElementChild::child(leptos::html::custom(tag), children).into_any()
}

fn block(it: &Block) -> AnyView {
    match it {
        Block::Heading { level, text } => element(heading(*level), inlines(text)),
        Block::Paragraph(text) => element("p", inlines(text)),
        Block::Code { language, text } => code_block(language.clone(), text.clone()),
        Block::Quote(blocks) => element("blockquote", blocks_view(blocks)),
        Block::Rule => view! { <hr /> }.erase(),
        Block::List { start: None, items } => element("ul", items_view(items)),
        Block::List { start: Some(start), items } => {
            view! { <ol start=start.to_string()>{items_view(items)}</ol> }.erase()
        }
        Block::Table { head, rows } => table(head, rows),
    }
}

fn blocks_view(blocks: &[Block]) -> Vec<AnyView> {
    blocks.iter().map(block).collect()
}

fn items_view(items: &[Vec<Block>]) -> Vec<AnyView> {
    items.iter().map(|blocks| element("li", item(blocks))).collect()
}

/// An item that is one paragraph is printed without the space of one.
fn item(blocks: &[Block]) -> Vec<AnyView> {
    match blocks.split_first() {
        Some((Block::Paragraph(text), rest)) => {
            let mut views = inlines(text);
            views.extend(blocks_view(rest));
            views
        }
        _ => blocks_view(blocks),
    }
}

/// The page has the first two levels: headings of an answer go below them.
fn heading(level: u8) -> &'static str {
    match level {
        1 | 2 => "h3",
        3 => "h4",
        _ => "h5",
    }
}

fn table(head: &[Vec<Inline>], rows: &[Vec<Vec<Inline>>]) -> AnyView {
    let cells =
        |tag, cells: &[Vec<Inline>]| -> Vec<AnyView> { cells.iter().map(|cell| element(tag, inlines(cell))).collect() };
    let head = element("thead", vec![element("tr", cells("th", head))]);
    let rows = rows.iter().map(|row| element("tr", cells("td", row))).collect();
    let table = element("table", vec![head, element("tbody", rows)]);
    view! {
        <div class="markdown-table" tabindex="0">
            {table}
        </div>
    }
    .erase()
}

fn inlines(text: &[Inline]) -> Vec<AnyView> {
    text.iter().map(inline).collect()
}

fn inline(it: &Inline) -> AnyView {
    match it {
        Inline::Text(text) => text.clone().into_any(),
        Inline::Code(text) => element("code", vec![text.clone().into_any()]),
        Inline::Strong(text) => element("strong", inlines(text)),
        Inline::Emphasis(text) => element("em", inlines(text)),
        Inline::Link { href, text } => view! {
            <a href=href.clone() rel="noopener noreferrer nofollow" target="_blank">
                {inlines(text)}
            </a>
        }
        .erase(),
    }
}
