//! The other side of a call: an HTTP client behind a channel, or a part of this product.

use std::time::Duration;

use bytes::Bytes;
use domain::{id::RequestId, ledger::Outcome};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use llm::{
    Dialect, Request,
    frame::{Frame, FrameKind},
};
use serde_json::json;
use tokio::{
    sync::{mpsc, oneshot},
    time::{Instant, timeout},
};
use tokio_util::sync::CancellationToken;

use super::ending::Verdict;
use crate::{
    call::{Body, ChatRun, ChatUpdate, Finished, Reply},
    error::Error,
    ledger::{Ending, Receipt},
};

/// Frames that may wait for a slow client before the provider is slowed down.
const FRAMES: usize = 32;
/// How long the last word of a stream may wait for a slow client.
const LAST_WORD: Duration = Duration::from_secs(30);
/// How long an in-process caller's last update waits for the commit of its row.
const COMMIT: Duration = Duration::from_secs(2);

pub(crate) struct Client {
    request_id: RequestId,
    side: Side,
    /// Time in the gateway before the request went out, and who serves it.
    overhead: Duration,
    served_by: String,
    attempts: u32,
    has_content: bool,
    bytes_out: u64,
    last_write: Instant,
}

enum Side {
    Http(Http),
    Local(Local),
}

struct Http {
    dialect: &'static dyn Dialect,
    wants_usage: bool,
    /// Until the head is out.
    head: Option<oneshot::Sender<Result<Reply, Error>>>,
    /// Once a stream is open.
    body: Option<mpsc::Sender<Bytes>>,
}

