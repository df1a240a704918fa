//! What the fake upstream does with a request: one value, chosen per test, per model or per request.
//!
//! Data only: nothing here touches a socket or a clock. `serve` and `player` act on it.
//! A new misbehaviour is one variant (or field) here, its branch in `faults` or `wire`, and one word in `words::amend`.

use std::num::NonZeroUsize;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

mod says;
mod words;

pub use self::says::{Says, Speech};

/// The whole behaviour for one request. The default is a well-behaved, immediate answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Script {
    /// Output pieces of the answer, one token each; absent: several dozen, chosen by the seed.
    pub words: Option<usize>,
    pub before_head_ms: u64,
    pub before_first_token_ms: u64,
    pub between_tokens_ms: u64,
    /// Between the pieces that `split_bytes` makes: an answer that drips.
    pub between_pieces_ms: u64,
    /// `100 Continue` and `103 Early Hints` before the head.
    pub interim: bool,
    pub length: LengthForm,
    pub fault: Fault,
    pub usage: UsageForm,
    pub terminator: Terminator,
    pub line_end: LineEnd,
    /// Each body chunk carries at most this many bytes; 1 splits inside every character and every line end.
    pub split_bytes: Option<NonZeroUsize>,
    /// Fields no specification knows, in a form that re-encoding would change, in every body and every chunk.
    pub extra_fields: bool,
    /// SSE comment lines between the events.
    pub comments: bool,
    /// A byte order mark before the first event.
    pub bom: bool,
    pub data_form: DataForm,
    /// Writes on past `max_tokens`, as some self-hosted servers do.
    pub ignores_cap: bool,
    /// The input tokens of the answer; absent: counted.
    pub prompt_tokens: Option<u64>,
    /// Of the input, what was read from a cache, written to one for short and for long; absent: by the request's markers.
    pub cached_tokens: Option<u64>,
    pub cache_write_tokens: Option<u64>,
    pub cache_write_long_tokens: Option<u64>,
    /// Tokens of reasoning per choice; absent: by what the request asks.
    pub reasoning_tokens: Option<u64>,
    /// OpenAI chat shows thoughts as `reasoning_content`, asked or not.
    pub shows_reasoning: bool,
    /// Anthropic hides thoughts in `redacted_thinking` blocks.
    pub redacts_reasoning: bool,
    /// A few words of text before the calls of an answer.
    pub speaks_before_calls: bool,
    pub ending: Ending,
    pub usage_place: UsagePlace,
    pub cache_place: CachePlace,
    pub id: IdForm,
    /// The model the answer claims to come from.
    pub served_model: Option<String>,
    /// The service tier the answer claims.
    pub service_tier: Option<String>,
    /// What the answer says.
    pub speech: Speech,
}

