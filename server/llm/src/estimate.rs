//! Token bounds before a call, token estimates after one (`ledger.md` 3 and 4).
//!
//! A bound is never too low: byte-level tokenisers make no more tokens than bytes. An estimate is only near.

use crate::request::{Request, Size};

/// Context window of a model that does not state one.
pub const UNKNOWN_CONTEXT: u32 = 1_048_576;
/// Largest answer of a model that does not state one.
pub const UNKNOWN_MAX_OUTPUT: u32 = 32_768;

const PER_MESSAGE: u64 = 16;
const PER_TOOL: u64 = 64;
/// Template text that the upstream adds and nobody shows.
const PER_REQUEST: u64 = 2_048;
const PER_IMAGE: u64 = 8_192;

/// The most input tokens a request can be, for a model with this context window.
pub fn input_bound(size: &Size, context_window: Option<u32>) -> u32 {
    let window = context_window.unwrap_or(UNKNOWN_CONTEXT).saturating_mul(size.inputs.max(1));
    if size.opaque {
        return window;
    }
    let overhead = PER_REQUEST
        + PER_MESSAGE * u64::from(size.messages)
        + PER_TOOL * u64::from(size.tools)
        + PER_IMAGE * u64::from(size.images);
    let tokens = size.bytes.saturating_add(overhead);
    u32::try_from(tokens).unwrap_or(u32::MAX).min(window)
}

/// The most output tokens of one answer: the client's own limit, at most the model's.
pub fn output_cap(request: &Request, max_output: Option<u32>) -> u32 {
    let model = max_output.unwrap_or(UNKNOWN_MAX_OUTPUT);
    match request.max_output {
        // Without a stated maximum the client's number is the only one there is.
        Some(asked) if max_output.is_none() => asked,
        Some(asked) => asked.min(model),
        None => model,
    }
}

/// The most output tokens of all answers together.
pub fn output_bound(request: &Request, max_output: Option<u32>) -> u32 {
    output_cap(request, max_output).saturating_mul(request.answers.max(1))
}

/// Near the number of input tokens of a request, never above its bound.
pub fn input(size: &Size, bound: u32) -> u32 {
    local(size.text_bytes, u64::from(size.messages)).min(bound)
}

/// Near the number of tokens of a text: a third of its bytes, and eight for each message around it.
pub fn local(bytes: u64, messages: u64) -> u32 {
    u32::try_from(bytes.div_ceil(3).saturating_add(messages.saturating_mul(8))).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::{ChatRequest, Message, Role};

    fn request(text: &str, max_output_tokens: Option<u32>) -> Request {
        let messages = vec![Message::text(Role::User, text)];
        ChatRequest { model: "m".to_owned(), messages, max_output_tokens, stream: true, ..ChatRequest::default() }
            .into()
    }

    #[test]
    fn the_input_bound_is_bytes_plus_overheads_within_the_window() {
        let size = Size { bytes: 100, messages: 2, tools: 1, images: 1, ..Size::default() };
        assert_eq!(input_bound(&size, None), 100 + 2_048 + 32 + 64 + 8_192);
        assert_eq!(input_bound(&size, Some(4_096)), 4_096);
        assert_eq!(input_bound(&Size { opaque: true, ..size }, Some(128_000)), 128_000);
    }

    #[test]
    fn every_input_of_a_batch_has_a_window_of_its_own() {
        let size = Size { bytes: 600_000, inputs: 100, ..Size::default() };
        assert_eq!(input_bound(&size, Some(8_192)), 602_048);
        assert_eq!(input_bound(&Size { inputs: 2, ..size }, Some(8_192)), 16_384);
    }

    #[test]
    fn the_clients_limit_holds_up_to_the_models_own() {
        for (asked, model, cap) in [
            (None, None, UNKNOWN_MAX_OUTPUT),
            (None, Some(100), 100),
            (Some(7), Some(100), 7),
            (Some(700), Some(100), 100),
            (Some(70_000), None, 70_000),
        ] {
            assert_eq!(output_cap(&request("x", asked), model), cap, "{asked:?} {model:?}");
        }
        let three = Request { answers: 3, ..request("x", Some(7)) };
        assert_eq!(output_bound(&three, None), 21);
    }

    #[test]
    fn an_estimate_is_a_third_of_the_bytes_and_eight_per_message() {
        assert_eq!(local(10, 1), 4 + 8);
        assert_eq!(input(&request("0123456789", None).size, 5), 5);
    }
}
