//! What the end of an attempt means: for its row, and for the client (`ledger.md` 7 and 18).

use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use domain::ledger::Outcome;
use llm::{
    ProblemKind,
    providers::{Fault, Rejection},
    tally::Tally,
};
use tokio::time::Instant;

use crate::{
    error::{Error, Failure},
    ledger::{Ending, Fate},
    plan::Target,
    upstream::{self, Answer, SendError},
};

/// Most bytes of a refusal that are read.
const REFUSAL_LIMIT: usize = 64 * 1024;
const REFUSAL_PATIENCE: Duration = Duration::from_secs(10);

/// The end of one attempt.
pub(super) struct End {
    pub ending: Ending,
    pub verdict: Verdict,
}

/// What is left to tell the client.
pub(super) enum Verdict {
    /// A complete answer.
    Whole(Bytes),
    /// The stream is complete: the receipt and the end marker are due.
    StreamDone,
    /// The stream broke after its first content, and the upstream has already said so itself.
    StreamFailed,
    /// The upstream refused the caller's own request: its words pass, without keys.
    Passed {
        status: u16,
        body: String,
    },
    Refused(Error),
    /// The client left.
    Gone,
}

impl End {
    pub(super) fn new(fate: Fate, outcome: Outcome, verdict: Verdict, start: Instant) -> Self {
        let total_ms = u32::try_from(start.elapsed().as_millis()).unwrap_or(u32::MAX);
        let ending = Ending {
            fate,
            outcome,
            http_status: None,
            upstream_id: None,
            finish_reason: None,
            model_served: None,
            first_byte_ms: None,
            total_ms,
            bytes_out: 0,
            client_aborted: false,
        };
        Self { ending, verdict }
    }

    /// Nothing left this process.
    pub(super) fn unsent(outcome: Outcome, verdict: Verdict, start: Instant) -> Self {
        Self::new(Fate::Released, outcome, verdict, start)
    }

    /// The client left, or the server goes down, while the upstream was at work.
    pub(super) fn left(fate: Fate, client_left: bool, start: Instant) -> Self {
        let mut end = if client_left {
            Self::new(fate, Outcome::Cancelled, Verdict::Gone, start)
        } else {
            let message = "This server is shutting down, and the answer was cut off.";
            Self::failed(fate, Outcome::Incomplete, ProblemKind::Overloaded, message, start)
        };
        end.ending.client_aborted = client_left;
        end
    }

    /// An upstream's failure, in words.
    pub(super) fn failed(fate: Fate, outcome: Outcome, kind: ProblemKind, message: &str, start: Instant) -> Self {
        Self::new(fate, outcome, Verdict::Refused(Error::Upstream(Failure::new(kind, message))), start)
    }

    /// Adds what the answer told about itself.
    pub(super) fn with(mut self, tally: &Tally, status: u16) -> Self {
        self.ending.http_status = Some(status);
        self.ending.upstream_id.clone_from(&tally.upstream_id);
        self.ending.model_served.clone_from(&tally.model_served);
        self.ending.finish_reason.clone_from(&tally.finish_reason);
        self
    }
}

/// No answer came.
pub(super) fn of_send_error(error: &SendError, start: Instant) -> End {
    use ProblemKind::{DeadlineExceeded, DestinationBlocked, UpstreamAccount, UpstreamError, UpstreamUnreachable};
    let (fate, outcome, kind, message) = match error {
        SendError::Blocked => (
            Fate::Released,
            Outcome::DestinationBlocked,
            DestinationBlocked,
            "The provider's address is not one that this instance may call. An instance admin can allow it.",
        ),
        SendError::Unreadable => (
            Fate::Released,
            Outcome::AccountFault,
            UpstreamAccount,
            "The provider's credential cannot be read. It must be entered again.",
        ),
        SendError::Unreachable { timed_out: false } => (
            Fate::Released,
            Outcome::Unreachable,
            UpstreamUnreachable,
            "The provider cannot be reached. Nothing was sent.",
        ),
        SendError::Unreachable { timed_out: true } => (
            Fate::Released,
            Outcome::Unreachable,
            DeadlineExceeded,
            "The provider did not accept the connection in time. Nothing was sent.",
        ),
        SendError::Lost => (
            Fate::Uncertain,
            Outcome::ProviderFault,
            UpstreamError,
            "The connection to the provider broke before an answer came.",
        ),
    };
    End::failed(fate, outcome, kind, message, start)
}

