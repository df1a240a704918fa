//! Teams, the only tenant level, and what the shell shows about the person who is signed in.

use serde::{Deserialize, Serialize};

use crate::{
    id::TeamId,
    money::Money,
    role::{InstanceRole, TeamRole},
};

/// How much of a request's content is kept (`product.md` GW-39).
/// From the loosest to the strictest: of several policies the greatest wins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StoreContent {
    Full,
    /// Text without secrets.
    Redacted,
    #[default]
    Metadata,
}

impl StoreContent {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Redacted => "redacted",
            Self::Metadata => "metadata",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Full, Self::Redacted, Self::Metadata].into_iter().find(|policy| policy.as_str() == text)
    }
}

/// A team as one of its members sees it in the switcher.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TeamLink {
    pub id: TeamId,
    pub slug: String,
    pub name: String,
    /// `None`: seen through an instance role.
    pub role: Option<TeamRole>,
}

/// Who is signed in, for the shell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Me {
    pub name: String,
    pub email: String,
    pub role: InstanceRole,
    pub instance_name: String,
    /// Zone of all times on the pages.
    pub zone: String,
    pub teams: Vec<TeamLink>,
    /// The address clients use, without a trailing slash.
    pub public_url: String,
}

impl Me {
    pub fn is_admin(&self) -> bool {
        self.role >= InstanceRole::Admin
    }
}

/// The first page of a team: what it costs, what is left to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TeamHome {
    pub requests_24h: u64,
    pub errors_24h: u64,
    pub cost_24h: Money,
    /// Requests of the last 24 hours whose price is unknown: not part of the cost.
    pub unpriced_24h: u64,
    pub providers: u64,
    pub models: u64,
    pub unpriced_models: u64,
    pub keys: u64,
    pub runs: u64,
    pub recent: Vec<crate::history::HistoryRow>,
}

/// Settings of a team. `revision` is that of the settings that were read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TeamSettings {
    /// Fixed at creation.
    pub slug: String,
    pub revision: i64,
    pub name: String,
    pub store_content: StoreContent,
}

/// What a form or script sends to create a team.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewTeam {
    pub name: String,
    /// Empty: made of the name.
    #[serde(default)]
    pub slug: String,
}

/// A team in the list of the instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TeamSummary {
    pub slug: String,
    pub name: String,
    pub members: u64,
    pub keys: u64,
    pub store_content: StoreContent,
    pub created: crate::clock::Stamp,
    /// The reader's role in it; `None`: not a member.
    pub role: Option<TeamRole>,
}
