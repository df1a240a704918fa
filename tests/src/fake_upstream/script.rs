//! What the fake upstream does with a request: one value, chosen per test, per model or per request.
//!
//! Data only: nothing here touches a socket or a clock. `serve` and `player` act on it.
//! A new misbehaviour is one variant (or field) here, its branch in `player` or `wire`, and one word in `amend`.

use std::num::NonZeroUsize;

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

/// The whole behaviour for one request. The default is a well-behaved, immediate answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Script {
    /// Output pieces of the answer, one token each; absent: several dozen, chosen by the seed.
    pub words: Option<usize>,
    pub before_head_ms: u64,
    pub before_first_token_ms: u64,
    pub between_tokens_ms: u64,
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
    /// Writes on past `max_tokens`, as some self-hosted servers do.
    pub ignores_cap: bool,
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
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cut {
    /// An orderly end of the connection, but before the terminator.
    #[default]
    Fin,
    /// A connection reset.
    Rst,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorBody {
    /// `{"error": {...}}` as the OpenAI API writes it.
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
}

impl LineEnd {
    pub fn text(self) -> &'static str {
        match self {
            Self::Lf => "\n",
            Self::CrLf => "\r\n",
            Self::Cr => "\r",
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
            script.amend(word).with_context(|| format!("model name {model:?}"))?;
        }
        Ok(script)
    }

    fn amend(&mut self, word: &str) -> Result<()> {
        let (name, value) = word.split_once('=').unwrap_or((word, ""));
        let number = |fallback: u64| match value {
            "" => Ok(fallback),
            text => text.parse::<u64>().with_context(|| format!("{name:?} needs a whole number")),
        };
        match name {
            "words" => self.words = Some(usize::try_from(number(60)?)?),
            "head" => self.before_head_ms = number(200)?,
            "first" => self.before_first_token_ms = number(200)?,
            "pace" => self.between_tokens_ms = number(50)?,
            "bytes" => self.split_bytes = NonZeroUsize::new(usize::try_from(number(1)?)?),
            "crlf" => self.line_end = LineEnd::CrLf,
            "extra" => self.extra_fields = true,
            "no-usage" => self.usage = UsageForm::Missing,
            "429" => self.fault = Self::rate_limited(&number(7)?.to_string()).fault,
            "foreign" => self.fault = Self::foreign(500, ErrorBody::Foreign).fault,
            "html" => self.fault = Self::foreign(200, ErrorBody::Html).fault,
            "empty" => self.fault = Self::foreign(200, ErrorBody::Empty).fault,
            "cut" => self.fault = Self::cut_after(usize::try_from(number(10)?)?, Cut::Fin).fault,
            "reset" => self.fault = Self::cut_after(usize::try_from(number(10)?)?, Cut::Rst).fault,
            "hang" => self.fault = Fault::HangAfter { frames: usize::try_from(number(10)?)? },
            "hang-head" => self.fault = Fault::HangBeforeHead,
            _ => match name.parse::<u16>() {
                Ok(status @ 300..=599) => self.fault = Self::status(status).fault,
                _ => bail!("unknown script word {name:?}"),
            },
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_name_amends_the_script_and_an_unknown_word_is_refused() {
        let script = Script::default().for_model("small--words=12--pace=5--crlf").unwrap();
        assert_eq!(script, Script { line_end: LineEnd::CrLf, ..Script::paced(12, 5) });
        assert_eq!(Script::default().for_model("small--429=3").unwrap(), Script::rate_limited("3"));
        assert_eq!(Script::default().for_model("small--503").unwrap(), Script::status(503));
        assert!(Script::default().for_model("small--wrods=1").is_err());
        assert!(Script::default().for_model("small--words=many").is_err());
    }

    #[test]
    fn a_script_survives_json_and_refuses_unknown_fields() {
        let script = Script { extra_fields: true, ..Script::cut_after(3, Cut::Rst) };
        assert_eq!(Script::read(&serde_json::to_string(&script).unwrap()).unwrap(), script);
        assert!(Script::read(r#"{"wrods": 3}"#).is_err());
        assert!(Script::read(r#"{"fault": {"kind": "status", "status": 500, "boddy": "html"}}"#).is_err());
    }
}
