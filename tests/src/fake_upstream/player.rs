//! Plays the frames of one answer: waits, journals, splits, and breaks off where the script says.
//!
//! The only place where an answer meets time. What the frames are is decided in `wire` and `faults`.

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::body::Body;
use bytes::Bytes;
use futures_util::stream;
use tokio::sync::watch;

use super::{
    events::{Frame, Part},
    journal::{Entry, Journal, Tally},
    listen::Connection,
    script::{Cut, Fault, Script},
    tally::{Classes, ReportKind, Tokens},
    unix_ms,
};

/// One accepted request: however its answer ends, the journal gets exactly one line about it.
pub struct Visit {
    pub seq: u64,
    journal: Journal,
    is_open: bool,
    tally: Tally,
}

impl Visit {
    pub fn new(seq: u64, journal: Journal) -> Self {
        Self { seq, journal, is_open: true, tally: Tally::default() }
    }

    /// The provider begins to work: the input is read, whatever happens next.
    pub fn read(&mut self, input: Classes) {
        self.tally.produced = input;
    }

    pub fn finished(&mut self) {
        self.close(&Entry::Finished { seq: self.seq, at_ms: unix_ms(), tally: self.tally });
    }

    /// Answered with a status; nothing was produced for it.
    pub fn refused(&mut self, status: u16) {
        self.close(&Entry::Refused { seq: self.seq, status, at_ms: unix_ms(), tally: Tally::default() });
    }

    pub fn cut(&mut self) {
        self.close(&Entry::Cut { seq: self.seq, at_ms: unix_ms(), tally: self.tally });
    }

    fn close(&mut self, entry: &Entry) {
        self.is_open = false;
        if let Err(error) = self.journal.append(entry) {
            eprintln!("fake upstream: {error:#}");
        }
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        if self.is_open {
            self.close(&Entry::ClientGone { seq: self.seq, at_ms: unix_ms(), tally: self.tally });
        }
    }
}

/// Everything a player needs besides its frames.
pub struct Stage {
    pub visit: Visit,
    pub journal: Journal,
    pub script: Script,
    pub connection: Arc<Connection>,
    pub gate: watch::Receiver<bool>,
    /// Where the bytes sent are kept for `FakeUpstream::exchanges`.
    pub sent: Option<Arc<Mutex<Vec<u8>>>>,
}

pub struct Player {
    stage: Stage,
    frames: std::vec::IntoIter<Frame>,
    pending: Bytes,
    is_filler: bool,
    played: usize,
    has_content: bool,
}

impl Player {
    pub fn new(stage: Stage, frames: Vec<Frame>) -> Self {
        let frames = frames.into_iter();
        Self { stage, frames, pending: Bytes::new(), is_filler: false, played: 0, has_content: false }
    }

    pub fn into_body(self) -> Body {
        Body::from_stream(stream::unfold(self, |mut player| async move {
            match player.next().await {
                Ok(None) => None,
                Ok(Some(bytes)) => Some((Ok(bytes), player)),
                Err(error) => Some((Err(error), player)),
            }
        }))
    }

    async fn next(&mut self) -> io::Result<Option<Bytes>> {
        if self.pending.is_empty() {
            let Some(bytes) = self.next_frame().await? else { return Ok(None) };
            self.pending = bytes;
        } else {
            pause(self.stage.script.between_pieces_ms).await;
        }
        let at_most = self.stage.script.split_bytes.map_or(self.pending.len(), |bytes| bytes.get());
        let piece = self.pending.split_to(at_most.min(self.pending.len()));
        // Megabytes without meaning are not worth remembering.
        if let Some(sent) = self.stage.sent.as_ref().filter(|_| !self.is_filler) {
            sent.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(&piece);
        }
        // Said with the last piece, not after it: HTTP does not ask again once a known length is reached.
        if self.pending.is_empty() && self.frames.as_slice().is_empty() && self.cut().is_none() {
            self.stage.visit.finished();
        }
        Ok(Some(piece))
    }

    async fn next_frame(&mut self) -> io::Result<Option<Bytes>> {
        self.meet_fault().await;
        let Some(frame) = self.frames.next() else { return Ok(None) };
        self.wait_before(&frame.part).await;
        self.note(&frame).await.map_err(io::Error::other)?;
        self.is_filler = frame.part == Part::Filler;
        self.played += usize::from(!self.is_filler);
        Ok(Some(frame.bytes))
    }

    async fn meet_fault(&mut self) {
        if let Fault::HangAfter { frames } = self.stage.script.fault
            && self.played == frames
        {
            released(&mut self.stage.gate).await;
        }
        if let Some((frames, how)) = self.cut()
            && (self.played >= frames || self.frames.as_slice().is_empty())
        {
            // One turn of the connection writes out what it holds; the cut must come after those bytes.
            tokio::task::yield_now().await;
            if how == Cut::Trailers {
                self.stage.visit.finished();
            } else {
                self.stage.visit.cut();
            }
            self.stage.connection.cut(how);
            std::future::pending::<()>().await;
        }
    }

    fn cut(&self) -> Option<(usize, Cut)> {
        match self.stage.script.fault {
            Fault::CutAfter { frames, how } => Some((frames, how)),
            _ => None,
        }
    }

    async fn wait_before(&mut self, part: &Part) {
        if !matches!(part, Part::Content { .. } | Part::Thought) {
            return;
        }
        let wait_ms = if self.has_content {
            self.stage.script.between_tokens_ms
        } else {
            self.stage.script.before_first_token_ms
        };
        self.has_content = true;
        pause(wait_ms).await;
    }

    /// Journals what the frame gives and tells before it leaves.
    async fn note(&mut self, frame: &Frame) -> anyhow::Result<()> {
        let Stage { visit, journal, .. } = &mut self.stage;
        let seq = visit.seq;
        visit.tally.produced.add(&frame.gives);
        match frame.part {
            Part::Content { index, tokens } => journal.append(&Entry::Step { seq, index, tokens })?,
            Part::Whole { tokens } => journal.append(&Entry::Step { seq, index: 0, tokens })?,
            _ => {}
        }
        let Some(slip) = &frame.slip else { return Ok(()) };
        let is_running = slip.report.is_some_and(|report| report.kind == ReportKind::Partial);
        if let Some(report) = slip.report {
            visit.tally.reported = report;
        }
        if !is_running {
            let reported = slip.report.map(|report| Tokens::from(report.classes));
            journal.append_durable(&Entry::Usage { seq, reported, raw: slip.raw.clone() }).await?;
        }
        Ok(())
    }
}

pub async fn pause(wait_ms: u64) {
    if wait_ms > 0 {
        tokio::time::sleep(Duration::from_millis(wait_ms)).await;
    }
}

/// Waits for `FakeUpstream::release`. A fake that is gone releases too.
pub async fn released(gate: &mut watch::Receiver<bool>) {
    if gate.wait_for(|is_open| *is_open).await.is_err() {
        eprintln!("fake upstream: gone while a request was held");
    }
}
