use super::*;
use crate::testing::Seeded;

fn hasher() -> Hasher {
    Hasher::new(Arc::new(Seeded::new(1)), 2).expect("hasher")
}

fn typed(text: &str) -> Password {
    Password::typed(text.to_owned())
}

#[tokio::test]
async fn a_password_matches_its_own_hash_only() {
    let hasher = hasher();
    let stored = hasher.hash(&typed("correct horse battery")).await.expect("hash");
    assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
    assert_eq!(
        hasher.verify(&typed("correct horse battery"), Some(&stored)).await.ok(),
        Some(Verdict::Match { outdated: false })
    );
    assert_eq!(hasher.verify(&typed("correct horse batterY"), Some(&stored)).await.ok(), Some(Verdict::Mismatch));
}

#[tokio::test]
async fn two_long_passwords_that_differ_in_the_last_byte_are_two_passwords() {
    let hasher = hasher();
    let (a, b) = (format!("{}a", "x".repeat(99)), format!("{}b", "x".repeat(99)));
    let stored = hasher.hash(&typed(&a)).await.expect("hash");
    assert_eq!(hasher.verify(&typed(&b), Some(&stored)).await.ok(), Some(Verdict::Mismatch));
}

#[tokio::test]
async fn an_unknown_account_never_matches_not_even_with_the_dummy_password() {
    let hasher = hasher();
    assert_eq!(hasher.verify(&typed("anything at all"), None).await.ok(), Some(Verdict::Mismatch));
    let dummy = hasher.dummy.to_string();
    assert!(dummy.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
}

#[tokio::test]
async fn a_hash_below_the_floor_is_to_be_made_again() {
    let weak = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(8_192, 1, 1, Some(32)).expect("params"));
    let params = weak.params().clone();
    let stored: PasswordHash =
        weak.hash_password_customized(b"an old password", &[7; 16], None, None, params).expect("hash");
    let verdict = hasher().verify(&typed("an old password"), Some(&stored.to_string())).await;
    assert_eq!(verdict.ok(), Some(Verdict::Match { outdated: true }));
}

#[tokio::test]
async fn a_damaged_hash_is_an_error_and_not_a_match() {
    let hasher = hasher();
    for stored in ["", "plain", "$argon2id$v=19$m=19456,t=2,p=1$", "$2b$12$abcdefghijklmnopqrstuv"] {
        assert!(
            !matches!(hasher.verify(&typed("whatever it was"), Some(stored)).await, Ok(Verdict::Match { .. })),
            "{stored:?}"
        );
    }
}

#[tokio::test]
async fn a_full_queue_refuses_at_once() {
    let hasher = hasher();
    let held: Vec<_> =
        (0..2 + QUEUE).map(|_| Arc::clone(&hasher.places).try_acquire_owned().expect("free place")).collect();
    assert!(matches!(hasher.hash(&typed("one too many!")).await, Err(Error::Overloaded)));
    drop(held);
    assert!(hasher.hash(&typed("room again now")).await.is_ok());
}

#[test]
fn common_passwords_and_the_accounts_own_name_are_refused() {
    let chosen = |text: &str| Password::chosen(text.to_owned(), "ada.lovelace@example.com", "Ada Lovelace King").err();
    for good in [
        "a quiet green kettle",
        "密码密码密码密码四个字",
        "ada.lovelace's engine",
        &"é".repeat(64).replacen('é', "è", 1),
    ] {
        assert_eq!(chosen(good), None, "{good}");
    }
    for bad in ["short", "Password1234", "passwordpassword", "aaaaaaaaaaaaaaaa", "123456789012", "qwertyuiop123"] {
        assert!(chosen(bad).is_some(), "{bad}");
    }
    for own in ["ada.lovelace", "ADA.LOVELACE@example.com", "adalovelaceking", "Ada Lovelace King"] {
        assert!(chosen(own).is_some_and(|why| why.contains("own name")), "{own}");
    }
    assert!(chosen(&"x y".repeat(86)).is_some(), "258 bytes");
}

#[test]
fn the_common_list_holds_only_what_the_length_rule_would_let_through() {
    for line in COMMON.lines() {
        assert!(line.len() >= 12 && line == line.to_lowercase(), "{line:?}");
    }
}
