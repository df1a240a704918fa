//! Google's Gemini API (the one with API keys, not Vertex AI).

use std::fmt::Write;

use bytes::Bytes;
use domain::provider::{AuthScheme, ProviderInfo};
use serde_json::Value;

use super::{Destination, Fault, HttpRequest, Provider, Rejection};
use crate::{
    Error, Request,
    offer::{self, ListRequest, Listing, Page},
    request::{Operation, Source},
    wire::{Encoded, Reader, Wire, embeddings, gemini, neutral},
};

pub struct Gemini;

const BASE_URL: &str = "https://generativelanguage.googleapis.com/v1beta";

static INFO: ProviderInfo = ProviderInfo {
    kind: "gemini",
    title: "Gemini",
    summary: "Google's Gemini API.",
    auth: AuthScheme::ApiKeyGoogle,
    needs_base_url: false,
    base_url: BASE_URL,
    presets: &[],
    models: &[],
};

impl Provider for Gemini {
    fn info(&self) -> &'static ProviderInfo {
        &INFO
    }

    fn encode(&self, request: &Request, destination: &Destination<'_>) -> Result<HttpRequest, Error> {
        let model = destination.upstream_model;
        let (wire, method, encoded) = match request.operation {
            Operation::Chat => {
                let method = if request.stream { "streamGenerateContent?alt=sse" } else { "generateContent" };
                (Wire::Gemini, method, gemini::encode_chat(&*neutral(request)?, model)?)
            }
            Operation::Count => (Wire::GeminiCount, "countTokens", gemini::encode_count(&*neutral(request)?, model)?),
            Operation::Embed => (Wire::GeminiEmbeddings, "batchEmbedContents", embed(&request.source, model)?),
            Operation::Fill => {
                let message = "Gemini has no text completions; use chat completions or choose another model";
                return Err(Error::invalid("model", message));
            }
        };
        let url = url(destination.base_url, model, method);
        let Encoded { body, dropped } = encoded;
        Ok(HttpRequest { url, headers: Vec::new(), body: Bytes::from(body), reader: Reader::new(wire), dropped })
    }

    fn classify(&self, status: u16, body: &[u8]) -> Rejection {
        let (fault, is_free) = match status {
            // A wrong or expired key, a region or a billing account without access: said with 400, but not the caller's.
            400 if is_about_account(body) => (Fault::Account, true),
            400 | 413 | 422 => (Fault::Caller, true),
            401..=404 => (Fault::Account, true),
            408 | 429 | 503 | 529 => (Fault::Capacity, true),
            // A redirect is never followed, so nothing was asked of anybody.
            300..=399 | 405..=429 => (Fault::Provider, true),
            500 => (Fault::Provider, gemini::is_error_body(body)),
            _ => (Fault::Provider, false),
        };
        Rejection { fault, is_free }
    }

    fn listing(&self, base_url: &str, _preset: &str, after: Option<&str>) -> Listing {
        let mut url = format!("{}/models?pageSize=1000", base(base_url));
        if let Some(token) = after {
            url.push_str("&pageToken=");
            url.push_str(&offer::query_value(token));
        }
        Listing::Ask(ListRequest { url, headers: Vec::new() })
    }

    /// Source: "Models" of the Gemini API reference. Models for pictures, sound and live talk are not callable from here.
    fn read_listing(&self, body: &[u8]) -> Result<Page, Error> {
        let value = offer::parse(body)?;
        // An account without any model answers with an empty object.
        let list = match value.get("models") {
            Some(models) => models.as_array().ok_or_else(offer::foreign)?.as_slice(),
            None if value.as_object().is_some_and(serde_json::Map::is_empty) => &[],
            None => return Err(offer::foreign()),
        };
        let model = |entry| {
            // Tuned models live at another path than the one that is called.
            let id = offer::text(entry, "/name").filter(|_| is_callable(entry))?.strip_prefix("models/")?;
            offer::offered(entry, id, &["/inputTokenLimit"], &["/outputTokenLimit"])
        };
        let next = offer::text(&value, "/nextPageToken").filter(|token| !token.is_empty()).map(str::to_owned);
        Ok(Page { models: list.iter().filter_map(model).collect(), next })
    }

    fn counts_tokens(&self) -> bool {
        true
    }
}

/// Does it offer a method that we call? A model that names none may have any.
fn is_callable(entry: &Value) -> bool {
    let methods = entry.get("supportedGenerationMethods").and_then(Value::as_array);
    methods.is_none_or(|methods| {
        methods.iter().any(|method| matches!(method.as_str(), Some("generateContent" | "embedContent")))
    })
}

fn base(base_url: &str) -> &str {
    let base = base_url.trim_end_matches('/');
    if base.is_empty() { BASE_URL } else { base }
}

fn embed(source: &Source, model: &str) -> Result<Encoded, Error> {
    let Source::Body { wire: Wire::Embeddings, bytes } = source else {
        return Err(Error::body("not a body of embeddings"));
    };
    let asked = embeddings::decode_inputs(bytes)?;
    Ok(Encoded { body: gemini::encode_embeddings(&asked, model)?, dropped: asked.dropped })
}

fn is_about_account(body: &[u8]) -> bool {
    let reason = gemini::error_reason(body);
    matches!(reason.as_deref(), Some("API_KEY_INVALID" | "FAILED_PRECONDITION"))
}

