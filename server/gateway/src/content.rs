//! What is kept of a call's text (`product.md` 5.8, GW-39, GW-40): decided before anything leaves the request's memory.
//!
//! A queue of its own, bounded: text is not money, so when the database is slow it is dropped and counted, and no call waits.

use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use domain::{
    id::{RequestId, TeamId},
    team::StoreContent,
};
use llm::event::ChatEvent;
use store::{
    bodies::{self, Body},
    pool::{self, Pools},
};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::upstream::masked;

pub(crate) mod images;

const QUEUE: usize = 1_024;
const BATCH: usize = 64;
/// Longest text of either side that is kept.
const LIMIT: usize = 2 * 1024 * 1024;

/// The text of one call while it runs.
#[derive(Debug)]
pub(crate) struct Kept {
    policy: StoreContent,
    asked: Bytes,
    answered: Vec<u8>,
    is_cut: bool,
}

impl Kept {
    /// Keeps nothing, whatever is pushed.
    pub(crate) fn nothing() -> Self {
        Self::new(StoreContent::Metadata, Bytes::new())
    }

    /// Keeps what the strictest of the policies allows.
    pub(crate) fn new(policy: StoreContent, asked: Bytes) -> Self {
        let asked = if policy == StoreContent::Metadata { Bytes::new() } else { asked };
        Self { policy, asked, answered: Vec::new(), is_cut: false }
    }

    /// Bytes of a stream that went to the client, and what they say. Under `Redacted` only the latter is kept: a key that is
    /// cut over two frames is whole again in the text.
    pub(crate) fn push_frame(&mut self, bytes: &[u8], events: &[ChatEvent]) {
        if self.policy != StoreContent::Redacted {
            return self.push(bytes);
        }
        for event in events {
            match event {
                ChatEvent::Text { text, .. } | ChatEvent::Reasoning { text, .. } => self.push(text.as_bytes()),
                ChatEvent::ToolCall { name, arguments, .. } => {
                    self.push(name.as_deref().unwrap_or_default().as_bytes());
                    self.push(arguments.as_bytes());
                }
                _ => {}
            }
        }
    }

    /// Bytes that went to the client.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        if self.policy == StoreContent::Metadata {
            return;
        }
        let room = LIMIT - self.answered.len();
        self.is_cut |= bytes.len() > room;
        self.answered.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    fn into_body(self, request: RequestId, team: TeamId) -> Option<Body> {
        let Self { policy, asked, answered, is_cut } = self;
        if policy == StoreContent::Metadata {
            return None;
        }
        // Images first: a cut one would no longer look like one.
        let clean = |bytes: &[u8]| {
            let text = images::by_hash(&String::from_utf8_lossy(bytes));
            if policy == StoreContent::Redacted { masked(&text) } else { text }
        };
        let mut asked = clean(&asked);
        let is_cut = is_cut || asked.len() > LIMIT;
        if asked.len() > LIMIT {
            asked.truncate(asked.floor_char_boundary(LIMIT));
        }
        Some(Body { request, team, policy, asked, answered: clean(&answered), is_cut })
    }
}

/// The door to the writer.
pub(crate) struct Content {
    queue: mpsc::Sender<Body>,
    dropped: AtomicU64,
}

/// The task.
pub(crate) struct Writer {
    queue: mpsc::Receiver<Body>,
    pools: Pools,
}

pub(crate) fn new(pools: Pools) -> (Content, Writer) {
    let (sender, receiver) = mpsc::channel(QUEUE);
    (Content { queue: sender, dropped: AtomicU64::new(0) }, Writer { queue: receiver, pools })
}

impl Content {
    pub(crate) fn keep(&self, kept: Kept, request: RequestId, team: TeamId) {
        let Some(body) = kept.into_body(request, team) else { return };
        if self.queue.try_send(body).is_err() {
            let dropped = self.dropped.fetch_add(1, Ordering::Relaxed) + 1;
            tracing::warn!(dropped, "a call's text is not kept: the queue is full");
        }
    }
}

impl Writer {
    /// Writes until `stop`, then what is left.
    pub(crate) async fn run(mut self, stop: &CancellationToken) {
        loop {
            let first = tokio::select! {
                biased;
                body = self.queue.recv() => body,
                () = stop.cancelled() => None,
            };
            let Some(first) = first else { return };
            let mut batch = vec![first];
            while batch.len() < BATCH
                && let Ok(body) = self.queue.try_recv()
            {
                batch.push(body);
            }
            if let Err(error) = self.write(&batch).await {
                tracing::warn!(%error, lost = batch.len(), "the text of calls could not be kept");
            }
        }
    }

    async fn write(&self, batch: &[Body]) -> Result<(), store::Error> {
        let mut connection = pool::connection(&self.pools.settlement).await?;
        bodies::insert(&mut connection, batch).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(policy: StoreContent) -> Option<Body> {
        let mut kept = Kept::new(policy, Bytes::from_static(b"key sk-secret-secret-1"));
        kept.push(b"said sk-secret-secret-2");
        kept.into_body(RequestId(uuid::Uuid::nil()), TeamId(uuid::Uuid::nil()))
    }

    #[test]
    fn the_policy_decides_what_leaves_the_requests_memory() {
        assert_eq!(body(StoreContent::Metadata), None);
        let full = body(StoreContent::Full).unwrap();
        assert_eq!(
            (full.asked.as_str(), full.answered.as_str()),
            ("key sk-secret-secret-1", "said sk-secret-secret-2")
        );
        let redacted = body(StoreContent::Redacted).unwrap();
        assert_eq!((redacted.asked.as_str(), redacted.answered.as_str()), ("key [redacted]", "said [redacted]"));
    }

    #[test]
    fn a_long_answer_is_cut_and_says_so() {
        let mut kept = Kept::new(StoreContent::Full, Bytes::new());
        kept.push(&vec![b'a'; LIMIT]);
        assert!(!kept.is_cut);
        kept.push(b"b");
        assert!(kept.is_cut);
        assert_eq!(kept.answered.len(), LIMIT);
    }
}
