//! A plain answer: read to its end inside the deadline, whether or not the client still waits.

use bytes::Bytes;
use domain::ledger::Outcome;
use llm::{tally::Tally, wire::Reader};
use tokio::time::{Instant, sleep_until};

use super::{
    Exchange,
    ending::{self, End, Verdict},
};
use crate::{
    ledger::Fate,
    plan::Target,
    upstream::{Answer, Broken},
};

/// Longest plain answer.
const BODY_LIMIT: usize = 32 * 1024 * 1024;

impl Exchange {
    pub(super) async fn whole(&mut self, mut answer: Answer, reader: Reader, target: &Target, start: Instant) -> End {
        let status = answer.status;
        let read = tokio::select! {
            body = answer.read(BODY_LIMIT, self.facts.deadline.saturating_duration_since(Instant::now())) => body,
            () = sleep_until(self.facts.deadline) => return ending::of_stall(start),
            () = self.inner.cut.cancelled() => return End::left(Fate::Uncertain, false, start),
        };
        let mut end = match read {
            Ok(body) => self.counted(body, reader, target, status, start),
            Err(Broken) if Instant::now() >= self.facts.deadline => ending::of_stall(start),
            Err(Broken) => ending::of_foreign(start),
        };
        end.ending.http_status = Some(status);
        end.ending.client_aborted = self.client.is_gone();
        end
    }

    fn counted(&mut self, body: Bytes, reader: Reader, target: &Target, status: u16, start: Instant) -> End {
        let Ok(response) = reader.decode(&body) else { return ending::of_foreign(start) };
        let mut tally = Tally::default();
        tally.observe_whole(&response);
        if self.is_counted_over_cap(&tally, &target.deployment) {
            tally.flag("cap_ignored");
        }
        let count = tally.count(&self.request.size, self.limits(target));
        // A provider may say so in a complete answer that it failed half way.
        let has_failed = matches!(response.finish_reason(), Some("failed" | "cancelled"));
        let outcome = if has_failed { Outcome::Incomplete } else { Outcome::Success };
        let tier = ending::served_tier(&body);
        let body = self.client.rewrite(body, &response);
        let bytes_out = body.len() as u64;
        let mut end = End::new(Fate::Settled(count), outcome, Verdict::Whole(body), start).with(&tally, status);
        end.ending.bytes_out = bytes_out;
        end.ending.variant = tier.unwrap_or_default();
        end
    }
}
