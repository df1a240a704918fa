//! A streamed answer: frames go to the client as they came, and are counted on the side.
//!
//! The response head waits for the first content, at most ten seconds. After 15 s of silence a comment keeps proxies awake.
//! A slow client slows the provider: nothing is read while a write waits. A stream that breaks ends with an error event and
//! never with an end marker.

use std::collections::HashSet;

use bytes::Bytes;
use domain::{ledger::Outcome, price::Variant};
use llm::{
    ProblemKind,
    event::ChatEvent,
    frame::{Frame, FrameKind},
    tally::Tally,
    wire::Reader,
};
use tokio::time::{Instant, sleep_until};

use super::{
    Exchange,
    ending::{self, End, Verdict},
};
use crate::{
    error::{Error, Failure},
    ledger::Fate,
    plan::Target,
    snapshot::Deployment,
    upstream::{self, Answer, Broken},
};

/// No honest answer has more bytes for each of its tokens, and some for its wrapping.
const BYTES_PER_TOKEN: u64 = 16;
const SPARE_BYTES: u64 = 4_096;
/// Unreadable frames in a row that end a stream.
const BAD_FRAMES: u32 = 3;

/// How the reading of a stream ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stop {
    /// The end marker.
    Marker,
    /// The connection closed in good order.
    Closed,
    Broken,
    Stalled,
    ClientLeft,
    /// The provider writes on past the client's limit.
    OverCap,
    /// The server goes down.
    Cut,
}

/// What was seen of a stream so far.
struct Seen {
    tally: Tally,
    first_content: Option<Instant>,
    bad_in_a_row: u32,
    /// Answers that have begun and have not said why they ended.
    open_answers: HashSet<u32>,
    /// The upstream itself reported a failure, in these words.
    failure: Option<String>,
    /// Frames from before the first content: they wait for the head.
    held: Vec<Frame>,
    /// The upstream's own end marker.
    end: Option<Bytes>,
    /// Answers that said why they ended.
    finished: HashSet<u32>,
    /// The tier the upstream says it serves in.
    tier: Option<Variant>,
}

/// What woke the loop up.
enum Woken {
    Bytes(Result<Option<Bytes>, Broken>),
    Open,
    KeepAlive,
    Stop(Stop),
}

impl Exchange {
    pub(super) async fn stream(&mut self, mut answer: Answer, reader: Reader, target: &Target, start: Instant) -> End {
        // A web page or a plain document where a stream was asked for: nobody can know what was done and billed.
        if answer.content_type.starts_with("text/html") || answer.content_type.starts_with("application/json") {
            let mut end = ending::of_foreign(start);
            end.ending.http_status = Some(answer.status);
            return end;
        }
        let mut seen = Seen {
            tally: Tally::default(),
            first_content: None,
            bad_in_a_row: 0,
            open_answers: HashSet::new(),
            failure: None,
            held: Vec::new(),
            end: None,
            finished: HashSet::new(),
            tier: None,
        };
        let stop = self.pump(&mut answer, reader, &target.deployment, &mut seen, start).await;
        // Dropping the answer closes the connection: within this moment the upstream knows that nobody listens.
        let status = answer.status;
        drop(answer);
        if self.is_complete(stop, &seen) && !seen.held.is_empty() {
            // An answer without any content still has its role and its finish reason to tell.
            let _ = self.open(&mut seen).await;
        }
        let mut end = self.judge(stop, &mut seen, reader, target, start).with(&seen.tally, status);
        end.ending.first_byte_ms =
            seen.first_content.map(|at| u32::try_from((at - start).as_millis()).unwrap_or(u32::MAX));
        end.ending.bytes_out = self.client.bytes_out();
        end.ending.variant = seen.tier.unwrap_or_default();
        end
    }

    /// Moves frames until something ends it.
    async fn pump(
        &mut self,
        answer: &mut Answer,
        reader: Reader,
        deployment: &Deployment,
        seen: &mut Seen,
        start: Instant,
    ) -> Stop {
        let mut decoder = reader.decoder();
        let mut frames = Vec::new();
        let mut last_bytes: Option<Instant> = None;
        loop {
            let patience = self.inner.patience;
            let silent_until = last_bytes.map_or(start + patience.first_byte, |at| at + patience.silence);
            match self.wake(answer, silent_until).await {
                Woken::Stop(stop) => return stop,
                Woken::Open => {
                    if let Err(stop) = self.open(seen).await {
                        return stop;
                    }
                }
                Woken::KeepAlive => {
                    let frame = self.client.keep_alive();
                    if let Err(stop) = self.pass(frame).await {
                        return stop;
                    }
                }
                Woken::Bytes(Err(Broken)) => return Stop::Broken,
                Woken::Bytes(Ok(None)) => {
                    decoder.finish(&mut frames);
                    // Half a frame at the end is the cut itself, not an upstream that cannot write.
                    frames.retain(|frame| frame.kind != FrameKind::Bad);
                    return self.forward(&mut frames, seen, deployment).await.err().unwrap_or(Stop::Closed);
                }
                Woken::Bytes(Ok(Some(bytes))) => {
                    last_bytes = Some(Instant::now());
                    let is_readable = decoder.push(&bytes, &mut frames).is_ok();
                    if let Err(stop) = self.forward(&mut frames, seen, deployment).await {
                        return stop;
                    }
                    if !is_readable {
                        return Stop::Broken;
                    }
                }
            }
        }
    }

