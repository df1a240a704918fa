//! Server-sent events, incrementally: any chunk boundary, CR, LF or CRLF, byte order mark, comments, several data lines.
//!
//! Beside the data each event keeps its raw bytes, so a stream can be forwarded as it came. All raw bytes together are the
//! input, less a byte order mark. Source: the event stream format of the HTML standard, section "Server-sent events".

use bytes::Bytes;

use crate::Error;

/// Longest event we hold.
pub const FRAME_LIMIT: usize = 8 * 1024 * 1024;

/// One event, or one comment block (`data` is `None`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    pub raw: Bytes,
    /// UTF-8; empty when what came was not.
    pub data: Option<Vec<u8>>,
}

#[derive(Debug, Default)]
pub struct Decoder {
    /// Raw bytes of the event that is being read.
    raw: Vec<u8>,
    /// Where its current line starts in `raw`.
    line: usize,
    data: Option<Vec<u8>>,
    /// The last byte was a CR: a following LF belongs to the same line end.
    after_cr: bool,
    /// Bytes of a possible byte order mark at the very start; `None` once that is decided.
    mark: Option<Vec<u8>>,
    started: bool,
}

const BYTE_ORDER_MARK: [u8; 3] = [0xEF, 0xBB, 0xBF];

impl Decoder {
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next bytes and appends the events they complete.
    pub fn push(&mut self, bytes: &[u8], events: &mut Vec<Event>) -> Result<(), Error> {
        if self.started {
            return self.read(bytes, events);
        }
        let mut head = self.mark.take().unwrap_or_default();
        head.extend_from_slice(bytes);
        if head.len() < BYTE_ORDER_MARK.len() && BYTE_ORDER_MARK.starts_with(&head) {
            self.mark = Some(head);
            return Ok(());
        }
        self.started = true;
        let rest = head.strip_prefix(BYTE_ORDER_MARK.as_slice()).unwrap_or(&head);
        self.read(rest, events)
    }

    /// The stream ended. An event without its blank line is still an event: some servers forget it after the last one.
    pub fn finish(&mut self, events: &mut Vec<Event>) {
        if let Some(head) = self.mark.take() {
            self.started = true;
            // At most two bytes, no line end among them: reading them cannot exceed the limit.
            let _ = self.read(&head, events);
        }
        if self.line < self.raw.len() {
            self.end_line(self.raw.len());
        }
        if self.data.is_none() {
            return;
        }
        // The client's parser needs the blank line that is missing here.
        while !self.raw.ends_with(b"\n\n") {
            self.raw.push(b'\n');
        }
        self.emit(events);
    }

    fn read(&mut self, mut bytes: &[u8], events: &mut Vec<Event>) -> Result<(), Error> {
        if self.after_cr && !bytes.is_empty() {
            self.after_cr = false;
            if let Some(rest) = bytes.strip_prefix(b"\n") {
                self.take_late_line_feed(events);
                bytes = rest;
            }
        }
        while let Some(at) = bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r')) {
            self.raw.extend_from_slice(&bytes[..at]);
            let end = self.raw.len();
            let line_end = if bytes[at..].starts_with(b"\r\n") { 2 } else { 1 };
            self.raw.extend_from_slice(&bytes[at..at + line_end]);
            self.after_cr = line_end == 1 && bytes[at] == b'\r' && at + 1 == bytes.len();
            bytes = &bytes[at + line_end..];
            self.check_length()?;
            if self.end_line(end) {
                self.emit(events);
            }
        }
        self.raw.extend_from_slice(bytes);
        self.check_length()
    }

    /// The LF of a CRLF that was cut in two: part of the line that is over, or of the event that is already out.
    fn take_late_line_feed(&mut self, events: &mut Vec<Event>) {
        self.raw.push(b'\n');
        if self.raw.len() == 1 {
            self.emit(events);
        } else {
            self.line = self.raw.len();
        }
    }

    fn check_length(&self) -> Result<(), Error> {
        let data = self.data.as_ref().map_or(0, Vec::len);
        if self.raw.len().max(data) > FRAME_LIMIT { Err(Error::FrameTooLong { limit: FRAME_LIMIT }) } else { Ok(()) }
    }

    /// Reads the line that ends at `end`. True when it is blank: the event is complete.
    fn end_line(&mut self, end: usize) -> bool {
        let line = &self.raw[self.line..end];
        self.line = self.raw.len();
        if line.is_empty() {
            return true;
        }
        let (name, value) = match line.iter().position(|byte| *byte == b':') {
            Some(colon) => (&line[..colon], &line[colon + 1..]),
            None => (line, &line[line.len()..]),
        };
        if name == b"data" {
            let value = value.strip_prefix(b" ").unwrap_or(value);
            match &mut self.data {
                Some(data) => {
                    data.push(b'\n');
                    data.extend_from_slice(value);
                }
                None => self.data = Some(value.to_vec()),
            }
        }
        false
    }

    fn emit(&mut self, events: &mut Vec<Event>) {
        let raw = std::mem::take(&mut self.raw);
        self.line = 0;
        // Data that is no text is nothing that any wire can read.
        let data = self.data.take().map(|data| if std::str::from_utf8(&data).is_ok() { data } else { Vec::new() });
        events.push(Event { raw: Bytes::from(raw), data });
    }
}

#[cfg(test)]
mod tests;
