//! The oracle: what the fake accepted and served, as fsynced JSON lines.
//!
//! An `accepted` or `usage` line is on disk before the byte it stands for leaves, so whatever happens to the gateway
//! (or to the fake), the file knows. Steps are written in order and reach the disk with the next such line: losing
//! them takes a crash of the operating system, not of a process. One thread writes; it merges what queued meanwhile
//! into one write and one sync. A new fact is one variant of `Entry`.

use std::{
    fs::{File, OpenOptions},
    io::Write as _,
    path::{Path, PathBuf},
    sync::mpsc,
    time::Duration,
};

use anyhow::{Context, Result, anyhow};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::{oneshot, watch};

use super::{
    endpoint::Wire,
    summary::Summary,
    tally::{Classes, Report, Tokens},
};

/// Lines that may wait for the writer; beyond, a request waits for its turn.
const QUEUE: usize = 16_384;
const PATIENCE: Duration = Duration::from_secs(20);

/// One line. `seq` numbers requests from 1 and is unique within a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Entry {
    /// A request arrived complete. `attempt` is the gateway's id of it, when it sent one.
    Accepted {
        seq: u64,
        attempt: Option<String>,
        body_sha256: String,
        model: String,
        stream: bool,
        at_ms: u64,
        #[serde(default)]
        wire: Wire,
        /// Path of the request.
        #[serde(default)]
        path: String,
        /// What the request asked for; absent when it was refused as invalid.
        #[serde(default)]
        summary: Option<Box<Summary>>,
    },
    /// Output was handed to the connection.
    Step { seq: u64, index: usize, tokens: u64 },
    /// Usage was reported at the end. `reported` is absent when the form is one nobody can count with.
    Usage { seq: u64, reported: Option<Tokens>, raw: Value },
    /// Answered with something else than a completion.
    Refused {
        seq: u64,
        status: u16,
        #[serde(default)]
        at_ms: u64,
        #[serde(flatten)]
        tally: Tally,
    },
    /// The answer was handed over to its last byte.
    Finished {
        seq: u64,
        #[serde(default)]
        at_ms: u64,
        #[serde(flatten)]
        tally: Tally,
    },
    /// The other side left before that.
    ClientGone {
        seq: u64,
        #[serde(default)]
        at_ms: u64,
        #[serde(flatten)]
        tally: Tally,
    },
    /// The script ended the connection before that.
    Cut {
        seq: u64,
        #[serde(default)]
        at_ms: u64,
        #[serde(flatten)]
        tally: Tally,
    },
}

/// What a request came to, on its last line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Tally {
    /// Truly read and produced until then. A refusal costs nothing.
    pub produced: Classes,
    /// What a reader of the bytes handed over can know by the vendor's rules.
    pub reported: Report,
}

/// What the journal says about one request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Request {
    pub seq: u64,
    pub attempt: Option<String>,
    pub body_sha256: String,
    pub model: String,
    pub stream: bool,
    pub at_ms: u64,
    /// Output tokens handed to the connection.
    pub served_tokens: u64,
    pub usage: Option<Tokens>,
    pub end: End,
    /// When it ended; 0 while it is open.
    #[serde(default)]
    pub ended_ms: u64,
    #[serde(default)]
    pub wire: Wire,
    #[serde(default)]
    pub path: String,
    #[serde(default)]
    pub summary: Option<Box<Summary>>,
    /// Truly read and produced, known at the end.
    #[serde(default)]
    pub produced: Classes,
    /// What a reader could know at the end.
    #[serde(default)]
    pub reported: Report,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    Open,
    Finished,
    Refused(u16),
    ClientGone,
    Cut,
}

impl Entry {
    pub fn seq(&self) -> u64 {
        match self {
            Self::Accepted { seq, .. }
            | Self::Step { seq, .. }
            | Self::Usage { seq, .. }
            | Self::Refused { seq, .. }
            | Self::Finished { seq, .. }
            | Self::ClientGone { seq, .. }
            | Self::Cut { seq, .. } => *seq,
        }
    }
}

struct Line {
    text: String,
    synced: Option<oneshot::Sender<()>>,
}

/// The writing end and its file. Clones share one writer.
#[derive(Clone)]
pub struct Journal {
    path: PathBuf,
    lines: mpsc::SyncSender<Line>,
    written: watch::Receiver<u64>,
}

