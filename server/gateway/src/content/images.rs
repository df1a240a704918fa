//! Inline images and files out of a body, by hash and size: a log is no place for binaries (`product.md` GW-40).

use sha2::{Digest, Sha256};

/// Shorter runs of base64 are text.
const LEAST: usize = 256;

/// The text with every long run of base64 replaced by its hash and size.
pub(super) fn by_hash(text: &str) -> String {
    by_hash_above(text, LEAST)
}

/// The same for runs of at least so many bytes.
pub(crate) fn by_hash_above(text: &str, least: usize) -> String {
    let mut short = String::with_capacity(text.len().min(64 * 1024));
    let mut rest = text;
    while let Some(quote) = rest.find('"') {
        let (before, from) = rest.split_at(quote + 1);
        short.push_str(before);
        let start = data_start(from);
        let length = from[start..].bytes().take_while(|byte| is_base64(*byte)).count();
        let is_whole = from[start + length..].starts_with('"');
        if is_whole && length >= least {
            let data = &from[start..start + length];
            let hash = Sha256::digest(data.as_bytes());
            let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
            short.push_str(&from[..start]);
            short.push_str(&format!("[{length} bytes of base64, sha256 {hash}]"));
            rest = &from[start + length..];
        } else {
            rest = from;
        }
    }
    short.push_str(rest);
    short
}

/// Where the data of a `data:` URL begins.
fn data_start(text: &str) -> usize {
    if !text.starts_with("data:") {
        return 0;
    }
    const MARK: &[u8] = b";base64,";
    let head = &text.as_bytes()[..text.len().min(128)];
    head.windows(MARK.len()).position(|window| window == MARK).map_or(0, |at| at + MARK.len())
}

/// The slash may be escaped in JSON.
fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'-' | b'_' | b'\\')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_inline_image_becomes_its_hash_and_size_and_text_stays() {
        let image = "A".repeat(400);
        let body = format!(r#"{{"text":"é plain","url":"data:image/png;base64,{image}","data":"{image}"}}"#);
        let short = by_hash(&body);
        assert!(short.starts_with(r#"{"text":"é plain","url":"data:image/png;base64,[400 bytes of base64, sha256 "#));
        assert!(!short.contains(&image));
        assert!(serde_json::from_str::<serde_json::Value>(&short).is_ok());
    }

    #[test]
    fn text_that_begins_like_a_data_url_is_text() {
        let body = format!(r#"{{"text":"data:{}"}}"#, "é".repeat(200));
        assert_eq!(by_hash(&body), body);
    }

    #[test]
    fn long_prose_is_no_image() {
        let body = format!(r#"{{"text":"{}"}}"#, "many words ".repeat(50));
        assert_eq!(by_hash(&body), body);
    }
}
