//! OpenAI models on Azure: the v1 API, and the dated API of old addresses.
//!
//! | base URL | requests go to |
//! |---|---|
//! | `https://RESOURCE.openai.azure.com` (or `.services.ai.azure.com`) | `/openai/v1/…`; the body's model is the deployment |
//! | the same with `/openai/v1` | the same |
//! | with `/openai/deployments/NAME` | `…/NAME/…?api-version=…`; the deployment is in the path |
//! | with `/openai/deployments` | the same, `NAME` being the upstream model |
//!
//! A query of the base URL is kept; a dated address without one gets [`DATED_VERSION`]. The dated API has no `/responses`
//! below a deployment, so nothing goes there. Source: Microsoft's "Azure OpenAI v1 API" and "Azure OpenAI REST API reference".
//!
//! # What it offers
//!
//! `/openai/v1/models` and the dated `/openai/models` answer to the resource's key, free of charge, with the models that the
//! resource could deploy. Calls name a *deployment*, and deployments are listed by Azure's management API alone, which takes
//! another credential. So the list proves address and key, and no name of it is offered: it would not be callable.

use std::borrow::Cow;

use domain::provider::{AuthScheme, ProviderInfo};

use super::{
    Destination, HttpRequest, Provider, Rejection,
    openai_compatible::{self, family::Server},
};
use crate::{
    Error, Request,
    offer::{self, ListRequest, Listing, Page},
    wire::openai::{OPENAI, Quirks, Responses},
};

pub struct AzureOpenAi;

static INFO: ProviderInfo = ProviderInfo {
    kind: "azure-openai",
    title: "Azure OpenAI",
    summary: "OpenAI models on Azure: enter the endpoint of the resource; the upstream model is the deployment's name.",
    auth: AuthScheme::ApiKey,
    needs_base_url: true,
    base_url: "",
    presets: &[],
    models: &[],
};

/// The last dated version that is generally available.
const DATED_VERSION: &str = "?api-version=2024-10-21";
const DEPLOYMENTS: &str = "/openai/deployments";
const DATED_LIST: &str = "/openai/models";
const V1: &str = "/openai/v1";

const DATED: Quirks = Quirks { responses: Responses::No, ..OPENAI };

impl Provider for AzureOpenAi {
    fn info(&self) -> &'static ProviderInfo {
        &INFO
    }

    fn encode(&self, request: &Request, destination: &Destination<'_>) -> Result<HttpRequest, Error> {
        let address = Address::of(destination);
        let server = Server {
            title: INFO.title,
            base_url: &address.base_url,
            query: address.query,
            quirks: address.quirks,
            seals_reasoning: true,
        };
        server.encode(request, destination)
    }

    fn classify(&self, status: u16, body: &[u8]) -> Rejection {
        openai_compatible::classify(status, body)
    }

    fn listing(&self, base_url: &str, preset: &str, _after: Option<&str>) -> Listing {
        if base_url.is_empty() {
            return Listing::NotOffered;
        }
        let address = Address::of(&Destination { base_url, upstream_model: "", preset, max_output: None });
        let url = match address.base_url.split_once(DEPLOYMENTS) {
            Some((resource, _)) => format!("{resource}{DATED_LIST}{}", address.query),
            None => format!("{}/models{}", address.base_url, address.query),
        };
        Listing::Ask(ListRequest { url, headers: Vec::new() })
    }

    fn read_listing(&self, body: &[u8]) -> Result<Page, Error> {
        offer::openai_page(body).map(|_| Page::default())
    }
}

/// Where the requests of a destination go.
#[derive(Debug, PartialEq, Eq)]
struct Address<'a> {
    base_url: Cow<'a, str>,
    query: &'a str,
    quirks: &'static Quirks,
}

impl<'a> Address<'a> {
    fn of(destination: &Destination<'a>) -> Self {
        let at = destination.base_url.find('?').unwrap_or(destination.base_url.len());
        let (base, query) = destination.base_url.split_at(at);
        let base = base.trim_end_matches('/');
        let Some((_, deployment)) = base.split_once(DEPLOYMENTS) else {
            let base_url = match base.strip_suffix("/openai") {
                _ if base.ends_with(V1) => base.into(),
                Some(resource) => format!("{resource}{V1}").into(),
                None => format!("{base}{V1}").into(),
            };
            return Self { base_url, query, quirks: &OPENAI };
        };
        let base_url =
            if deployment.is_empty() { format!("{base}/{}", destination.upstream_model).into() } else { base.into() };
        let query = if query.is_empty() { DATED_VERSION } else { query };
        Self { base_url, query, quirks: &DATED }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_address_leads_to_its_api() {
        let resource = "https://r.openai.azure.com";
        for (typed, base, query, quirks) in [
            ("", "/openai/v1", "", &OPENAI),
            ("/", "/openai/v1", "", &OPENAI),
            ("/openai", "/openai/v1", "", &OPENAI),
            ("/openai/v1", "/openai/v1", "", &OPENAI),
            ("/openai/v1/?api-version=preview", "/openai/v1", "?api-version=preview", &OPENAI),
            ("/openai/deployments/gpt", "/openai/deployments/gpt", DATED_VERSION, &DATED),
            ("/openai/deployments/", "/openai/deployments/up", DATED_VERSION, &DATED),
            (
                "/openai/deployments/gpt?api-version=2025-01-01-preview",
                "/openai/deployments/gpt",
                "?api-version=2025-01-01-preview",
                &DATED,
            ),
        ] {
            let typed = format!("{resource}{typed}");
            let destination = Destination { base_url: &typed, upstream_model: "up", preset: "", max_output: None };
            let want = Address { base_url: format!("{resource}{base}").into(), query, quirks };
            assert_eq!(Address::of(&destination), want, "{typed}");
        }
    }
}
