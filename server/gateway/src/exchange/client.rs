//! The other side of a call: an HTTP client behind a channel, or a part of this product.

mod http;
mod local;

use std::time::Duration;

use bytes::Bytes;
use domain::{id::RequestId, ledger::Outcome};
use llm::{
    Dialect,
    event::Response,
    frame::{Envelope, Frame, FrameKind},
};
use tokio::{
    sync::{mpsc, oneshot},
    time::{Instant, timeout},
};
use tokio_util::sync::CancellationToken;

use super::ending::Verdict;
use crate::{
    call::{ChatRun, Reply},
    capture::Capture,
    content::Kept,
    error::Error,
    ledger::{Ending, Receipt},
};

pub(super) use http::Dispatch;
use http::Http;
use local::Local;
pub(super) use local::refused;

/// Frames that may wait for a slow client before the provider is slowed down.
const FRAMES: usize = 32;
/// How long the last word of a stream may wait for a slow client.
const LAST_WORD: Duration = Duration::from_secs(30);
/// How long an in-process caller's last update waits for the commit of its row.
const COMMIT: Duration = Duration::from_secs(2);

pub(crate) struct Client {
    side: Side,
    has_content: bool,
    bytes_out: u64,
    last_write: Instant,
    /// What the content policy keeps of the answer.
    kept: Kept,
}

enum Side {
    Http(Box<Http>),
    Local(Local),
}

/// What the last update of an in-process caller repeats of the ending.
pub(super) struct Ended {
    outcome: Outcome,
    first_byte_ms: Option<u32>,
    total_ms: u32,
    finish_reason: Option<String>,
    model_served: Option<String>,
}

impl Ended {
    pub(super) fn of(ending: &Ending) -> Self {
        Self {
            outcome: ending.outcome,
            first_byte_ms: ending.first_byte_ms,
            total_ms: ending.total_ms,
            finish_reason: ending.finish_reason.clone(),
            model_served: ending.model_served.clone(),
        }
    }
}

impl Client {
    pub(crate) fn http(
        dialect: &'static dyn Dialect,
        envelope: Envelope,
        kept: Kept,
    ) -> (Self, oneshot::Receiver<Result<Reply, Error>>) {
        let (head, reply) = oneshot::channel();
        (Self::new(Side::Http(Box::new(Http::new(dialect, envelope, head))), kept), reply)
    }

    pub(crate) fn local(
        request_id: RequestId,
        capture: Option<Capture>,
    ) -> (Self, oneshot::Receiver<Result<(), Error>>, ChatRun) {
        let (admitted, is_admitted) = oneshot::channel();
        let (updates, receiver) = mpsc::channel(FRAMES);
        let cancel = CancellationToken::new();
        let run = ChatRun { request_id, updates: receiver, cancel: cancel.clone() };
        let local = Local { request_id, admitted: Some(admitted), updates, cancel, capture, dispatch: None };
        (Self::new(Side::Local(local), Kept::nothing()), is_admitted, run)
    }

    fn new(side: Side, kept: Kept) -> Self {
        Self { side, has_content: false, bytes_out: 0, last_write: Instant::now(), kept }
    }

    /// The attempt is in the books; from here on it can only end.
    pub(super) fn admitted(&mut self) {
        if let Side::Local(local) = &mut self.side
            && let Some(admitted) = local.admitted.take()
        {
            // Whoever stopped waiting has also dropped the updates, which `gone` notices.
            let _ = admitted.send(Ok(()));
        }
    }

    /// The request goes out now.
    pub(super) fn dispatched(&mut self, dispatch: Dispatch) {
        match &mut self.side {
            Side::Http(http) => http.dispatched(dispatch),
            Side::Local(local) => local.dispatch = Some(dispatch),
        }
    }

    /// Where the exchanges with upstreams are written down, if anybody asked for it. Nobody does over HTTP.
    pub(super) fn capture(&self) -> Option<Capture> {
        match &self.side {
            Side::Http(_) => None,
            Side::Local(local) => local.capture.clone(),
        }
    }

    /// Has the client left?
    pub(super) fn is_gone(&self) -> bool {
        match &self.side {
            Side::Http(http) => match &http.head {
                Some(head) => head.is_closed(),
                None => http.body.as_ref().is_none_or(mpsc::Sender::is_closed),
            },
            Side::Local(local) => local.cancel.is_cancelled() || local.updates.is_closed(),
        }
    }

