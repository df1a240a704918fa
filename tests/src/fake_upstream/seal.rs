//! Signed reasoning: what a vendor gives out with its thoughts and checks when they come back.
//!
//! A seal holds a tag of its vendor, the thing it belongs to and a digest over both, so it can be checked without
//! memory: a changed seal, a changed thought or another vendor's seal is told from a true one.

use sha2::{Digest as _, Sha256};

use super::{base64, endpoint::Vendor};

const KEY: &[u8] = b"fake upstream seal";

/// A seal over `about` (the thought itself, or the id of the item that stands for it).
pub fn seal(vendor: Vendor, about: &str) -> String {
    let mut bytes = tag(vendor).to_vec();
    bytes.extend_from_slice(&digest(vendor, about));
    base64::encode(&bytes)
}

/// Whether `seal` was given out by `vendor` over `about`.
pub fn is_sealed(vendor: Vendor, about: &str, seal_text: &str) -> bool {
    seal(vendor, about) == seal_text
}

/// A seal that carries its own `about`, for thoughts whose text is not sent back.
pub fn closed(vendor: Vendor, about: &str) -> String {
    let mut bytes = tag(vendor).to_vec();
    bytes.extend_from_slice(&digest(vendor, about));
    bytes.extend_from_slice(about.as_bytes());
    base64::encode(&bytes)
}

/// What a closed seal of `vendor` holds; `None` when it is not one.
pub fn open(vendor: Vendor, seal_text: &str) -> Option<String> {
    let bytes = base64::decode(seal_text)?;
    let (head, about) = bytes.split_at_checked(4 + 32)?;
    let about = String::from_utf8(about.to_vec()).ok()?;
    (head[..4] == tag(vendor) && head[4..] == digest(vendor, &about)).then_some(about)
}

/// An id with a check of its own: an item that is named instead of sent.
pub fn id(prefix: &str, about: &str) -> String {
    let body: String = hex(&Sha256::digest(about.as_bytes())).chars().take(32).collect();
    format!("{prefix}{body}{}", check(prefix, &body))
}

/// Whether `id` could have been given out here under `prefix`.
pub fn is_id(prefix: &str, id: &str) -> bool {
    id.strip_prefix(prefix)
        .and_then(|rest| rest.split_at_checked(32))
        .is_some_and(|(body, end)| end == check(prefix, body))
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn check(prefix: &str, body: &str) -> String {
    let mut digest = Sha256::new();
    digest.update(KEY);
    digest.update(prefix.as_bytes());
    digest.update(body.as_bytes());
    hex(&digest.finalize()).chars().take(8).collect()
}

fn digest(vendor: Vendor, about: &str) -> [u8; 32] {
    let mut digest = Sha256::new();
    digest.update(KEY);
    digest.update(tag(vendor));
    digest.update(about.as_bytes());
    digest.finalize().into()
}

fn tag(vendor: Vendor) -> [u8; 4] {
    match vendor {
        Vendor::OpenAi | Vendor::Azure => *b"\x80\x00\x00\x00",
        Vendor::Anthropic => *b"\x12\xa1\x01\x0a",
        Vendor::Gemini => *b"\x0a\x24\x01\xe2",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seal_holds_for_its_vendor_and_its_thought_only() {
        let text = seal(Vendor::Anthropic, "thought");
        assert!(is_sealed(Vendor::Anthropic, "thought", &text));
        assert!(!is_sealed(Vendor::Anthropic, "thoughts", &text));
        assert!(!is_sealed(Vendor::Gemini, "thought", &text));
        let shut = closed(Vendor::Gemini, "call");
        assert_eq!(open(Vendor::Gemini, &shut).as_deref(), Some("call"));
        assert_eq!(open(Vendor::OpenAi, &shut), None);
        assert_eq!(
            open(Vendor::Gemini, &shut.replacen(&shut[8..9], if &shut[8..9] == "A" { "B" } else { "A" }, 1)),
            None
        );
        assert!(is_id("rs_", &id("rs_", "x")) && !is_id("rs_", "rs_1234") && !is_id("msg_", &id("rs_", "x")));
    }
}
