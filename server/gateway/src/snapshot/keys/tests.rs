use chrono::TimeDelta;
use domain::clock::Entropy;
use uuid::Uuid;

use super::*;

/// The same bytes each time for one seed, others for another.
struct Fixed(u8);

impl Entropy for Fixed {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(self.0);
    }
}

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
}

fn row(id: u128, secret: &ApiKey) -> store::snapshot::Key {
    store::snapshot::Key {
        id: KeyId(Uuid::from_u128(id)),
        team: TeamId(Uuid::from_u128(1)),
        user: None,
        public: secret.public().to_owned(),
        digest: secret.digest().as_bytes().to_vec(),
        models: AllowedModels::All,
        scopes: vec![KeyScope::Inference],
        expires_at: None,
        networks: Vec::new(),
        tags: BTreeMap::new(),
        task: None,
        max_output: None,
        store_content: StoreContent::Metadata,
        paused: false,
    }
}

fn retired(id: u128, secret: &ApiKey, until: DateTime<Utc>) -> RetiredSecret {
    RetiredSecret {
        key: KeyId(Uuid::from_u128(id)),
        public: secret.public().to_owned(),
        digest: secret.digest().as_bytes().to_vec(),
        valid_until: until,
    }
}

fn secrets() -> (ApiKey, ApiKey, ApiKey) {
    (auth::api_key::make(&Fixed(1)), auth::api_key::make(&Fixed(2)), auth::api_key::make(&Fixed(3)))
}

fn id(found: Option<&Key>) -> Option<u128> {
    found.map(|key| key.id.0.as_u128())
}

#[test]
fn a_replaced_secret_stands_for_its_key_until_its_overlap_ends_and_not_a_moment_longer() {
    let (new, old, _) = secrets();
    let keys = Keys::new(vec![row(7, &new)], vec![retired(7, &old, at(60))]);
    assert_eq!(id(keys.find(&old, at(59))), Some(7));
    assert_eq!(id(keys.find(&old, at(60))), None);
    assert_eq!(id(keys.find(&new, at(60))), Some(7));
}

#[test]
fn a_key_ends_at_its_expiry_and_its_replaced_secrets_end_with_it() {
    let (new, old, _) = secrets();
    let expiring = store::snapshot::Key { expires_at: Some(at(10)), ..row(7, &new) };
    let keys = Keys::new(vec![expiring], vec![retired(7, &old, at(60))]);
    for secret in [&new, &old] {
        assert_eq!(id(keys.find(secret, at(10) - TimeDelta::milliseconds(1))), Some(7));
        assert_eq!(id(keys.find(secret, at(10))), None);
    }
}

#[test]
fn replaced_secrets_of_a_key_that_is_gone_are_gone_and_none_replaces_a_living_one() {
    let (new, old, other) = secrets();
    let keys = Keys::new(vec![row(7, &new)], vec![retired(8, &old, at(60)), retired(7, &new, at(-60))]);
    assert_eq!(id(keys.find(&old, at(0))), None);
    assert_eq!(id(keys.find(&new, at(0))), Some(7));
    assert_eq!(id(keys.find(&other, at(0))), None);
}

#[test]
fn keys_that_share_their_public_part_are_told_apart_by_the_last_byte_of_their_digest() {
    let (secret, ..) = secrets();
    let mut wrong = row(7, &secret);
    wrong.digest[31] ^= 1;
    assert_eq!(id(Keys::new(vec![wrong], Vec::new()).find(&secret, at(0))), None);
    let short = store::snapshot::Key { digest: vec![1; 31], ..row(7, &secret) };
    assert_eq!(id(Keys::new(vec![short], Vec::new()).find(&secret, at(0))), None);
}

#[test]
fn no_network_means_anywhere_and_an_unreadable_one_means_nowhere() {
    let (here, there): (IpAddr, IpAddr) = ("203.0.113.7".parse().unwrap(), "198.51.100.1".parse().unwrap());
    let read = |entries: &[&str]| {
        Networks::read(KeyId(Uuid::nil()), &entries.iter().map(|entry| (*entry).to_owned()).collect::<Vec<_>>())
    };
    assert!(read(&[]).allow(Some(here)) && read(&[]).allow(None));
    let some = read(&["203.0.113.0/24", "2001:db8::/32"]);
    assert!(some.allow(Some(here)) && some.allow(Some("::ffff:203.0.113.9".parse().unwrap())));
    assert!(!some.allow(Some(there)) && !some.allow(None));
    assert!(!read(&["nonsense"]).allow(Some(here)));
    assert!(read(&["nonsense", "203.0.113.7"]).allow(Some(here)));
}
