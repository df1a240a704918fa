//! Streams: read into frames that keep their bytes, and written from events.

use bytes::Bytes;

use crate::{Error, event::ChatEvent, sse};

/// One frame of an upstream's stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The bytes as they came: forwarded untouched where client and upstream speak the same wire.
    pub raw: Bytes,
    pub kind: FrameKind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FrameKind {
    /// Events in order; the frame belongs to the client.
    Events(Vec<ChatEvent>),
    /// Nothing but usage: hidden again from a client that did not ask for it.
    UsageOnly(Vec<ChatEvent>),
    /// A comment or blank line: the upstream's own keep-alive.
    Comment,
    /// Not readable: skipped and counted.
    Bad,
    /// The end marker of the wire, with what it says itself.
    End(Vec<ChatEvent>),
}

impl FrameKind {
    pub fn events(&self) -> &[ChatEvent] {
        match self {
            Self::Events(events) | Self::UsageOnly(events) | Self::End(events) => events,
            Self::Comment | Self::Bad => &[],
        }
    }
}

/// Reads a stream. Any split of the same bytes gives the same events.
pub trait Decoder: Send {
    /// Takes the next bytes and appends the frames they complete.
    fn push(&mut self, bytes: &[u8], frames: &mut Vec<Frame>) -> Result<(), Error>;
    /// The stream ended: appends what is left.
    fn finish(&mut self, frames: &mut Vec<Frame>);
}

/// A wire whose streams are server-sent events: it says what each one means, the rest is the same for all.
pub trait EventReader: Send {
    fn sse(&mut self) -> &mut sse::Decoder;
    /// What the data of one event means.
    fn read(&mut self, data: &[u8]) -> FrameKind;
}

impl<R: EventReader> Decoder for R {
    fn push(&mut self, bytes: &[u8], frames: &mut Vec<Frame>) -> Result<(), Error> {
        let mut events = Vec::new();
        let result = self.sse().push(bytes, &mut events);
        tell(self, events, frames);
        result
    }

    fn finish(&mut self, frames: &mut Vec<Frame>) {
        let mut events = Vec::new();
        self.sse().finish(&mut events);
        tell(self, events, frames);
    }
}

fn tell(reader: &mut impl EventReader, events: Vec<sse::Event>, frames: &mut Vec<Frame>) {
    for event in events {
        let kind = event.data.as_deref().map_or(FrameKind::Comment, |data| reader.read(data));
        frames.push(Frame { raw: event.raw, kind });
    }
}

/// Writes a stream in a client's dialect from events of any origin.
pub trait EventEncoder: Send + Sync {
    /// Appends the bytes that say this. Usage and the end of an answer may be kept for [`EventEncoder::finish`].
    fn push(&mut self, event: &ChatEvent, out: &mut Vec<u8>);
    /// The answer is complete: appends what closes it, up to and with the end marker. Called once, and never for a stream
    /// that broke.
    fn finish(&mut self, out: &mut Vec<u8>);
}

/// What a translated answer says about itself besides its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// Of this request, without any prefix: letters, digits and `_`. Each dialect puts its own in front (`chatcmpl-`, `msg_`).
    pub id: String,
    /// The model as the client asked for it.
    pub model: String,
    /// Unix seconds.
    pub created: i64,
    /// The client asked for usage at the end of its stream.
    pub wants_usage: bool,
    /// Near the number of input tokens: for dialects that tell it before anybody knows.
    pub input_estimate: u32,
    /// The client wants vectors as base64 ([`Request::wants_base64`](crate::Request::wants_base64)).
    pub base64: bool,
}

/// For dialects that never stream.
#[derive(Debug)]
pub struct Silent;

impl EventEncoder for Silent {
    fn push(&mut self, _event: &ChatEvent, _out: &mut Vec<u8>) {}

    fn finish(&mut self, _out: &mut Vec<u8>) {}
}
