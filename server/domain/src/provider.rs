//! Providers: which kinds exist, what a form asks for, what a list shows. Credentials never appear here.

use serde::{Deserialize, Serialize};

use crate::{clock::Stamp, id::ProviderId};

/// How the credential travels to the upstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthScheme {
    /// No credential at all.
    None,
    /// `Authorization: Bearer …`, when a credential is stored.
    Bearer,
    /// `x-api-key`, as Anthropic reads it.
    ApiKeyX,
    /// `x-goog-api-key`.
    ApiKeyGoogle,
    /// `api-key`, as Azure reads it.
    ApiKey,
}

/// A kind of provider: the value stands beside its implementation in `llm::providers`, forms read it through the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProviderInfo {
    /// `openai-compatible`, as bundles and the database spell it.
    pub kind: &'static str,
    pub title: &'static str,
    pub summary: &'static str,
    pub auth: AuthScheme,
    /// The form asks for a base URL.
    pub needs_base_url: bool,
    /// The base URL of the vendor itself: what the form starts with. Empty where there is none.
    pub base_url: &'static str,
    /// Known vendors of the kind.
    pub presets: &'static [Preset],
    /// Upstream models the kind brings itself (the demo provider does): name, context window, input and output price in
    /// dollars per million tokens.
    pub models: &'static [BuiltInModel],
}

/// A vendor, or a server of one's own, whose ways are known: it fills the form, and its quirks are honoured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preset {
    /// `mistral`, as bundles and the database spell it.
    pub id: &'static str,
    pub title: &'static str,
    pub base_url: &'static str,
    /// Runs without a credential.
    pub is_local: bool,
}

/// A model that a provider kind brings itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BuiltInModel {
    pub name: &'static str,
    pub context_window: u32,
    pub max_output: u32,
    pub input: &'static str,
    pub output: &'static str,
}

/// The same for the browser.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderKind {
    pub kind: String,
    pub title: String,
    pub summary: String,
    pub needs_base_url: bool,
    /// What the form starts with.
    pub base_url: String,
    pub presets: Vec<PresetSummary>,
    pub takes_credential: bool,
}

/// A preset, for the browser.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PresetSummary {
    pub id: String,
    pub title: String,
    pub base_url: String,
    pub is_local: bool,
}

impl From<&Preset> for PresetSummary {
    fn from(preset: &Preset) -> Self {
        let Preset { id, title, base_url, is_local } = *preset;
        Self { id: id.to_owned(), title: title.to_owned(), base_url: base_url.to_owned(), is_local }
    }
}

impl From<&ProviderInfo> for ProviderKind {
    fn from(info: &ProviderInfo) -> Self {
        let ProviderInfo { kind, title, summary, auth, needs_base_url, base_url, presets, models: _ } = *info;
        Self {
            kind: kind.to_owned(),
            title: title.to_owned(),
            summary: summary.to_owned(),
            needs_base_url,
            base_url: base_url.to_owned(),
            presets: presets.iter().map(PresetSummary::from).collect(),
            takes_credential: auth != AuthScheme::None,
        }
    }
}

/// What a form sends to connect a provider. The credential is write-only.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewProvider {
    /// The team it is connected from; `shared` makes it the whole instance's.
    pub team: String,
    pub shared: bool,
    pub slug: String,
    pub kind: String,
    /// A preset's id; empty for none.
    #[serde(default)]
    pub preset: String,
    #[serde(default)]
    pub base_url: String,
    #[serde(default)]
    pub credential: String,
}

impl std::fmt::Debug for NewProvider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewProvider").field("slug", &self.slug).field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// A provider in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderSummary {
    pub id: ProviderId,
    pub revision: i64,
    pub slug: String,
    pub kind: String,
    /// A preset's id; empty for none.
    pub preset: String,
    pub title: String,
    pub base_url: String,
    /// Belongs to the whole instance rather than to this team.
    pub shared: bool,
    pub credential: CredentialState,
    /// May the reader change it?
    pub editable: bool,
    pub models: u64,
    pub created: Stamp,
}

/// What may be said about a stored credential.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CredentialState {
    /// None stored and none needed.
    None,
    /// Stored; its last four characters.
    Stored { last_four: String },
    /// Stored, but the master key or the destination changed: enter it again.
    Unreadable { last_four: String },
}

/// What a form sends to change a provider. Slug, kind and owner are fixed. A changed address needs the credential again: it was
/// sealed for the old one.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProviderChange {
    pub team: String,
    pub provider: ProviderId,
    pub revision: i64,
    #[serde(default)]
    pub preset: String,
    #[serde(default)]
    pub base_url: String,
    /// Empty: the stored one stays.
    #[serde(default)]
    pub credential: String,
}

impl std::fmt::Debug for ProviderChange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ProviderChange").field("provider", &self.provider).finish_non_exhaustive()
    }
}

/// What a free call to a provider says about its address and credential: a class, never the upstream's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "verdict")]
pub enum ProbeVerdict {
    /// It answered with its list of models.
    Works {
        models: u32,
    },
    RefusedCredential,
    /// No connection: the name does not resolve, nobody listens, or it takes too long.
    Unreachable,
    /// A connection, but no certificate that can be trusted.
    Tls,
    AddressNotAllowed,
    RateLimited,
    /// An answer that is none of these: perhaps the address is not that of an API.
    Unexpected {
        status: u16,
    },
    /// The kind has nothing to ask for free.
    NotOffered,
}

impl ProbeVerdict {
    pub fn is_good(self) -> bool {
        matches!(self, Self::Works { .. } | Self::NotOffered)
    }

    /// For people: what it means and what to do.
    pub fn sentence(self) -> String {
        match self {
            Self::Works { models: 0 } => "It works, but offers no list: add its models by name.".to_owned(),
            Self::Works { models: 1 } => "It works: 1 model is offered.".to_owned(),
            Self::Works { models } => format!("It works: {models} models are offered."),
            Self::RefusedCredential => "The address answers, but refuses the credential: enter it again.".to_owned(),
            Self::Unreachable => {
                "Nobody answers at this address: check it, and that this server may reach it.".to_owned()
            }
            Self::Tls => "The address answers without a certificate that this server trusts.".to_owned(),
            Self::AddressNotAllowed => {
                "This address is not allowed: an instance admin can allow private addresses in the settings.".to_owned()
            }
            Self::RateLimited => {
                "The address and the credential seem right, but the provider is limiting calls now.".to_owned()
            }
            Self::Unexpected { status } => {
                format!("The answer has status {status}, which no API of this kind gives: check the address.")
            }
            Self::NotOffered => "This kind has nothing to ask for free; the first call will tell.".to_owned(),
        }
    }
}

/// A model that a provider says it offers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfferedModel {
    pub upstream: String,
    /// Is it in the built-in catalogue, so that its price and size come along?
    pub known: bool,
    /// Dollars per million tokens, where known.
    pub input: String,
    pub output: String,
    pub context_window: Option<u32>,
    /// The public name under which the team has it already.
    pub present: Option<String>,
}

/// What a form or script sends to take over models that a provider offers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportModels {
    pub team: String,
    pub provider: ProviderId,
    /// Upstream ids.
    pub models: Vec<String>,
}
