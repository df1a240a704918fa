//! What each kind, and each vendor with a form of its own, says it offers: where it is asked, and what its recorded answer
//! means.

use std::fmt::Write;

use llm::{
    PROVIDERS, Provider,
    offer::{ListRequest, Listing, Page},
    providers::{self, openai_compatible::presets},
};

use crate::fixtures;

/// The provider and the preset that a recorded answer is named after.
fn who(name: &str) -> (&'static dyn Provider, &str) {
    match providers::find(name) {
        Some(provider) => (provider, ""),
        None => (providers::find("openai-compatible").unwrap(), presets::find(name).unwrap().preset.id),
    }
}

fn asked(provider: &dyn Provider, base_url: &str, preset: &str, after: Option<&str>) -> ListRequest {
    match provider.listing(base_url, preset, after) {
        Listing::Ask(request) => Some(request),
        Listing::BuiltIn(_) | Listing::NotOffered => None,
    }
    .unwrap()
}

#[test]
fn every_recorded_list_is_read() {
    for (name, body) in fixtures("listings") {
        let (provider, preset) = who(&name);
        let Page { models, next } = provider.read_listing(&body).unwrap();
        let base_url = if name == "azure-openai" { "https://r.openai.azure.com" } else { "" };
        let first = asked(provider, base_url, preset, None);
        let mut text = format!("GET {} {:?}\n", first.url, first.headers);
        for model in models {
            writeln!(text, "{} window {:?} output {:?}", model.id, model.context_window, model.max_output).unwrap();
        }
        if let Some(next) = next {
            writeln!(text, "then GET {}", asked(provider, base_url, preset, Some(&next)).url).unwrap();
        }
        insta::assert_snapshot!(format!("listing__{name}"), text);
    }
}

#[test]
fn every_kind_is_asked_at_its_own_address() {
    for (kind, base_url, url) in [
        ("openai", "", "https://api.openai.com/v1/models"),
        ("openai", "https://eu.api.openai.com/v1/", "https://eu.api.openai.com/v1/models"),
        ("openai-compatible", "http://127.0.0.1:9000/v1", "http://127.0.0.1:9000/v1/models"),
        ("anthropic", "https://e.org/anthropic/v1/", "https://e.org/anthropic/v1/models?limit=1000"),
        ("gemini", "https://e.org/v1beta", "https://e.org/v1beta/models?pageSize=1000"),
        ("azure-openai", "https://r.openai.azure.com", "https://r.openai.azure.com/openai/v1/models"),
        (
            "azure-openai",
            "https://r.openai.azure.com/openai/v1?api-version=preview",
            "https://r.openai.azure.com/openai/v1/models?api-version=preview",
        ),
        (
            "azure-openai",
            "https://r.openai.azure.com/openai/deployments/gpt",
            "https://r.openai.azure.com/openai/models?api-version=2024-10-21",
        ),
        (
            "azure-openai",
            "https://r.openai.azure.com/openai/deployments?api-version=2025-01-01-preview",
            "https://r.openai.azure.com/openai/models?api-version=2025-01-01-preview",
        ),
    ] {
        assert_eq!(asked(providers::find(kind).unwrap(), base_url, "", None).url, url, "{kind} {base_url}");
    }
}

#[test]
fn without_an_address_there_is_nobody_to_ask_and_the_demo_knows_by_itself() {
    for kind in ["openai-compatible", "azure-openai"] {
        assert_eq!(providers::find(kind).unwrap().listing("", "", None), Listing::NotOffered, "{kind}");
    }
    let Listing::BuiltIn(models) = providers::find("demo").unwrap().listing("", "", None) else {
        panic!("not built in")
    };
    assert_eq!(
        models.iter().map(|model| model.id.as_str()).collect::<Vec<_>>(),
        ["demo-swift", "demo-steady", "demo-sage"]
    );
    assert!(models.iter().all(|model| model.context_window.is_some() && model.max_output.is_some()));
}

#[test]
fn a_page_of_something_else_is_no_list() {
    for provider in PROVIDERS {
        for body in ["", "[", "<html></html>", r#"{"error":{"code":400,"message":"no"}}"#, r#"{"data":7,"models":7}"#] {
            assert!(provider.read_listing(body.as_bytes()).is_err(), "{} {body}", provider.info().kind);
        }
    }
    assert_eq!(providers::find("gemini").unwrap().read_listing(b"{}"), Ok(Page::default()));
    // Half a cursor is none: a server that says `has_more` for ever is not followed for ever.
    let endless = br#"{"data":[],"has_more":true,"last_id":null}"#;
    assert_eq!(providers::find("anthropic").unwrap().read_listing(endless).unwrap().next, None);
}