impl Journal {
    /// Opens or continues the file at `path`.
    pub fn open(path: &Path) -> Result<Self> {
        let file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(path)
            .with_context(|| format!("cannot open journal {}", path.display()))?;
        let (lines, queue) = mpsc::sync_channel(QUEUE);
        let (progress, written) = watch::channel(0);
        std::thread::Builder::new().name("journal".into()).spawn(move || write_lines(file, &queue, &progress))?;
        Ok(Self { path: path.to_owned(), lines, written })
    }

    /// Written in order; on disk with the next durable line.
    pub fn append(&self, entry: &Entry) -> Result<()> {
        self.send(entry, None)
    }

    /// Returns when the line is on disk.
    pub async fn append_durable(&self, entry: &Entry) -> Result<()> {
        let (synced, done) = oneshot::channel();
        self.send(entry, Some(synced))?;
        done.await.context("the journal could not be written")
    }

    fn send(&self, entry: &Entry, synced: Option<oneshot::Sender<()>>) -> Result<()> {
        let text = serde_json::to_string(entry)?;
        self.lines.send(Line { text, synced }).map_err(|_| anyhow!("the journal has stopped"))
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Everything written so far, in order.
    pub fn entries(&self) -> Result<Vec<Entry>> {
        read(&self.path)
    }

    /// One record per accepted request, in order of arrival.
    pub fn requests(&self) -> Result<Vec<Request>> {
        Ok(requests(&self.entries()?))
    }

    /// Waits until the requests satisfy `is_there`; an error after 20 s says what was there instead.
    pub async fn until(&self, is_there: impl Fn(&[Request]) -> bool) -> Result<Vec<Request>> {
        let mut written = self.written.clone();
        let wait = async {
            loop {
                written.borrow_and_update();
                let requests = self.requests()?;
                if is_there(&requests) {
                    return Ok(requests);
                }
                written.changed().await.context("the journal has stopped")?;
            }
        };
        match tokio::time::timeout(PATIENCE, wait).await {
            Ok(outcome) => outcome,
            Err(_) => Err(anyhow!("the journal never got there: {:?}", self.requests()?)),
        }
    }
}

fn write_lines(mut file: File, queue: &mpsc::Receiver<Line>, progress: &watch::Sender<u64>) {
    while let Ok(first) = queue.recv() {
        let batch: Vec<Line> = std::iter::once(first).chain(queue.try_iter().take(1023)).collect();
        let text: String = batch.iter().flat_map(|line| [line.text.as_str(), "\n"]).collect();
        let must_sync = batch.iter().any(|line| line.synced.is_some());
        let stored = file.write_all(text.as_bytes()).and_then(|()| if must_sync { file.sync_data() } else { Ok(()) });
        if let Err(error) = stored {
            // Returning drops the queue: every request that needs the journal then fails instead of going on unseen.
            eprintln!("journal: {error}");
            return;
        }
        let count = batch.len() as u64;
        for line in batch {
            if let Some(synced) = line.synced {
                // A request whose client has left no longer listens; its line is written all the same.
                let _gone = synced.send(());
            }
        }
        progress.send_modify(|written| *written += count);
    }
}

/// The entries of a journal file. A last line without its end is a write in progress and not yet a fact.
pub fn read(path: &Path) -> Result<Vec<Entry>> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read journal {}", path.display()))?;
    let complete = text.rfind('\n').map_or("", |end| &text[..end]);
    complete.lines().map(|line| serde_json::from_str(line).with_context(|| format!("journal line {line:?}"))).collect()
}

/// Folds entries into one record per request.
pub fn requests(entries: &[Entry]) -> Vec<Request> {
    let mut requests: Vec<Request> = Vec::new();
    for entry in entries {
        match requests.iter_mut().rev().find(|request| request.seq == entry.seq()) {
            Some(request) => request.fold(entry),
            None => requests.extend(Request::accepted(entry)),
        }
    }
    requests
}

impl Request {
    fn accepted(entry: &Entry) -> Option<Self> {
        let Entry::Accepted { seq, attempt, body_sha256, model, stream, at_ms, wire, path, summary } = entry else {
            return None;
        };
        Some(Self {
            seq: *seq,
            attempt: attempt.clone(),
            body_sha256: body_sha256.clone(),
            model: model.clone(),
            stream: *stream,
            at_ms: *at_ms,
            served_tokens: 0,
            usage: None,
            end: End::Open,
            ended_ms: 0,
            wire: *wire,
            path: path.clone(),
            summary: summary.clone(),
            produced: Classes::default(),
            reported: Report::default(),
        })
    }