/// Where the answer goes wrong. Frames are counted from 1 and include the role frame.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Fault {
    #[default]
    None,
    /// Another answer than the one asked for; status 200 is allowed (HTML or nothing where JSON belongs).
    Status {
        status: u16,
        #[serde(default)]
        retry_after: Option<String>,
        #[serde(default)]
        body: ErrorBody,
    },
    CutBeforeHead {
        #[serde(default)]
        how: Cut,
    },
    /// A plain (not streamed) answer is cut in its middle, whatever `frames` says.
    CutAfter {
        frames: usize,
        #[serde(default)]
        how: Cut,
    },
    /// Waits until `FakeUpstream::release`, then goes on as if nothing had happened.
    HangBeforeHead,
    HangAfter {
        frames: usize,
    },
    /// An error object in the middle of a stream; a plain answer becomes a 500.
    ErrorAfter {
        frames: usize,
    },
    /// A frame that is not JSON in the middle of a stream; a plain answer is truncated JSON.
    BadFrameAfter {
        frames: usize,
    },
    /// `count` of them in a row.
    BadFramesAfter {
        frames: usize,
        count: usize,
    },
    /// A frame that is not UTF-8 in the middle of a stream.
    BadUtf8After {
        frames: usize,
    },
    /// An error object that carries the usage so far; a plain answer becomes a 500.
    ErrorWithUsageAfter {
        frames: usize,
    },
    /// Two JSON objects in one `data` line: the two frames that follow.
    TwoObjectsAfter {
        frames: usize,
    },
    /// One JSON object cut over two events: the frame that follows.
    SplitObjectAfter {
        frames: usize,
    },
    /// A line of this many megabytes that never means anything; a plain answer carries a text of that size.
    HugeLineAfter {
        frames: usize,
        megabytes: usize,
    },
    /// Comment lines of 64 KiB, together this many megabytes; blanks behind a plain answer.
    HugeCommentsAfter {
        frames: usize,
        megabytes: usize,
    },
    /// Instead of an answer: this many megabytes of zeros, as gzip that nobody asked for.
    GzipBomb {
        megabytes: usize,
    },
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cut {
    /// An orderly end of the connection, but before the terminator.
    #[default]
    Fin,
    /// A connection reset.
    Rst,
    /// A chunk whose size is no number, then an orderly end.
    BadChunk,
    /// No cut at all: when everything is told, the last chunk carries trailers.
    Trailers,
}

/// What `content-length` claims.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LengthForm {
    /// The truth for a plain answer, nothing for a stream.
    #[default]
    Normal,
    /// A thousand bytes more than ever come.
    TooLong,
    /// Half: what follows is no part of the answer any more.
    TooShort,
}

impl Cut {
    /// What goes to the connection, past HTTP, before it ends.
    pub fn last_words(self) -> &'static [u8] {
        match self {
            Self::Fin | Self::Rst => b"",
            Self::BadChunk => b"zz\r\ndata: no chunk\r\n",
            Self::Trailers => b"0\r\nx-checksum: 5f2b\r\nserver-timing: total;dur=12\r\n\r\n",
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorBody {
    /// The error object of the wire's vendor.
    #[default]
    Dialect,
    /// A proxy's own JSON, with internals that must not reach a client.
    Foreign,
    Html,
    Empty,
}

/// How usage is reported; the tokens really produced do not change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UsageForm {
    #[default]
    Normal,
    Missing,
    Null,
    Zero,
    Negative,
    Huge,
    Fraction,
    Text,
    Object,
    /// `12.0` for 12: unusual and valid.
    WholeFloat,
    /// Complete usage twice: adding the two up counts double.
    TwoChunks,
    /// Running counts with every piece, the last of them final.
    Cumulative,
    /// `total_tokens` is not the sum of its parts.
    SumMismatch,
    /// Reasoning is not part of the completion tokens but comes on top.
    AdditiveReasoning,
    /// More cached tokens than input tokens.
    CachedAbovePrompt,
    /// Anthropic: the start claims more input than the delta, which is right.
    StartCorrected,
    /// Anthropic: the delta has zeros where the start has the input.
    StartZeroed,
    /// Anthropic: the start has its placeholder of output, and nothing ever corrects it.
    PlaceholderStart,
}

/// Where the OpenAI chat wire puts usage, as its imitators do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UsagePlace {
    /// In a chunk of its own, when asked for.
    #[default]
    Chunk,
    /// In the chunk with the finish reason, asked for or not.
    Finish,
    /// In `choices[0].usage` of that chunk.
    Choice,
    /// In `x_groq.usage` of that chunk.
    XGroq,
}

/// Where the OpenAI chat wire says what came from a cache, as its imitators do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CachePlace {
    #[default]
    Details,
    /// `usage.cached_tokens`; writes are not told.
    TopLevel,
    /// `prompt_cache_hit_tokens` and `prompt_cache_miss_tokens`; writes are not told.
    HitMiss,
    /// Writes as `prompt_tokens_details.cache_creation_input_tokens`.
    Creation,
}