struct Local {
    admitted: Option<oneshot::Sender<Result<(), Error>>>,
    updates: mpsc::Sender<ChatUpdate>,
    cancel: CancellationToken,
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
        request: &Request,
        request_id: RequestId,
    ) -> (Self, oneshot::Receiver<Result<Reply, Error>>) {
        let (head, reply) = oneshot::channel();
        let side = Http { dialect, wants_usage: request.wants_usage, head: Some(head), body: None };
        (Self::new(request_id, Side::Http(side)), reply)
    }

    pub(crate) fn local(request_id: RequestId) -> (Self, oneshot::Receiver<Result<(), Error>>, ChatRun) {
        let (admitted, is_admitted) = oneshot::channel();
        let (updates, receiver) = mpsc::channel(FRAMES);
        let cancel = CancellationToken::new();
        let run = ChatRun { request_id, updates: receiver, cancel: cancel.clone() };
        (Self::new(request_id, Side::Local(Local { admitted: Some(admitted), updates, cancel })), is_admitted, run)
    }

    fn new(request_id: RequestId, side: Side) -> Self {
        let (overhead, served_by) = (Duration::ZERO, String::new());
        Self {
            request_id,
            side,
            overhead,
            served_by,
            attempts: 0,
            has_content: false,
            bytes_out: 0,
            last_write: Instant::now(),
        }
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
    pub(super) fn dispatched(&mut self, overhead: Duration, served_by: String) {
        (self.overhead, self.served_by) = (overhead, served_by);
        self.attempts += 1;
    }

    /// Has the client left?
    pub(super) fn is_gone(&self) -> bool {
        match &self.side {
            Side::Http(Http { head: Some(head), .. }) => head.is_closed(),
            Side::Http(Http { body, .. }) => body.as_ref().is_none_or(mpsc::Sender::is_closed),
            Side::Local(local) => local.cancel.is_cancelled() || local.updates.is_closed(),
        }
    }

    /// Returns when the client has left.
    pub(super) async fn gone(&mut self) {
        match &mut self.side {
            Side::Http(Http { head: Some(head), .. }) => head.closed().await,
            Side::Http(Http { body: Some(body), .. }) => body.closed().await,
            Side::Http(_) => {}
            Side::Local(local) => tokio::select! {
                () = local.cancel.cancelled() => {}
                () = local.updates.closed() => {}
            },
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
        let mut headers = self.headers("text/event-stream");
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        // Proxies that gather answers would undo the stream.
        headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
        let Side::Http(http) = &mut self.side else { return true };
        let Some(head) = http.head.take() else { return true };
        let (body, receiver) = mpsc::channel(FRAMES);
        http.body = Some(body);
        self.last_write = Instant::now();
        head.send(Ok(Reply { status: StatusCode::OK, headers, body: Body::Stream(receiver) })).is_ok()
    }

    /// Sends one frame, waiting for a slow client. False when it has left.
    pub(super) async fn send(&mut self, frame: Frame) -> bool {
        self.has_content |=
            matches!(&frame.kind, FrameKind::Events(events) if events.iter().any(llm::event::ChatEvent::is_content));
        self.last_write = Instant::now();
        match &self.side {
            Side::Http(http) => {
                if matches!(frame.kind, FrameKind::UsageOnly(_)) && !http.wants_usage || is_noise(&frame) {
                    return true;
                }
                let Some(body) = &http.body else { return false };
                self.bytes_out += frame.raw.len() as u64;
                body.send(frame.raw).await.is_ok()
            }
            Side::Local(local) => {
                let (FrameKind::Events(events) | FrameKind::UsageOnly(events)) = frame.kind else { return true };
                self.bytes_out += frame.raw.len() as u64;
                for event in events {
                    tokio::select! {
                        sent = local.updates.send(ChatUpdate::Event(event)) => if sent.is_err() { return false },
                        () = local.cancel.cancelled() => return false,
                    }
                }
                true
            }
        }
    }

    /// Refuses before anything was admitted, or between two attempts.
    pub(super) fn refuse(mut self, error: Error) {
        match &mut self.side {
            Side::Http(http) => {
                if let Some(head) = http.head.take() {
                    // A client that left does not need to hear it.
                    let _ = head.send(Err(error));
                } else if let Some(body) = &http.body {
                    let _ = body.try_send(http.dialect.render_event(&error.problem(self.request_id)));
                }
            }
            Side::Local(local) => {
                if let Some(admitted) = local.admitted.take() {
                    let _ = admitted.send(Err(error));
                }
            }
        }
    }

    /// The last word: the answer, the end of a stream, or what went wrong.
    pub(super) async fn finish(
        self,
        verdict: Verdict,
        ended: Ended,
        receipt: Receipt,
        committed: oneshot::Receiver<()>,
    ) {
        match &self.side {
            Side::Http(_) => self.finish_http(verdict, &receipt).await,
            Side::Local(_) => {
                // So that whoever hears of the end finds it in the books. A dead database does not keep the news back.
                let _ = timeout(COMMIT, committed).await;
                self.finish_local(verdict, ended, receipt).await;
            }
        }
    }

    async fn finish_http(mut self, verdict: Verdict, receipt: &Receipt) {
        let reply = match verdict {
            Verdict::Whole(body) => Ok(self.reply(StatusCode::OK, body, Some(receipt))),
            Verdict::Passed { status, body } => {
                let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
                Ok(self.reply(status, Bytes::from(body), None))
            }
            Verdict::StreamDone => {
                // A complete answer without any content has not opened the stream yet.
                self.open();
                return self.last_words(receipt).await;
            }
            Verdict::StreamFailed | Verdict::Gone => return,
            Verdict::Refused(error) => Err(error),
        };
        let Side::Http(http) = &mut self.side else { return };
        if let Some(head) = http.head.take() {
            // A client that left is no reason to fail: the row is settled.
            let _ = head.send(reply);
        } else if let (Some(body), Err(error)) = (&http.body, reply) {
            let event = http.dialect.render_event(&error.problem(self.request_id));
            let _ = timeout(LAST_WORD, body.send(event)).await;
        }
    }

    /// The receipt as a comment, then the end marker.
    async fn last_words(&self, receipt: &Receipt) {
        let Side::Http(Http { body: Some(body), dialect, .. }) = &self.side else { return };
        let note = json!({
            "cost_usd": receipt.cost_text(),
            "usage_source": receipt.source.header(),
            "model": self.served_by,
            "attempts": self.attempts,
        });
        for bytes in [Bytes::from(format!(": tallygate {note}\n\n")), dialect.end_of_stream()] {
            if !timeout(LAST_WORD, body.send(bytes)).await.is_ok_and(|sent| sent.is_ok()) {
                return;
            }
        }
    }

    fn reply(&self, status: StatusCode, body: Bytes, receipt: Option<&Receipt>) -> Reply {
        let mut headers = self.headers("application/json");
        if let Some(receipt) = receipt {
            insert(&mut headers, "x-tallygate-cost", &receipt.cost_text());
            insert(&mut headers, "x-tallygate-usage-source", receipt.source.header());
        }
        Reply { status, headers, body: Body::Whole(body) }
    }

    fn headers(&self, content_type: &'static str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        let id = self.request_id.public();
        insert(&mut headers, "x-request-id", &id);
        insert(&mut headers, "request-id", &id);
        insert(&mut headers, "x-tallygate-model", &self.served_by);
        let micros = self.overhead.as_micros();
        insert(&mut headers, "x-tallygate-overhead-ms", &format!("{}.{:03}", micros / 1_000, micros % 1_000));
        headers
    }

    async fn finish_local(self, verdict: Verdict, ended: Ended, receipt: Receipt) {
        let Side::Local(local) = self.side else { return };
        let problem = match verdict {
            Verdict::Whole(_) | Verdict::StreamDone | Verdict::Gone => None,
            Verdict::StreamFailed => Some("The provider reported an error in the middle of its answer.".to_owned()),
            Verdict::Passed { body, .. } => Some(provider_words(&body)),
            Verdict::Refused(error) => {
                return send_last(local, ended, receipt, Some(error.problem(self.request_id))).await;
            }
        };
        let kind = llm::ProblemKind::UpstreamError;
        let problem = problem.map(|message| llm::Problem {
            kind,
            message,
            param: None,
            request_id: self.request_id.public(),
            retry_after: None,
        });
        send_last(local, ended, receipt, problem).await;
    }
}

async fn send_last(local: Local, ended: Ended, receipt: Receipt, problem: Option<llm::Problem>) {
    let Ended { outcome, first_byte_ms, total_ms, finish_reason, model_served } = ended;
    let Receipt { usage, source, cost, unpriced } = receipt;
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
    };
    // Dropped updates mean that nobody waits for this.
    let _ = timeout(LAST_WORD, local.updates.send(ChatUpdate::Finished(Box::new(finished)))).await;
}

/// The message inside an upstream's error body.
fn provider_words(body: &str) -> String {
    let message = serde_json::from_str::<serde_json::Value>(body).ok();
    let message = message.as_ref().and_then(|body| body["error"]["message"].as_str().or(body["error"].as_str()));
    let words: String = message.unwrap_or("no reason given").chars().take(500).collect();
    format!("The provider refused the request: {words}")
}

/// Lines of a block without data that are no comments: nothing a client has to see.
fn is_noise(frame: &Frame) -> bool {
    frame.kind == FrameKind::Comment && !matches!(frame.raw.first(), Some(b':' | b'\n' | b'\r'))
}

fn insert(headers: &mut HeaderMap, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(HeaderName::from_static(name), value);
    }
}
