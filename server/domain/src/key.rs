//! Virtual keys: what clients send. The secret itself never appears here; `auth::api_key` makes and checks it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{clock::Stamp, history::HistoryRow, id::KeyId, task::TaskClass, team::StoreContent};

/// Which models a key may call. An empty set allows nothing; everything is a value of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AllowedModels {
    All,
    /// Public model names.
    Only(Vec<String>),
}

impl AllowedModels {
    pub fn allows(&self, model: &str) -> bool {
        match self {
            Self::All => true,
            Self::Only(names) => names.iter().any(|name| name == model),
        }
    }
}

/// Personal keys die with the membership, service keys belong to the team.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyKind {
    #[default]
    Personal,
    Service,
}

impl KeyKind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Personal => "personal",
            Self::Service => "service",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Personal, Self::Service].into_iter().find(|kind| kind.as_str() == text)
    }
}

/// What a key may be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum KeyScope {
    /// Call models.
    #[serde(rename = "inference")]
    Inference,
    #[serde(rename = "prompts.read")]
    PromptsRead,
    #[serde(rename = "feedback.write")]
    FeedbackWrite,
    #[serde(rename = "usage.read")]
    UsageRead,
}

impl KeyScope {
    pub const ALL: [Self; 4] = [Self::Inference, Self::PromptsRead, Self::FeedbackWrite, Self::UsageRead];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Inference => "inference",
            Self::PromptsRead => "prompts.read",
            Self::FeedbackWrite => "feedback.write",
            Self::UsageRead => "usage.read",
        }
    }

    pub fn summary(self) -> &'static str {
        match self {
            Self::Inference => "Call models",
            Self::PromptsRead => "Read the team's prompts",
            Self::FeedbackWrite => "Say how good an answer was",
            Self::UsageRead => "Read what this key has used",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == text)
    }
}

/// Longest overlap of a rotation, in hours.
pub const LONGEST_OVERLAP: u32 = 30 * 24;
/// Overlap of a rotation when nobody says otherwise, in hours.
pub const USUAL_OVERLAP: u32 = 24;
pub const MOST_NETWORKS: usize = 32;
pub const MOST_TAGS: usize = 16;

/// What decides about a key besides its name: the same in the form, the API and the bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyRules {
    pub models: AllowedModels,
    #[serde(default = "usual_scopes")]
    pub scopes: Vec<KeyScope>,
    /// A day such as `2027-01-31`, at whose end in the instance's zone the key stops, or a moment of RFC 3339; empty: never.
    #[serde(default)]
    pub expires: String,
    /// Networks it may come from, such as `203.0.113.0/24`; none: any.
    #[serde(default)]
    pub networks: Vec<String>,
    /// What its calls are tagged with unless they say otherwise.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// The task class of calls that name none.
    #[serde(default)]
    pub task: Option<TaskClass>,
    /// The most tokens an answer may have.
    #[serde(default)]
    pub max_output: Option<u32>,
    /// How much of what is said is kept, if stricter than the team's.
    #[serde(default)]
    pub store_content: Option<StoreContent>,
}

fn usual_scopes() -> Vec<KeyScope> {
    vec![KeyScope::Inference]
}

impl Default for KeyRules {
    fn default() -> Self {
        Self {
            models: AllowedModels::All,
            scopes: usual_scopes(),
            expires: String::new(),
            networks: Vec::new(),
            tags: BTreeMap::new(),
            task: None,
            max_output: None,
            store_content: None,
        }
    }
}

/// What a form or script sends to create a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewKey {
    pub team: String,
    pub name: String,
    #[serde(default)]
    pub kind: KeyKind,
    pub rules: KeyRules,
}

/// What a form or script sends to change one. `revision` is that of the key that was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyChange {
    pub team: String,
    pub key: KeyId,
    pub revision: i64,
    pub name: String,
    pub rules: KeyRules,
}

/// The one answer that carries the secret.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreatedKey {
    pub key: KeySummary,
    pub secret: String,
}

impl std::fmt::Debug for CreatedKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CreatedKey").field("key", &self.key).finish_non_exhaustive()
    }
}

/// Can a key be used, and if not, why?
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyState {
    Active,
    Paused,
    Expired,
    Revoked,
    /// Its owner is disabled or no member any more.
    Orphaned,
}

/// A key in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeySummary {
    pub id: KeyId,
    pub revision: i64,
    /// May the reader change and rotate it? A personal key is nobody's to take over: only its owner may.
    pub editable: bool,
    /// May the reader pause, resume and revoke it?
    pub stoppable: bool,
    pub name: String,
    /// The 12 public characters: the handle in lists and logs.
    pub public: String,
    pub last_four: String,
    pub kind: KeyKind,
    pub state: KeyState,
    pub rules: KeyRules,
    pub owner: Option<String>,
    /// Brought in by a bundle rather than made here.
    pub imported: bool,
    pub created: Stamp,
    pub created_by: String,
    pub expires: Option<Stamp>,
    pub last_used: Option<Stamp>,
    pub revoked: Option<Stamp>,
    /// Secrets that still work beside the newest one.
    pub retiring: Vec<RetiringSecret>,
}

/// A secret that a rotation replaced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetiringSecret {
    pub public: String,
    pub last_four: String,
    pub until: Stamp,
}

/// A key on its own page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyDetail {
    pub key: KeySummary,
    /// Its last requests, newest first, where the reader may see them.
    pub requests: Vec<HistoryRow>,
}
