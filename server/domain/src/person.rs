//! People as pages and the public API show them, what they may change of themselves, and the links that let them in.
//!
//! Never here: passwords at rest, tokens at rest. What is typed into a password field has no `Debug`.

use serde::{Deserialize, Serialize};

use crate::{
    clock::Stamp,
    id::{InvitationId, UserId},
    role::{InstanceRole, TeamRole},
};

/// Longest life of an invitation, in days.
pub const LONGEST_INVITATION: u32 = 30;
/// Life of an invitation when nobody says otherwise, in days.
pub const USUAL_INVITATION: u32 = 7;

/// A person in the list of the instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    pub id: UserId,
    pub email: String,
    pub name: String,
    pub role: InstanceRole,
    pub disabled: bool,
    /// The reader themselves.
    pub is_you: bool,
    pub teams: Vec<TeamOfPerson>,
    pub created: Stamp,
    /// The last use of a session; `None`: never signed in.
    pub last_seen: Option<Stamp>,
    /// Live sign-in sessions.
    pub sessions: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TeamOfPerson {
    pub slug: String,
    pub name: String,
    pub role: TeamRole,
}

/// A member in the list of a team.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    pub user: UserId,
    pub email: String,
    pub name: String,
    pub role: TeamRole,
    pub disabled: bool,
    pub is_you: bool,
    /// Somebody who also has a role at the instance.
    pub instance_role: InstanceRole,
    pub joined: Stamp,
    pub last_seen: Option<Stamp>,
}

/// An invitation that can still be used, or could be until lately.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invitation {
    pub id: InvitationId,
    pub role: TeamRole,
    /// Empty: whoever holds the link.
    pub email: String,
    pub invited_by: String,
    pub created: Stamp,
    pub expires: Stamp,
    pub state: InvitationState,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InvitationState {
    Open,
    Redeemed,
    Expired,
    Revoked,
}

/// What a form or script sends to invite somebody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewInvitation {
    pub team: String,
    pub role: TeamRole,
    /// Empty: whoever holds the link.
    #[serde(default)]
    pub email: String,
    /// 1 to [`LONGEST_INVITATION`].
    #[serde(default = "usual_invitation")]
    pub days: u32,
}

fn usual_invitation() -> u32 {
    USUAL_INVITATION
}

/// A link that is shown once: an invitation or a password reset. The secret stands in its fragment, which no server sees.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewLink {
    /// Whom or what it is for, in words: `Payments, as member`.
    pub title: String,
    pub url: String,
    pub expires: Stamp,
}

impl std::fmt::Debug for NewLink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewLink").field("title", &self.title).finish_non_exhaustive()
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Theme {
    #[default]
    System,
    Light,
    Dark,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Density {
    #[default]
    Comfortable,
    Compact,
}

impl Theme {
    pub const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|theme| theme.as_str() == text)
    }
}

impl Density {
    pub const ALL: [Self; 2] = [Self::Comfortable, Self::Compact];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Comfortable => "comfortable",
            Self::Compact => "compact",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|density| density.as_str() == text)
    }
}

/// What a person may change of themselves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    pub name: String,
    /// Empty: the instance's.
    #[serde(default)]
    pub zone: String,
    #[serde(default)]
    pub theme: Theme,
    #[serde(default)]
    pub density: Density,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PasswordChange {
    pub current: String,
    pub new: String,
}

impl std::fmt::Debug for PasswordChange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PasswordChange")
    }
}
