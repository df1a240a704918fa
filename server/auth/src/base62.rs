//! Base62 text: digits, capital and small letters, so that a double click selects a whole token.

use domain::clock::Entropy;
use zeroize::Zeroizing;

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// `length` random characters. Each takes 64 random bits, so no character is likelier than another by more than 2⁻⁵⁸.
pub fn random(entropy: &dyn Entropy, length: usize) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(length));
    let mut bytes = Zeroizing::new([0u8; 8]);
    for _ in 0..length {
        entropy.fill(bytes.as_mut());
        text.push(digit(u64::from_le_bytes(*bytes)));
    }
    text
}

/// `number` in exactly six digits, enough for 32 bits, most significant first.
pub fn six_digits(number: u32) -> String {
    let mut rest = u64::from(number);
    let mut digits = [' '; 6];
    for place in digits.iter_mut().rev() {
        *place = digit(rest);
        rest /= 62;
    }
    digits.iter().collect()
}

pub fn is_base62(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_alphanumeric())
}

fn digit(number: u64) -> char {
    // The remainder is below 62, so the index always exists.
    char::from(ALPHABET.get((number % 62) as usize).copied().unwrap_or(b'0'))
}
