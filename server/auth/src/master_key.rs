//! The master key: 32 bytes that wrap the data keys of the vault. They come from the environment or a file, never from the
//! database, and a weak or published value refuses to start (`security.md` CR-5).

use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use domain::clock::Entropy;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// Reads both alphabets' common form: padding may be there or not.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Values that have stood in some document: everybody knows them.
const PUBLISHED: [&[u8; 32]; 5] = [
    b"0123456789abcdef0123456789abcdef",
    b"01234567890123456789012345678901",
    b"12345678901234567890123456789012",
    b"abcdefghijklmnopqrstuvwxyz012345",
    b"change-me-change-me-change-me-32",
];

/// The key and its public id, by which a sealed value says what wrapped it.
pub struct MasterKey {
    id: [u8; 8],
    bytes: Zeroizing<[u8; 32]>,
}

/// Why a text cannot be the master key. It never repeats the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Weak {
    #[error("the master key must be 32 random bytes as 64 hexadecimal digits or as base64: openssl rand -hex 32")]
    Shape,
    #[error("the master key repeats a few bytes over and over: make a random one with openssl rand -hex 32")]
    Repeated,
    #[error("the master key is a published example: make a random one with openssl rand -hex 32")]
    Published,
}

impl MasterKey {
    /// Reads 64 hexadecimal digits or base64 (either alphabet) of exactly 32 bytes; white space around it is ignored.
    pub fn parse(text: &str) -> Result<Self, Weak> {
        let text = text.trim();
        let bytes = match text.len() {
            64 => from_hex(text),
            _ => from_base64(text),
        };
        Self::checked(bytes.ok_or(Weak::Shape)?)
    }

    /// A new key and the text that a file keeps.
    pub fn generate(entropy: &dyn Entropy) -> Result<(Self, Zeroizing<String>), Weak> {
        let mut bytes = Zeroizing::new([0u8; 32]);
        entropy.fill(bytes.as_mut());
        let mut text = Zeroizing::new(String::with_capacity(64));
        for byte in bytes.iter() {
            text.push(hex_digit(byte >> 4));
            text.push(hex_digit(byte & 15));
        }
        Ok((Self::checked(bytes)?, text))
    }

    pub fn id(&self) -> [u8; 8] {
        self.id
    }

    /// For the vault alone.
    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.bytes
    }

    fn checked(bytes: Zeroizing<[u8; 32]>) -> Result<Self, Weak> {
        let mut distinct = bytes.to_vec();
        distinct.sort_unstable();
        distinct.dedup();
        let few = distinct.len() < 8;
        let periodic = (1..=16).any(|period| bytes.iter().zip(bytes.iter().skip(period)).all(|(a, b)| a == b));
        let counting = bytes.iter().zip(bytes.iter().skip(1)).all(|(a, b)| b.wrapping_sub(*a) == 1);
        if PUBLISHED.contains(&&*bytes) || counting {
            return Err(Weak::Published);
        }
        if few || periodic {
            return Err(Weak::Repeated);
        }
        let digest = Sha256::new().chain_update(b"tallygate master key id").chain_update(*bytes).finalize();
        let mut id = [0u8; 8];
        id.copy_from_slice(&digest[..8]);
        Ok(Self { id, bytes })
    }
}

fn from_hex(text: &str) -> Option<Zeroizing<[u8; 32]>> {
    let mut bytes = Zeroizing::new([0u8; 32]);
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        let [high, low] = pair else { return None };
        *byte = u8::try_from(char::from(*high).to_digit(16)? * 16 + char::from(*low).to_digit(16)?).ok()?;
    }
    Some(bytes)
}

fn from_base64(text: &str) -> Option<Zeroizing<[u8; 32]>> {
    let standard = Zeroizing::new(text.replace('-', "+").replace('_', "/"));
    let decoded = Zeroizing::new(BASE64.decode(standard.as_bytes()).ok()?);
    decoded.as_slice().try_into().ok().map(Zeroizing::new)
}

fn hex_digit(nibble: u8) -> char {
    char::from_digit(u32::from(nibble), 16).unwrap_or('0')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Seeded;

    #[test]
    fn hexadecimal_and_both_base64_alphabets_read_the_same_key() {
        let (key, hex) = MasterKey::generate(&Seeded::new(9)).expect("random key");
        let standard = BASE64.encode(key.bytes());
        let url_safe = standard.replace('+', "-").replace('/', "_");
        for text in [
            hex.as_str(),
            &hex.to_uppercase(),
            &standard,
            &url_safe,
            standard.trim_end_matches('='),
            &format!(" {} \n", *hex),
        ] {
            let read = MasterKey::parse(text).expect("the same key");
            assert_eq!((read.id(), read.bytes()), (key.id(), key.bytes()));
        }
    }

    #[test]
    fn weak_and_published_keys_are_refused() {
        let counting: String = (0..32).map(|n| format!("{n:02x}")).collect();
        for (text, why) in [
            ("", Weak::Shape),
            ("secret", Weak::Shape),
            ("00", Weak::Shape),
            (&"g".repeat(64), Weak::Shape),
            (&"é".repeat(32), Weak::Shape),
            (&"0".repeat(64), Weak::Repeated),
            (&"ab".repeat(32), Weak::Repeated),
            (&"0123456789abcdef".repeat(4), Weak::Repeated),
            (&counting, Weak::Published),
            ("MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=", Weak::Published),
        ] {
            assert_eq!(MasterKey::parse(text).err(), Some(why), "{text}");
        }
    }
}
