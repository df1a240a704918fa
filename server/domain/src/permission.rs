//! Who may do what: one table, operation × role (`product.md` 2). Tests snapshot it, a page will show it.
//!
//! One more permission: a variant, its place in [`Permission::ALL`] and its row in [`Permission::rule`].

use serde::{Deserialize, Serialize};

use crate::role::{InstanceRole, TeamRole};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Permission {
    /// See the team, its models and its totals.
    ReadTeam,
    /// See the numbers of requests that other members made.
    ReadTeamHistory,
    /// Read stored content of one's own requests and runs of the team.
    ReadContent,
    RunPlayground,
    CreatePersonalKeys,
    /// Service keys, and the keys of other members.
    ManageKeys,
    /// Providers, credentials, models and prices that belong to the team.
    ManageTeamProviders,
    /// Providers, credentials, models and prices of the whole instance.
    ManageInstanceProviders,
    /// Name, zone, private-address allow-list.
    ManageInstance,
    ManageUsers,
    ManageTeams,
    GrantInstanceAdmin,
}

/// The least role that holds a permission, at the instance and in the team; `None`: not by that kind of role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    pub instance: Option<InstanceRole>,
    pub team: Option<TeamRole>,
}

impl Permission {
    pub const ALL: [Self; 12] = [
        Self::ReadTeam,
        Self::ReadTeamHistory,
        Self::ReadContent,
        Self::RunPlayground,
        Self::CreatePersonalKeys,
        Self::ManageKeys,
        Self::ManageTeamProviders,
        Self::ManageInstanceProviders,
        Self::ManageInstance,
        Self::ManageUsers,
        Self::ManageTeams,
        Self::GrantInstanceAdmin,
    ];

    pub fn rule(self) -> Rule {
        let rule = |instance, team| Rule { instance, team };
        match self {
            Self::ReadTeam => rule(Some(InstanceRole::Admin), Some(TeamRole::Viewer)),
            Self::ReadTeamHistory | Self::ManageKeys | Self::ManageTeamProviders => {
                rule(Some(InstanceRole::Admin), Some(TeamRole::Admin))
            }
            // Prompts and content are never read through an instance role alone (`security.md` AC-8).
            Self::ReadContent | Self::RunPlayground | Self::CreatePersonalKeys => rule(None, Some(TeamRole::Member)),
            Self::ManageInstanceProviders | Self::ManageInstance | Self::ManageUsers | Self::ManageTeams => {
                rule(Some(InstanceRole::Admin), None)
            }
            Self::GrantInstanceAdmin => rule(Some(InstanceRole::Owner), None),
        }
    }

    /// Does a person with these roles hold it? `team` is their role in the team in question, if any.
    pub fn held_by(self, instance: InstanceRole, team: Option<TeamRole>) -> bool {
        let rule = self.rule();
        rule.instance.is_some_and(|least| instance >= least)
            || rule.team.zip(team).is_some_and(|(least, has)| has >= least)
    }

    /// Which role would hold it, for the refusal.
    pub fn needs(self) -> String {
        match (self.rule().team, self.rule().instance) {
            (Some(TeamRole::Viewer), _) => "a member of the team".to_owned(),
            (Some(role), _) => format!("the team role {}", role.as_str()),
            (None, Some(role)) => format!("the instance role {}", role.as_str()),
            (None, None) => "nobody".to_owned(),
        }
    }
}