    /// Returns when the client has left.
    pub(super) async fn gone(&mut self) {
        match &mut self.side {
            Side::Http(http) => match (&mut http.head, &http.body) {
                (Some(head), _) => head.closed().await,
                (None, Some(body)) => body.closed().await,
                (None, None) => {}
            },
            Side::Local(local) => local.gone().await,
        }
    }

    /// Has the head of the stream gone out?
    pub(super) fn is_open(&self) -> bool {
        match &self.side {
            Side::Http(http) => http.head.is_none(),
            Side::Local(_) => true,
        }
    }

    pub(super) fn has_content(&self) -> bool {
        self.has_content
    }

    pub(super) fn bytes_out(&self) -> u64 {
        self.bytes_out
    }

    pub(super) fn last_write(&self) -> Instant {
        self.last_write
    }

    /// Sends the head of a stream. False when nobody is there to take it.
    pub(super) fn open(&mut self) -> bool {
        let Side::Http(http) = &mut self.side else { return true };
        if http.head.is_some() {
            self.last_write = Instant::now();
        }
        http.open()
    }

    /// What breaks a silence.
    pub(super) fn keep_alive(&self) -> Frame {
        let raw = match &self.side {
            Side::Http(http) => http.dialect.keep_alive(),
            Side::Local(_) => Bytes::new(),
        };
        Frame { raw, kind: FrameKind::Comment }
    }

    /// Sends one frame, waiting for a slow client. False when it has left.
    pub(super) async fn send(&mut self, frame: Frame) -> bool {
        self.has_content |= frame.kind.events().iter().any(llm::event::ChatEvent::is_content);
        self.last_write = Instant::now();
        match &mut self.side {
            Side::Http(http) => {
                let Some(words) = http.words(&frame) else { return true };
                let Some(body) = &http.body else { return false };
                self.bytes_out += words.len() as u64;
                self.kept.push_frame(&words, frame.kind.events());
                body.send(words).await.is_ok()
            }
            Side::Local(local) => {
                if let FrameKind::Comment | FrameKind::Bad = frame.kind {
                    return true;
                }
                self.bytes_out += frame.raw.len() as u64;
                local.send(frame).await
            }
        }
    }

    /// A complete answer as this client reads it.
    pub(super) fn rewrite(&mut self, body: Bytes, response: &Response) -> Bytes {
        let body = match &self.side {
            Side::Http(http) => http.rewrite(body, response),
            Side::Local(_) => body,
        };
        self.kept.push(&body);
        body
    }

    /// Can its stream be ended after any frame?
    pub(super) fn ends_anywhere(&self) -> bool {
        match &self.side {
            Side::Http(http) => http.ends_anywhere(),
            Side::Local(_) => true,
        }
    }

    /// Is a refusal of this upstream in the client's own words?
    pub(super) fn speaks(&self, wire: llm::wire::Wire) -> bool {
        match &self.side {
            Side::Http(http) => http.dialect.info().wire == wire,
            // It reads any provider's words.
            Side::Local(_) => true,
        }
    }

    /// Refuses before anything was admitted, or between two attempts.
    pub(super) async fn refuse(self, error: Error) {
        match self.side {
            Side::Http(http) => http.refuse(error),
            Side::Local(local) => local.refuse(error).await,
        }
    }

    /// The client left between two attempts. In process somebody still waits for the end.
    pub(super) async fn leave(self, ended: Ended, receipt: Receipt) {
        if let Side::Local(local) = self.side {
            local.finish(Verdict::Gone, Ended { outcome: Outcome::Cancelled, ..ended }, receipt).await;
        }
    }

    /// The last word: the answer, the end of a stream, or what went wrong. Gives back what the policy keeps of the answer.
    pub(super) async fn finish(
        mut self,
        verdict: Verdict,
        ended: Ended,
        receipt: Receipt,
        committed: oneshot::Receiver<()>,
    ) -> Kept {
        match self.side {
            Side::Http(http) => self.kept.push(&http.finish(verdict, &receipt).await),
            Side::Local(local) => {
                // So that whoever hears of the end finds it in the books. A dead database does not keep the news back.
                let _ = timeout(COMMIT, committed).await;
                local.finish(verdict, ended, receipt).await;
            }
        }
        self.kept
    }
}
