//! Anthropic's messages API, and servers that speak it.

use bytes::Bytes;
use domain::provider::{AuthScheme, ProviderInfo};
use serde_json::Value;

use super::{Destination, Fault, HttpRequest, Provider, Rejection};
use crate::{
    Error, Request,
    offer::{self, ListRequest, Listing, Page},
    request::{Operation, Source},
    wire::{Reader, Wire, anthropic, neutral},
};

pub struct Anthropic;

static INFO: ProviderInfo = ProviderInfo {
    kind: "anthropic",
    title: "Anthropic",
    summary: "Anthropic's messages API.",
    auth: AuthScheme::ApiKeyX,
    needs_base_url: false,
    base_url: anthropic::BASE_URL,
    presets: &[],
    models: &[],
};

/// The version of the API that this wire is.
const VERSION: (&str, &str) = ("anthropic-version", "2023-06-01");
/// With the longest page there is.
const MODELS_PATH: &str = "/v1/models?limit=1000";

impl Provider for Anthropic {
    fn info(&self) -> &'static ProviderInfo {
        &INFO
    }

    fn encode(&self, request: &Request, destination: &Destination<'_>) -> Result<HttpRequest, Error> {
        let model = destination.upstream_model;
        let (path, wire) = match request.operation {
            Operation::Chat => (anthropic::MESSAGES_PATH, Wire::Anthropic),
            Operation::Count => (anthropic::COUNT_PATH, Wire::AnthropicCount),
            Operation::Fill => return Err(Error::unsupported("prompt", "Anthropic")),
            Operation::Embed => return Err(Error::unsupported("input", "Anthropic")),
        };
        let encoded = match &request.source {
            Source::Body { wire: Wire::Anthropic | Wire::AnthropicCount, bytes } => {
                anthropic::for_upstream(bytes, model)?
            }
            // Only this wire asks for counts.
            _ if request.operation == Operation::Count => {
                return Err(Error::body("a token count can only be asked for in Anthropic's own form"));
            }
            _ => anthropic::encode_chat(&*neutral(request)?, model, destination.max_output)?,
        };
        let reader = Reader { long_cache: request.long_cache, ..Reader::new(wire) };
        Ok(HttpRequest {
            url: format!("{}{path}", base(destination.base_url)),
            headers: vec![VERSION],
            body: Bytes::from(encoded.body),
            reader,
            dropped: encoded.dropped,
        })
    }

    fn classify(&self, status: u16, body: &[u8]) -> Rejection {
        classify(status, body)
    }

    fn listing(&self, base_url: &str, _preset: &str, after: Option<&str>) -> Listing {
        let mut url = format!("{}{MODELS_PATH}", base(base_url));
        if let Some(last) = after {
            url.push_str("&after_id=");
            url.push_str(&offer::query_value(last));
        }
        Listing::Ask(ListRequest { url, headers: vec![VERSION] })
    }

    /// Source: Anthropic's "List models".
    fn read_listing(&self, body: &[u8]) -> Result<Page, Error> {
        let value = offer::parse(body)?;
        let list = value.get("data").and_then(Value::as_array).ok_or_else(offer::foreign)?;
        let model = |entry| offer::offered(entry, offer::text(entry, "/id")?, &["/max_input_tokens"], &["/max_tokens"]);
        let has_more = value.get("has_more").and_then(Value::as_bool).unwrap_or(false);
        let next = offer::text(&value, "/last_id").filter(|_| has_more).map(str::to_owned);
        Ok(Page { models: list.iter().filter_map(model).collect(), next })
    }

    fn counts_tokens(&self) -> bool {
        true
    }
}

/// With or without `/v1` at its end; the vendor itself where none is given.
fn base(base_url: &str) -> &str {
    let base = base_url.trim_end_matches('/');
    let base = base.strip_suffix("/v1").unwrap_or(base);
    if base.is_empty() { anthropic::BASE_URL } else { base }
}

/// The table of `ledger.md` 7 with Anthropic's error types.
fn classify(status: u16, body: &[u8]) -> Rejection {
    let error_type = anthropic::error_type(body);
    let (fault, is_free) = match (status, error_type.as_deref()) {
        // An empty account is told as a bad request.
        (400, Some(_)) if is_out_of_credit(body) => (Fault::Account, true),
        (_, Some("billing_error")) if status < 500 => (Fault::Account, true),
        (400 | 413 | 422, _) => (Fault::Caller, true),
        (401..=404, _) => (Fault::Account, true),
        (408 | 429 | 503 | 529, _) => (Fault::Capacity, true),
        // A redirect is never followed, so nothing was asked of anybody.
        (300..=399 | 405..=428, _) => (Fault::Provider, true),
        (500, Some("overloaded_error" | "rate_limit_error")) => (Fault::Capacity, true),
        (500, Some(_)) => (Fault::Provider, true),
        _ => (Fault::Provider, false),
    };
    Rejection { fault, is_free }
}

