//! Virtual keys: `tg_…`, what clients send to call models. The form is that of `carried.rs`.

use domain::clock::Entropy;

use crate::carried::{Carried, Kind, Made};

pub use crate::carried::{EXAMPLE_PUBLIC, KeyDigest, Malformed};

/// What every key looks like, as a regular expression: published for secret scanners.
pub const PATTERN: &str = "tg_[0-9A-Za-z]{12}_[0-9A-Za-z]{38}";

/// Marks what may call models.
pub enum VirtualKey {}

impl Kind for VirtualKey {
    const PREFIX: &'static str = "tg_";
}

/// A well-formed key in clear.
pub type ApiKey = Carried<VirtualKey>;
/// A key that may be shown, once.
pub type MadeKey = Made<VirtualKey>;

/// A new key from the given randomness. Who hands it out takes [`MadeKey::make`].
pub fn make(entropy: &dyn Entropy) -> ApiKey {
    ApiKey::make(entropy)
}

/// Reads a key: shape and checksum only, no look-up.
pub fn parse(text: &str) -> Result<ApiKey, Malformed> {
    ApiKey::parse(text)
}
