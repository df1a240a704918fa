//! A chat in process: events instead of bytes, and one last update that says how it ended.

use domain::{id::RequestId, ledger::Outcome, usage::UsageSource};
use llm::{Problem, ProblemKind, frame::Frame};
use tokio::{
    sync::{mpsc, oneshot},
    time::timeout,
};
use tokio_util::sync::CancellationToken;

use super::{Dispatch, Ended, LAST_WORD};
use crate::{
    call::{ChatUpdate, Finished},
    capture::Capture,
    error::Error,
    exchange::ending::Verdict,
    ledger::Receipt,
};

pub(super) struct Local {
    pub request_id: RequestId,
    pub admitted: Option<oneshot::Sender<Result<(), Error>>>,
    pub updates: mpsc::Sender<ChatUpdate>,
    pub cancel: CancellationToken,
    pub capture: Option<Capture>,
    /// Of the last attempt that went out.
    pub dispatch: Option<Dispatch>,
}

impl Local {
    pub(super) async fn gone(&mut self) {
        tokio::select! {
            () = self.cancel.cancelled() => {}
            () = self.updates.closed() => {}
        }
    }

    /// Sends the events of a frame. False when nobody takes them.
    pub(super) async fn send(&self, frame: Frame) -> bool {
        for event in frame.kind.events().iter().cloned() {
            tokio::select! {
                sent = self.updates.send(ChatUpdate::Event(event)) => if sent.is_err() { return false },
                () = self.cancel.cancelled() => return false,
            }
        }
        true
    }

    /// Before anything was admitted, or between two attempts.
    pub(super) async fn refuse(mut self, error: Error) {
        if let Some(admitted) = self.admitted.take() {
            // Whoever stopped waiting does not need to hear it.
            let _ = admitted.send(Err(error));
            return;
        }
        let ended = Ended {
            outcome: Outcome::Abandoned,
            first_byte_ms: None,
            total_ms: 0,
            finish_reason: None,
            model_served: None,
        };
        let receipt = Receipt { usage: None, source: UsageSource::None, cost: None, unpriced: false };
        self.finish(Verdict::Refused(error), ended, receipt).await;
    }

    pub(super) async fn finish(self, verdict: Verdict, ended: Ended, receipt: Receipt) {
        let problem = match verdict {
            Verdict::Whole(_) | Verdict::StreamDone { .. } | Verdict::StreamCut | Verdict::Gone => None,
            Verdict::StreamFailed { error } | Verdict::Refused(error) => Some(error.problem(self.request_id)),
            Verdict::Passed { body, .. } => Some(Problem {
                kind: ProblemKind::UpstreamError,
                message: refused(&body),
                param: None,
                request_id: self.request_id.public(),
                retry_after: None,
            }),
        };
        let Ended { outcome, first_byte_ms, total_ms, finish_reason, model_served } = ended;
        let Receipt { usage, source, cost, unpriced } = receipt;
        let (provider, attempts) = match &self.dispatch {
            Some(Dispatch { served_by, attempt, .. }) => {
                (served_by.split('/').next().map(str::to_owned), u16::try_from(*attempt).unwrap_or(u16::MAX))
            }
            None => (None, 0),
        };
        let finished = Finished {
            outcome,
            problem,
            usage,
            usage_source: source,
            cost,
            unpriced,
            first_byte_ms,
            total_ms,
            finish_reason,
            model_served,
            provider,
            attempts,
            wires: self.capture.map(|capture| capture.take()).unwrap_or_default(),
        };
        // Dropped updates mean that nobody waits for this.
        let _ = timeout(LAST_WORD, self.updates.send(ChatUpdate::Finished(Box::new(finished)))).await;
    }
}

/// The message inside an upstream's error body, as a sentence.
pub(in crate::exchange) fn refused(body: &str) -> String {
    let message = serde_json::from_str::<serde_json::Value>(body).ok();
    let message = message.as_ref().and_then(|body| body["error"]["message"].as_str().or(body["error"].as_str()));
    let words: String = message.unwrap_or("no reason given").chars().take(500).collect();
    format!("The provider refused the request: {words}")
}
