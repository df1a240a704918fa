//! Anthropic's token counts as clients ask for them at `/v1/messages/count_tokens`. Problems look like those of messages.

use bytes::Bytes;

use super::{Dialect, DialectInfo, messages::Messages};
use crate::{
    Error, HttpBody, Problem, Request,
    event::Response,
    frame::{Envelope, EventEncoder},
    wire::{Wire, anthropic},
};

pub struct CountTokens;

static INFO: DialectInfo =
    DialectInfo { id: "anthropic_count_tokens", wire: Wire::AnthropicCount, paths: &["/v1/messages/count_tokens"] };

impl Dialect for CountTokens {
    fn info(&self) -> &'static DialectInfo {
        &INFO
    }

    fn decode(&self, body: Bytes) -> Result<Request, Error> {
        anthropic::decode_count_request(body)
    }

    fn encode(&self, response: &Response, envelope: &Envelope) -> Bytes {
        anthropic::encode_count(response, envelope)
    }

    fn encoder(&self, _envelope: &Envelope) -> Box<dyn EventEncoder> {
        Box::new(crate::frame::Silent)
    }

    fn render(&self, problem: &Problem) -> HttpBody {
        Messages.render(problem)
    }

    fn render_event(&self, problem: &Problem) -> Bytes {
        Messages.render_event(problem)
    }

    fn end_of_stream(&self) -> Bytes {
        Messages.end_of_stream()
    }
}
