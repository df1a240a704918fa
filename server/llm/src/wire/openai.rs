//! The wire of OpenAI's chat completions, for clients and for upstreams.
//!
//! | file | what |
//! |---|---|
//! | `body.rs` `body/edit.rs` | a client's body, read as far as a gateway must; the same bytes with our own fields replaced |
//! | `body/adapt.rs` | a body of our own in the words of one upstream of this wire |
//! | `body/chat.rs` `body/chat/` | a client's body in the neutral form, for an upstream of another wire |
//! | `body/write.rs` `body/write/` | a body from the neutral form |
//! | `answer.rs` `answer/` | an upstream's answer, whole or streamed |
//! | `encode.rs` `encode/` | an answer for a client, whole or streamed |
//! | `details.rs` | `reasoning_details`, in all of these |
//! | `quirks.rs` `usage.rs` | what vendors do differently; how usage is made disjoint |
//!
//! Never here: which vendor has which quirk, and rules of any other wire.
//!
//! # What becomes of the fields of a request that goes to another wire
//!
//! | field | fate |
//! |---|---|
//! | `model` `messages` `tools` `tool_choice` `parallel_tool_calls` `response_format` `stop` `n` `temperature` `top_p` `frequency_penalty` `presence_penalty` `seed` `user` `stream` | carried |
//! | `max_completion_tokens` `max_tokens` | carried; the newer name wins |
//! | `top_k` (vLLM) | carried; `0` and `-1` mean no limit |
//! | `reasoning_effort`; `reasoning` with `effort`, `max_tokens`, `exclude`, `enabled` (OpenRouter) | carried; the object wins. The object asks to see the thoughts unless it excludes them, the plain field does not |
//! | `cache_control` of content parts and tools, with or without `ttl: "1h"` (OpenRouter, DashScope) | carried |
//! | assistant messages: `content` `refusal` `tool_calls` `reasoning_content` `reasoning` `reasoning_details` | carried; refusals become text |
//! | `image_url` parts: address, base64 `data:` URL, `detail` | carried |
//! | `stream_options`; `name` of a tool message | meaningless elsewhere: usage is always asked for, the call's id says which tool |
//! | `null`, `[]`, `{}`, `n: 1`, `logprobs: false`, `top_logprobs: 0`, `store: false`, `service_tier: "auto"`, `verbosity: "medium"`, `modalities: ["text"]`, `detail: "auto"` | mean nothing |
//! | `logit_bias` `metadata` `prompt_cache_key` `prompt_cache_retention` `safety_identifier` `service_tier` `store` `verbosity`; `cache_control` of a whole request or message | dropped, and named in the answer's header |
//! | `reasoning_details` that only another gateway's upstream can read | dropped as `reasoning` |
//! | `functions` `function_call` role `function`; `tools` that are no functions; `tool_choice` with `allowed_tools`; audio, video and file parts; `audio` `prediction` `web_search_options` `logprobs`; `name` of other messages; every field we do not know | refused by name |
//!
//! # What a request from another wire cannot say here
//!
//! | neutral | fate |
//! |---|---|
//! | reasoning of earlier turns | left out as `reasoning`: the wire has no signatures, so nothing on it can be proven to its origin |
//! | a budget of thought | said as the nearest `reasoning_effort`, and named as `reasoning`; whether thoughts are shown is the server's choice |
//! | cache markers without [`Quirks::cache_markers`], and on tool calls | dropped as `cache_control` |
//! | an image in a tool's result, in a system or in an assistant message | refused |
//! | `is_error` of a tool's result | `Error:` in front of its text |
//! | several texts of one message | one string, since many servers refuse lists, unless a marker or an image needs the list |
//!
//! # Reasoning and its seals
//!
//! OpenAI's chat API knows neither thoughts nor signatures, so the dialect has no origin of its own: every seal a client
//! keeps names its origin (`tg1.anthropic...`), and a bare one belongs to nobody. Text is `reasoning_content` (DeepSeek,
//! vLLM, Qwen); seals are `reasoning_details` (OpenRouter) with `reasoning.text` for signed text and `reasoning.encrypted`
//! for blocks that only their origin reads. An `id` equal to that of a tool call puts a block before that call.
//!
//! Sources: the chat completions reference of the OpenAI API; OpenRouter's pages on reasoning tokens and prompt caching;
//! the chat references of DeepSeek, Mistral, Groq, Moonshot, DashScope and vLLM; and what compatible servers are known to
//! send (ollama/ollama#7881 and #15457, sgl-project/sglang#6310, QwenLM/qwen-code#2320).

mod answer;
mod body;
mod details;
mod encode;
mod quirks;
mod usage;

pub use answer::{StreamDecoder, decode_whole, is_error_body};
pub(crate) use body::without_field;
pub use body::{decode_chat, decode_request, encode_chat, for_upstream, upstream_body};
pub use encode::{StreamEncoder, encode_whole, message};
pub use quirks::{CachedAt, Fill, OPENAI, PLAIN, Quirks, ReasoningCount, Responses, UsageAt};
pub use usage::{object as usage_object, report};

use crate::chat::Origin;

/// Path below a base URL such as `https://api.example.com/v1`.
pub const CHAT_PATH: &str = "/chat/completions";
/// The end of a stream.
pub const DONE: &[u8] = b"data: [DONE]\n\n";
/// Whose seals are bare on this wire: nobody's.
const OWN_ORIGIN: Option<Origin> = None;

/// Notes a field that is left out, once.
fn note(dropped: &mut Vec<String>, field: &str) {
    if !dropped.iter().any(|known| known == field) {
        dropped.push(field.to_owned());
    }
}

#[cfg(test)]
mod tests;
