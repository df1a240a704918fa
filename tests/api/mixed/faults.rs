//! What an upstream does wrong in the mix, and which ends an attempt may then have (`ledger.md` 7 and 18).
//!
//! Where tokens come from is not said here: the journal knows whether it reported final usage. One more fault: a line.

/// State and outcome of a row.
pub type End = (&'static str, &'static str);

pub const SUCCESS: End = ("settled", "success");
pub const CANCELLED: End = ("settled", "cancelled");
/// Never sent: the client had left before.
pub const UNSENT: End = ("released", "cancelled");
pub const UNREACHABLE: End = ("released", "unreachable");
pub const NO_ROOM: End = ("released", "capacity");
const INCOMPLETE: End = ("settled", "incomplete");
const UNSURE: End = ("uncertain", "provider_fault");
/// The upstream gave up in its own words before it said anything else.
const SILENT: End = ("uncertain", "incomplete");
const FAILED: End = ("released", "provider_fault");
const ACCOUNT: End = ("released", "account_fault");
const CALLER: End = ("released", "caller_fault");
/// Before the first content nobody can know; after it, what was seen is charged.
const BROKEN: &[End] = &[INCOMPLETE, UNSURE, SILENT];

#[derive(Debug, PartialEq, Eq)]
pub struct Fault {
    /// What the model's name tells the fake, behind `--`.
    pub word: &'static str,
    pub plain: &'static [End],
    pub streamed: &'static [End],
    /// The gateway may stop reading, or lose bytes, before what the fake has written: the journal can know more.
    pub is_lossy: bool,
    /// The tokens told to the client are not the ones the answer was made of.
    pub is_odd_usage: bool,
}

pub const FAULTS: &[Fault] = &[
    always("429=1", &[NO_ROOM]),
    always("503", &[NO_ROOM]),
    always("529", &[NO_ROOM]),
    always("500", &[FAILED]),
    always("307", &[FAILED]),
    always("401", &[ACCOUNT]),
    always("403", &[ACCOUNT]),
    always("404", &[ACCOUNT]),
    always("400", &[CALLER]),
    always("413", &[CALLER]),
    always("422", &[CALLER]),
    always("502", &[UNSURE]),
    always("504", &[UNSURE]),
    always("foreign", &[UNSURE]),
    always("html", &[UNSURE]),
    always("empty", &[UNSURE]),
    always("cut-head", &[UNSURE]),
    // An answer of few frames is complete before it is cut.
    lossy("cut=6", &[UNSURE], &[INCOMPLETE, UNSURE, SUCCESS]),
    lossy("cut=20", &[UNSURE], &[INCOMPLETE, UNSURE, SUCCESS]),
    lossy("reset=12", &[UNSURE], &[INCOMPLETE, UNSURE, SUCCESS]),
    streamed("error=4", &[FAILED], BROKEN),
    streamed("error=16", &[FAILED], &[INCOMPLETE, UNSURE, SILENT, SUCCESS]),
    streamed("error-usage=12", &[FAILED], &[INCOMPLETE, SUCCESS]),
    // Only OpenAI's responses have a complete answer that is a failure.
    streamed("failed", &[FAILED, INCOMPLETE], &[INCOMPLETE]),
    streamed("bad-frame=6", &[UNSURE], &[SUCCESS]),
    streamed("bad-utf8=6", &[UNSURE], &[SUCCESS]),
    lossy("bad-frames=3", &[UNSURE], &[INCOMPLETE, UNSURE, SUCCESS]),
    streamed("no-end", &[SUCCESS], &[SUCCESS, INCOMPLETE]),
    always("double-end", &[SUCCESS]),
    always("late-data", &[SUCCESS]),
    odd("no-usage"),
    odd("null-usage"),
    odd("zero-usage"),
    odd("negative-usage"),
    odd("huge-usage"),
    odd("text-usage"),
    odd("float-usage"),
    odd("usage-twice"),
    odd("cumulative"),
    odd("sum-mismatch"),
    odd("start-corrected"),
    odd("start-zeroed"),
    odd("placeholder"),
];

impl Fault {
    pub fn ends(&self, stream: bool) -> &'static [End] {
        if stream { self.streamed } else { self.plain }
    }
}

const fn always(word: &'static str, ends: &'static [End]) -> Fault {
    streamed(word, ends, ends)
}

const fn streamed(word: &'static str, plain: &'static [End], streamed: &'static [End]) -> Fault {
    Fault { word, plain, streamed, is_lossy: false, is_odd_usage: false }
}

const fn lossy(word: &'static str, plain: &'static [End], streamed: &'static [End]) -> Fault {
    Fault { word, plain, streamed, is_lossy: true, is_odd_usage: false }
}

const fn odd(word: &'static str) -> Fault {
    Fault { word, plain: &[SUCCESS], streamed: &[SUCCESS], is_lossy: false, is_odd_usage: true }
}