    /// Waits for the next thing to happen.
    async fn wake(&mut self, answer: &mut Answer, silent_until: Instant) -> Woken {
        let (is_open, beat) = (self.client.is_open(), self.beat());
        let (deadline, cut) = (self.facts.deadline, &self.inner.cut);
        tokio::select! {
            biased;
            () = self.client.gone() => Woken::Stop(Stop::ClientLeft),
            () = cut.cancelled() => Woken::Stop(Stop::Cut),
            () = sleep_until(deadline.min(silent_until)) => Woken::Stop(Stop::Stalled),
            chunk = answer.chunk() => Woken::Bytes(chunk),
            () = sleep_until(beat) => if is_open { Woken::KeepAlive } else { Woken::Open },
        }
    }

    /// Counts frames and sends on what belongs to the client. `Err` when the stream is over.
    async fn forward(&mut self, frames: &mut Vec<Frame>, seen: &mut Seen, target: &Deployment) -> Result<(), Stop> {
        for mut frame in frames.drain(..) {
            let had_failed = seen.failure.is_some();
            seen.note(&frame)?;
            if seen.tier.is_none() {
                seen.tier = ending::served_tier(&frame.raw);
            }
            if self.is_over_cap(seen, target) {
                return Err(Stop::OverCap);
            }
            let is_end = matches!(frame.kind, FrameKind::End(_));
            if is_end && seen.failure.is_none() {
                // The receipt goes before it.
                seen.end = Some(frame.raw.clone());
                let said = Frame { raw: Bytes::new(), ..frame };
                self.hold_or_pass(said, seen).await?;
                return Err(Stop::Marker);
            }
            if had_failed && is_end {
                // An end marker never follows a failure.
                return Err(Stop::Marker);
            }
            if let Some(words) = seen.failure.as_mut().filter(|_| !had_failed) {
                // An upstream may quote what it was sent, our credential among it.
                *words = upstream::scrubbed(target, words.as_bytes()).unwrap_or_default();
                frame.raw = upstream::scrubbed(target, &frame.raw).map_or_else(Bytes::new, Bytes::from);
            }
            if frame.kind != FrameKind::Bad {
                self.hold_or_pass(frame, seen).await?;
            }
            if is_end {
                return Err(Stop::Marker);
            }
        }
        Ok(())
    }

    /// Has the answer passed the limit that the client set? By the provider's own count, or by more bytes than an honest
    /// answer of so many tokens has.
    fn is_over_cap(&self, seen: &Seen, deployment: &Deployment) -> bool {
        let Some(cap) = self.cap() else { return false };
        let is_long = seen.tally.visible_bytes() > cap * BYTES_PER_TOKEN + SPARE_BYTES;
        // At the end there is nothing left to cut.
        seen.finished.is_empty() && (is_long || self.is_counted_over_cap(&seen.tally, deployment))
    }

    /// Until the head is out, frames wait for the first content: a failure before it is still a clean HTTP error.
    async fn hold_or_pass(&mut self, frame: Frame, seen: &mut Seen) -> Result<(), Stop> {
        if self.client.is_open() && seen.held.is_empty() {
            return self.pass(frame).await;
        }
        seen.held.push(frame);
        let is_due = seen.first_content.is_some() || self.client.is_open();
        if is_due { self.open(seen).await } else { Ok(()) }
    }

    /// Lets the head go, and what waited for it.
    async fn open(&mut self, seen: &mut Seen) -> Result<(), Stop> {
        if !self.client.open() {
            return Err(Stop::ClientLeft);
        }
        for frame in std::mem::take(&mut seen.held) {
            self.pass(frame).await?;
        }
        Ok(())
    }

    async fn pass(&mut self, frame: Frame) -> Result<(), Stop> {
        let (deadline, cut) = (self.facts.deadline, &self.inner.cut);
        tokio::select! {
            sent = self.client.send(frame) => if sent { Ok(()) } else { Err(Stop::ClientLeft) },
            () = cut.cancelled() => Err(Stop::Cut),
            () = sleep_until(deadline) => Err(Stop::Stalled),
        }
    }

