//! Differences of two texts as pages show them: stretches that stayed, came and went. Pure, bounded in time, and computed on
//! blocking threads: a long answer may take a processor for a moment.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use domain::run::{DiffKind, DiffMode, DiffPart};
use similar::{ChangeTag, TextDiff};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::Error;

/// Above this length together, words are no longer looked at: lines are enough to find one's way.
const MOST_BYTES_OF_WORDS: usize = 200_000;
/// For all the work of one turn; what of a difference is not found by then is shown as one stretch that went and one that came.
const PATIENCE: Duration = Duration::from_secs(2);
/// Turns that are taken at once, over all callers, and calls that wait for theirs besides.
static WORKERS: Semaphore = Semaphore::const_new(2);
static QUEUE: Semaphore = Semaphore::const_new(32);

/// A turn at a processor for the work of one call, in however many pieces: one place among the workers, and one deadline.
pub(crate) struct Turn {
    deadline: Instant,
    permit: Arc<SemaphorePermit<'static>>,
}

/// Waits for a turn. When too many wait already, it is refused.
pub(crate) async fn turn() -> Result<Turn, Error> {
    let _place = QUEUE.try_acquire().map_err(|_| Error::Worker)?;
    // The semaphore is never closed.
    let permit = WORKERS.acquire().await.map_err(|_| Error::Worker)?;
    Ok(Turn { deadline: Instant::now() + PATIENCE, permit: Arc::new(permit) })
}

impl Turn {
    /// Does a piece of work where no call waits for it. A caller that goes away leaves it to its end, and its place with it.
    pub(crate) async fn aside<T: Send + 'static>(
        &self,
        work: impl FnOnce(Instant) -> T + Send + 'static,
    ) -> Result<T, Error> {
        let (deadline, permit) = (self.deadline, Arc::clone(&self.permit));
        let working = tokio::task::spawn_blocking(move || {
            let done = work(deadline);
            drop(permit);
            done
        });
        // The thread ends without an answer only when the server does.
        working.await.map_err(|_| Error::Worker)
    }
}

/// One piece of work that takes a processor for a moment, in a turn of its own.
pub(crate) async fn aside<T: Send + 'static>(work: impl FnOnce(Instant) -> T + Send + 'static) -> Result<T, Error> {
    turn().await?.aside(work).await
}

/// From `old` to `new`. Empty: they are the same.
pub(crate) fn parts(old: &str, new: &str, mode: DiffMode, deadline: Instant) -> Vec<DiffPart> {
    let sorted = (mode == DiffMode::Json).then(|| Some((in_order(old)?, in_order(new)?))).flatten();
    let (old, new) = sorted.as_ref().map_or((old, new), |(old, new)| (old, new));
    if old == new {
        return Vec::new();
    }
    let mut config = TextDiff::configure();
    config.deadline(deadline);
    let diff = match mode {
        DiffMode::Words if old.len() + new.len() <= MOST_BYTES_OF_WORDS => config.diff_words(old, new),
        DiffMode::Words | DiffMode::Lines | DiffMode::Json => config.diff_lines(old, new),
    };
    let mut parts: Vec<DiffPart> = Vec::new();
    for change in diff.iter_all_changes() {
        let kind = match change.tag() {
            ChangeTag::Equal => DiffKind::Same,
            ChangeTag::Delete => DiffKind::Removed,
            ChangeTag::Insert => DiffKind::Added,
        };
        match parts.last_mut().filter(|last| last.kind == kind) {
            Some(last) => last.text.push_str(change.value()),
            None => parts.push(DiffPart { kind, text: change.value().to_owned() }),
        }
    }
    parts
}

/// JSON on lines, its members sorted, so that only values differ. `None`: it is none.
fn in_order(text: &str) -> Option<String> {
    let mut value: serde_json::Value = serde_json::from_str(text.trim()).ok()?;
    value.sort_all_objects();
    serde_json::to_string_pretty(&value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deadline() -> Instant {
        Instant::now() + PATIENCE
    }

    fn told(old: &str, new: &str, mode: DiffMode) -> String {
        let parts = parts(old, new, mode, deadline());
        let shown = parts.iter().map(|part| match part.kind {
            DiffKind::Same => part.text.clone(),
            DiffKind::Added => format!("[+{}]", part.text),
            DiffKind::Removed => format!("[-{}]", part.text),
        });
        shown.collect()
    }

    #[test]
    fn pg_10_words_that_came_and_went_are_told_apart_from_those_that_stayed() {
        assert_eq!(told("the quick fox", "the slow fox", DiffMode::Words), "the [-quick][+slow] fox");
        assert_eq!(told("same", "same", DiffMode::Words), "");
        assert_eq!(told("", "new", DiffMode::Words), "[+new]");
    }

    #[test]
    fn pg_10_lines_are_whole_lines() {
        assert_eq!(told("a\nb\nc\n", "a\nx\nc\n", DiffMode::Lines), "a\n[-b\n][+x\n]c\n");
    }

    #[test]
    fn pg_10_json_differs_by_its_values_and_not_by_the_order_of_its_members() {
        assert_eq!(told(r#"{"a":1,"b":{"d":1,"c":2}}"#, "{\"b\": {\"c\": 2, \"d\": 1}, \"a\": 1}", DiffMode::Json), "");
        let differs = told(r#"{"b":1,"a":2}"#, r#"{"a":3,"b":1}"#, DiffMode::Json);
        assert_eq!(differs, "{\n[-  \"a\": 2,\n][+  \"a\": 3,\n]  \"b\": 1\n}");
        // What is no JSON is compared as lines.
        assert_eq!(told("a\n", "b\n", DiffMode::Json), "[-a\n][+b\n]");
    }

    #[test]
    fn both_texts_can_be_read_back_from_the_parts() {
        let (old, new) = ("one two  three\n\nfour é", "one  2 three\nfive é\n");
        for mode in [DiffMode::Words, DiffMode::Lines] {
            let parts = parts(old, new, mode, deadline());
            let without = |kind: DiffKind| -> String {
                parts.iter().filter(|part| part.kind != kind).map(|part| part.text.as_str()).collect()
            };
            assert_eq!((without(DiffKind::Added).as_str(), without(DiffKind::Removed).as_str()), (old, new));
        }
    }

    #[test]
    fn long_texts_differ_by_lines_and_endless_work_ends() {
        let line = "word ".repeat(20);
        let old = format!("{line}\n").repeat(2_000);
        let new = old.replacen("word", "other", 1);
        let parts = parts(&old, &new, DiffMode::Words, deadline());
        assert!(parts.iter().all(|part| part.text.ends_with('\n')), "whole lines");
        assert_eq!(parts.iter().filter(|part| part.kind == DiffKind::Added).count(), 1);
        // A deadline that has passed leaves a rough answer, and still a right one.
        let many =
            |start: usize| (0..20_000).map(|nr| format!("{}\n", (nr * 7_919 + start) % 5_003)).collect::<String>();
        let rough = super::parts(&many(0), &many(1), DiffMode::Lines, Instant::now());
        let came: String =
            rough.iter().filter(|part| part.kind != DiffKind::Removed).map(|it| it.text.as_str()).collect();
        assert_eq!(came, many(1));
    }
}
