use std::collections::HashSet;

use super::*;
use crate::testing::Seeded;

const SECRET: &str = "sk-live-0123456789abcdef";

fn vault(seed: u64) -> Vault {
    Vault::new(master(seed), Arc::new(Seeded::new(seed + 1_000)))
}

/// The same key for the same seed.
fn master(seed: u64) -> MasterKey {
    MasterKey::generate(&Seeded::new(seed)).expect("random key").0
}

/// A vault that seals with the first key and knows the others.
fn rotating(seeds: &[u64]) -> Vault {
    let (newest, older) = seeds.split_first().expect("a key");
    let older = older.iter().map(|seed| master(*seed)).collect();
    Vault::with_old(master(*newest), older, Arc::new(Seeded::new(77)))
}

/// Values of the first format, written by another implementation of it than ours: master key, credential and check value.
const FIRST_MASTER: &str = "6942b29be27d346864a975681ccc92c74aae9386d73960751a4a319e1fac8224";
const FIRST_SEALED: &str = "01d913a52676daf4f0676b8bb84ce7267dd520deca4811c8f10a53e636352f0698a063251de5958fa264fe995b0e1300276d1ba8d6f17c61edbbd656d578c99c421ba4c24ca84bbee8adec058e66762bd20480a93d2e9b094b89e08e01976089ac18193af802c66b63d0cb3ca9a2136030705a3662204de064cd2b2e43db400011f412d51a1ecb9b684157bd3e0ce5601e";
const FIRST_CHECK: &str = "01d913a52676daf4f0676b8bb84ce7267dd520deca4811c8f10a53e636352f0698a063251de5958fa264fe995b0e1300276d1ba8d6f17c61edbbd656d578c99c429a3854dfb84371adee0aa6fd76791f320480a93d2e9b094b89e08e01976089ac18193af802c66b63d7c17da9b2026469254b6930670cb321d5792a5898470d12f6d9ef7e4abd897bef0abe3c35756d32fdb1";

fn first_master() -> MasterKey {
    MasterKey::parse(FIRST_MASTER).expect("a key")
}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).expect("hex")).collect()
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
fn a_rewrapped_value_opens_without_the_old_key_and_its_text_is_the_same_bytes() {
    let origin = origin("https://api.example.com");
    let own = context(&origin);
    let sealed = vault(1).seal(&own, &Credential::new(SECRET.to_owned())).expect("seal");
    let moved = rotating(&[2, 1]).rewrap(&own, &sealed).expect("rewraps").expect("is older");

    assert_eq!(moved[HEAD + WRAPPED..], sealed[HEAD + WRAPPED..]);
    assert_ne!(moved[HEAD..HEAD + WRAPPED], sealed[HEAD..HEAD + WRAPPED]);
    assert_eq!((key_id(&sealed), key_id(&moved)), (Some(master(1).id()), Some(master(2).id())));
    assert_eq!(vault(2).open(&own, &moved).expect("opens").expose_secret(), SECRET);
    assert_eq!(vault(1).open(&own, &moved).err(), Some(Error::OtherKey));
    assert_eq!(rotating(&[2, 1]).rewrap(&own, &moved), Ok(None));
}

#[test]
fn during_a_rotation_every_known_key_opens_and_the_newest_seals() {
    let origin = origin("https://api.example.com");
    let own = context(&origin);
    let all = rotating(&[3, 2, 1]);
    for seed in [1, 2, 3] {
        let sealed = vault(seed).seal(&own, &Credential::new(SECRET.to_owned())).expect("seal");
        assert_eq!(all.open(&own, &sealed).expect("opens").expose_secret(), SECRET);
        assert_eq!(all.check(&vault(seed).check_value().expect("check value")), Ok(()));
    }
    let sealed = all.seal(&own, &Credential::new(SECRET.to_owned())).expect("seal");
    assert_eq!(key_id(&sealed), Some(all.newest_id()));
    assert!(vault(3).open(&own, &sealed).is_ok());
    let stranger = vault(4).seal(&own, &Credential::new(SECRET.to_owned())).expect("seal");
    assert_eq!(all.open(&own, &stranger).err(), Some(Error::OtherKey));
    assert_eq!(all.rewrap(&own, &stranger), Err(Error::OtherKey));
    assert_eq!(all.check(&vault(4).check_value().expect("check value")), Err(Error::OtherKey));
}

#[test]
fn what_does_not_open_is_not_rewrapped() {
    let (here, there) = (origin("https://api.example.com"), origin("https://evil.example.com"));
    let own = context(&here);
    let sealed = vault(1).seal(&own, &Credential::new(SECRET.to_owned())).expect("seal");
    let all = rotating(&[2, 1]);
    for other in [SealContext { row: Uuid::from_u128(2), ..own }, SealContext { origin: &there, ..own }] {
        assert_eq!(all.rewrap(&other, &sealed), Err(Error::Forged));
    }
    for bit in 0..sealed.len() * 8 {
        let mut changed = sealed.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert!(all.rewrap(&own, &changed).is_err(), "bit {bit}");
    }
    for length in 0..sealed.len() {
        assert!(all.rewrap(&own, &sealed[..length]).is_err(), "cut to {length}");
    }
}

