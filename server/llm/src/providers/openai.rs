//! OpenAI's own API: chat completions, responses, completions, embeddings.
//!
//! Chat keeps no reasoning between the turns of a tool loop, responses do, sealed. So a request from another dialect that
//! asks for reasoning goes to `/responses`, unless it needs what only chat has. Source: OpenAI's guide to reasoning models.

use domain::provider::{AuthScheme, ProviderInfo};

use super::{
    Destination, HttpRequest, Provider, Rejection,
    openai_compatible::{self, family::Server},
};
use crate::{
    Error, Request,
    offer::{self, Listing, Page},
    wire::openai,
};

pub struct OpenAi;

static INFO: ProviderInfo = ProviderInfo {
    kind: "openai",
    title: "OpenAI",
    summary: "OpenAI's own API: chat completions, responses, embeddings.",
    auth: AuthScheme::Bearer,
    needs_base_url: false,
    base_url: "https://api.openai.com/v1",
    presets: &[],
    models: &[],
};

impl Provider for OpenAi {
    fn info(&self) -> &'static ProviderInfo {
        &INFO
    }

    fn encode(&self, request: &Request, destination: &Destination<'_>) -> Result<HttpRequest, Error> {
        let server = Server {
            title: INFO.title,
            base_url: openai_compatible::base_or(destination.base_url, INFO.base_url),
            query: "",
            quirks: &openai::OPENAI,
            seals_reasoning: true,
        };
        server.encode(request, destination)
    }

    fn classify(&self, status: u16, body: &[u8]) -> Rejection {
        openai_compatible::classify(status, body)
    }

    fn listing(&self, base_url: &str, _preset: &str, _after: Option<&str>) -> Listing {
        openai_compatible::listing(base_url, INFO.base_url, &openai::OPENAI)
    }

    fn read_listing(&self, body: &[u8]) -> Result<Page, Error> {
        offer::openai_page(body)
    }
}
