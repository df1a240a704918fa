//! The form of secrets that clients carry: a prefix, 12 public characters, `_`, 32 secret characters and 6 check characters,
//! all base62.
//!
//! The public part is the handle in look-ups, lists and logs; 32 characters are 190 secret bits; the check characters are
//! CRC-32 over all before them, the prefix among it, so a typo is refused without a look-up and one kind never reads as
//! another. Only [`KeyDigest`] is ever stored. Never here: which secret exists, what it may do.
//! One more kind: a file beside `api_key.rs` with a [`Kind`] of its own.

use std::{
    hash::{Hash, Hasher},
    marker::PhantomData,
};

use domain::clock::Entropy;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::base62;

/// The public part of the secrets that documents print. Such a secret is never accepted anywhere.
pub const EXAMPLE_PUBLIC: &str = "example00000";

const PUBLIC: usize = 12;
const SECRET: usize = 32;
const CHECK: usize = 6;
/// Characters behind the prefix.
const REST: usize = PUBLIC + 1 + SECRET + CHECK;

/// What a secret is for.
pub trait Kind {
    /// What it begins with.
    const PREFIX: &'static str;
}

/// A well-formed secret in clear: just made, or just received. Another kind is another type.
pub struct Carried<K>(Zeroizing<String>, PhantomData<K>);

/// A secret that was made a moment ago: the only kind that may be shown, and showing it uses it up. One that came from
/// outside is a [`Carried`] and cannot be turned into this one.
pub struct Made<K>(Carried<K>);

/// Why a text is no such secret. It never repeats the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    #[error("not of the form {prefix}…: it has {} characters", .prefix.len() + REST)]
    Shape { prefix: &'static str },
    #[error("its check characters are wrong: it is mistyped or cut off")]
    Checksum,
    #[error("this is the example of the documentation")]
    Example,
}

impl<K: Kind> Made<K> {
    /// A new secret for somebody to take away.
    pub fn make(entropy: &dyn Entropy) -> Self {
        Self(Carried::make(entropy))
    }
}

impl<K> Made<K> {
    /// The text for the one answer that shows it.
    pub fn show_once(self) -> String {
        self.0.0.to_string()
    }
}

impl<K> std::ops::Deref for Made<K> {
    type Target = Carried<K>;

    fn deref(&self) -> &Carried<K> {
        &self.0
    }
}

impl<K: Kind> Carried<K> {
    /// A new secret from the given randomness. Who hands it out takes [`Made::make`].
    pub(crate) fn make(entropy: &dyn Entropy) -> Self {
        let public = base62::random(entropy, PUBLIC);
        let secret = base62::random(entropy, SECRET);
        // Full length from the start: a buffer that grew would leave a copy behind.
        let mut text = Zeroizing::new(String::with_capacity(K::PREFIX.len() + REST));
        for part in [K::PREFIX, &public, "_", &secret] {
            text.push_str(part);
        }
        let check = check_of(&text);
        text.push_str(&check);
        Self(text, PhantomData)
    }

    /// Reads a secret: shape and checksum only, no look-up.
    pub(crate) fn parse(text: &str) -> Result<Self, Malformed> {
        let shape = Malformed::Shape { prefix: K::PREFIX };
        let rest = text.strip_prefix(K::PREFIX).filter(|rest| rest.len() == REST && text.is_ascii()).ok_or(shape)?;
        let (public, tail) = rest.split_once('_').ok_or(shape)?;
        if public.len() != PUBLIC || !base62::is_base62(public) || !base62::is_base62(tail) {
            return Err(shape);
        }
        let (checked, check) = text.split_at(text.len() - CHECK);
        if check_of(checked) != check {
            return Err(Malformed::Checksum);
        }
        if public == EXAMPLE_PUBLIC {
            return Err(Malformed::Example);
        }
        Ok(Self(Zeroizing::new(text.to_owned()), PhantomData))
    }

    /// The 12 characters that may be shown and logged.
    pub fn public(&self) -> &str {
        self.0.get(K::PREFIX.len()..K::PREFIX.len() + PUBLIC).unwrap_or_default()
    }
}

impl<K> Carried<K> {
    /// The last four characters: part of the checksum, which says less about the secret than the secret's own end.
    pub fn last_four(&self) -> &str {
        self.0.len().checked_sub(4).and_then(|at| self.0.get(at..)).unwrap_or_default()
    }

    pub fn digest(&self) -> KeyDigest {
        KeyDigest(Sha256::digest(self.0.as_bytes()).into())
    }

    /// The whole secret in clear. What a maker hands out goes through [`Made::show_once`] instead.
    pub fn expose_secret(&self) -> &str {
        &self.0
    }
}

fn check_of(text: &str) -> String {
    base62::six_digits(crc32fast::hash(text.as_bytes()))
}

/// SHA-256 of a whole secret. Equality takes the same time wherever the first difference is.
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
