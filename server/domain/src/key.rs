//! Virtual keys: what clients send. The secret itself never appears here; `auth::api_key` makes and checks it.

use serde::{Deserialize, Serialize};

use crate::{clock::Stamp, id::KeyId};

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

/// What a form or script sends to create a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewKey {
    pub team: String,
    pub name: String,
    #[serde(default)]
    pub kind: KeyKind,
    pub models: AllowedModels,
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

/// A key in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeySummary {
    pub id: KeyId,
    pub name: String,
    /// The 12 public characters: the handle in lists and logs.
    pub public: String,
    pub last_four: String,
    pub kind: KeyKind,
    pub models: AllowedModels,
    pub owner: Option<String>,
    /// Brought in by a bundle rather than made here.
    pub imported: bool,
    pub created: Stamp,
    pub last_used: Option<Stamp>,
    pub revoked: Option<Stamp>,
}
