//! Management tokens: what scripts manage the instance with, apart from the keys that call models. A token acts as the person who
//! made it, within its scopes, and dies with their account (`product.md` KY-9).

use serde::{Deserialize, Serialize};

use crate::{clock::Stamp, id::TokenId, permission::Permission};

/// What a token may do, of what its owner may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum TokenScope {
    #[serde(rename = "keys.read")]
    KeysRead,
    #[serde(rename = "keys.write")]
    KeysWrite,
    #[serde(rename = "members.read")]
    MembersRead,
    #[serde(rename = "members.write")]
    MembersWrite,
    #[serde(rename = "models.read")]
    ModelsRead,
    #[serde(rename = "models.write")]
    ModelsWrite,
    #[serde(rename = "usage.read")]
    UsageRead,
}

impl TokenScope {
    pub const ALL: [Self; 7] = [
        Self::KeysRead,
        Self::KeysWrite,
        Self::MembersRead,
        Self::MembersWrite,
        Self::ModelsRead,
        Self::ModelsWrite,
        Self::UsageRead,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::KeysRead => "keys.read",
            Self::KeysWrite => "keys.write",
            Self::MembersRead => "members.read",
            Self::MembersWrite => "members.write",
            Self::ModelsRead => "models.read",
            Self::ModelsWrite => "models.write",
            Self::UsageRead => "usage.read",
        }
    }

    /// What it is for, in words.
    pub fn summary(self) -> &'static str {
        match self {
            Self::KeysRead => "List virtual keys",
            Self::KeysWrite => "Create, change, rotate and revoke virtual keys",
            Self::MembersRead => "List members and invitations",
            Self::MembersWrite => "Invite, change and remove members",
            Self::ModelsRead => "List models and prices",
            Self::ModelsWrite => "Add and change models",
            Self::UsageRead => "Read usage and cost",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == text)
    }

    /// The permissions that this scope lets through, if the owner holds them.
    pub fn lets(self, permission: Permission) -> bool {
        use Permission as P;
        match self {
            // Who may read anything of a team must see that the team is there.
            Self::KeysRead | Self::MembersRead | Self::ModelsRead => permission == P::ReadTeam,
            Self::UsageRead => matches!(permission, P::ReadTeam | P::ReadTeamHistory),
            Self::KeysWrite => matches!(permission, P::ReadTeam | P::CreatePersonalKeys | P::ManageKeys),
            Self::MembersWrite => matches!(permission, P::ReadTeam | P::ManageMembers),
            Self::ModelsWrite => {
                matches!(permission, P::ReadTeam | P::ManageTeamProviders | P::ManageInstanceProviders)
            }
        }
    }
}

/// What a form sends to make a token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewToken {
    pub name: String,
    pub scopes: Vec<TokenScope>,
    /// Slug of the one team it is for; empty: wherever its owner may.
    #[serde(default)]
    pub team: String,
    /// A day such as `2027-01-31`, at whose end it stops; empty: never.
    #[serde(default)]
    pub expires: String,
}

/// A token in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenSummary {
    pub id: TokenId,
    pub name: String,
    /// The 12 public characters: the handle in lists and logs.
    pub public: String,
    pub last_four: String,
    pub scopes: Vec<TokenScope>,
    /// Slug; empty: wherever its owner may.
    pub team: String,
    pub created: Stamp,
    pub expires: Option<Stamp>,
    pub last_used: Option<Stamp>,
    pub is_expired: bool,
}

/// The one answer that carries the secret.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreatedToken {
    pub token: TokenSummary,
    pub secret: String,
}

impl std::fmt::Debug for CreatedToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CreatedToken").field("token", &self.token).finish_non_exhaustive()
    }
}
