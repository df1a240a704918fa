//! Management tokens: `tgm_…`, what scripts send to manage the instance, and nothing that calls a model. The form is that of
//! `carried.rs`.

use domain::clock::Entropy;

use crate::carried::{Carried, Kind, Made};

pub use crate::carried::{KeyDigest, Malformed};

/// What every token looks like, as a regular expression: published for secret scanners.
pub const PATTERN: &str = "tgm_[0-9A-Za-z]{12}_[0-9A-Za-z]{38}";

/// Marks what may manage.
pub enum ManagementToken {}

impl Kind for ManagementToken {
    const PREFIX: &'static str = "tgm_";
}

/// A well-formed token in clear.
pub type ApiToken = Carried<ManagementToken>;
/// A token that may be shown, once.
pub type MadeToken = Made<ManagementToken>;

/// A new token from the given randomness. Who hands it out takes [`MadeToken::make`].
pub fn make(entropy: &dyn Entropy) -> ApiToken {
    ApiToken::make(entropy)
}

/// Reads a token: shape and checksum only, no look-up.
pub fn parse(text: &str) -> Result<ApiToken, Malformed> {
    ApiToken::parse(text)
}
