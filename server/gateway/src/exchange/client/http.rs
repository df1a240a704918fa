//! The HTTP side of a call: the head, the stream, and the translation where the upstream speaks another wire.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use llm::{
    Dialect, Problem, ProblemKind,
    event::{ChatEvent, Response},
    frame::{Envelope, EventEncoder, Frame, FrameKind},
    wire::Wire,
};
use serde_json::json;
use tokio::{
    sync::{mpsc, oneshot},
    time::timeout,
};

use super::{FRAMES, LAST_WORD};
use crate::{
    call::{Body, Reply},
    error::{Error, Failure},
    exchange::ending::Verdict,
    ledger::Receipt,
};

pub(super) struct Http {
    pub dialect: &'static dyn Dialect,
    pub envelope: Envelope,
    /// Until the head is out.
    pub head: Option<oneshot::Sender<Result<Reply, Error>>>,
    /// Once a stream is open.
    pub body: Option<mpsc::Sender<Bytes>>,
    /// Writes the client's dialect; `None` where the bytes pass as they come.
    encoder: Option<Box<dyn EventEncoder>>,
    dispatch: Dispatch,
    /// Bytes that stand before the end we write.
    tail: Vec<u8>,
}

/// What is known of an attempt when it goes out.
#[derive(Clone, Debug, Default)]
pub(in crate::exchange) struct Dispatch {
    /// Time in the gateway before the request went out.
    pub overhead: Duration,
    pub served_by: String,
    pub attempt: u32,
    pub candidates: usize,
    /// Fields that the upstream does not get to see.
    pub dropped: Vec<String>,
    /// The wire of the answer; `None` before the first attempt.
    pub wire: Option<Wire>,
}

impl Http {
    pub(super) fn new(
        dialect: &'static dyn Dialect,
        envelope: Envelope,
        head: oneshot::Sender<Result<Reply, Error>>,
    ) -> Self {
        Self {
            dialect,
            envelope,
            head: Some(head),
            body: None,
            encoder: None,
            dispatch: Dispatch::default(),
            tail: Vec::new(),
        }
    }

    /// An attempt goes out: from here on its wire decides whether bytes pass or are translated.
    pub(super) fn dispatched(&mut self, dispatch: Dispatch) {
        let is_same = dispatch.wire == Some(self.dialect.info().wire);
        self.encoder = (!is_same).then(|| self.dialect.encoder(&self.envelope));
        self.dispatch = dispatch;
    }

    /// Sends the head of a stream. False when nobody is there to take it.
    pub(super) fn open(&mut self) -> bool {
        let mut headers = self.headers("text/event-stream");
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        // Proxies that gather answers would undo the stream.
        headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
        let Some(head) = self.head.take() else { return true };
        let (body, receiver) = mpsc::channel(FRAMES);
        self.body = Some(body);
        head.send(Ok(Reply { status: StatusCode::OK, headers, body: Body::Stream(receiver) })).is_ok()
    }

    /// What a frame is for this client; `None` when it is not for the client at all.
    pub(super) fn words(&mut self, frame: &Frame) -> Option<Bytes> {
        let Some(encoder) = &mut self.encoder else {
            let is_hidden = matches!(frame.kind, FrameKind::UsageOnly(_)) && !self.envelope.wants_usage;
            return (!is_hidden && !is_noise(frame) && !frame.raw.is_empty()).then(|| frame.raw.clone());
        };
        if frame.kind == FrameKind::Comment {
            return (!is_noise(frame)).then(|| self.dialect.keep_alive());
        }
        let mut out = Vec::new();
        frame.kind.events().iter().for_each(|event| encoder.push(event, &mut out));
        (!out.is_empty()).then(|| Bytes::from(out))
    }

    /// A complete answer in the client's dialect.
    pub(super) fn rewrite(&self, body: Bytes, response: &Response) -> Bytes {
        if self.encoder.is_some() { self.dialect.encode(response, &self.envelope) } else { body }
    }

    pub(super) fn refuse(self, error: Error) {
        if let Some(head) = self.head {
            // A client that left does not need to hear it.
            let _ = head.send(Err(error));
        } else if let Some(body) = &self.body {
            let _ = body.try_send(self.dialect.render_event(&self.problem(&error)));
        }
    }

