//! Blocks of Markdown: pure, tolerant of text that has not ended yet, linear in its length.
//!
//! Never here: views, HTML. Reference links, HTML blocks and set-text headings are text. One more block: a variant of
//! [`Block`], its branch in `Reader::block`, its view in `markdown`.

use super::inline::{self, Inline};

/// Deeper nesting is shown as paragraphs.
const MOST_DEPTH: usize = 8;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block {
    Heading {
        level: u8,
        text: Vec<Inline>,
    },
    Paragraph(Vec<Inline>),
    Code {
        language: String,
        text: String,
    },
    Quote(Vec<Block>),
    /// `start` is the first number of an ordered list.
    List {
        start: Option<u32>,
        items: Vec<Vec<Block>>,
    },
    Table {
        head: Vec<Vec<Inline>>,
        rows: Vec<Vec<Vec<Inline>>>,
    },
    Rule,
}

/// A block and the byte it starts at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    pub start: usize,
    pub block: Block,
}

/// The blocks of `text` from byte `from`, which must be the start of a block (or 0).
pub fn parse(text: &str, from: usize) -> Vec<Piece> {
    let rest = text.get(from..).unwrap_or_default();
    let mut start = from;
    let mut lines = Vec::new();
    for line in rest.split_inclusive('\n') {
        lines.push(Line { start, text: line.trim_end_matches(['\n', '\r']) });
        start += line.len();
    }
    Reader { lines: &lines, at: 0, depth: 0 }.pieces()
}

#[derive(Clone, Copy, Debug)]
struct Line<'a> {
    start: usize,
    text: &'a str,
}

impl<'a> Line<'a> {
    fn is_blank(&self) -> bool {
        self.text.trim().is_empty()
    }

    fn indent(&self) -> usize {
        self.text.bytes().take_while(|b| *b == b' ').count()
    }

    /// The line without up to `columns` leading spaces.
    fn outdent(&self, columns: usize) -> Line<'a> {
        let cut = self.indent().min(columns);
        Line { start: self.start + cut, text: self.text.get(cut..).unwrap_or_default() }
    }

    fn trimmed(&self) -> &'a str {
        self.text.trim()
    }

    fn heading(&self) -> Option<(u8, &'a str)> {
        let text = self.trimmed();
        let level = text.bytes().take_while(|b| *b == b'#').count();
        let rest = text.get(level..)?;
        let fits = (1..=6).contains(&level) && (rest.starts_with(' ') || rest.is_empty());
        fits.then(|| (u8::try_from(level).unwrap_or(6), rest.trim().trim_end_matches('#').trim_end()))
    }

    fn is_rule(&self) -> bool {
        let marks: Vec<u8> = self.text.bytes().filter(|b| *b != b' ').collect();
        marks.len() >= 3 && matches!(marks.first(), Some(b'-' | b'*' | b'_')) && marks.windows(2).all(|w| w[0] == w[1])
    }

    /// The fence that opens here: its mark, its length, the language after it.
    fn fence(&self) -> Option<(u8, usize, &'a str)> {
        let text = self.trimmed();
        let mark = *text.as_bytes().first()?;
        let length = text.bytes().take_while(|b| *b == mark).count();
        let info = text.get(length..)?.trim();
        let opens = matches!(mark, b'`' | b'~') && length >= 3 && !(mark == b'`' && info.contains('`'));
        opens.then(|| (mark, length, info.split_whitespace().next().unwrap_or_default()))
    }

    fn closes(&self, mark: u8, length: usize) -> bool {
        let text = self.trimmed();
        text.len() >= length && text.bytes().all(|b| b == mark)
    }

    fn quote(&self) -> Option<Line<'a>> {
        let start = self.indent();
        let rest = self.text.get(start..)?.strip_prefix('>')?;
        let text = rest.strip_prefix(' ').unwrap_or(rest);
        Some(Line { start: self.start + self.text.len() - text.len(), text })
    }

    /// The list marker of this line: its kind, its number, and the column where the item's text starts.
    fn marker(&self) -> Option<(u8, Option<u32>, usize)> {
        let indent = self.indent();
        let text = self.text.get(indent..)?;
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let mark = *text.as_bytes().get(digits)?;
        let number = match (digits, mark) {
            (0, b'-' | b'*' | b'+') => None,
            (1..=9, b'.' | b')') => Some(text.get(..digits)?.parse().ok()?),
            _ => return None,
        };
        let after = text.get(digits + 1..)?;
        if !after.is_empty() && !after.starts_with(' ') || self.is_rule() {
            return None;
        }
        // Code in an item keeps its own indentation: at most one space belongs to the marker when more than four follow.
        let spaces = after.bytes().take_while(|b| *b == b' ').count();
        let spaces = if spaces > 4 || after.trim().is_empty() { 1 } else { spaces };
        Some((mark, number, indent + digits + 1 + spaces))
    }

    /// Would this line end a paragraph before it?
    fn interrupts(&self) -> bool {
        let lists = self.marker().is_some_and(|(_, number, _)| number.is_none_or(|n| n == 1));
        self.heading().is_some() || self.fence().is_some() || self.is_rule() || self.quote().is_some() || lists
    }
}

struct Reader<'a> {
    lines: &'a [Line<'a>],
    at: usize,
    depth: usize,
}

impl<'a> Reader<'a> {
    fn pieces(mut self) -> Vec<Piece> {
        let mut pieces = Vec::new();
        while let Some(line) = self.line() {
            if line.is_blank() {
                self.at += 1;
                continue;
            }
            let block = self.block(line);
            pieces.push(Piece { start: line.start, block });
        }
        pieces
    }

