//! The database's clock between two readings: expiry and overlaps are decided by it, never by the clock of a replica.

use chrono::{DateTime, TimeDelta, Utc};
use tokio::time::Instant;

/// What the database's clock said, and when that was asked for by a clock that only counts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DatabaseClock {
    said: DateTime<Utc>,
    asked: Instant,
}

impl DatabaseClock {
    /// `asked` is the moment before the question: so we are early by the time of the answer rather than late.
    pub(crate) fn new(said: DateTime<Utc>, asked: Instant) -> Self {
        Self { said, asked }
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        let passed = TimeDelta::from_std(self.asked.elapsed()).unwrap_or(TimeDelta::MAX);
        self.said.checked_add_signed(passed).unwrap_or(DateTime::<Utc>::MAX_UTC)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn it_goes_on_from_what_the_database_said_by_counting_alone() {
        let said = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let clock = DatabaseClock::new(said, Instant::now() - Duration::from_secs(90));
        let ahead = clock.now() - said;
        assert!((90..600).contains(&ahead.num_seconds()), "{ahead}");
    }
}
