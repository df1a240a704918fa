//! Takes keys out of an upstream's words before a client reads them.

const MARK: &str = "[redacted]";
/// What keys of the common vendors, and ours, begin with.
const PREFIXES: &[&str] = &["sk-", "tg_", "gsk_", "xai-", "AIza", "Bearer "];
/// A key is at least this long after its prefix.
const LEAST: usize = 8;

/// The text without our own secret and without anything that looks like a key.
pub(super) fn scrub(text: &str, secret: Option<&str>) -> String {
    let text = match secret.filter(|secret| !secret.is_empty()) {
        Some(secret) => text.replace(secret, MARK),
        None => text.to_owned(),
    };
    let mut clean = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some((at, prefix)) = next_prefix(rest) {
        let (before, from) = rest.split_at(at);
        let tail = &from[prefix.len()..];
        let length = tail.bytes().take_while(|byte| is_key_byte(*byte)).count();
        clean.push_str(before);
        if length >= LEAST {
            clean.push_str(MARK);
            rest = &tail[length..];
        } else {
            clean.push_str(prefix);
            rest = tail;
        }
    }
    clean.push_str(rest);
    clean
}

fn next_prefix(text: &str) -> Option<(usize, &'static str)> {
    PREFIXES.iter().filter_map(|prefix| text.find(prefix).map(|at| (at, *prefix))).min()
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
    fn plain_words_stay_byte_for_byte() {
        let text = r#"{"error":{"message":"'max_tokens' is too large: 9 (é)","param":"max_tokens"}}"#;
        assert_eq!(scrub(text, Some("nothing-of-it")), text);
    }
}
