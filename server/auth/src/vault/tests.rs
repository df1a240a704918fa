use std::collections::HashSet;

use super::*;
use crate::testing::Seeded;

const SECRET: &str = "sk-live-0123456789abcdef";

fn vault(seed: u64) -> Vault {
    let entropy = Arc::new(Seeded::new(seed));
    let (master, _) = MasterKey::generate(&*entropy).expect("random key");
    Vault::new(master, entropy)
}

fn origin(url: &str) -> Origin {
    Origin::of(&url::Url::parse(url).expect("url")).expect("origin")
}

fn context(origin: &Origin) -> SealContext<'_> {
    SealContext { table: "credentials", row: Uuid::from_u128(1), owner: None, field: "sealed", origin }
}

#[test]
fn a_sealed_credential_opens_in_its_own_context_only() {
    let vault = vault(1);
    let (here, there) = (origin("https://api.example.com/v1"), origin("https://evil.example.com/v1"));
    let own = context(&here);
    let sealed = vault.seal(&own, &Credential::new(SECRET.to_owned())).expect("seal");

    assert_eq!(vault.open(&own, &sealed).expect("opens").expose_secret(), SECRET);
    for (what, other) in [
        ("table", SealContext { table: "webhooks", ..own }),
        ("row", SealContext { row: Uuid::from_u128(2), ..own }),
        ("owner", SealContext { owner: Some(TeamId(Uuid::from_u128(1))), ..own }),
        ("field", SealContext { field: "other", ..own }),
        ("origin", SealContext { origin: &there, ..own }),
    ] {
        assert_eq!(vault.open(&other, &sealed).err(), Some(Error::Forged), "another {what}");
    }
}

#[test]
fn every_flipped_bit_fails() {
    let vault = vault(2);
    let origin = origin("https://api.example.com");
    let sealed = vault.seal(&context(&origin), &Credential::new(SECRET.to_owned())).expect("seal");
    for bit in 0..sealed.len() * 8 {
        let mut changed = sealed.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert!(vault.open(&context(&origin), &changed).is_err(), "bit {bit}");
    }
    for length in 0..sealed.len() {
        assert!(vault.open(&context(&origin), &sealed[..length]).is_err(), "cut to {length}");
    }
}

#[test]
fn scheme_host_and_port_all_belong_to_the_origin() {
    assert_eq!(origin("https://api.example.com/v1"), origin("https://API.example.com:443/other?x"));
    let all = ["https://a.example", "http://a.example", "https://b.example", "https://a.example:8443"].map(origin);
    assert_eq!(all.iter().map(Origin::as_str).collect::<HashSet<_>>().len(), 4);
    assert!(Origin::of(&url::Url::parse("data:text/plain,x").expect("url")).is_none());
}

#[test]
fn another_master_key_is_told_apart_from_a_forgery() {
    let (ours, theirs) = (vault(3), vault(4));
    let check = ours.check_value().expect("check value");
    assert_eq!(ours.check(&check), Ok(()));
    assert_eq!(theirs.check(&check), Err(Error::OtherKey));
    assert_eq!(ours.check(b""), Err(Error::Forged));
}

#[test]
fn no_nonce_repeats_and_no_ciphertext_shows_the_secret() {
    let vault = vault(5);
    let origin = origin("https://api.example.com");
    let mut nonces = HashSet::new();
    for _ in 0..2_000 {
        let sealed = vault.seal(&context(&origin), &Credential::new(SECRET.to_owned())).expect("seal");
        assert!(nonces.insert(sealed[HEAD..HEAD + NONCE].to_vec()));
        assert!(nonces.insert(sealed[HEAD + WRAPPED..HEAD + WRAPPED + NONCE].to_vec()));
        assert!(!sealed.windows(8).any(|window| SECRET.as_bytes().starts_with(window)));
    }
}

#[test]
fn a_short_secret_shows_no_last_four() {
    assert_eq!(Credential::new(SECRET.to_owned()).last_four(), "cdef");
    assert_eq!(Credential::new("short-key".to_owned()).last_four(), "");
    assert_eq!(Credential::new(String::new()).last_four(), "");
}