#[test]
fn a_key_id_that_was_swapped_for_another_known_one_does_not_open() {
    let origin = origin("https://api.example.com");
    let own = context(&origin);
    let mut sealed = vault(1).seal(&own, &Credential::new(SECRET.to_owned())).expect("seal");
    sealed[1..HEAD].copy_from_slice(&master(2).id());
    assert_eq!(rotating(&[2, 1]).open(&own, &sealed).err(), Some(Error::Forged));
}

#[test]
fn parts_of_two_sealed_values_do_not_make_a_third() {
    let origin = origin("https://api.example.com");
    let own = context(&origin);
    let vault = vault(1);
    let [a, b] = ["first-secret-value", "other-secret-value"]
        .map(|text| vault.seal(&own, &Credential::new(text.to_owned())).expect("seal"));
    let mixed = [&a[..HEAD + WRAPPED], &b[HEAD + WRAPPED..]].concat();
    assert_eq!(vault.open(&own, &mixed).err(), Some(Error::Forged));
    assert_eq!(vault.check(&a), Err(Error::Forged), "a credential is no check value");
    let check = vault.check_value().expect("check value");
    assert_eq!(vault.open(&own, &check).err(), Some(Error::Forged), "a check value is no credential");
}

#[test]
fn the_first_format_still_opens_and_moves_to_the_second_with_its_key() {
    let (here, there) = (origin("https://api.example.com"), origin("https://evil.example.com"));
    let own = context(&here);
    let sealed = hex(FIRST_SEALED);
    let alone = Vault::new(first_master(), Arc::new(Seeded::new(1)));
    assert_eq!(alone.open(&own, &sealed).expect("opens").expose_secret(), SECRET);
    assert_eq!(alone.open(&SealContext { origin: &there, ..own }, &sealed).err(), Some(Error::Forged));
    assert_eq!(alone.rewrap(&own, &sealed), Ok(None), "it is under the newest key already");

    let both = Vault::with_old(master(2), vec![first_master()], Arc::new(Seeded::new(2)));
    let moved = both.rewrap(&own, &sealed).expect("rewraps").expect("is older");
    assert_eq!((moved[0], key_id(&moved)), (VERSION, Some(master(2).id())));
    assert_eq!(vault(2).open(&own, &moved).expect("opens").expose_secret(), SECRET);
    // The version is bound: a value of one format does not read as the other.
    for (value, other) in [(&sealed, VERSION), (&moved, FIRST)] {
        let mut relabelled = value.clone();
        relabelled[0] = other;
        assert_eq!(both.open(&own, &relabelled).err(), Some(Error::Forged));
    }
    let mut newer = moved;
    newer[0] = VERSION + 1;
    assert_eq!(vault(2).open(&own, &newer).err(), Some(Error::Version));
}

#[test]
fn the_stored_check_value_of_the_first_format_still_opens() {
    let stored = hex(FIRST_CHECK);
    assert_eq!(Vault::new(first_master(), Arc::new(Seeded::new(1))).check(&stored), Ok(()));
    assert_eq!(Vault::with_old(master(2), vec![first_master()], Arc::new(Seeded::new(2))).check(&stored), Ok(()));
    assert_eq!(vault(2).check(&stored), Err(Error::OtherKey));
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
    let (vault, newer) = (vault(5), rotating(&[6, 5]));
    let origin = origin("https://api.example.com");
    let mut nonces = HashSet::new();
    for _ in 0..2_000 {
        let sealed = vault.seal(&context(&origin), &Credential::new(SECRET.to_owned())).expect("seal");
        assert!(nonces.insert(sealed[HEAD..HEAD + NONCE].to_vec()));
        assert!(nonces.insert(sealed[HEAD + WRAPPED..HEAD + WRAPPED + NONCE].to_vec()));
        let moved = newer.rewrap(&context(&origin), &sealed).expect("rewraps").expect("is older");
        assert!(nonces.insert(moved[HEAD..HEAD + NONCE].to_vec()));
        assert!(!sealed.windows(8).any(|window| SECRET.as_bytes().starts_with(window)));
    }
}

#[test]
fn a_short_secret_shows_no_last_four() {
    assert_eq!(Credential::new(SECRET.to_owned()).last_four(), "cdef");
    assert_eq!(Credential::new("short-key".to_owned()).last_four(), "");
    assert_eq!(Credential::new(String::new()).last_four(), "");
}