    fn fold(&mut self, entry: &Entry) {
        match entry {
            Entry::Accepted { .. } => {}
            Entry::Step { tokens, .. } => self.served_tokens += tokens,
            Entry::Usage { reported, .. } => self.usage = *reported,
            Entry::Refused { status, at_ms, tally, .. } => self.ended(End::Refused(*status), *at_ms, tally),
            Entry::Finished { at_ms, tally, .. } => self.ended(End::Finished, *at_ms, tally),
            Entry::ClientGone { at_ms, tally, .. } => self.ended(End::ClientGone, *at_ms, tally),
            Entry::Cut { at_ms, tally, .. } => self.ended(End::Cut, *at_ms, tally),
        }
    }

    fn ended(&mut self, end: End, at_ms: u64, tally: &Tally) {
        (self.end, self.ended_ms) = (end, at_ms);
        (self.produced, self.reported) = (tally.produced, tally.reported);
    }
}

#[cfg(test)]
mod tests {
    use super::{super::tally::ReportKind, *};

    fn accepted(seq: u64) -> Entry {
        Entry::Accepted {
            seq,
            attempt: Some(format!("attempt-{seq}")),
            body_sha256: "00".into(),
            model: "m".into(),
            stream: true,
            at_ms: 1,
            wire: Wire::OpenaiChat,
            path: "/v1/chat/completions".into(),
            summary: None,
        }
    }

    #[tokio::test]
    async fn a_durable_line_is_in_the_file_when_the_call_returns() {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::open(&folder.path().join("journal.jsonl")).unwrap();
        journal.append_durable(&accepted(1)).await.unwrap();
        assert_eq!(journal.entries().unwrap(), [accepted(1)]);
    }

    #[tokio::test]
    async fn entries_fold_into_one_record_per_request() {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::open(&folder.path().join("journal.jsonl")).unwrap();
        let tokens = Tokens { prompt: 5, cached: 1, completion: 3, reasoning: 1 };
        let produced = Classes { input: 4, cache_read: 1, output: 2, reasoning: 1, ..Classes::default() };
        let reported = Report { kind: ReportKind::Final, classes: produced, has_output: true };
        let tally = Tally { produced, reported };
        for entry in [
            accepted(1),
            accepted(2),
            Entry::Step { seq: 1, index: 0, tokens: 1 },
            Entry::Step { seq: 2, index: 0, tokens: 7 },
            Entry::Step { seq: 1, index: 0, tokens: 1 },
            Entry::Usage { seq: 1, reported: Some(tokens), raw: Value::Null },
            Entry::ClientGone { seq: 2, at_ms: 9, tally: Tally::default() },
            Entry::Finished { seq: 1, at_ms: 8, tally },
        ] {
            journal.append(&entry).unwrap();
        }
        let requests = journal.until(|all| all.first().is_some_and(|one| one.end == End::Finished)).await.unwrap();
        assert_eq!((requests[0].served_tokens, requests[0].usage), (2, Some(tokens)));
        assert_eq!((requests[0].produced, requests[0].reported), (produced, reported));
        assert_eq!((requests[1].served_tokens, requests[1].end), (7, End::ClientGone));
        assert_eq!((requests[0].ended_ms, requests[1].ended_ms), (8, 9));
    }

    #[test]
    fn a_line_of_an_older_journal_is_still_read() {
        let line = r#"{"event":"finished","seq":3}"#;
        let finished = Entry::Finished { seq: 3, at_ms: 0, tally: Tally::default() };
        assert_eq!(serde_json::from_str::<Entry>(line).unwrap(), finished);
    }

    #[test]
    fn a_torn_last_line_is_not_yet_a_fact_and_a_torn_middle_line_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.jsonl");
        let whole = serde_json::to_string(&accepted(1)).unwrap();
        std::fs::write(&path, format!("{whole}\n{}", &whole[..20])).unwrap();
        assert_eq!(read(&path).unwrap(), [accepted(1)]);
        std::fs::write(&path, format!("{}\n{whole}\n", &whole[..20])).unwrap();
        assert!(read(&path).is_err());
    }
}
