use super::*;
use crate::testing::Seeded;

#[test]
fn a_made_key_has_the_published_form_and_reads_back() {
    let entropy = Seeded::new(1);
    for _ in 0..1_000 {
        let key = make(&entropy);
        let text = key.expose_secret();
        assert_eq!((text.len(), &text[..3], &text[15..16]), (54, "tg_", "_"));
        let again = parse(text).expect("our own key");
        assert!(again.digest() == key.digest());
        assert_eq!(again.public(), &text[3..15]);
        assert_eq!(again.last_four(), &text[50..]);
    }
}

#[test]
fn of_a_hundred_thousand_random_keys_none_is_accepted() {
    let entropy = Seeded::new(2);
    let accepted = (0..100_000)
        .filter(|_| {
            let (public, tail) = (base62::random(&entropy, 12), base62::random(&entropy, 38));
            parse(&format!("tg_{}_{}", public.as_str(), tail.as_str())).is_ok()
        })
        .count();
    assert_eq!(accepted, 0);
}

#[test]
fn every_single_wrong_character_is_refused() {
    let key = make(&Seeded::new(3));
    let text = key.expose_secret();
    for at in 0..text.len() {
        for wrong in ['0', 'Z', 'a', '_', ' ', 'é', '\0'] {
            if text[at..].starts_with(wrong) {
                continue;
            }
            let changed = format!("{}{wrong}{}", &text[..at], &text[at + 1..]);
            assert!(parse(&changed).is_err(), "position {at} as {wrong:?}");
        }
    }
}

#[test]
fn nonsense_is_refused_without_a_panic() {
    let long = "tg_".repeat(100_000);
    for text in ["", "tg_", "tg", "Bearer tg_x", "tg_ééééééé_é", &"ä".repeat(27), &long, "\u{0}"] {
        assert_eq!(parse(text).err(), Some(Malformed::Shape), "{} bytes", text.len());
    }
}

#[test]
fn the_example_key_of_the_documentation_is_refused() {
    let body = format!("tg_{EXAMPLE_PUBLIC}_{}", "0".repeat(32));
    let example = format!("{body}{}", base62::six_digits(crc32fast::hash(body.as_bytes())));
    assert_eq!(parse(&example).err(), Some(Malformed::Example));
}

#[test]
fn keys_that_differ_in_the_last_byte_have_different_digests() {
    let (a, b) = (KeyDigest([7; 32]), {
        let mut bytes = [7; 32];
        bytes[31] = 8;
        KeyDigest(bytes)
    });
    assert!(a != b);
    assert!(KeyDigest::from_stored(&[0; 31]).is_none());
}
