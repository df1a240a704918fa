//! Markdown as typed views, never as an HTML string: raw HTML in an answer stays text (`security.md` RD-1).
//!
//! `parse` reads blocks, `inline` what stands inside them; both are pure. [`MarkdownText`] grows while an answer streams: only
//! its last blocks are rendered again, finished ones stay as they are.

use std::sync::Arc;

use leptos::prelude::*;

use self::{
    inline::Inline,
    parse::{Block, Piece},
};
use super::code_block::code_block;

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
    open: RwSignal<Vec<Piece>>,
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
            self.open.set(open);
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
    let too_long = Memo::new(move |_| text.text.with(|text| text.len() > MOST_BYTES));
    view! {
        <div class="markdown">
            <Show
                when=move || !too_long.get()
                fallback=move || view! { <pre class="plain-answer">{move || text.text.get()}</pre> }
            >
                <For each=move || text.frozen.get() key=|piece| piece.start let:piece>
                    {block(&piece.block)}
                </For>
                {move || text.open.with(|open| open.iter().map(|piece| block(&piece.block)).collect_view())}
            </Show>
        </div>
    }
    .into_any()
}

fn block(it: &Block) -> AnyView {
    match it {
        Block::Heading { level, text } => heading(*level, text),
        Block::Paragraph(text) => view! { <p>{inlines(text)}</p> }.into_any(),
        Block::Code { language, text } => code_block(language.clone(), text.clone()),
        Block::Quote(blocks) => view! { <blockquote>{blocks_view(blocks)}</blockquote> }.into_any(),
        Block::Rule => view! { <hr /> }.into_any(),
        Block::List { start: None, items } => view! { <ul>{items_view(items)}</ul> }.into_any(),
        Block::List { start: Some(start), items } => {
            view! { <ol start=start.to_string()>{items_view(items)}</ol> }.into_any()
        }
        Block::Table { head, rows } => table(head, rows),
    }
}

fn blocks_view(blocks: &[Block]) -> Vec<AnyView> {
    blocks.iter().map(block).collect()
}

fn items_view(items: &[Vec<Block>]) -> Vec<AnyView> {
    items.iter().map(|blocks| view! { <li>{item(blocks)}</li> }.into_any()).collect()
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
fn heading(level: u8, text: &[Inline]) -> AnyView {
    match level {
        1 => view! { <h3>{inlines(text)}</h3> }.into_any(),
        2 => view! { <h4>{inlines(text)}</h4> }.into_any(),
        3 => view! { <h5>{inlines(text)}</h5> }.into_any(),
        _ => view! { <h6>{inlines(text)}</h6> }.into_any(),
    }
}

fn table(head: &[Vec<Inline>], rows: &[Vec<Vec<Inline>>]) -> AnyView {
    let head: Vec<AnyView> =
        head.iter().map(|cell| view! { <th scope="col">{inlines(cell)}</th> }.into_any()).collect();
    let row = |cells: &Vec<Vec<Inline>>| {
        let cells: Vec<AnyView> = cells.iter().map(|cell| view! { <td>{inlines(cell)}</td> }.into_any()).collect();
        view! { <tr>{cells}</tr> }.into_any()
    };
    let rows: Vec<AnyView> = rows.iter().map(row).collect();
    view! {
        <div class="markdown-table" tabindex="0">
            <table>
                <thead>
                    <tr>{head}</tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

fn inlines(text: &[Inline]) -> Vec<AnyView> {
    text.iter().map(inline).collect()
}

fn inline(it: &Inline) -> AnyView {
    match it {
        Inline::Text(text) => text.clone().into_any(),
        Inline::Code(text) => view! { <code>{text.clone()}</code> }.into_any(),
        Inline::Strong(text) => view! { <strong>{inlines(text)}</strong> }.into_any(),
        Inline::Emphasis(text) => view! { <em>{inlines(text)}</em> }.into_any(),
        Inline::Link { href, text } => view! {
            <a href=href.clone() rel="noopener noreferrer nofollow" target="_blank">
                {inlines(text)}
            </a>
        }
        .into_any(),
    }
}