fn is_out_of_credit(body: &[u8]) -> bool {
    std::str::from_utf8(body).is_ok_and(|body| body.contains("credit balance is too low"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::{ChatRequest, Message, Role};

    fn destination(base_url: &str) -> Destination<'_> {
        Destination { base_url, upstream_model: "claude-up", preset: "", max_output: Some(64_000) }
    }

    fn count() -> Request {
        let body = br#"{"model":"m","messages":[{"role":"user","content":"hi"}]}"#;
        anthropic::decode_count_request(Bytes::from_static(body)).unwrap()
    }

    #[test]
    fn the_base_url_may_have_its_version_or_be_left_out() {
        for (base_url, url) in [
            ("", "https://api.anthropic.com/v1/messages/count_tokens"),
            ("https://e.org", "https://e.org/v1/messages/count_tokens"),
            ("https://e.org/v1/", "https://e.org/v1/messages/count_tokens"),
            ("https://e.org/anthropic", "https://e.org/anthropic/v1/messages/count_tokens"),
        ] {
            let sent = Anthropic.encode(&count(), &destination(base_url)).unwrap();
            assert_eq!(sent.url, url);
            assert_eq!((sent.reader.wire, sent.headers), (Wire::AnthropicCount, vec![VERSION]));
            assert_eq!(sent.body, r#"{"model":"claude-up","messages":[{"role":"user","content":"hi"}]}"#);
        }
    }

    #[test]
    fn another_wire_is_translated_and_the_cache_lifetime_goes_to_the_reader() {
        let chat = ChatRequest { messages: vec![Message::text(Role::User, "hi")], ..ChatRequest::default() };
        let request = Request { long_cache: true, ..Request::from(chat) };
        let sent = Anthropic.encode(&request, &destination("")).unwrap();
        assert_eq!(sent.url, "https://api.anthropic.com/v1/messages");
        assert_eq!(
            sent.body,
            r#"{"model":"claude-up","max_tokens":64000,"messages":[{"role":"user","content":"hi"}]}"#
        );
        assert_eq!((sent.reader.wire, sent.reader.long_cache), (Wire::Anthropic, true));
    }

    #[test]
    fn what_the_vendor_has_no_endpoint_for_is_refused_by_name() {
        for (operation, name) in [(Operation::Fill, "prompt"), (Operation::Embed, "input")] {
            let request = Request { operation, ..count() };
            let refusal = Anthropic.encode(&request, &destination("")).unwrap_err();
            assert_eq!(refusal, Error::unsupported(name, "Anthropic"));
        }
        assert!(Anthropic.counts_tokens());
    }

    #[test]
    fn a_refusal_is_sorted_by_whose_fault_it_is_and_whether_it_can_cost() {
        let error = |kind: &str, message: &str| {
            format!(r#"{{"type":"error","error":{{"type":"{kind}","message":"{message}"}}}}"#)
        };
        for (status, body, fault, is_free) in [
            (400, error("invalid_request_error", "x"), Fault::Caller, true),
            (
                400,
                error("invalid_request_error", "Your credit balance is too low to access the Anthropic API."),
                Fault::Account,
                true,
            ),
            (413, error("request_too_large", "x"), Fault::Caller, true),
            (422, String::new(), Fault::Caller, true),
            (401, error("authentication_error", "x"), Fault::Account, true),
            (402, error("billing_error", "x"), Fault::Account, true),
            (403, error("permission_error", "x"), Fault::Account, true),
            (404, error("not_found_error", "x"), Fault::Account, true),
            (429, error("rate_limit_error", "x"), Fault::Capacity, true),
            (503, "<html>".to_owned(), Fault::Capacity, true),
            (529, error("overloaded_error", "x"), Fault::Capacity, true),
            (307, String::new(), Fault::Provider, true),
            (409, String::new(), Fault::Provider, true),
            (500, error("api_error", "x"), Fault::Provider, true),
            (500, error("overloaded_error", "x"), Fault::Capacity, true),
            (500, "<html>".to_owned(), Fault::Provider, false),
            (502, error("api_error", "x"), Fault::Provider, false),
            (504, error("timeout_error", "x"), Fault::Provider, false),
            (200, String::new(), Fault::Provider, false),
        ] {
            assert_eq!(classify(status, body.as_bytes()), Rejection { fault, is_free }, "{status} {body}");
        }
    }
}
