//! How clients speak. One more dialect: a file here, a line in [`DIALECTS`], a golden fixture.

pub mod openai_chat;

use bytes::Bytes;

use crate::{Error, HttpBody, Problem, Request};

/// All dialects; the HTTP edge mounts their paths.
pub static DIALECTS: &[&dyn Dialect] = &[&openai_chat::OpenAiChat];

/// What is known of a dialect without a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DialectInfo {
    /// As the ledger spells it.
    pub id: &'static str,
    /// Paths of its POST requests.
    pub paths: &'static [&'static str],
}

/// A client's language.
pub trait Dialect: Send + Sync {
    fn info(&self) -> &'static DialectInfo;
    /// Reads a request; the body is kept byte for byte.
    fn decode(&self, body: Bytes) -> Result<Request, Error>;
    /// A problem as a whole HTTP answer.
    fn render(&self, problem: &Problem) -> HttpBody;
    /// A problem as the last event of a stream that cannot go on. No end marker follows it.
    fn render_event(&self, problem: &Problem) -> Bytes;
    /// The marker that ends a stream that is complete.
    fn end_of_stream(&self) -> Bytes;
}
