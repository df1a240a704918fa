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
    code_block::{coloured_block, growing_block},
    erase::Erase,
    reactive::{Keyed, fresh_key, keyed, when},
};
use crate::prelude::*;

pub mod inline;
pub mod parse;

/// Above this size an answer is shown as it is.
const MOST_BYTES: usize = 200_000;

/// How much of a plain text is one piece of the page: only the last one is written again while it grows.
const PLAIN_PIECE: usize = 16_384;

/// Text that grows, and its blocks. They are made when somebody first looks at them: a page holds many answers.
#[derive(Clone, Copy)]
pub struct MarkdownText {
    text: RwSignal<String>,
    frozen: RwSignal<Vec<Arc<Piece>>>,
    /// The last blocks, which the next characters may still change.
    open: RwSignal<Vec<Arc<Piece>>>,
    is_read: StoredValue<bool>,
    has_ended: StoredValue<bool>,
    /// Another one for each new text: rows of an older one must not stay.
    number: StoredValue<usize>,
}

impl MarkdownText {
    pub fn new(text: &str) -> Self {
        Self {
            text: RwSignal::new(text.to_owned()),
            frozen: RwSignal::new(Vec::new()),
            open: RwSignal::new(Vec::new()),
            is_read: StoredValue::new(false),
            has_ended: StoredValue::new(false),
            number: StoredValue::new(fresh_key()),
        }
    }

    pub fn text(self) -> Signal<String> {
        self.text.into()
    }

    /// Appends what has arrived.
    pub fn push(self, more: &str) {
        if more.is_empty() {
            return;
        }
        self.thaw();
        self.text.update(|text| text.push_str(more));
        if self.is_read.get_value() {
            self.read_on();
        }
    }

    /// Nothing more comes: the last blocks are as finished as the others.
    pub fn end(self) {
        self.has_ended.set_value(true);
        if self.is_read.get_value() {
            self.freeze();
        }
    }

    /// Starts again with another text: a new take, or the page lost the thread of events.
    pub fn replace(self, text: &str) {
        if self.text.with_untracked(|old| old == text) {
            return;
        }
        if let Some(more) = self.text.with_untracked(|old| text.strip_prefix(old.as_str()).map(str::to_owned)) {
            return self.push(&more);
        }
        self.number.set_value(fresh_key());
        self.has_ended.set_value(false);
        self.frozen.set(Vec::new());
        self.open.set(Vec::new());
        self.text.set(text.to_owned());
        if self.is_read.get_value() {
            self.read_on();
        }
    }

    fn read(self) {
        if !self.is_read.get_value() {
            self.is_read.set_value(true);
            self.read_on();
            if self.has_ended.get_value() {
                self.freeze();
            }
        }
    }

    fn read_on(self) {
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

    fn freeze(self) {
        let rest = self.open.with_untracked(Clone::clone);
        if !rest.is_empty() {
            self.frozen.update(|frozen| frozen.extend(rest));
            self.open.set(Vec::new());
        }
    }

    /// It goes on after its end: the last blocks may change again.
    fn thaw(self) {
        if self.has_ended.try_update_value(std::mem::take) == Some(true) {
            let mut last = Vec::new();
            self.number.set_value(fresh_key());
            self.frozen.update(|frozen| last = frozen.split_off(frozen.len().saturating_sub(2)));
            self.open.set(last);
        }
    }

    /// Of a row, by its place in the list.
    fn key(self, index: usize) -> usize {
        // 16,384 rows of 200 kB at most; 262,144 texts later a number comes again.
        self.number.get_value() << 14 | (index & 0x3fff)
    }
}

/// The rendered text.
pub fn markdown(text: MarkdownText) -> AnyView {
    text.read();
    let too_long = move || text.text.with(|text| text.len() > MOST_BYTES);
    let frozen = move || {
        text.frozen.with(|list| list.iter().enumerate().map(|(index, piece)| row(text, index, piece)).collect())
    };
    let open = move || text.open.with(|list| list.iter().map(|piece| block(&piece.block, true)).collect::<Vec<_>>());
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
    let part = move |index: usize| {
        text.text.with_untracked(|all| {
            let cut = |at: usize| all.floor_char_boundary(at.min(all.len()));
            all.get(cut(index * PLAIN_PIECE)..cut((index + 1) * PLAIN_PIECE)).unwrap_or_default().to_owned()
        })
    };
    let whole = move || text.text.with(|all| all.len() / PLAIN_PIECE);
    let rows = move || {
        let row = |index: usize| Keyed { key: text.key(index), make: Arc::new(move || part(index).into_any()) };
        (0..whole()).map(row).collect()
    };
    view! { <pre class="plain-answer">{keyed(rows)} {move || part(whole())}</pre> }.erase()
}

fn row(text: MarkdownText, index: usize, piece: &Arc<Piece>) -> Keyed {
    let piece = piece.clone();
    Keyed { key: text.key(index), make: Arc::new(move || block(&piece.block, false)) }
}

/// An element of an answer. One type for all tags, where the view macro has one for each.
fn element(tag: &'static str, children: Vec<AnyView>) -> AnyView {
    leptos::prelude::ElementChild::child(leptos::html::custom(tag), children).into_any()
}

/// Code gets its colours when it is complete.
fn block(it: &Block, grows: bool) -> AnyView {
    match it {
        Block::Heading { level, text } => element(heading(*level), inlines(text)),
        Block::Paragraph(text) => element("p", inlines(text)),
        Block::Code { language, text } if grows => growing_block(language.clone(), text.clone()),
        Block::Code { language, text } => coloured_block(language.clone(), language, text.clone()),
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
    blocks.iter().map(|it| block(it, false)).collect()
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
