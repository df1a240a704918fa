//! How clients speak. One more dialect: a file here, a line in [`DIALECTS`], a golden fixture.

pub mod completions;
pub mod count_tokens;
pub mod embeddings;
pub mod messages;
pub mod openai_chat;
pub mod responses;

use bytes::Bytes;

use crate::{
    Error, HttpBody, Problem, Request,
    event::Response,
    frame::{Envelope, EventEncoder},
    wire::{Wire, openai},
};

/// All dialects; the HTTP edge mounts their paths.
pub static DIALECTS: &[&dyn Dialect] = &[
    &openai_chat::OpenAiChat,
    &completions::Completions,
    &responses::Responses,
    &embeddings::Embeddings,
    &messages::Messages,
    &count_tokens::CountTokens,
];

/// What is known of a dialect without a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DialectInfo {
    /// As the ledger spells it.
    pub id: &'static str,
    pub wire: Wire,
    /// Paths of its POST requests.
    pub paths: &'static [&'static str],
}

/// A client's language.
pub trait Dialect: Send + Sync {
    fn info(&self) -> &'static DialectInfo;
    /// Reads a request as far as every gateway must understand it; the body is kept byte for byte.
    fn decode(&self, body: Bytes) -> Result<Request, Error>;
    /// An answer that came on another wire, whole.
    fn encode(&self, response: &Response, envelope: &Envelope) -> Bytes;
    /// Writes an answer that comes on another wire, as a stream.
    fn encoder(&self, envelope: &Envelope) -> Box<dyn EventEncoder>;
    /// A problem as a whole HTTP answer; OpenAI's form, which most dialects share.
    fn render(&self, problem: &Problem) -> HttpBody {
        HttpBody::json(problem, openai_chat::error_object(problem))
    }
    /// A problem as the last event of a stream that cannot go on. No end marker follows it.
    fn render_event(&self, problem: &Problem) -> Bytes {
        Bytes::from(format!("data: {}\n\n", openai_chat::error_object(problem)))
    }
    /// The marker that ends a complete stream of the same wire whose upstream forgot it.
    fn end_of_stream(&self) -> Bytes {
        Bytes::from_static(openai::DONE)
    }
    /// Can a stream be ended after any frame, by somebody who has not followed it? Not where parts open and close.
    fn ends_anywhere(&self) -> bool {
        false
    }
    /// What breaks a silence. A comment, unless the dialect has a better word.
    fn keep_alive(&self) -> Bytes {
        Bytes::from_static(b": keep-alive\n\n")
    }
}
