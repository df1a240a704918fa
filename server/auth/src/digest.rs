//! Opaque tokens: random text that somebody carries, of which we keep SHA-256 only.
//!
//! Plain SHA-256 is enough because a token has at least 128 random bits; what people choose themselves belongs to
//! `password.rs`.

use domain::clock::Entropy;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::base62;

/// 24 base62 characters are 142 bits.
const TOKEN: usize = 24;

/// A token in clear, for the one who is to carry it.
pub struct Token(Zeroizing<String>);

/// SHA-256 of a token.
#[derive(Clone, Copy)]
pub struct TokenDigest([u8; 32]);

impl Token {
    pub fn make(entropy: &dyn Entropy) -> Self {
        Self(base62::random(entropy, TOKEN))
    }

    pub fn digest(&self) -> TokenDigest {
        of(self.0.as_bytes())
    }

    /// The text for the one who is to carry it; showing it uses it up.
    pub fn show_once(self) -> String {
        self.0.to_string()
    }
}

/// Digest of a token that came from outside.
pub fn of(token: &[u8]) -> TokenDigest {
    TokenDigest(Sha256::digest(token).into())
}

impl TokenDigest {
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Is this the digest that was stored? Constant time; a stored value of another length matches nothing.
    pub fn matches(&self, stored: &[u8]) -> bool {
        self.0.as_slice().ct_eq(stored).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Seeded;

    #[test]
    fn a_token_matches_its_own_digest_and_no_other() {
        let entropy = Seeded::new(5);
        let (token, other) = (Token::make(&entropy), Token::make(&entropy));
        let digest = token.digest();
        assert!(!other.digest().matches(digest.as_bytes()));
        let text = token.show_once();
        assert!(of(text.as_bytes()).matches(digest.as_bytes()));
        assert!(!of(b"").matches(b""));
        assert_eq!(text.len(), 24);
    }
}