    fn line(&self) -> Option<Line<'a>> {
        self.lines.get(self.at).copied()
    }

    fn block(&mut self, line: Line<'a>) -> Block {
        if let Some((mark, length, language)) = line.fence() {
            return self.code(line.indent(), mark, length, language);
        }
        if let Some((level, text)) = line.heading() {
            self.at += 1;
            return Block::Heading { level, text: inline::parse(text) };
        }
        if line.is_rule() {
            self.at += 1;
            return Block::Rule;
        }
        if self.depth < MOST_DEPTH {
            if line.quote().is_some() {
                return self.quote();
            }
            if line.marker().is_some() {
                return self.list();
            }
        }
        if line.text.contains('|') && self.lines.get(self.at + 1).is_some_and(|next| is_delimiter_row(next.text)) {
            return self.table();
        }
        self.paragraph()
    }

    fn code(&mut self, indent: usize, mark: u8, length: usize, language: &str) -> Block {
        self.at += 1;
        let mut text = String::new();
        while let Some(line) = self.line() {
            self.at += 1;
            if line.closes(mark, length) {
                break;
            }
            text.push_str(line.outdent(indent).text);
            text.push('\n');
        }
        Block::Code { language: language.to_owned(), text }
    }

    fn quote(&mut self) -> Block {
        let mut inner = Vec::new();
        while let Some(line) = self.line().and_then(|line| line.quote()) {
            inner.push(line);
            self.at += 1;
        }
        Block::Quote(self.nested(&inner))
    }

    fn nested(&self, lines: &[Line<'_>]) -> Vec<Block> {
        let reader = Reader { lines, at: 0, depth: self.depth + 1 };
        reader.pieces().into_iter().map(|piece| piece.block).collect()
    }

    fn list(&mut self) -> Block {
        let first = self.line().and_then(|line| line.marker());
        let (kind, start) = first.map_or((b'-', None), |(kind, number, _)| (kind, number));
        let mut items = Vec::new();
        while let Some((_, _, column)) = self.sibling(kind) {
            let lines = self.item(column);
            items.push(self.nested(&lines));
        }
        Block::List { start, items }
    }

    /// The next item of the same list, blank lines before it skipped.
    fn sibling(&mut self, kind: u8) -> Option<(u8, Option<u32>, usize)> {
        let skip = self.lines.get(self.at..)?.iter().take_while(|line| line.is_blank()).count();
        let marker = self.lines.get(self.at + skip)?.marker().filter(|(mark, _, _)| *mark == kind)?;
        self.at += skip;
        Some(marker)
    }

    /// The lines of one item, without marker and indentation.
    fn item(&mut self, column: usize) -> Vec<Line<'a>> {
        let mut lines = Vec::new();
        if let Some(line) = self.line() {
            let cut = column.min(line.text.len());
            lines.push(Line { start: line.start + cut, text: line.text.get(cut..).unwrap_or_default() });
            self.at += 1;
        }
        let mut after_blank = false;
        while let Some(line) = self.line() {
            if line.is_blank() {
                after_blank = true;
            } else if line.indent() >= column {
                after_blank = false;
            } else if after_blank || line.interrupts() || line.marker().is_some() {
                break;
            }
            lines.push(line.outdent(column));
            self.at += 1;
        }
        // Blank lines at the end belong to nobody.
        while lines.last().is_some_and(Line::is_blank) {
            lines.pop();
        }
        lines
    }

    fn table(&mut self) -> Block {
        let mut cells = || -> Option<Vec<Vec<Inline>>> {
            let line = self.lines.get(self.at)?;
            self.at += 1;
            Some(row(line.text))
        };
        let head = cells().unwrap_or_default();
        self.at += 1;
        let piped = self.lines.get(self.at.saturating_sub(2)).is_some_and(|line| line.trimmed().starts_with('|'));
        let mut rows = Vec::new();
        while let Some(line) = self.line() {
            if line.is_blank() || (piped && !line.trimmed().starts_with('|')) {
                break;
            }
            let mut cells = row(line.text);
            cells.resize(head.len(), Vec::new());
            rows.push(cells);
            self.at += 1;
        }
        Block::Table { head, rows }
    }

    fn paragraph(&mut self) -> Block {
        let mut text = String::new();
        while let Some(line) = self.line() {
            if line.is_blank() || (!text.is_empty() && line.interrupts()) {
                break;
            }
            if !text.is_empty() {
                text.push('\n');
            }
            text.push_str(line.trimmed());
            self.at += 1;
        }
        Block::Paragraph(inline::parse(&text))
    }
}

fn is_delimiter_row(text: &str) -> bool {
    let text = text.trim();
    let cell = |cell: &str| {
        let cell = cell.trim();
        let dashes = cell.trim_start_matches(':').trim_end_matches(':');
        !dashes.is_empty() && dashes.bytes().all(|b| b == b'-')
    };
    text.contains('-') && text.contains('|') && text.trim_matches('|').split('|').all(cell)
}

fn row(text: &str) -> Vec<Vec<Inline>> {
    let text = text.trim();
    let text = text.strip_prefix('|').unwrap_or(text);
    let text = text.strip_suffix('|').unwrap_or(text);
    let mut cells = vec![String::new()];
    let mut escaped = false;
    for letter in text.chars() {
        match letter {
            '|' if !escaped => cells.push(String::new()),
            _ => {
                if let Some(cell) = cells.last_mut() {
                    cell.push(letter);
                }
            }
        }
        escaped = letter == '\\' && !escaped;
    }
    cells.iter().map(|cell| inline::parse(cell.trim())).collect()
}

#[cfg(test)]
mod tests;