/// The deadline passed before anything was sent.
pub(super) fn of_lateness(start: Instant) -> End {
    let message = "The call's deadline passed before it could be sent.";
    End::failed(Fate::Released, Outcome::Timeout, ProblemKind::DeadlineExceeded, message, start)
}

/// The request went out and nothing came back in time.
pub(super) fn of_stall(start: Instant) -> End {
    let message = "The provider did not answer in time.";
    End::failed(Fate::Uncertain, Outcome::Timeout, ProblemKind::DeadlineExceeded, message, start)
}

/// What came is not an answer of this wire: a web page, half a document, nothing.
pub(super) fn of_foreign(start: Instant) -> End {
    let message = "The provider sent something that is not an answer.";
    End::failed(Fate::Uncertain, Outcome::ProviderFault, ProblemKind::UpstreamError, message, start)
}

/// A complete answer that is no success.
pub(super) async fn of_rejection(mut answer: Answer, target: &Target, now: DateTime<Utc>, start: Instant) -> End {
    let status = answer.status;
    let body = answer.read(REFUSAL_LIMIT, REFUSAL_PATIENCE).await.unwrap_or_default();
    let provider = target.deployment.provider;
    let Rejection { fault, is_free } = provider.classify(status, &body);
    let fate = if is_free { Fate::Released } else { Fate::Uncertain };
    let (outcome, verdict) = match fault {
        Fault::Caller => (Outcome::CallerFault, of_callers_fault(status, &body, target)),
        Fault::Account => (
            Outcome::AccountFault,
            refused(
                ProblemKind::UpstreamAccount,
                format!("The provider refused this instance's account (status {status})."),
                None,
            ),
        ),
        Fault::Capacity => {
            let wait = retry_after(answer.retry_after.as_deref(), now);
            let kind = if status == 429 { ProblemKind::UpstreamRateLimited } else { ProblemKind::NoTargetAvailable };
            (
                Outcome::Capacity,
                refused(kind, format!("The provider has no room at the moment (status {status})."), Some(wait)),
            )
        }
        Fault::Provider => (
            Outcome::ProviderFault,
            refused(ProblemKind::UpstreamError, format!("The provider failed (status {status})."), None),
        ),
    };
    let mut end = End::new(fate, outcome, verdict, start);
    end.ending.http_status = Some(status);
    end
}

fn refused(kind: ProblemKind, message: String, retry_after: Option<u32>) -> Verdict {
    Verdict::Refused(Error::Upstream(Failure { kind, message, retry_after }))
}

/// The upstream's own words pass when they are in its own error shape; a proxy's page never does.
fn of_callers_fault(status: u16, body: &[u8], target: &Target) -> Verdict {
    match upstream::scrubbed(&target.deployment, body) {
        Some(body) if llm::wire::openai::is_error_body(body.as_bytes()) => Verdict::Passed { status, body },
        _ => refused(ProblemKind::InvalidRequest, format!("The provider refused the request (status {status})."), None),
    }
}

/// Seconds to wait, between 1 and 3,600: a number, a date, or nothing usable.
fn retry_after(value: Option<&str>, now: DateTime<Utc>) -> u32 {
    let seconds = value.and_then(|text| {
        let text = text.trim();
        let date = || DateTime::parse_from_rfc2822(text).ok().map(|date| (date.to_utc() - now).num_seconds());
        text.parse::<i64>().ok().or_else(date)
    });
    u32::try_from(seconds.unwrap_or(1).clamp(1, 3_600)).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_read_from_numbers_and_dates_and_kept_sane() {
        let now = DateTime::parse_from_rfc3339("2026-11-21T12:00:00Z").unwrap().to_utc();
        for (value, seconds) in [
            (Some("30"), 30),
            (Some("0"), 1),
            (Some("-5"), 1),
            (Some("999999999999"), 3_600),
            (Some("Sat, 21 Nov 2026 12:00:45 GMT"), 45),
            (Some("Sat, 21 Nov 2020 12:00:45 GMT"), 1),
            (Some("soon"), 1),
            (None, 1),
        ] {
            assert_eq!(retry_after(value, now), seconds, "{value:?}");
        }
    }
}
