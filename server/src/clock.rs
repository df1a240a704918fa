//! The real clock and the real randomness: the only place where either is made (`architecture.md` 17, rule 3).

use chrono::{DateTime, Utc};
use domain::clock::{Clock, Entropy};

#[derive(Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is where the real clock is read")]
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }
}

/// Randomness of the operating system.
#[derive(Debug, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        // A system without randomness can make no key and no session: nothing may go on.
        if let Err(error) = getrandom::fill(bytes) {
            tracing::error!(%error, "the operating system gives no randomness");
            std::process::abort();
        }
    }
}
