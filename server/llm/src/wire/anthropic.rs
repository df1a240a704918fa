//! The wire of Anthropic's messages API, its token counts included, in both directions.
//!
//! Sources: the Messages, streaming, extended and adaptive thinking, structured outputs, prompt caching, token counting and
//! errors pages of platform.claude.com, and the types of Anthropic's Python SDK (`anthropic/types`), both of summer 2026.
//!
//! | file | what |
//! |---|---|
//! | `body.rs` | a client's body as far as every gateway must understand it; the same body for the vendor itself |
//! | `fields.rs` `read.rs` | the whole body in the neutral form |
//! | `write.rs` `block.rs` | a body from the neutral form; content blocks, thought seals, tool ids |
//! | `usage.rs` `answer.rs` `stream.rs` | what an answer says |
//! | `reply.rs` | answers written for clients |
//!
//! **Thinking.** What `thinking` and `output_config.effort` mean, and how the neutral form is said:
//!
//! | neutral | written | read back from |
//! |---|---|---|
//! | effort `Off` | `thinking: disabled` | `thinking: disabled` |
//! | a budget (and an effort) | `thinking: enabled`, `budget_tokens` moved into 1024 .. `max_tokens` - 1 | `thinking: enabled` |
//! | a budget of 0 | `thinking: disabled` | |
//! | a budget, and `max_tokens` of 1024 or less | left out, `reasoning` is named as dropped | |
//! | an effort alone | `thinking: adaptive` and `effort` | `effort` with or without `thinking: adaptive` |
//! | neither, but thoughts are shown | `thinking: adaptive` | `thinking: adaptive` |
//! | efforts `Minimal` and `Low`; `Max` | `low`; `max` | `low`; `xhigh` and `max` |
//! | `show` | `display: summarized` (unsaid with a budget), else `omitted` | `display` |
//!
//! Models before version 4.6 know neither efforts nor `display`: there an effort becomes a budget (minimal 1024, low 4096,
//! medium 8192, high 16384, max 32000, at most half of `max_tokens`).
//!
//! With thinking on, the vendor takes no `temperature`, no `top_k` and a `top_p` of 0.95 or more: others are dropped by
//! name. A forced `tool_choice` is refused by name. `adaptive` without display or effort is the documented effort `high`.
//!
//! **Thought seals.** A `thinking` block and a `redacted_thinking` block are both a `Part::Reasoning`. The seal of a
//! redacted one is `redacted:` and its `data`; a signature is base64 and never holds a colon, so a seal says which of the two
//! it is. Seals of other vendors travel to clients as `tg1.…`, in `signature` where there is text and in `data` where there
//! is none. Thoughts that nobody signed get the signature [`block::UNSIGNED`]: so every block that the vendor would refuse
//! is known as ours, and is taken out again before the bytes go to the vendor.

mod answer;
mod block;
mod body;
mod fields;
mod read;
mod reply;
mod stream;
mod usage;
mod write;

pub use answer::{decode_count, decode_whole, error_type};
pub use body::{decode_count_request, decode_request, for_upstream};
pub use read::decode_chat;
pub use reply::{StreamEncoder, encode_count, encode_whole};
pub use stream::StreamDecoder;
pub use write::encode_chat;

/// Where the vendor itself is.
pub const BASE_URL: &str = "https://api.anthropic.com";
pub const MESSAGES_PATH: &str = "/v1/messages";
pub const COUNT_PATH: &str = "/v1/messages/count_tokens";
/// The end of a stream.
pub const MESSAGE_STOP: &[u8] = b"event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";