    /// Every answer said why it ended, and the upstream reported no failure. With an end marker fewer answers than were
    /// asked for are all there are.
    fn is_complete(&self, stop: Stop, seen: &Seen) -> bool {
        let has_all = stop == Stop::Marker || seen.finished.len() as u64 >= u64::from(self.request.answers.max(1));
        seen.tally.finish_reason.is_some() && seen.open_answers.is_empty() && seen.failure.is_none() && has_all
    }

    /// What the end means. A finish reason makes an answer complete, with or without the end marker.
    fn judge(&self, stop: Stop, seen: &mut Seen, reader: Reader, target: &Target, start: Instant) -> End {
        let mut tally = seen.tally.clone();
        if stop == Stop::OverCap {
            tally.flag("cap_ignored");
            let fate = Fate::Settled(tally.count(&self.request.size, self.limits(target)));
            if self.client.ends_anywhere() {
                seen.tally.finish_reason = Some("length".to_owned());
                return End::new(fate, Outcome::Success, Verdict::StreamCut, start);
            }
            let message = "The provider wrote on past the limit of the request, and its answer was cut off.";
            return End::failed(fate, Outcome::Incomplete, ProblemKind::UpstreamError, message, start);
        }
        if self.is_complete(stop, seen) && stop != Stop::ClientLeft {
            if stop != Stop::Marker && reader.has_end_marker() {
                tally.flag("no_terminal");
            }
            let count = tally.count(&self.request.size, self.limits(target));
            let verdict = Verdict::StreamDone { end: seen.end.take() };
            return End::new(Fate::Settled(count), Outcome::Success, verdict, start);
        }
        let count = tally.count(&self.request.size, self.limits(target));
        let has_seen = tally.seen_bytes() > 0 || tally.has_report();
        match stop {
            Stop::ClientLeft => return End::left(Fate::Settled(count), true, start),
            Stop::Cut => return End::left(Fate::Settled(count), false, start),
            Stop::Stalled if !has_seen => return ending::of_stall(start),
            Stop::Marker | Stop::Closed | Stop::Broken if !has_seen && seen.failure.is_none() => {
                return ending::of_foreign(start);
            }
            Stop::Stalled | Stop::Marker | Stop::Closed | Stop::Broken | Stop::OverCap => {}
        }
        let fate = if has_seen { Fate::Settled(count) } else { Fate::Uncertain };
        if let Some(words) = seen.failure.take() {
            let message = format!("The provider reported an error in the middle of its answer: {words}");
            let error = Error::Upstream(Failure::new(ProblemKind::UpstreamError, message));
            return End::new(fate, Outcome::Incomplete, Verdict::StreamFailed { error }, start);
        }
        let (kind, message) = match stop {
            Stop::Stalled => (ProblemKind::DeadlineExceeded, "The provider stopped in the middle of its answer."),
            _ => (ProblemKind::UpstreamError, "The provider's answer broke off."),
        };
        End::failed(fate, Outcome::Incomplete, kind, message, start)
    }
}

impl Seen {
    /// Counts one frame. `Err` when it ends the stream.
    fn note(&mut self, frame: &Frame) -> Result<(), Stop> {
        match &frame.kind {
            FrameKind::Comment => {}
            FrameKind::Bad => {
                self.tally.flag("bad_frames");
                self.bad_in_a_row += 1;
                if self.bad_in_a_row >= BAD_FRAMES {
                    return Err(Stop::Broken);
                }
            }
            FrameKind::Events(events) | FrameKind::UsageOnly(events) | FrameKind::End(events) => {
                self.bad_in_a_row = 0;
                for event in events {
                    self.tally.observe(event);
                    match event {
                        ChatEvent::Text { index, .. }
                        | ChatEvent::Reasoning { index, .. }
                        | ChatEvent::ToolCall { index, .. } => {
                            // What follows the end of an answer is not part of it.
                            if !self.finished.contains(index) {
                                self.open_answers.insert(*index);
                            }
                        }
                        ChatEvent::Finish { index, .. } => {
                            self.open_answers.remove(index);
                            self.finished.insert(*index);
                        }
                        ChatEvent::Failed { message } => self.failure = Some(message.chars().take(500).collect()),
                        ChatEvent::Start { .. } | ChatEvent::Seal { .. } | ChatEvent::Usage(_) => {}
                    }
                    if event.is_content() {
                        self.first_content.get_or_insert_with(Instant::now);
                    }
                }
            }
        }
        Ok(())
    }
}
