//! Any server that speaks OpenAI's chat completions: vendors, vLLM, Ollama, llama.cpp, LM Studio and the like.
//!
//! `presets.rs` holds what is known of each, `family.rs` what they share with OpenAI itself and with Azure.

pub mod family;
pub mod presets;

use domain::provider::{AuthScheme, ProviderInfo};
use serde_json::Value;

use super::{Destination, Fault, HttpRequest, Provider, Rejection};
use crate::{
    Error, Request,
    offer::{self, ListRequest, Listing, Page},
    wire::openai::{self, Quirks},
};
use family::Server;

pub struct OpenAiCompatible;

static INFO: ProviderInfo = ProviderInfo {
    kind: "openai-compatible",
    title: "OpenAI-compatible",
    summary: "Any server with OpenAI's chat completions: a vendor, vLLM, Ollama, llama.cpp, LM Studio.",
    auth: AuthScheme::Bearer,
    needs_base_url: true,
    base_url: "",
    presets: &presets::PRESETS,
    models: &[],
};

impl Provider for OpenAiCompatible {
    fn info(&self) -> &'static ProviderInfo {
        &INFO
    }

    fn encode(&self, request: &Request, destination: &Destination<'_>) -> Result<HttpRequest, Error> {
        let vendor = presets::find(destination.preset);
        let own = vendor.map_or("", |vendor| vendor.preset.base_url);
        let server = Server {
            title: vendor.map_or("this server", |vendor| vendor.preset.title),
            base_url: base_or(destination.base_url, own),
            query: "",
            quirks: vendor.map_or(&openai::PLAIN, |vendor| &vendor.quirks),
            seals_reasoning: false,
        };
        server.encode(request, destination)
    }

    fn cap_covers_reasoning(&self, preset: &str) -> bool {
        presets::quirks_of(preset).cap_covers_reasoning
    }

    fn classify(&self, status: u16, body: &[u8]) -> Rejection {
        classify(status, body)
    }

    fn listing(&self, base_url: &str, preset: &str, _after: Option<&str>) -> Listing {
        let own = presets::find(preset).map_or("", |vendor| vendor.preset.base_url);
        listing(base_url, own, presets::quirks_of(preset))
    }

    fn read_listing(&self, body: &[u8]) -> Result<Page, Error> {
        offer::openai_page(body)
    }
}

/// The address that was typed, else the vendor's own.
pub(super) fn base_or<'a>(typed: &'a str, own: &'a str) -> &'a str {
    let typed = typed.trim_end_matches('/');
    if typed.is_empty() { own } else { typed }
}

/// The list of a server of the family. Without any address there is nobody to ask.
pub(super) fn listing(typed: &str, own: &str, quirks: &Quirks) -> Listing {
    match base_or(typed, own) {
        "" => Listing::NotOffered,
        base => Listing::Ask(ListRequest { url: format!("{base}{}", quirks.models_path), headers: Vec::new() }),
    }
}

/// The table of `ledger.md` 7 for this wire.
pub(super) fn classify(status: u16, body: &[u8]) -> Rejection {
    let (fault, is_free) = match status {
        400 | 413 | 422 => (Fault::Caller, true),
        401..=404 => (Fault::Account, true),
        // An empty purse does not fill up by waiting.
        429 if is_out_of_quota(body) => (Fault::Account, true),
        408 | 409 | 429 | 503 | 529 => (Fault::Capacity, true),
        // A redirect is never followed, so nothing was asked of anybody.
        300..=399 => (Fault::Provider, true),
        405..=428 => (Fault::Provider, true),
        500 => (Fault::Provider, openai::is_error_body(body)),
        _ => (Fault::Provider, false),
    };
    Rejection { fault, is_free }
}

fn is_out_of_quota(body: &[u8]) -> bool {
    let Ok(body) = serde_json::from_slice::<Value>(body) else { return false };
    ["code", "type"].into_iter().any(|field| body["error"][field] == "insufficient_quota")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_sorted_by_whose_fault_it_is_and_whether_it_can_cost() {
        let own = br#"{"error":{"message":"x"}}"#.as_slice();
        let by_code = br#"{"error":{"message":"x","type":"requests","code":"insufficient_quota"}}"#.as_slice();
        let by_type = br#"{"error":{"message":"x","type":"insufficient_quota","code":null}}"#.as_slice();
        for (status, body, fault, is_free) in [
            (400, own, Fault::Caller, true),
            (413, b"".as_slice(), Fault::Caller, true),
            (422, b"", Fault::Caller, true),
            (401, own, Fault::Account, true),
            (402, own, Fault::Account, true),
            (403, own, Fault::Account, true),
            (404, own, Fault::Account, true),
            (408, own, Fault::Capacity, true),
            (409, own, Fault::Capacity, true),
            (429, own, Fault::Capacity, true),
            (429, b"slow down", Fault::Capacity, true),
            (429, by_code, Fault::Account, true),
            (429, by_type, Fault::Account, true),
            (503, b"<html>", Fault::Capacity, true),
            (529, own, Fault::Capacity, true),
            (307, b"", Fault::Provider, true),
            (405, own, Fault::Provider, true),
            (500, own, Fault::Provider, true),
            (500, b"<html>", Fault::Provider, false),
            (502, own, Fault::Provider, false),
            (504, own, Fault::Provider, false),
        ] {
            assert_eq!(classify(status, body), Rejection { fault, is_free }, "{status}");
        }
    }
}
