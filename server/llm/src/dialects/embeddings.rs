//! OpenAI's embeddings.

use bytes::Bytes;

use super::{Dialect, DialectInfo};
use crate::{
    Error, Request,
    event::Response,
    frame::{Envelope, EventEncoder},
    wire::{Wire, embeddings},
};

pub struct Embeddings;

static INFO: DialectInfo = DialectInfo { id: "openai_embeddings", wire: Wire::Embeddings, paths: &["/v1/embeddings"] };

impl Dialect for Embeddings {
    fn info(&self) -> &'static DialectInfo {
        &INFO
    }

    fn decode(&self, body: Bytes) -> Result<Request, Error> {
        embeddings::decode_request(body)
    }

    fn encode(&self, response: &Response, envelope: &Envelope) -> Bytes {
        embeddings::encode_whole(response, envelope)
    }

    fn encoder(&self, _envelope: &Envelope) -> Box<dyn EventEncoder> {
        Box::new(crate::frame::Silent)
    }
}
