//! Who may do what: one table, operation × role (`product.md` 2). Tests snapshot it, the page of permissions shows it.
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
    /// Create teams.
    ManageTeams,
    GrantInstanceAdmin,
    /// Name and content policy of the team.
    ManageTeam,
    /// Invite, change and remove members.
    ManageMembers,
    /// The log of who did what.
    ReadAudit,
    /// Describe the whole instance in a file, and change it by one.
    ManageBundle,
}

/// The least role that holds a permission, at the instance and in the team; `None`: not by that kind of role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    pub instance: Option<InstanceRole>,
    pub team: Option<TeamRole>,
}

impl Permission {
    pub const ALL: [Self; 16] = [
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
        Self::ManageTeam,
        Self::ManageMembers,
        Self::ReadAudit,
        Self::ManageBundle,
    ];

    /// What it lets somebody do, in words.
    pub fn summary(self) -> &'static str {
        match self {
            Self::ReadTeam => "See the team, its models and its totals",
            Self::ReadTeamHistory => "See the requests of other members",
            Self::ReadContent => "Read what was said in one's own requests and runs",
            Self::RunPlayground => "Run the playground",
            Self::CreatePersonalKeys => "Create personal keys",
            Self::ManageKeys => "Manage service keys and the keys of others",
            Self::ManageTeamProviders => "Manage the team's providers, models and prices",
            Self::ManageInstanceProviders => "Manage the instance's providers, models and prices",
            Self::ManageInstance => "Change the settings of the instance",
            Self::ManageUsers => "Manage accounts",
            Self::ManageTeams => "Create teams, join any team",
            Self::GrantInstanceAdmin => "Make and unmake owners and admins of the instance",
            Self::ManageTeam => "Change name and content policy of the team",
            Self::ManageMembers => "Invite, change and remove members",
            Self::ReadAudit => "Read the audit log",
            Self::ManageBundle => "Export, plan and apply bundles",
        }
    }

    pub fn rule(self) -> Rule {
        let rule = |instance, team| Rule { instance, team };
        match self {
            Self::ReadTeam => rule(Some(InstanceRole::Admin), Some(TeamRole::Viewer)),
            Self::ReadTeamHistory
            | Self::ManageKeys
            | Self::ManageTeamProviders
            | Self::ManageTeam
            | Self::ManageMembers => rule(Some(InstanceRole::Admin), Some(TeamRole::Admin)),
            // Prompts and content are never read through an instance role alone (`security.md` AC-8).
            Self::ReadContent | Self::RunPlayground | Self::CreatePersonalKeys => rule(None, Some(TeamRole::Member)),
            Self::ManageInstanceProviders
            | Self::ManageInstance
            | Self::ManageUsers
            | Self::ManageTeams
            | Self::ReadAudit => rule(Some(InstanceRole::Admin), None),
            // A bundle may make owners, so it takes who may make them.
            Self::GrantInstanceAdmin | Self::ManageBundle => rule(Some(InstanceRole::Owner), None),
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
