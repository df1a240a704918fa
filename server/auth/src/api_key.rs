//! Virtual keys: `tg_` + 12 public characters + `_` + 32 secret characters + 6 check characters, all base62.
//!
//! The public part is the handle in look-ups, lists and logs; 32 characters are 190 secret bits; the check characters are
//! CRC-32 over all before them, so a typo is refused without a look-up. For secret scanners: [`PATTERN`].
//! Only [`KeyDigest`] is ever stored. Never here: which key exists, what it may do.

use std::hash::{Hash, Hasher};

use domain::clock::Entropy;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::base62;

/// What every key looks like, as a regular expression.
pub const PATTERN: &str = "tg_[0-9A-Za-z]{12}_[0-9A-Za-z]{38}";
/// The public part of the key that documents print. Such a key is never accepted anywhere.
pub const EXAMPLE_PUBLIC: &str = "example00000";

const PREFIX: &str = "tg_";
const PUBLIC: usize = 12;
const SECRET: usize = 32;
const CHECK: usize = 6;
const LENGTH: usize = PREFIX.len() + PUBLIC + 1 + SECRET + CHECK;

/// A well-formed key in clear: just made, or just received.
pub struct ApiKey(Zeroizing<String>);

/// A key that was made a moment ago: the only kind that may be shown, and showing it uses it up. A key that came from
/// outside is an [`ApiKey`] and cannot be turned into this one.
pub struct MadeKey(ApiKey);

impl MadeKey {
    /// A new key for somebody to take away.
    pub fn make(entropy: &dyn Entropy) -> Self {
        Self(make(entropy))
    }

    /// The text for the one answer that shows it.
    pub fn show_once(self) -> String {
        self.0.0.to_string()
    }
}

impl std::ops::Deref for MadeKey {
    type Target = ApiKey;

    fn deref(&self) -> &ApiKey {
        &self.0
    }
}

/// Why a text is not a key. It never repeats the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    #[error("not a key of the form tg_…: it has 54 characters")]
    Shape,
    #[error("the key's check characters are wrong: it is mistyped or cut off")]
    Checksum,
    #[error("this is the example key of the documentation")]
    Example,
}

/// A new key from the given randomness. Who hands it out takes [`MadeKey::make`].
pub fn make(entropy: &dyn Entropy) -> ApiKey {
    let public = base62::random(entropy, PUBLIC);
    let secret = base62::random(entropy, SECRET);
    let mut text = Zeroizing::new(String::with_capacity(LENGTH));
    for part in [PREFIX, &public, "_", &secret] {
        text.push_str(part);
    }
    let check = base62::six_digits(crc32fast::hash(text.as_bytes()));
    text.push_str(&check);
    ApiKey(text)
}

/// Reads a key: shape and checksum only, no look-up.
pub fn parse(text: &str) -> Result<ApiKey, Malformed> {
    let rest = text.strip_prefix(PREFIX).filter(|_| text.len() == LENGTH && text.is_ascii()).ok_or(Malformed::Shape)?;
    let (public, tail) = rest.split_once('_').ok_or(Malformed::Shape)?;
    if public.len() != PUBLIC || !base62::is_base62(public) || !base62::is_base62(tail) {
        return Err(Malformed::Shape);
    }
    let (checked, check) = text.split_at(LENGTH - CHECK);
    if base62::six_digits(crc32fast::hash(checked.as_bytes())) != check {
        return Err(Malformed::Checksum);
    }
    if public == EXAMPLE_PUBLIC {
        return Err(Malformed::Example);
    }
    Ok(ApiKey(Zeroizing::new(text.to_owned())))
}

impl ApiKey {
    /// The 12 characters that may be shown and logged.
    pub fn public(&self) -> &str {
        self.0.get(PREFIX.len()..PREFIX.len() + PUBLIC).unwrap_or_default()
    }

    /// The last four characters: part of the checksum, which says less about the secret than the secret's own end.
    pub fn last_four(&self) -> &str {
        self.0.get(LENGTH - 4..).unwrap_or_default()
    }

    pub fn digest(&self) -> KeyDigest {
        KeyDigest(Sha256::digest(self.0.as_bytes()).into())
    }

    /// The whole key in clear. What a maker hands out goes through [`MadeKey::show_once`] instead.
    pub fn expose_secret(&self) -> &str {
        &self.0
    }
}

/// SHA-256 of a whole key. Equality takes the same time wherever the first difference is.
#[derive(Clone, Copy)]
pub struct KeyDigest([u8; 32]);

impl KeyDigest {
    /// A digest as it is stored; `None` when it has another length.
    pub fn from_stored(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl PartialEq for KeyDigest {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for KeyDigest {}

impl Hash for KeyDigest {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl std::fmt::Debug for KeyDigest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KeyDigest(..)")
    }
}

#[cfg(test)]
mod tests;
