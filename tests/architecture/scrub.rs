//! Blanks comments, string and character literals out of Rust source, so that rules look at code only.
//!
//! Line breaks and byte positions stay, so line numbers and slices of the original agree with the scrubbed text. A small
//! lexer on purpose: it knows literals and comments and nothing else of the language.

/// The same text with every comment and literal replaced by spaces.
pub fn scrub(source: &str) -> String {
    let mut out = source.as_bytes().to_vec();
    let mut at = 0;
    while at < out.len() {
        let end = end_of_literal(source.as_bytes(), at);
        match end {
            Some(end) => {
                blank(&mut out[at..end]);
                at = end;
            }
            None => at += 1,
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn blank(bytes: &mut [u8]) {
    for byte in bytes.iter_mut().filter(|byte| **byte != b'\n') {
        *byte = b' ';
    }
}

/// Where the comment or literal that starts at `at` ends; `None` when none starts here.
fn end_of_literal(text: &[u8], at: usize) -> Option<usize> {
    let rest = &text[at..];
    let is_word_before = at > 0 && (text[at - 1].is_ascii_alphanumeric() || text[at - 1] == b'_');
    match rest {
        [b'/', b'/', ..] => Some(at + rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len())),
        [b'/', b'*', ..] => Some(at + end_of_block_comment(rest)),
        [b'"', ..] => Some(at + end_of_quoted(rest, 1)),
        [b'r', b'"' | b'#', ..] if !is_word_before => end_of_raw(rest, 1).map(|len| at + len),
        [b'b', b'r', b'"' | b'#', ..] if !is_word_before => end_of_raw(rest, 2).map(|len| at + len),
        [b'\'', ..] => end_of_char(rest).map(|len| at + len),
        _ => None,
    }
}

fn end_of_block_comment(rest: &[u8]) -> usize {
    let (mut depth, mut at) = (0usize, 0);
    while at < rest.len() {
        match &rest[at..] {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

fn end_of_quoted(rest: &[u8], open: usize) -> usize {
    let mut at = open;
    while at < rest.len() {
        match rest[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    rest.len()
}

/// `r"…"`, `r#"…"#`; `None` for a raw identifier such as `r#type`.
fn end_of_raw(rest: &[u8], open: usize) -> Option<usize> {
    let hashes = rest[open..].iter().take_while(|b| **b == b'#').count();
    let start = open + hashes;
    if rest.get(start) != Some(&b'"') {
        return None;
    }
    let close: Vec<u8> = std::iter::once(b'"').chain(std::iter::repeat_n(b'#', hashes)).collect();
    let found = rest[start + 1..].windows(close.len()).position(|window| window == close);
    Some(found.map_or(rest.len(), |found| start + 1 + found + close.len()))
}

/// A character literal, told apart from a lifetime by its closing quote.
fn end_of_char(rest: &[u8]) -> Option<usize> {
    if rest.get(1) == Some(&b'\\') {
        let close = rest.iter().skip(3).position(|b| *b == b'\'')?;
        return Some(close + 4);
    }
    let character = std::str::from_utf8(&rest[1..rest.len().min(5)]);
    let valid = match &character {
        Ok(text) => text,
        Err(error) => std::str::from_utf8(&rest[1..1 + error.valid_up_to()]).ok()?,
    };
    let len = valid.chars().next()?.len_utf8();
    (rest.get(1 + len) == Some(&b'\'')).then_some(len + 2)
}

#[test]
fn comments_and_literals_are_blanked_and_code_stays() {
    let source =
        "let a = \"x // \\\" y\"; // tail\nlet b = r#\"raw \" text\"#; /* a /* b */ c */ 'x' 'é' '\\n' &'a str";
    let scrubbed = scrub(source);
    assert_eq!(scrubbed.len(), source.len());
    assert_eq!(scrubbed.split_whitespace().collect::<Vec<_>>().join(" "), "let a = ; let b = ; &'a str");
}