/// How an answer ends that was not cut.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    #[default]
    Normal,
    ContentFilter,
    /// As if a limit of tokens had been reached; `response.incomplete`.
    Incomplete,
    /// `response.failed` with usage; on the other wires the error object with usage.
    Failed,
}

/// Ids of answers; the journal's `seq` is unique whatever they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdForm {
    #[default]
    Unique,
    Same,
    Missing,
}

/// How the JSON of an event stands behind `data:`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DataForm {
    #[default]
    Spaced,
    /// Without the space.
    Tight,
    /// On two `data` lines.
    TwoLines,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Terminator {
    #[default]
    Done,
    Missing,
    Doubled,
    DataAfter,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineEnd {
    #[default]
    Lf,
    CrLf,
    Cr,
    /// All three in turn.
    Mixed,
}

impl LineEnd {
    /// What ends the lines of event number `event`.
    pub fn text(self, event: usize) -> &'static str {
        match self {
            Self::Lf => "\n",
            Self::CrLf => "\r\n",
            Self::Cr => "\r",
            Self::Mixed => ["\n", "\r\n", "\r"][event % 3],
        }
    }
}

impl Script {
    pub fn words(words: usize) -> Self {
        Self { words: Some(words), ..Self::default() }
    }

    /// `words` pieces with a pause before each: a stream that is still open while a test looks.
    pub fn paced(words: usize, between_tokens_ms: u64) -> Self {
        Self { words: Some(words), between_tokens_ms, ..Self::default() }
    }

    pub fn fault(fault: Fault) -> Self {
        Self { fault, ..Self::default() }
    }

    pub fn usage(usage: UsageForm) -> Self {
        Self { usage, ..Self::default() }
    }

    /// An error in the dialect's own shape.
    pub fn status(status: u16) -> Self {
        Self::fault(Fault::Status { status, retry_after: None, body: ErrorBody::Dialect })
    }

    pub fn rate_limited(retry_after: &str) -> Self {
        Self::fault(Fault::Status { status: 429, retry_after: Some(retry_after.into()), body: ErrorBody::Dialect })
    }

    /// A status with a body the dialect does not know.
    pub fn foreign(status: u16, body: ErrorBody) -> Self {
        Self::fault(Fault::Status { status, retry_after: None, body })
    }

    /// Sent in chunks to its end, whatever else is known of its length.
    pub fn is_chunked(&self) -> bool {
        matches!(self.fault, Fault::CutAfter { how: Cut::BadChunk | Cut::Trailers, .. })
    }

    /// `content-length` of an answer of `total` bytes.
    pub fn length(&self, total: usize, is_whole: bool) -> Option<usize> {
        match self.length {
            LengthForm::TooLong => Some(total + 1_000),
            LengthForm::TooShort => Some(total / 2),
            LengthForm::Normal => (is_whole && !self.is_chunked()).then_some(total),
        }
    }

    pub fn cut_after(frames: usize, how: Cut) -> Self {
        Self::fault(Fault::CutAfter { frames, how })
    }

    /// A literal script (starts with `{`) or the path of a file that holds one.
    pub fn read(path_or_json: &str) -> Result<Self> {
        let text = if path_or_json.trim_start().starts_with('{') {
            path_or_json.to_owned()
        } else {
            std::fs::read_to_string(path_or_json).with_context(|| format!("cannot read script {path_or_json:?}"))?
        };
        serde_json::from_str(&text).context("the script is not valid")
    }

    /// The script for one request: what follows `--` in the upstream model name amends this one.
    ///
    /// `fake-small--words=200--pace=50` and `fake-small--429` work; an unknown word is an error, never ignored.
    pub fn for_model(&self, model: &str) -> Result<Self> {
        let mut script = self.clone();
        for word in model.split("--").skip(1) {
            words::amend(&mut script, word).with_context(|| format!("model name {model:?}"))?;
        }
        Ok(script)
    }
}
