use super::*;
use crate::{
    api_key::{self, ApiKey},
    api_token::{self, ApiToken},
    testing::Seeded,
};

#[test]
fn a_made_key_has_the_published_form_and_reads_back() {
    let entropy = Seeded::new(1);
    for _ in 0..1_000 {
        let key = api_key::make(&entropy);
        let text = key.expose_secret();
        assert_eq!((text.len(), &text[..3], &text[15..16]), (54, "tg_", "_"));
        let again = api_key::parse(text).expect("our own key");
        assert!(again.digest() == key.digest());
        assert_eq!(again.public(), &text[3..15]);
        assert_eq!(again.last_four(), &text[50..]);
    }
}

#[test]
fn a_made_token_has_the_published_form_and_reads_back() {
    let entropy = Seeded::new(6);
    for _ in 0..1_000 {
        let token = api_token::make(&entropy);
        let text = token.expose_secret();
        assert_eq!((text.len(), &text[..4], &text[16..17]), (55, "tgm_", "_"));
        let again = api_token::parse(text).expect("our own token");
        assert!(again.digest() == token.digest());
        assert_eq!(again.public(), &text[4..16]);
        assert_eq!(again.last_four(), &text[51..]);
    }
}

#[test]
fn the_published_patterns_are_those_of_the_form() {
    for (prefix, pattern) in [("tg_", api_key::PATTERN), ("tgm_", api_token::PATTERN)] {
        assert_eq!(pattern, format!("{prefix}[0-9A-Za-z]{{{PUBLIC}}}_[0-9A-Za-z]{{{}}}", SECRET + CHECK));
    }
}

#[test]
fn a_token_never_reads_as_a_key_nor_a_key_as_a_token() {
    let entropy = Seeded::new(7);
    for _ in 0..1_000 {
        let (key, token) = (api_key::make(&entropy), api_token::make(&entropy));
        let (key, token) = (key.expose_secret(), token.expose_secret());
        assert_eq!(api_key::parse(token).err(), Some(Malformed::Shape { prefix: "tg_" }));
        assert_eq!(api_token::parse(key).err(), Some(Malformed::Shape { prefix: "tgm_" }));
        // With the other's prefix the shape is right and the checksum, which covers the prefix, is not.
        let (as_key, as_token) = (token.replacen("tgm_", "tg_", 1), key.replacen("tg_", "tgm_", 1));
        assert_eq!(api_key::parse(&as_key).err(), Some(Malformed::Checksum));
        assert_eq!(api_token::parse(&as_token).err(), Some(Malformed::Checksum));
    }
}

#[test]
fn of_a_hundred_thousand_random_secrets_none_is_accepted() {
    let entropy = Seeded::new(2);
    let accepted = (0..100_000)
        .filter(|_| {
            let (public, tail) = (base62::random(&entropy, 12), base62::random(&entropy, 38));
            let rest = format!("{}_{}", public.as_str(), tail.as_str());
            api_key::parse(&format!("tg_{rest}")).is_ok() || api_token::parse(&format!("tgm_{rest}")).is_ok()
        })
        .count();
    assert_eq!(accepted, 0);
}

#[test]
fn every_single_wrong_character_is_refused() {
    let entropy = Seeded::new(3);
    let (key, token) = (api_key::make(&entropy), api_token::make(&entropy));
    for text in [key.expose_secret(), token.expose_secret()] {
        for at in 0..text.len() {
            for wrong in ['0', 'Z', 'a', '_', ' ', 'é', '\0'] {
                if text[at..].starts_with(wrong) {
                    continue;
                }
                let changed = format!("{}{wrong}{}", &text[..at], &text[at + 1..]);
                assert!(ApiKey::parse(&changed).is_err(), "position {at} as {wrong:?}");
                assert!(ApiToken::parse(&changed).is_err(), "position {at} as {wrong:?}");
            }
        }
    }
}

#[test]
fn nonsense_is_refused_without_a_panic() {
    let long = "tg_".repeat(100_000);
    for text in ["", "tg_", "tg", "Bearer tg_x", "tg_ééééééé_é", &"ä".repeat(27), &long, "\u{0}"] {
        assert_eq!(api_key::parse(text).err(), Some(Malformed::Shape { prefix: "tg_" }), "{} bytes", text.len());
        assert_eq!(api_token::parse(text).err(), Some(Malformed::Shape { prefix: "tgm_" }), "{} bytes", text.len());
    }
    assert_eq!(Malformed::Shape { prefix: "tg_" }.to_string(), "not of the form tg_…: it has 54 characters");
}

#[test]
fn the_examples_of_the_documentation_are_refused() {
    let example = |prefix: &str| {
        let body = format!("{prefix}{EXAMPLE_PUBLIC}_{}", "0".repeat(32));
        format!("{body}{}", check_of(&body))
    };
    assert_eq!(api_key::parse(&example("tg_")).err(), Some(Malformed::Example));
    assert_eq!(api_token::parse(&example("tgm_")).err(), Some(Malformed::Example));
}

#[test]
fn secrets_that_differ_in_the_last_byte_have_different_digests() {
    let (a, b) = (KeyDigest([7; 32]), {
        let mut bytes = [7; 32];
        bytes[31] = 8;
        KeyDigest(bytes)
    });
    assert!(a != b);
    assert!(KeyDigest::from_stored(&[0; 31]).is_none());
}
