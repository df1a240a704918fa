//! How long a call waits for what (`product.md` GW-28, GW-30, GW-35). Tests shorten it; nothing else should.

use std::time::Duration;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// The response head waits this long for the first content: proxies cut silent connections.
    pub head: Duration,
    /// Silence towards the client that a comment breaks.
    pub keep_alive: Duration,
    /// No head of an answer, or no first event, within this: the upstream is stalled.
    pub first_byte: Duration,
    /// Silence between events that counts as a stall.
    pub silence: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(10),
            keep_alive: Duration::from_secs(15),
            first_byte: Duration::from_secs(120),
            silence: Duration::from_secs(300),
        }
    }
}
