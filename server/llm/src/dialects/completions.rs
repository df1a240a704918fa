//! OpenAI's legacy completions, for editors that fill in the middle.

use bytes::Bytes;

use super::{Dialect, DialectInfo};
use crate::{
    Error, Request,
    event::Response,
    frame::{Envelope, EventEncoder},
    wire::{Wire, completions},
};

pub struct Completions;

static INFO: DialectInfo =
    DialectInfo { id: "openai_completions", wire: Wire::Completions, paths: &["/v1/completions"] };

impl Dialect for Completions {
    fn info(&self) -> &'static DialectInfo {
        &INFO
    }

    fn decode(&self, body: Bytes) -> Result<Request, Error> {
        completions::decode_request(body)
    }

    fn encode(&self, response: &Response, envelope: &Envelope) -> Bytes {
        completions::encode_whole(response, envelope)
    }

    fn encoder(&self, envelope: &Envelope) -> Box<dyn EventEncoder> {
        Box::new(completions::StreamEncoder::new(envelope.clone()))
    }

    fn ends_anywhere(&self) -> bool {
        true
    }
}
