//! Time and randomness as parameters: the real ones are made in `server`, tests bring their own.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Tells the time. Money and expiry use the database clock instead; this one names ids and measures nothing that counts.
pub trait Clock: Send + Sync {
    fn now(&self) -> DateTime<Utc>;
}

/// Gives random bytes fit for secrets.
pub trait Entropy: Send + Sync {
    fn fill(&self, bytes: &mut [u8]);
}

/// A moment as pages show it: formatted once, on the server, so that server and browser print the same text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// UTC, RFC 3339, for `<time datetime>`.
    pub iso: String,
    /// Local to the reporting zone, `2026-11-21 14:05`.
    pub text: String,
    /// Absolute with seconds and offset, for the title.
    pub title: String,
}
