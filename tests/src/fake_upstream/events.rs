//! A stream before it is bytes: events, what each of them gives and tells, and how they are written down.
//!
//! Pure. `wire` makes the events of its vendor, `faults` breaks them, `render` spells them as the script wants:
//! line ends, spaces, extra fields, a byte order mark. No vendor's rule belongs here.

use bytes::Bytes;
use serde_json::Value;

use super::{
    script::{DataForm, Script},
    tally::{Classes, Report},
};

/// Fields and number forms that only survive when nobody decodes and encodes them again.
const EXTRA: &str = r#" "x_vendor" : { "scale":1.50e+2, "name":"\u00fcber", "list":[ 1,2 ,null ] },"#;

/// What one piece of an answer is, for the journal and for faults that count pieces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Whatever opens, closes or accompanies; no output.
    Role,
    /// Visible thoughts.
    Thought,
    /// Output of choice `index` worth `tokens`.
    Content {
        index: usize,
        tokens: u64,
    },
    Finish,
    Usage,
    Done,
    Comment,
    /// Bytes without meaning, too many to keep.
    Filler,
    /// A whole body that is not streamed.
    Whole {
        tokens: u64,
    },
}

/// Usage on the wire, and what a reader can take from it.
#[derive(Clone, Debug, PartialEq)]
pub struct Slip {
    pub raw: Value,
    /// Absent when the form is one nobody can count with.
    pub report: Option<Report>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Spelling {
    Data {
        name: Option<&'static str>,
        json: String,
    },
    /// A payload that is not JSON, such as `[DONE]`.
    Plain(&'static str),
    Comment(&'static str),
    Raw(Bytes),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    pub part: Part,
    pub spelling: Spelling,
    /// What was produced for it.
    pub gives: Classes,
    pub slip: Option<Slip>,
}

/// What goes to the connection at once.
#[derive(Clone, Debug, PartialEq)]
pub struct Frame {
    pub part: Part,
    pub bytes: Bytes,
    pub gives: Classes,
    pub slip: Option<Slip>,
}

impl Event {
    pub fn data(part: Part, json: &Value) -> Self {
        Self::named(part, None, json)
    }

    pub fn named(part: Part, name: Option<&'static str>, json: &Value) -> Self {
        Self { part, spelling: Spelling::Data { name, json: json.to_string() }, gives: Classes::default(), slip: None }
    }

    pub fn plain(part: Part, text: &'static str) -> Self {
        Self { part, spelling: Spelling::Plain(text), gives: Classes::default(), slip: None }
    }

    pub fn comment(text: &'static str) -> Self {
        Self { part: Part::Comment, spelling: Spelling::Comment(text), gives: Classes::default(), slip: None }
    }

    pub fn raw(part: Part, bytes: Bytes) -> Self {
        Self { part, spelling: Spelling::Raw(bytes), gives: Classes::default(), slip: None }
    }

    #[must_use]
    pub fn gives(self, gives: Classes) -> Self {
        Self { gives, ..self }
    }

    #[must_use]
    pub fn tells(self, slip: Option<Slip>) -> Self {
        Self { slip, ..self }
    }

    /// One piece of visible output.
    pub fn output(tokens: u64) -> Classes {
        Classes { output: tokens, ..Classes::default() }
    }

    pub fn thought(tokens: u64) -> Classes {
        Classes { reasoning: tokens, ..Classes::default() }
    }
}

/// The bytes of `events`, each a frame of its own.
pub fn render(events: Vec<Event>, script: &Script) -> Vec<Frame> {
    let mut frames = Vec::with_capacity(events.len());
    for (number, Event { part, spelling, gives, slip }) in events.into_iter().enumerate() {
        let mut bytes = spell(spelling, script, number);
        if number == 0 && script.bom {
            bytes = [b"\xef\xbb\xbf".as_slice(), &bytes].concat().into();
        }
        frames.push(Frame { part, bytes, gives, slip });
    }
    frames
}

fn spell(spelling: Spelling, script: &Script, number: usize) -> Bytes {
    let end = script.line_end.text(number);
    let space = if script.data_form == DataForm::Tight { "" } else { " " };
    match spelling {
        Spelling::Raw(bytes) => bytes,
        Spelling::Comment(text) => format!("{text}{end}{end}").into(),
        Spelling::Plain(text) => format!("data:{space}{text}{end}{end}").into(),
        Spelling::Data { name, json } => {
            let json = with_extra(json, script);
            let head = name.map(|name| format!("event:{space}{name}{end}")).unwrap_or_default();
            match json.strip_prefix('{').filter(|_| script.data_form == DataForm::TwoLines) {
                Some(rest) => format!("{head}data: {{{end}data: {rest}{end}{end}").into(),
                None => format!("{head}data:{space}{json}{end}{end}").into(),
            }
        }
    }
}

/// Puts the extra fields in front: the text stays one JSON object.
pub fn with_extra(text: String, script: &Script) -> String {
    match text.strip_prefix('{') {
        Some(rest) if script.extra_fields => format!("{{{EXTRA}{rest}"),
        _ => text,
    }
}