    /// The last word: the answer, the end of a stream, or what went wrong. Returns the bytes of an answer's end.
    pub(super) async fn finish(mut self, verdict: Verdict, receipt: &Receipt) -> Bytes {
        let reply = match verdict {
            Verdict::Whole(body) => Ok(self.reply(StatusCode::OK, body, Some(receipt))),
            // The head is out already: the words become an event.
            Verdict::Passed { body, .. } if self.head.is_none() => {
                let message = super::refused(&body);
                Err(Error::Upstream(Failure { kind: ProblemKind::InvalidRequest, message, retry_after: None }))
            }
            Verdict::Passed { status, body } => {
                let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
                Ok(self.reply(status, Bytes::from(body), None))
            }
            Verdict::StreamDone { end } => {
                // A complete answer without any content has not opened the stream yet.
                self.open();
                return self.last_words(end, receipt).await;
            }
            Verdict::StreamCut => {
                self.open();
                self.cut();
                return self.last_words(None, receipt).await;
            }
            Verdict::Gone => return Bytes::new(),
            // In its own wire the upstream has said it itself, and the frame has passed.
            Verdict::StreamFailed { .. } if self.encoder.is_none() && self.head.is_none() => return Bytes::new(),
            Verdict::StreamFailed { error } | Verdict::Refused(error) => Err(error),
        };
        if let Some(head) = self.head.take() {
            // A client that left is no reason to fail: the row is settled.
            let _ = head.send(reply);
        } else if let (Some(body), Err(error)) = (&self.body, reply) {
            let event = self.dialect.render_event(&self.problem(&error));
            let _ = timeout(LAST_WORD, body.send(event)).await;
        }
        Bytes::new()
    }

    /// What we write we can close. What passed as it came only where the dialect's streams have no open parts.
    pub(super) fn ends_anywhere(&self) -> bool {
        self.encoder.is_some() || self.dialect.ends_anywhere()
    }

    /// From here on we write the end ourselves.
    fn cut(&mut self) {
        let encoder = self.encoder.get_or_insert_with(|| self.dialect.encoder(&self.envelope));
        let mut out = Vec::new();
        encoder.push(&ChatEvent::Finish { index: 0, reason: "length".to_owned() }, &mut out);
        self.tail = out;
    }

    fn problem(&self, error: &Error) -> Problem {
        Problem { request_id: self.envelope.id.clone(), ..error.problem(domain::id::RequestId(uuid::Uuid::nil())) }
    }

    /// The receipt as a comment, then the end of the answer.
    async fn last_words(&mut self, end: Option<Bytes>, receipt: &Receipt) -> Bytes {
        let note = json!({
            "cost_usd": receipt.cost_text(),
            "usage_source": receipt.source.header(),
            "model": self.dispatch.served_by,
            "attempts": self.dispatch.attempt,
        });
        let end = match &mut self.encoder {
            Some(encoder) => {
                let mut out = std::mem::take(&mut self.tail);
                encoder.finish(&mut out);
                Bytes::from(out)
            }
            None => end.unwrap_or_else(|| self.dialect.end_of_stream()),
        };
        let Some(body) = &self.body else { return Bytes::new() };
        for bytes in [Bytes::from(format!(": tallygate {note}\n\n")), end.clone()] {
            if !bytes.is_empty() && !timeout(LAST_WORD, body.send(bytes)).await.is_ok_and(|sent| sent.is_ok()) {
                return Bytes::new();
            }
        }
        end
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
        let Dispatch { overhead, served_by, attempt, candidates, dropped, wire: _ } = &self.dispatch;
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        insert(&mut headers, "x-request-id", &self.envelope.id);
        insert(&mut headers, "request-id", &self.envelope.id);
        insert(&mut headers, "x-tallygate-model", served_by);
        insert(&mut headers, "x-tallygate-route", &format!("route=direct; candidates={candidates}; attempt={attempt}"));
        if !dropped.is_empty() {
            insert(&mut headers, "x-tallygate-dropped", &dropped.join(", "));
        }
        let micros = overhead.as_micros();
        insert(&mut headers, "x-tallygate-overhead-ms", &format!("{}.{:03}", micros / 1_000, micros % 1_000));
        headers
    }
}

/// Lines of a block without data that are no comments: nothing a client has to see.
fn is_noise(frame: &Frame) -> bool {
    let has_data = frame.raw.windows(5).any(|window| window == b"data:");
    frame.kind == FrameKind::Comment && !has_data && !matches!(frame.raw.first(), Some(b':' | b'\n' | b'\r'))
}

fn insert(headers: &mut HeaderMap, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(HeaderName::from_static(name), value);
    }
}
