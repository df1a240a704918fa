//! The wire of OpenAI's responses API, as clients speak it and as an upstream takes it.
//!
//! | file | what |
//! |---|---|
//! | `request.rs` | a client's body: checked and weighed, or edited in place for an upstream of the same wire |
//! | `fields.rs` `read.rs` `read/` | the whole body in the neutral form |
//! | `write.rs` | a body from the neutral form |
//! | `item.rs` | what items of requests and answers share: seals, images, reasoning text |
//! | `usage.rs` `answer.rs` `stream.rs` `stream/` | an upstream's answer: usage, whole, streamed |
//! | `encode.rs` `encoder.rs` | an answer for a client: whole, streamed |
//!
//! Source: the responses reference of the OpenAI API and the types of its Python library (`openai.types.responses`, 3.54).
//!
//! Decisions that are not obvious from the types:
//! - **Reasoning.** One reasoning item is one `Part::Reasoning`: its text is the summary parts (or, without any, the reasoning
//!   text parts) joined by a blank line; its seal is `encrypted_content`, with the item's id in front (`item.rs`), since the
//!   upstream wants the item back as it was. Going back, the text is one summary part. `store: false` is always sent, so nothing
//!   depends on what the upstream keeps. An item without text and without `encrypted_content` is only a reference into that
//!   keeping: another provider gets it not, and the client reads `reasoning` among the dropped fields.
//! - **A budget of thought** has no field here: it is named as `reasoning` among the dropped fields, and chooses the nearest
//!   effort where none is asked for.
//! - **`strict` of a tool** that nobody stated is sent as `false`, as everywhere else; this API would take silence for `true`.
//! - **Cache markers** (`prompt_cache_breakpoint`) are read for other providers, and not sent: only some models take them.
//! - **Failed tools.** A tool result cannot say that it is a failure, so its text does: `Error: ` stands in front.
//! - **Whole answers that failed** (`status: failed` in a 200) keep their usage and have `failed` as finish reason.
//! - **The end** of a stream is its terminal event. There is no marker that somebody else could add; a `[DONE]` that some
//!   proxies append says nothing.
//! - **Finish reasons** without a word here become `incomplete` without a reason: nobody knows that such an answer is whole,
//!   and typed readers refuse a reason they do not know.

mod answer;
mod encode;
mod encoder;
mod fields;
mod item;
mod read;
mod request;
mod stream;
mod usage;
mod write;

pub use answer::decode_whole;
pub use encode::encode_whole;
pub use encoder::StreamEncoder;
pub use read::decode_chat;
pub use request::{decode_request, for_upstream};
pub use stream::StreamDecoder;
pub use write::encode_chat;

/// Path below a base URL such as `https://api.example.com/v1`.
pub const RESPONSES_PATH: &str = "/responses";
