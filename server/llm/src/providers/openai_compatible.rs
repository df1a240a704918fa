//! Any server that speaks OpenAI's chat completions: vendors, vLLM, Ollama, llama.cpp, LM Studio and the like.

use bytes::Bytes;
use domain::provider::{AuthScheme, ProviderInfo};

use super::{Destination, Fault, HttpRequest, Provider, Rejection};
use crate::{
    Error, Request,
    event::Response,
    frame::Decoder,
    request::Source,
    wire::openai::{self, StreamDecoder},
};

pub struct OpenAiCompatible;

static INFO: ProviderInfo = ProviderInfo {
    kind: "openai-compatible",
    title: "OpenAI-compatible",
    summary: "Any server with OpenAI's chat completions: a vendor, vLLM, Ollama, llama.cpp, LM Studio.",
    auth: AuthScheme::Bearer,
    needs_base_url: true,
    models: &[],
};

impl Provider for OpenAiCompatible {
    fn info(&self) -> &'static ProviderInfo {
        &INFO
    }

    fn encode(&self, request: &Request, destination: &Destination<'_>) -> Result<HttpRequest, Error> {
        let body = match &request.source {
            Source::OpenAiChat(body) => openai::for_upstream(body, destination.upstream_model, request.stream)?,
            Source::Neutral(chat) => openai::encode_neutral(chat, destination.upstream_model),
        };
        let url = format!("{}{}", destination.base_url.trim_end_matches('/'), openai::CHAT_PATH);
        Ok(HttpRequest { url, body: Bytes::from(body) })
    }

    fn decode(&self, body: &[u8]) -> Result<Response, Error> {
        openai::decode_whole(body)
    }

    fn decoder(&self) -> Box<dyn Decoder> {
        Box::new(StreamDecoder::new())
    }

    fn classify(&self, status: u16, body: &[u8]) -> Rejection {
        classify(status, body)
    }
}

/// The table of `ledger.md` 7 for this wire.
pub(super) fn classify(status: u16, body: &[u8]) -> Rejection {
    let (fault, is_free) = match status {
        400 | 413 | 422 => (Fault::Caller, true),
        401..=404 => (Fault::Account, true),
        408 | 429 | 503 | 529 => (Fault::Capacity, true),
        // A redirect is never followed, so nothing was asked of anybody.
        300..=399 => (Fault::Provider, true),
        405..=429 => (Fault::Provider, true),
        500 => (Fault::Provider, openai::is_error_body(body)),
        _ => (Fault::Provider, false),
    };
    Rejection { fault, is_free }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_sorted_by_whose_fault_it_is_and_whether_it_can_cost() {
        let own = br#"{"error":{"message":"x"}}"#.as_slice();
        for (status, body, fault, is_free) in [
            (400, own, Fault::Caller, true),
            (422, b"".as_slice(), Fault::Caller, true),
            (401, own, Fault::Account, true),
            (404, own, Fault::Account, true),
            (429, own, Fault::Capacity, true),
            (503, b"<html>", Fault::Capacity, true),
            (529, own, Fault::Capacity, true),
            (307, b"", Fault::Provider, true),
            (500, own, Fault::Provider, true),
            (500, b"<html>", Fault::Provider, false),
            (502, own, Fault::Provider, false),
            (504, own, Fault::Provider, false),
        ] {
            assert_eq!(classify(status, body), Rejection { fault, is_free }, "{status}");
        }
    }
}