fn url(base_url: &str, model: &str, method: &str) -> String {
    let mut url = format!("{}/models/", base(base_url));
    for byte in model.strip_prefix("models/").unwrap_or(model).bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            url.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(url, "%{byte:02X}");
        }
    }
    url.push(':');
    url.push_str(method);
    url
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        chat::{ChatRequest, Message, Role},
        request::Size,
    };

    fn sent(request: &Request, base_url: &str, upstream_model: &str) -> HttpRequest {
        let destination = Destination { base_url, upstream_model, preset: "", max_output: None };
        Gemini.encode(request, &destination).unwrap()
    }

    fn chat(stream: bool) -> Request {
        let messages = vec![Message::text(Role::User, "hi")];
        ChatRequest { model: "m".to_owned(), messages, stream, ..ChatRequest::default() }.into()
    }

    #[test]
    fn the_url_names_model_and_method() {
        for (stream, base, model, url) in [
            (
                false,
                "",
                "gemini-3-pro",
                "https://generativelanguage.googleapis.com/v1beta/models/gemini-3-pro:generateContent",
            ),
            (
                true,
                "https://x.example/v1beta/",
                "models/a/b:c é",
                "https://x.example/v1beta/models/a/b%3Ac%20%C3%A9:streamGenerateContent?alt=sse",
            ),
        ] {
            let sent = sent(&chat(stream), base, model);
            assert_eq!((sent.url.as_str(), sent.reader), (url, Reader::new(Wire::Gemini)));
            assert_eq!(sent.body.as_ref(), br#"{"contents":[{"role":"user","parts":[{"text":"hi"}]}]}"#);
        }
    }

    #[test]
    fn a_count_holds_a_whole_request() {
        let sent = sent(&Request { operation: Operation::Count, ..chat(false) }, "http://x", "gemini-3-pro");
        assert_eq!(
            (sent.url.as_str(), sent.reader.wire),
            ("http://x/models/gemini-3-pro:countTokens", Wire::GeminiCount)
        );
        assert_eq!(
            std::str::from_utf8(&sent.body).unwrap(),
            r#"{"generateContentRequest":{"model":"models/gemini-3-pro","contents":[{"role":"user","parts":[{"text":"hi"}]}]}}"#
        );
        assert!(Gemini.counts_tokens());
    }

    #[test]
    fn embeddings_go_out_as_a_batch() {
        let bytes = Bytes::from_static(br#"{"model":"m","input":["a","b"],"dimensions":3}"#);
        let source = Source::Body { wire: Wire::Embeddings, bytes };
        let request = Request { operation: Operation::Embed, size: Size::default(), source, ..chat(false) };
        let sent = sent(&request, "", "gemini-embedding-001");
        assert!(sent.url.ends_with("/models/gemini-embedding-001:batchEmbedContents"), "{}", sent.url);
        assert_eq!(sent.reader.wire, Wire::GeminiEmbeddings);
        assert_eq!(std::str::from_utf8(&sent.body).unwrap().matches("outputDimensionality\":3").count(), 2);
    }

    #[test]
    fn text_completions_are_refused_by_name() {
        let destination = Destination { base_url: "", upstream_model: "m", preset: "", max_output: None };
        let request = Request { operation: Operation::Fill, ..chat(false) };
        match Gemini.encode(&request, &destination) {
            Err(Error::Invalid { param, message }) => {
                assert_eq!(param.as_deref(), Some("model"));
                assert!(message.contains("no text completions"), "{message}");
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_refusal_is_sorted_by_whose_fault_it_is_and_whether_it_can_cost() {
        let own = br#"{"error":{"code":500,"message":"x","status":"INTERNAL"}}"#.as_slice();
        let argument = br#"{"error":{"code":400,"message":"x","status":"INVALID_ARGUMENT"}}"#.as_slice();
        let key = br#"{"error":{"code":400,"message":"API key not valid.","status":"INVALID_ARGUMENT","details":[
            {"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"API_KEY_INVALID","domain":"googleapis.com"}]}}"#;
        let listed = br#"[{"error":{"code":400,"status":"INVALID_ARGUMENT","details":[{"@type":"x"},{"reason":"API_KEY_INVALID"}]}}]"#;
        let region =
            br#"{"error":{"code":400,"message":"User location is not supported","status":"FAILED_PRECONDITION"}}"#;
        for (status, body, fault, is_free) in [
            (400, argument, Fault::Caller, true),
            (400, b"".as_slice(), Fault::Caller, true),
            (400, key.as_slice(), Fault::Account, true),
            (400, listed.as_slice(), Fault::Account, true),
            (400, region.as_slice(), Fault::Account, true),
            (413, b"", Fault::Caller, true),
            (401, own, Fault::Account, true),
            (403, own, Fault::Account, true),
            (404, own, Fault::Account, true),
            (429, own, Fault::Capacity, true),
            (503, own, Fault::Capacity, true),
            (307, b"", Fault::Provider, true),
            (409, own, Fault::Provider, true),
            (500, own, Fault::Provider, true),
            (500, b"<html>", Fault::Provider, false),
            (504, own, Fault::Provider, false),
        ] {
            assert_eq!(Gemini.classify(status, body), Rejection { fault, is_free }, "{status}");
        }
    }
}
