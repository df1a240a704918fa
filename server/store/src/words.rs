//! Which words a text has, as search stores and asks for them.
//!
//! Words are runs of letters and digits, in lower case; a sign of a script without spaces is a word of its own. JSON is read
//! first, so that neither its names nor its escapes are words, and a stream of JSON is put together again, because a word may
//! be cut over two of its parts. Pure. One more field that holds what was said is one name in `SAID`.

use std::collections::BTreeSet;

use serde_json::Value;

/// Most bytes of a text that are read.
const MOST_BYTES: usize = 256 * 1024;
/// Most words of a request.
const MOST_WORDS: usize = 4_000;
/// Most letters of a word; longer runs are keys, hashes and images.
const MOST_LETTERS: usize = 40;
/// Most words of a question.
const MOST_ASKED: usize = 12;
/// Fewest letters of a last word that may be unfinished.
const LEAST_BEGUN: usize = 3;

/// Names of the fields of a stream's parts that hold what was said, in every dialect.
const SAID: [&str; 8] =
    ["text", "content", "delta", "thinking", "reasoning_content", "arguments", "partial_json", "refusal"];

/// The words of some texts, each once, with spaces between them.
pub(crate) fn of(texts: &[&str]) -> String {
    let mut words = BTreeSet::new();
    for text in texts {
        collect(&said(text), &mut words);
    }
    words.into_iter().collect::<Vec<_>>().join(" ")
}

/// A question for all of its words, the last of which may be unfinished, as Postgres reads it; `None` without a word.
pub(crate) fn question(asked: &str) -> Option<String> {
    let mut words = Vec::new();
    let mut is_last_new = false;
    each(asked, &mut |word| {
        is_last_new = words.len() < MOST_ASKED && !words.contains(&word);
        if is_last_new {
            words.push(word);
        }
        true
    });
    let is_begun = is_last_new && asked.ends_with(char::is_alphanumeric);
    let last = words.len().checked_sub(1)?;
    let terms = words.iter().enumerate().map(|(at, word)| {
        // A word has nothing but letters and digits, so nothing in it can end the quotes.
        let may_go_on = at == last && is_begun && word.chars().count() >= LEAST_BEGUN;
        format!("'{word}'{}", if may_go_on { ":*" } else { "" })
    });
    Some(terms.collect::<Vec<_>>().join(" & "))
}

fn collect(text: &str, words: &mut BTreeSet<String>) {
    each(text, &mut |word| {
        words.insert(word);
        words.len() < MOST_WORDS
    });
}

/// Hands over each word until the answer is `false`.
fn each(text: &str, take: &mut impl FnMut(String) -> bool) {
    let mut word = String::new();
    for c in text.chars().chain([' ']) {
        let is_alone = is_sign(c);
        if c.is_alphanumeric() && !is_alone {
            word.extend(c.to_lowercase().filter(|c| c.is_alphanumeric()));
            continue;
        }
        let whole = std::mem::take(&mut word);
        if !whole.is_empty() && whole.chars().count() <= MOST_LETTERS && !take(whole) {
            return;
        }
        if is_alone && !take(c.to_string()) {
            return;
        }
    }
}

/// Han, kana and hangul are written without spaces between words, or with endings that change.
fn is_sign(c: char) -> bool {
    matches!(c, '\u{3041}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}')
}

/// What a stored text says to people.
fn said(text: &str) -> String {
    let text = &text[..text.floor_char_boundary(MOST_BYTES)];
    let mut said = String::new();
    if let Ok(value) = serde_json::from_str::<Value>(text) {
        leaves(&value, &mut said);
        return said;
    }
    let lines = text.lines().filter_map(|line| line.strip_prefix("data:"));
    let parts: Vec<Value> = lines.filter_map(|line| serde_json::from_str(line.trim()).ok()).collect();
    if !parts.is_empty() {
        parts.iter().for_each(|part| fragments(part, &mut said));
        return said;
    }
    // Cut JSON, or no JSON at all: an escape must not become the first letter of a word.
    let is_json = text.starts_with(['{', '[']);
    if is_json { text.replace("\\n", " ").replace("\\t", " ").replace("\\r", " ") } else { text.to_owned() }
}

