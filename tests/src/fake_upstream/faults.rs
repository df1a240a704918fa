//! What goes wrong inside an answer, on every wire alike: bad frames, errors in the middle, lines without an end.
//!
//! Pure: events in, events out. Waiting and cutting are in `player`.

use std::io::Write as _;

use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};

use super::{
    events::{Event, Frame, Part, Spelling},
    script::{Cut, Fault, Script, Terminator},
    tally::Classes,
    wire::Told,
};

const MEGABYTE: usize = 1 << 20;
const FILLER: usize = 1 << 16;

/// A stream with the script's fault in it.
pub fn broken(mut events: Vec<Event>, told: &Told<'_>) -> Vec<Event> {
    match told.script.fault {
        Fault::BadFrameAfter { frames } => insert(&mut events, frames, 1, bad_frame),
        Fault::BadFramesAfter { frames, count } => insert(&mut events, frames, count, bad_frame),
        Fault::BadUtf8After { frames } => insert(&mut events, frames, 1, || bad_utf8(told.script)),
        Fault::ErrorAfter { frames } => {
            events.truncate(frames);
            events.push(told.error(events.len(), None));
        }
        Fault::ErrorWithUsageAfter { frames } => {
            events.truncate(frames);
            let mut so_far = told.answer.classes.input_side();
            for event in &events {
                so_far.add(&Classes { input: 0, ..event.gives });
            }
            events.push(told.error(events.len(), Some(&so_far)));
        }
        Fault::TwoObjectsAfter { frames } => join(&mut events, frames),
        Fault::SplitObjectAfter { frames } => split(&mut events, frames),
        Fault::HugeLineAfter { frames, megabytes } => {
            let at = frames.min(events.len());
            events.splice(at..at, huge_line(told.script, megabytes));
        }
        Fault::HugeCommentsAfter { frames, megabytes } => {
            let at = frames.min(events.len());
            events.splice(at..at, huge_comments(megabytes));
        }
        _ => {}
    }
    events
}

/// A plain answer in halves, so that a fault has a middle to happen in.
pub fn broken_whole(whole: Frame, script: &mut Script) -> Vec<Frame> {
    let mut bytes = whole.bytes;
    let rest = bytes.split_off(bytes.len() / 2);
    let first = Frame { part: whole.part, bytes, gives: whole.gives, slip: None };
    // Usage stands near the end: whoever gets the first half only knows nothing.
    let second = Frame { part: Part::Comment, bytes: rest, gives: Classes::default(), slip: whole.slip };
    match &mut script.fault {
        Fault::BadFrameAfter { .. }
        | Fault::BadFramesAfter { .. }
        | Fault::SplitObjectAfter { .. }
        | Fault::BadUtf8After { .. } => vec![first],
        Fault::CutAfter { how: Cut::Trailers, .. } => vec![first, second],
        Fault::CutAfter { frames, .. } | Fault::HangAfter { frames } => {
            *frames = 1;
            vec![first, second]
        }
        Fault::TwoObjectsAfter { .. } => {
            let again = Frame { slip: None, gives: Classes::default(), part: Part::Comment, bytes: "{}".into() };
            vec![first, second, again]
        }
        Fault::HugeLineAfter { megabytes, .. } | Fault::HugeCommentsAfter { megabytes, .. } => {
            // Blanks behind the object: valid JSON of any size.
            [first, second].into_iter().chain(filler(b' ', *megabytes)).collect()
        }
        _ => vec![first, second],
    }
}

/// Adds to or takes from the end of a stream. `late` is an event of the wire that must not come any more.
pub fn terminate(events: &mut Vec<Event>, script: &Script, late: Event) {
    let Some(done) = events.last().cloned() else { return };
    match script.terminator {
        Terminator::Done => {}
        // Google has no terminator that could be missing: the last chunk holds the finish.
        Terminator::Missing if done.part != Part::Done => {}
        Terminator::Missing => {
            events.pop();
        }
        Terminator::Doubled => events.push(Event { gives: Classes::default(), slip: None, ..done }),
        Terminator::DataAfter => events.push(Event { part: Part::Comment, ..late }),
    }
}

