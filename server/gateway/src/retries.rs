//! How often a provider may be asked again: at most a fifth of its traffic, plus two in ten seconds (`ledger.md` 7), so that
//! an outage is not answered with a flood. Waits have full jitter.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use domain::{clock::Entropy, id::ProviderId};
use tokio::time::Instant;

const WINDOW: Duration = Duration::from_secs(10);
/// Retries of a window that need no traffic.
const FREE: u32 = 2;
/// One retry for so many first attempts.
const SHARE: u32 = 5;
/// Attempts of one call.
pub(crate) const MOST_ATTEMPTS: u16 = 3;
/// A provider that wants to be left alone for longer is believed, and the client is told.
const LONGEST_WAIT: u32 = 30;
const FIRST_WAIT_MS: u64 = 250;

/// What may follow a failed attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Again {
    /// Nothing: it is the caller's fault, or it may have been paid.
    No,
    /// Another target: this one's account or credential is at fault.
    Elsewhere,
    /// Another target, or this one again after a while. The provider may say how many seconds.
    Later { after: Option<u32> },
}

#[derive(Debug, Default)]
pub(crate) struct Retries(Mutex<HashMap<ProviderId, Window>>);

#[derive(Debug)]
struct Window {
    began: Instant,
    first: u32,
    again: u32,
}

impl Retries {
    /// A first attempt goes to this provider.
    pub(crate) fn note(&self, provider: ProviderId, now: Instant) {
        self.with(provider, now, |window| window.first += 1);
    }

    /// May this provider be asked once more? Counts it when it may.
    pub(crate) fn allow(&self, provider: ProviderId, now: Instant) -> bool {
        self.with(provider, now, |window| {
            let is_allowed = window.again < FREE + window.first / SHARE;
            window.again += u32::from(is_allowed);
            is_allowed
        })
    }

    fn with<T>(&self, provider: ProviderId, now: Instant, act: impl FnOnce(&mut Window) -> T) -> T {
        let mut windows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let window = windows.entry(provider).or_insert(Window { began: now, first: 0, again: 0 });
        if now.duration_since(window.began) >= WINDOW {
            *window = Window { began: now, first: 0, again: 0 };
        }
        act(window)
    }
}

/// How long to wait before attempt `number + 1`; `None` when the provider asks for more patience than a call has.
pub(crate) fn wait(number: u16, after: Option<u32>, entropy: &dyn Entropy) -> Option<Duration> {
    if after.is_some_and(|seconds| seconds > LONGEST_WAIT) {
        return None;
    }
    let most = FIRST_WAIT_MS << number.saturating_sub(1).min(4);
    let mut bytes = [0; 8];
    entropy.fill(&mut bytes);
    let jitter = Duration::from_millis(u64::from_le_bytes(bytes) % (most + 1));
    Some(jitter + Duration::from_secs(after.unwrap_or(0).into()))
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    struct Fixed(u8);

    impl Entropy for Fixed {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(self.0);
        }
    }

    #[test]
    fn an_outage_is_answered_with_few_retries() {
        let (retries, provider) = (Retries::default(), ProviderId(Uuid::nil()));
        let began = Instant::now();
        let granted = |at: Duration| (0..10).filter(|_| retries.allow(provider, began + at)).count();
        assert_eq!(granted(Duration::ZERO), 2);
        (0..20).for_each(|_| retries.note(provider, began));
        assert_eq!(granted(Duration::ZERO), 4);
        assert_eq!(granted(WINDOW), 2);
    }

    #[test]
    fn a_wait_grows_has_jitter_and_honours_what_the_provider_asks() {
        assert_eq!(wait(1, None, &Fixed(0)), Some(Duration::ZERO));
        assert!(wait(1, None, &Fixed(255)).unwrap() <= Duration::from_millis(250));
        assert!(wait(2, None, &Fixed(0x7f)).unwrap() <= Duration::from_millis(500));
        assert!(wait(1, Some(30), &Fixed(0)).unwrap() >= Duration::from_secs(30));
        assert_eq!(wait(1, Some(31), &Fixed(0)), None);
    }
}
