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
    pub slug: String,
    pub kind: String,
    /// A preset's id; empty for none.
    pub preset: String,
    pub title: String,
    pub base_url: String,
    /// Belongs to the whole instance rather than to this team.
    pub shared: bool,
    pub credential: CredentialState,
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
