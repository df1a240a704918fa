//! The wire of OpenAI's legacy completions: text that goes on after a prompt, or fills the gap before a suffix.
//!
//! Sources: the completions reference of the OpenAI API, DeepSeek's "Create FIM Completion", and for [`fill_chat_shaped`]
//! Mistral's `/v1/fim/completions`. Never here: chat. A prompt is never dressed up as a message to a model that cannot fill.

mod answer;
mod encode;
mod request;

pub use answer::{StreamDecoder, decode_whole};
pub use encode::{StreamEncoder, encode_whole};
pub use request::{decode_request, fill_chat_shaped, for_upstream, has_suffix};

/// Path below a base URL such as `https://api.example.com/v1`.
pub const PATH: &str = "/completions";