/// All texts of a value, apart from each other; images in them are none.
fn leaves(value: &Value, said: &mut String) {
    match value {
        Value::String(text) if !text.starts_with("data:") => {
            said.push_str(text);
            said.push('\n');
        }
        Value::Array(items) => items.iter().for_each(|item| leaves(item, said)),
        Value::Object(members) => members.values().for_each(|member| leaves(member, said)),
        _ => {}
    }
}

/// What one part of a stream adds, to follow what the part before added.
fn fragments(value: &Value, said: &mut String) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| fragments(item, said)),
        Value::Object(members) => {
            for (name, member) in members {
                match member {
                    Value::String(text) if SAID.contains(&name.as_str()) => said.push_str(text),
                    Value::String(_) => {}
                    _ => fragments(member, said),
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hi_3_words_are_letters_and_digits_in_lower_case() {
        assert_eq!(
            of(&["Fix parse_config() in src/main.rs, Überprüfen!"]),
            "config fix in main parse rs src überprüfen"
        );
        assert_eq!(of(&["", "…", "{}"]), "");
        assert_eq!(of(&["東京 tower"]), "tower 京 東");
    }

    #[test]
    fn hi_3_json_is_read_before_its_words_are_taken() {
        let asked = r#"{"model":"m","messages":[{"role":"user","content":"one\ntwo \u00e9t\u00e9 \"q\""}],"image":"data:image/png;base64,AAAA"}"#;
        assert_eq!(of(&[asked]), "m one q two user été");
        assert_eq!(of(&[r#"{"content":"one\ntwo\tthr"#]), "content one thr two");
    }

    #[test]
    fn hi_3_a_word_that_a_stream_cuts_is_whole_again() {
        let openai = "data: {\"choices\":[{\"delta\":{\"content\":\"refac\"}}]}\n\ndata: {\"choices\":[{\"delta\":{\"content\":\"tor it\"}}]}\n\ndata: [DONE]\n\n";
        let anthropic = "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"delta\":{\"type\":\"text_delta\",\"text\":\"refac\"}}\n\nevent: x\ndata: {\"delta\":{\"text\":\"tor it\"}}\n\n";
        let responses = "data: {\"type\":\"response.output_text.delta\",\"delta\":\"refac\"}\n\ndata: {\"type\":\"response.output_text.delta\",\"delta\":\"tor it\"}\n\n";
        for stream in [openai, anthropic, responses] {
            assert_eq!(of(&[stream]), "it refactor", "{stream}");
        }
    }

    #[test]
    fn hi_3_no_text_makes_more_than_so_many_words() {
        let text: String = (0..10_000).map(|n| format!("w{n} ")).collect();
        assert_eq!(of(&[&text]).split(' ').count(), MOST_WORDS);
        assert_eq!(of(&[&"x".repeat(MOST_LETTERS + 1)]), "");
        assert_eq!(of(&[&"é".repeat(MOST_BYTES)]), "");
    }

    #[test]
    fn hi_3_a_question_is_all_words_and_the_last_may_be_unfinished() {
        assert_eq!(question("Fix the bug").as_deref(), Some("'fix' & 'the' & 'bug':*"));
        assert_eq!(question("fix it").as_deref(), Some("'fix' & 'it'"));
        assert_eq!(question("fix the fix").as_deref(), Some("'fix' & 'the'"), "what was said before is whole");
        assert_eq!(question("fix fix ").as_deref(), Some("'fix'"));
        assert_eq!(question("a' & !'b | :* \\").as_deref(), Some("'a' & 'b'"));
        assert_eq!(question(" !? "), None);
    }
}
