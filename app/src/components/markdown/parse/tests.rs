//! Blocks as people write them, and the promise that streaming changes nothing.

use super::*;

fn blocks(text: &str) -> Vec<Block> {
    parse(text, 0).into_iter().map(|piece| piece.block).collect()
}

fn words(text: &str) -> Vec<Inline> {
    inline::parse(text)
}

const CORPUS: &[&str] = &[
    "# Title\n\nSome *text* with `code`\nand more.\n\n```rust\nfn main() {\n    println!(\"a\");\n}\n```\n\nEnd.\n",
    "- a\n- b\n  - c\n    more\n- d\n\n2. x\n3. y\n\nlast",
    "1. first\n\n   ```py\n   x = 1\n   ```\n\n2. second\n\nafter\n\n2",
    "| a | b |\n|---|:-:|\n| 1 | 2 |\n| 3 |\nx | y\n\n> quote\n> - item\nnot quote\n\n---\n***\n",
    "a | b\n--|--\n1 | 2\nx\n\n- one\n\n-\n\n**bold**\n#no heading\n# Yes #\n",
    "~~~\nopen fence with ``` inside\n",
    "- a\r\n- b\r\n\r\npara\r\n",
    "* a\n\n* * *\n\n+ b\n1) c\n2) d\n",
];

#[test]
fn headings_paragraphs_and_code_are_blocks() {
    let text = "## Plan ##\nfirst\nsecond\n```rust ignore\nlet x = 1;\n\n```\n";
    assert_eq!(
        blocks(text),
        [
            Block::Heading { level: 2, text: words("Plan") },
            Block::Paragraph(words("first\nsecond")),
            Block::Code { language: "rust".to_owned(), text: "let x = 1;\n\n".to_owned() },
        ]
    );
}

#[test]
fn lists_nest_by_indentation() {
    let inner = Block::List { start: None, items: vec![vec![Block::Paragraph(words("c"))]] };
    assert_eq!(
        blocks("1. a\n2. b\n   - c\n"),
        [Block::List {
            start: Some(1),
            items: vec![vec![Block::Paragraph(words("a"))], vec![Block::Paragraph(words("b")), inner]],
        }]
    );
}

#[test]
fn a_table_needs_its_delimiter_row() {
    assert_eq!(
        blocks("| a | b |\n|---|---|\n| 1 |\n"),
        [Block::Table { head: vec![words("a"), words("b")], rows: vec![vec![words("1"), Vec::new()]] }]
    );
    assert_eq!(blocks("| a | b |\n"), [Block::Paragraph(words("| a | b |"))]);
}

#[test]
fn html_stays_text() {
    assert_eq!(
        blocks("<script>alert(1)</script>"),
        [Block::Paragraph(vec![Inline::Text("<script>alert(1)</script>".to_owned())])]
    );
}

#[test]
fn an_open_fence_holds_all_that_follows() {
    assert_eq!(
        blocks("```\n# not a heading\n"),
        [Block::Code { language: String::new(), text: "# not a heading\n".to_owned() }]
    );
}

/// The view freezes all blocks but the last two; whatever comes later must leave them as they are.
#[test]
fn blocks_that_were_frozen_are_those_of_the_whole_text() {
    for text in CORPUS {
        let whole = parse(text, 0);
        let ends = text.char_indices().map(|(at, _)| at).chain([text.len()]);
        for end in ends {
            let mut pieces = parse(&text[..end], 0);
            pieces.truncate(pieces.len().saturating_sub(2));
            assert_eq!(pieces, whole[..pieces.len().min(whole.len())], "{:?}", &text[..end]);
        }
    }
}

#[test]
fn reading_on_from_the_start_of_a_block_gives_the_rest() {
    for text in CORPUS {
        let whole = parse(text, 0);
        for (index, piece) in whole.iter().enumerate() {
            assert_eq!(parse(text, piece.start), whole[index..], "{text:?} from {}", piece.start);
        }
    }
}

#[test]
fn deep_nesting_ends_instead_of_overflowing() {
    let deep = format!("{}x", "> ".repeat(5_000));
    assert_eq!(blocks(&deep).len(), 1);
}
