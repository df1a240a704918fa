//! The wire of OpenAI's chat completions: what a request weighs, what an answer says, how usage is made disjoint.
//!
//! Source: the chat completions reference of the OpenAI API, and what compatible servers are known to send.

mod answer;
mod body;
mod usage;

pub use answer::{StreamDecoder, decode_whole, is_error_body};
pub use body::{decode_request, encode_neutral, for_upstream};
pub use usage::report;

/// Path below a base URL such as `https://api.example.com/v1`.
pub const CHAT_PATH: &str = "/chat/completions";
/// The end of a stream.
pub const DONE: &[u8] = b"data: [DONE]\n\n";