fn insert(events: &mut Vec<Event>, at: usize, count: usize, make: impl Fn() -> Event) {
    if at <= events.len() {
        events.splice(at..at, (0..count).map(|_| make()));
    }
}

fn bad_frame() -> Event {
    let json = r#"{"id":"chatcmpl-broken","choices":[{"#.to_owned();
    Event { part: Part::Comment, spelling: Spelling::Data { name: None, json }, gives: Classes::default(), slip: None }
}

fn bad_utf8(script: &Script) -> Event {
    let end = script.line_end.text(0);
    let mut bytes = b"data: {\"text\":\"\xc3\x28\xff\xfe\"}".to_vec();
    bytes.extend_from_slice(end.as_bytes());
    bytes.extend_from_slice(end.as_bytes());
    Event::raw(Part::Comment, bytes.into())
}

/// The two data events from `at` on become one with two objects in its line.
fn join(events: &mut Vec<Event>, at: usize) {
    let Some([one, other]) = events.get(at..at + 2) else { return };
    let (Spelling::Data { name, json }, Spelling::Data { json: more, .. }) = (&one.spelling, &other.spelling) else {
        return;
    };
    let mut gives = one.gives;
    gives.add(&other.gives);
    let spelling = Spelling::Data { name: *name, json: format!("{json}{more}") };
    let slip = other.slip.clone().or_else(|| one.slip.clone());
    let both = Event { part: one.part.clone(), spelling, gives, slip };
    events.splice(at..at + 2, [both]);
}

/// The data event at `at` becomes two, each with a part of its JSON.
fn split(events: &mut Vec<Event>, at: usize) {
    let Some(Spelling::Data { name, json }) = events.get(at).map(|event| event.spelling.clone()) else { return };
    let middle = (json.len() / 2..json.len()).find(|at| json.is_char_boundary(*at)).unwrap_or(json.len());
    let (head, tail) = json.split_at(middle);
    let second = Event {
        part: Part::Comment,
        spelling: Spelling::Data { name, json: tail.into() },
        gives: Classes::default(),
        slip: None,
    };
    events[at].spelling = Spelling::Data { name, json: head.into() };
    events.insert(at + 1, second);
}

fn huge_line(script: &Script, megabytes: usize) -> Vec<Event> {
    let end = script.line_end.text(0);
    let mut events = vec![Event::raw(Part::Comment, Bytes::from_static(b"data: {\"padding\":\""))];
    events.extend(filler(b'x', megabytes).into_iter().map(|frame| Event::raw(Part::Filler, frame.bytes)));
    events.push(Event::raw(Part::Comment, format!("\"}}{end}{end}").into()));
    events
}

fn huge_comments(megabytes: usize) -> Vec<Event> {
    let mut block = vec![b'.'; FILLER];
    block[0] = b':';
    block[FILLER - 2..].fill(b'\n');
    let block = Bytes::from(block);
    (0..megabytes * MEGABYTE / FILLER).map(|_| Event::raw(Part::Filler, block.clone())).collect()
}

/// Zeros, packed a thousand times smaller than they are.
pub fn gzip_bomb(megabytes: usize) -> std::io::Result<Vec<Frame>> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
    let block = vec![0; MEGABYTE];
    for _ in 0..megabytes {
        packer.write_all(&block)?;
    }
    let bytes = packer.finish()?.into();
    Ok(vec![Frame { part: Part::Comment, bytes, gives: Classes::default(), slip: None }])
}

/// Frames that share one block of memory.
fn filler(letter: u8, megabytes: usize) -> Vec<Frame> {
    let block = Bytes::from(vec![letter; FILLER]);
    let frame = Frame { part: Part::Filler, bytes: block, gives: Classes::default(), slip: None };
    vec![frame; megabytes * MEGABYTE / FILLER]
}
