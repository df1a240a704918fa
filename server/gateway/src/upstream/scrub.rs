//! Takes keys out of an upstream's words before a client reads them.

const MARK: &str = "[redacted]";
/// What keys of the common vendors, and ours, begin with.
const PREFIXES: &[&str] = &["sk-", "tg_", "gsk_", "xai-", "AIza", "Bearer "];
/// A key is at least this long after its prefix.
const LEAST: usize = 8;

/// The text without our own secret and without anything that looks like a key. One pass: the text may be long and hostile.
pub(super) fn scrub(text: &str, secret: Option<&str>) -> String {
    let text = match secret.filter(|secret| !secret.is_empty()) {
        Some(secret) => text.replace(secret, MARK),
        None => text.to_owned(),
    };
    let mut clean = String::with_capacity(text.len());
    let (mut kept, mut at) = (0, 0);
    let bytes = text.as_bytes();
    while at < bytes.len() {
        let is_word_start = at == 0 || !is_key_byte(bytes[at - 1]);
        let length = if is_word_start { key_length(&bytes[at..]) } else { 0 };
        if length > 0 {
            clean.push_str(&text[kept..at]);
            clean.push_str(MARK);
            kept = at + length;
        }
        at += length.max(1);
    }
    clean.push_str(&text[kept..]);
    clean
}

/// How long the key is that begins here; 0 for none. Keys are ASCII, so both ends are character boundaries.
fn key_length(bytes: &[u8]) -> usize {
    let Some(prefix) = PREFIXES.iter().find(|prefix| bytes.starts_with(prefix.as_bytes())) else { return 0 };
    let length = bytes[prefix.len()..].iter().take_while(|byte| is_key_byte(**byte)).count();
    if length >= LEAST { prefix.len() + length } else { 0 }
}

/// Stars count: vendors mask the middle of a key and show its ends.
fn is_key_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_secret_and_everything_like_a_key_goes() {
        assert_eq!(scrub("bad s3cret-value!", Some("s3cret-value")), "bad [redacted]!");
        assert_eq!(scrub("key sk-proj-abc*****wxyz is wrong", None), "key [redacted] is wrong");
        assert_eq!(scrub("sk-one is short, tg_AAAAAAAAAAAA_B too long", None), "sk-one is short, [redacted] too long");
    }

    #[test]
    fn words_that_hold_a_prefix_are_words_and_a_hostile_text_takes_one_pass() {
        assert_eq!(scrub("task-management-board", None), "task-management-board");
        let hostile = "sk- ".repeat(500_000);
        assert_eq!(scrub(&hostile, None), hostile);
    }

    #[test]
    fn plain_words_stay_byte_for_byte() {
        let text = r#"{"error":{"message":"'max_tokens' is too large: 9 (é)","param":"max_tokens"}}"#;
        assert_eq!(scrub(text, Some("nothing-of-it")), text);
    }
}
