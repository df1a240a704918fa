//! What the end of an attempt means: for its row, and for the client (`ledger.md` 7 and 18).

use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use domain::{ledger::Outcome, price::Variant};
use llm::{
    ProblemKind,
    providers::{Fault, Rejection},
    tally::Tally,
};
use tokio::time::Instant;

use super::client;
use crate::{
    error::{Error, Failure},
    ledger::{Ending, Fate},
    plan::Target,
    retries::Again,
    upstream::{self, Answer, SendError},
};

/// Most bytes of a refusal that are read.
const REFUSAL_LIMIT: usize = 64 * 1024;
const REFUSAL_PATIENCE: Duration = Duration::from_secs(10);

/// The end of one attempt.
pub(super) struct End {
    pub ending: Ending,
    pub verdict: Verdict,
    /// May another attempt follow?
    pub again: Again,
}

/// What is left to tell the client.
pub(super) enum Verdict {
    /// A complete answer.
    Whole(Bytes),
    /// The stream is complete: the receipt and the end marker are due.
    StreamDone {
        /// The upstream's own end marker.
        end: Option<Bytes>,
    },
    /// The stream was cut here, because its provider did not keep to the client's limit: it ends as an answer that was too long.
    StreamCut,
    /// The stream broke after its first content, and the upstream has already said so itself.
    StreamFailed {
        error: Error,
    },
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
            variant: Variant::Standard,
            http_status: None,
            upstream_id: None,
            finish_reason: None,
            model_served: None,
            first_byte_ms: None,
            total_ms,
            bytes_out: 0,
            client_aborted: false,
        };
        Self { ending, verdict, again: Again::No }
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

    pub(super) fn again(self, again: Again) -> Self {
        Self { again, ..self }
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
        SendError::Untrusted => (
            Fate::Released,
            Outcome::Unreachable,
            UpstreamUnreachable,
            "The provider's certificate is not one that this server trusts. Nothing was sent.",
        ),
        SendError::Lost => (
            Fate::Uncertain,
            Outcome::ProviderFault,
            UpstreamError,
            "The connection to the provider broke before an answer came.",
        ),
    };
    let again = match error {
        SendError::Blocked | SendError::Lost => Again::No,
        SendError::Unreadable | SendError::Untrusted => Again::Elsewhere,
        SendError::Unreachable { .. } => Again::Later { after: None },
    };
    End::failed(fate, outcome, kind, message, start).again(again)
}

/// The tier an answer says it was served in: the first `"service_tier": "…"` in it.
pub(super) fn served_tier(bytes: &[u8]) -> Option<Variant> {
    let text = std::str::from_utf8(bytes).ok()?;
    let rest = &text[text.find("\"service_tier\"")? + "\"service_tier\"".len()..];
    let word = rest.trim_start().strip_prefix(':')?.trim_start().strip_prefix('"')?.split('"').next()?;
    Some(match word {
        "flex" => Variant::Flex,
        "priority" => Variant::Priority,
        "batch" => Variant::Batch,
        "auto" => return None,
        _ => Variant::Standard,
    })
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

/// A complete answer that is no success. `is_own` says that it is in the client's own dialect.
pub(super) async fn of_rejection(
    mut answer: Answer,
    target: &Target,
    is_own: bool,
    now: DateTime<Utc>,
    start: Instant,
) -> End {
    let status = answer.status;
    let body = answer.read(REFUSAL_LIMIT, REFUSAL_PATIENCE).await.unwrap_or_default();
    let Rejection { fault, is_free } = target.deployment.provider.classify(status, &body);
    let fate = if is_free { Fate::Released } else { Fate::Uncertain };
    let asked = answer.retry_after.as_deref().map(|text| retry_after(Some(text), now));
    let (outcome, verdict, again) = match fault {
        Fault::Caller => (Outcome::CallerFault, of_callers_fault(status, &body, target, is_own), Again::No),
        Fault::Account => {
            let message = format!("The provider refused this instance's account (status {status}).");
            (Outcome::AccountFault, refused(ProblemKind::UpstreamAccount, message, None), Again::Elsewhere)
        }
        Fault::Capacity => {
            let kind = if status == 429 { ProblemKind::UpstreamRateLimited } else { ProblemKind::NoTargetAvailable };
            let message = format!("The provider has no room at the moment (status {status}).");
            let wait = retry_after(answer.retry_after.as_deref(), now);
            (Outcome::Capacity, refused(kind, message, Some(wait)), Again::Later { after: asked })
        }
        Fault::Provider => {
            let message = format!("The provider failed (status {status}).");
            // A redirect does not change its mind.
            let again = if (300..400).contains(&status) { Again::Elsewhere } else { Again::Later { after: asked } };
            (Outcome::ProviderFault, refused(ProblemKind::UpstreamError, message, None), again)
        }
    };
    // What may have been paid is never asked again.
    let again = if is_free { again } else { Again::No };
    let mut end = End::new(fate, outcome, verdict, start).again(again);
    end.ending.http_status = Some(status);
    end
}

fn refused(kind: ProblemKind, message: String, retry_after: Option<u32>) -> Verdict {
    Verdict::Refused(Error::Upstream(Failure { kind, message, retry_after }))
}

/// The upstream's own words pass when they are in its own error shape and the client's dialect; in another dialect their
/// message does. A proxy's page never does.
fn of_callers_fault(status: u16, body: &[u8], target: &Target, is_own: bool) -> Verdict {
    let words =
        upstream::scrubbed(&target.deployment, body).filter(|body| llm::wire::openai::is_error_body(body.as_bytes()));
    match words {
        Some(body) if is_own => Verdict::Passed { status, body },
        Some(body) => refused(ProblemKind::InvalidRequest, client::refused(&body), None),
        None => {
            refused(ProblemKind::InvalidRequest, format!("The provider refused the request (status {status})."), None)
        }
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
    fn the_tier_that_served_is_read_from_the_answer() {
        assert_eq!(served_tier(br#"{"id":"x","service_tier": "priority","usage":{}}"#), Some(Variant::Priority));
        assert_eq!(served_tier(br#"{"service_tier":"default"}"#), Some(Variant::Standard));
        assert_eq!(served_tier(br#"{"service_tier":null}"#), None);
        assert_eq!(served_tier(br#"{"id":"x"}"#), None);
    }

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
