//! A tapped stream: each frame keeps its bytes for the client and carries what they mean for us.

use bytes::Bytes;

use crate::{Error, event::ChatEvent};

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
    /// The end marker of the wire.
    End,
}

/// Reads a stream. Any split of the same bytes gives the same events.
pub trait Decoder: Send {
    /// Takes the next bytes and appends the frames they complete.
    fn push(&mut self, bytes: &[u8], frames: &mut Vec<Frame>) -> Result<(), Error>;
    /// The stream ended: appends what is left.
    fn finish(&mut self, frames: &mut Vec<Frame>);
}
