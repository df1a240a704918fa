//! How upstreams speak. One more provider: a file here, a line in [`PROVIDERS`], a golden fixture.
//!
//! Providers see bytes and values only. The gateway sends, paces and adds the credential by `info().auth`.

pub mod anthropic;
pub mod azure_openai;
pub mod demo;
pub mod gemini;
pub mod openai;
pub mod openai_compatible;

use bytes::Bytes;
use domain::provider::ProviderInfo;

use crate::{
    Error, Request,
    offer::{Listing, Page},
    wire::Reader,
};

/// All kinds of provider.
pub static PROVIDERS: &[&dyn Provider] = &[
    &openai::OpenAi,
    &anthropic::Anthropic,
    &gemini::Gemini,
    &azure_openai::AzureOpenAi,
    &openai_compatible::OpenAiCompatible,
    &demo::Demo,
];

/// The kind with this name.
pub fn find(kind: &str) -> Option<&'static dyn Provider> {
    PROVIDERS.iter().copied().find(|provider| provider.info().kind == kind)
}

/// Where an attempt goes, as far as a provider must know.
#[derive(Clone, Copy, Debug)]
pub struct Destination<'a> {
    /// Without a slash at its end; empty for a kind that needs none.
    pub base_url: &'a str,
    pub upstream_model: &'a str,
    /// The vendor's preset, for kinds that have some; empty for none.
    pub preset: &'a str,
    /// Largest answer of the model, for wires on which a limit is not optional.
    pub max_output: Option<u32>,
}

/// An upstream request without its credential. It is always a JSON POST.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpRequest {
    pub url: String,
    /// Of the provider itself, such as its API version. A header of the client with the same name wins.
    pub headers: Vec<(&'static str, &'static str)>,
    pub body: Bytes,
    /// How to read what comes back.
    pub reader: Reader,
    /// Fields of the request that the upstream does not get to see ([`crate::wire::DROPPABLE`]).
    pub dropped: Vec<String>,
}

/// Whose fault a refusal is (`ledger.md` 7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The caller's own request is wrong; another target would refuse it too.
    Caller,
    /// Our credential, account or configuration.
    Account,
    /// No room at the moment.
    Capacity,
    /// The upstream itself failed.
    Provider,
}

/// What a complete answer that is no success means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rejection {
    pub fault: Fault,
    /// Refused without charge; otherwise nobody can know whether the work was done and billed.
    pub is_free: bool,
}

/// An answer that the provider makes itself, with its pace: nothing leaves the process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    pub status: u16,
    pub content_type: &'static str,
    pub steps: Vec<Step>,
}

/// Bytes that follow the previous ones after a pause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    pub after_ms: u32,
    pub bytes: Bytes,
}

/// An upstream's language.
pub trait Provider: Send + Sync {
    fn info(&self) -> &'static ProviderInfo;
    fn encode(&self, request: &Request, destination: &Destination<'_>) -> Result<HttpRequest, Error>;
    /// Reads an answer that is no success.
    fn classify(&self, status: u16, body: &[u8]) -> Rejection;
    /// How to learn which models the upstream at this address offers, without charge. `after` is what the last page said comes
    /// next.
    fn listing(&self, base_url: &str, preset: &str, after: Option<&str>) -> Listing;
    /// Reads one page of the list.
    fn read_listing(&self, body: &[u8]) -> Result<Page, Error>;
    /// Can it count the tokens of a chat request? Otherwise a count is estimated here.
    fn counts_tokens(&self) -> bool {
        false
    }
    /// Does the limit of an answer hold for its thoughts as well? Otherwise they come on top.
    fn cap_covers_reasoning(&self, preset: &str) -> bool {
        let _ = preset;
        true
    }
    /// The provider's own answer, for kinds that have no upstream.
    fn script(&self, request: &HttpRequest) -> Option<Script> {
        let _ = request;
        None
    }
}
