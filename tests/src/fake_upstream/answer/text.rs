//! Prose, thoughts and the pieces they come in.
//!
//! A piece is a token. JSON is split where decoders stumble: behind a backslash, inside an escape, between the bytes of
//! what will be one character on the screen.

use super::{
    super::summary::ToolResult,
    random::{index, next},
};

const WORDS: [&str; 32] = [
    "ledger",
    "naïve",
    "stream",
    "größer",
    "token",
    "façade",
    "borrow",
    "日本語",
    "budget",
    "smörgåsbord",
    "channel",
    "🦀",
    "future",
    "façon",
    "buffer",
    "Ελληνικά",
    "parser",
    "mutex",
    "crème",
    "slice",
    "trait",
    "número",
    "socket",
    "привет",
    "window",
    "señal",
    "cursor",
    "naïveté",
    "module",
    "über",
    "packet",
    "→",
];
const CODE: [&str; 12] =
    ["\n\n```rust\n", "fn ", "größe", "() ", "-> ", "u64 ", "{\n    ", "41 ", "+ 1 ", "// ½ of 84\n", "}\n", "```\n\n"];
/// Of a tool's result, what the answer repeats.
const MENTIONED: usize = 60;

/// Prose of `words` pieces, or several dozen; one more than `room` at most, so that the caller sees the overflow.
pub fn prose(seed: &mut u64, words: Option<usize>, room: usize) -> Vec<String> {
    let wanted = words.unwrap_or_else(|| 40 + index(seed, 41)).max(1);
    compose(seed, wanted, wanted.min(room.saturating_add(1)))
}

/// Prose that repeats the beginning of every result.
pub fn about(seed: &mut u64, results: &[ToolResult], words: Option<usize>) -> Vec<String> {
    let mut pieces = vec!["Grüße: ".to_owned()];
    for ToolResult { tool, text, .. } in results {
        pieces.push(format!("{tool} "));
        pieces.push("→ ".into());
        let start: String = text.chars().take(MENTIONED).collect();
        pieces.extend(start.split_inclusive(' ').map(str::to_owned));
        pieces.push(". ".into());
    }
    let more = words.unwrap_or(12).saturating_sub(pieces.len());
    pieces.extend((0..more).map(|_| word(seed)));
    pieces
}

pub fn thoughts(seed: &mut u64, count: usize) -> Vec<String> {
    (0..count).map(|at| if at == 0 { "Überlegung: ".into() } else { word(seed) }).collect()
}

/// Exactly `count` pieces of a text meant to have `wanted`, with a code block in its middle when there is room.
fn compose(seed: &mut u64, wanted: usize, count: usize) -> Vec<String> {
    let shown = wanted.min(count);
    let code_at = shown / 2;
    let mut pieces = Vec::with_capacity(shown.min(4096));
    while pieces.len() < shown {
        let is_code = shown >= 2 * CODE.len() && pieces.len() >= code_at && pieces.len() < code_at + CODE.len();
        if is_code {
            pieces.push(CODE[pieces.len() - code_at].to_owned());
            continue;
        }
        // The first word is never plain ASCII: even a one-token answer holds a character that can be split.
        pieces.push(if pieces.is_empty() { "Grüße: ".into() } else { word(seed) });
    }
    pieces
}

fn word(seed: &mut u64) -> String {
    format!("{} ", WORDS[usize::try_from(next(seed) % 32).unwrap_or(0)])
}

/// JSON text in small pieces of changing size; each backslash ends one.
pub fn awkward(text: &str) -> Vec<String> {
    const SIZES: [usize; 6] = [1, 4, 2, 7, 3, 11];
    let mut pieces = Vec::new();
    let mut piece = String::new();
    for letter in text.chars() {
        piece.push(letter);
        if letter == '\\' || piece.chars().count() >= SIZES[pieces.len() % SIZES.len()] {
            pieces.push(std::mem::take(&mut piece));
        }
    }
    if !piece.is_empty() {
        pieces.push(piece);
    }
    pieces
}

/// Ends `pieces` before the first of `stops` and says which one it was.
pub fn stop(pieces: &mut Vec<String>, stops: &[String]) -> Option<String> {
    let text = pieces.concat();
    let found = stops.iter().filter(|stop| !stop.is_empty()).filter_map(|stop| Some((text.find(stop.as_str())?, stop)));
    let (end, stop) = found.min_by_key(|(at, _)| *at)?;
    let mut kept = 0;
    let mut at = 0;
    while kept < pieces.len() && at + pieces[kept].len() <= end {
        at += pieces[kept].len();
        kept += 1;
    }
    let rest = pieces.get(kept).map(|piece| piece[..end - at].to_owned()).unwrap_or_default();
    pieces.truncate(kept);
    // An answer has at least one token, even when it stops at once.
    if !rest.is_empty() || pieces.is_empty() {
        pieces.push(rest);
    }
    Some(stop.clone())
}
