//! Virtual keys made here from their published form, not by the product: a change of the form breaks these tests.

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A well-formed key that differs for every `name`; what `tallygate admin new-key` could have printed.
pub fn virtual_key(name: &str) -> String {
    let mut state = u64::from(crc32fast::hash(name.as_bytes())) << 16;
    let mut text = String::from("tg_");
    for place in 0..44 {
        if place == 12 {
            text.push('_');
        }
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        text.push(digit(state >> 33));
    }
    let mut check = u64::from(crc32fast::hash(text.as_bytes()));
    let mut places = [' '; 6];
    for place in places.iter_mut().rev() {
        *place = digit(check);
        check /= 62;
    }
    text.extend(places);
    text
}

fn digit(number: u64) -> char {
    char::from(DIGITS[usize::try_from(number % 62).unwrap_or(0)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_the_published_shape_and_differ() {
        let key = virtual_key("ci");
        assert_eq!(key.len(), 54);
        assert_eq!((&key[..3], &key[15..16]), ("tg_", "_"));
        assert_eq!(key, virtual_key("ci"));
        assert_ne!(key, virtual_key("other"));
    }
}
