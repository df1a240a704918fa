//! `/api/v1/teams/{team}/members` and `/invitations`: who belongs to a team, and the links that let people in.

use control::{Error, invitations, members};
use domain::{
    id::{InvitationId, UserId},
    person::{Invitation, InvitationState, Member, NewInvitation, NewLink, USUAL_INVITATION},
    role::{InstanceRole, TeamRole},
    token::TokenScope::{MembersRead, MembersWrite},
};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    asked::{Asked, PAGE, Page},
    endpoint::{Answer, Content, Endpoint, Example, Group, shown},
    shapes,
};

pub static GROUP: Group = Group {
    name: "Members",
    about: "Who belongs to a team, and the links that let people in. Nobody gives a role above their own.",
    endpoints: &[
        Endpoint {
            route: "GET /api/v1/teams/{team}/members",
            id: "listMembers",
            summary: "List members",
            about: "",
            scope: Some(MembersRead),
            query: PAGE,
            body: None,
            answer: Some(Content::of::<Page<Person>>()),
            run: list,
        },
        Endpoint {
            route: "PATCH /api/v1/teams/{team}/members/{user}",
            id: "updateMember",
            summary: "Change a member's role",
            about: "The last admin of a team stays one.",
            scope: Some(MembersWrite),
            query: &[],
            body: Some(Content::of::<Change>()),
            answer: Some(Content::of::<Person>()),
            run: update,
        },
        Endpoint {
            route: "DELETE /api/v1/teams/{team}/members/{user}",
            id: "removeMember",
            summary: "Remove a member",
            about: "Their personal keys in the team are revoked, and their open invitations with them.",
            scope: Some(MembersWrite),
            query: &[],
            body: None,
            answer: None,
            run: remove,
        },
        Endpoint {
            route: "GET /api/v1/teams/{team}/invitations",
            id: "listInvitations",
            summary: "List invitations",
            about: "The secrets of their links are not kept and not shown.",
            scope: Some(MembersRead),
            query: PAGE,
            body: None,
            answer: Some(Content::of::<Page<Invited>>()),
            run: list_invitations,
        },
        Endpoint {
            route: "POST /api/v1/teams/{team}/invitations",
            id: "createInvitation",
            summary: "Invite somebody",
            about: "The answer holds the link, once. Whoever opens it may join in the role it names.",
            scope: Some(MembersWrite),
            query: &[],
            body: Some(Content::of::<New>()),
            answer: Some(Content::of::<Link>()),
            run: invite,
        },
        Endpoint {
            route: "DELETE /api/v1/teams/{team}/invitations/{invitation}",
            id: "revokeInvitation",
            summary: "Revoke an invitation",
            about: "",
            scope: Some(MembersWrite),
            query: &[],
            body: None,
            answer: None,
            run: revoke,
        },
    ],
};

/// A member of a team.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Member")]
struct Person {
    user: Uuid,
    email: String,
    name: String,
    #[schemars(schema_with = "shapes::team_role")]
    role: TeamRole,
    /// Of the instance.
    #[schemars(schema_with = "shapes::instance_role")]
    instance_role: InstanceRole,
    disabled: bool,
    joined: String,
    /// The last use of a sign-in session; null: never signed in.
    last_seen: Option<String>,
}

impl From<Member> for Person {
    fn from(member: Member) -> Self {
        let Member { user, email, name, role, disabled, is_you: _, instance_role, joined, last_seen } = member;
        let last_seen = last_seen.map(|stamp| stamp.iso);
        Self { user: user.0, email, name, role, instance_role, disabled, joined: joined.iso, last_seen }
    }
}

impl Example for Person {
    fn example() -> Self {
        Self {
            user: Uuid::from_u128(0x0190_b6a0_0000_7000_8000_0000_0000_0002),
            email: "grace@example.com".to_owned(),
            name: "Grace".to_owned(),
            role: TeamRole::Member,
            instance_role: InstanceRole::User,
            disabled: false,
            joined: "2026-11-21T14:05:00Z".to_owned(),
            last_seen: None,
        }
    }
}

/// What is to change of a member.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "MemberChange")]
struct Change {
    #[schemars(schema_with = "shapes::team_role")]
    role: TeamRole,
}

impl Example for Change {
    fn example() -> Self {
        Self { role: TeamRole::Admin }
    }
}

fn states(_: &mut SchemaGenerator) -> Schema {
    let all = [InvitationState::Open, InvitationState::Redeemed, InvitationState::Expired, InvitationState::Revoked];
    json_schema!({ "type": "string", "enum": all })
}

/// A link that lets one person join.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Invitation")]
struct Invited {
    id: Uuid,
    #[schemars(schema_with = "shapes::team_role")]
    role: TeamRole,
    /// Empty: whoever holds the link.
    email: String,
    invited_by: String,
    created: String,
    expires: String,
    #[schemars(schema_with = "states")]
    state: InvitationState,
}

impl From<Invitation> for Invited {
    fn from(invitation: Invitation) -> Self {
        let Invitation { id, role, email, invited_by, created, expires, state } = invitation;
        Self { id: id.0, role, email, invited_by, created: created.iso, expires: expires.iso, state }
    }
}

impl Example for Invited {
    fn example() -> Self {
        Self {
            id: Uuid::from_u128(0x0190_b6a0_0000_7000_8000_0000_0000_0003),
            role: TeamRole::Member,
            email: "grace@example.com".to_owned(),
            invited_by: "Ada".to_owned(),
            created: "2026-11-21T14:05:00Z".to_owned(),
            expires: "2026-11-28T14:05:00Z".to_owned(),
            state: InvitationState::Open,
        }
    }
}

/// Somebody to be invited.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewInvitation")]
struct New {
    #[schemars(schema_with = "shapes::team_role")]
    role: TeamRole,
    /// Empty: whoever holds the link.
    #[serde(default)]
    email: String,
    /// 1 to 30.
    #[serde(default = "usual_days")]
    days: u32,
}

fn usual_days() -> u32 {
    USUAL_INVITATION
}

impl Example for New {
    fn example() -> Self {
        Self { role: TeamRole::Member, email: "grace@example.com".to_owned(), days: USUAL_INVITATION }
    }
}

/// A link that is shown this once. Its secret stands behind `#`, which no server sees.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "InvitationLink")]
struct Link {
    /// What it is for, in words.
    title: String,
    url: String,
    expires: String,
}

impl From<NewLink> for Link {
    fn from(link: NewLink) -> Self {
        let NewLink { title, url, expires } = link;
        Self { title, url, expires: expires.iso }
    }
}

impl Example for Link {
    fn example() -> Self {
        Self {
            title: "Payments, as member".to_owned(),
            url: "https://tallygate.example.com/invite#…".to_owned(),
            expires: "2026-11-28T14:05:00Z".to_owned(),
        }
    }
}

fn list(asked: &Asked) -> Answer<'_> {
    Box::pin(async {
        asked.no_body()?;
        let all = members::list(&asked.ctx, &asked.actor, asked.team()).await?;
        asked.page(all.into_iter().map(|member| (member.user.0, Person::from(member))).collect())
    })
}

fn update(asked: &Asked) -> Answer<'_> {
    Box::pin(async {
        let Change { role } = asked.body()?;
        let user: UserId = asked.id("user")?;
        members::set_role(&asked.ctx, &asked.actor, asked.team(), user, role).await?;
        let all = members::list(&asked.ctx, &asked.actor, asked.team()).await?;
        let member = all.into_iter().find(|member| member.user == user).ok_or(Error::NotFound)?;
        Ok(shown(&Person::from(member)))
    })
}

fn remove(asked: &Asked) -> Answer<'_> {
    Box::pin(async {
        asked.no_body()?;
        let user: UserId = asked.id("user")?;
        members::remove(&asked.ctx, &asked.actor, asked.team(), user).await?;
        Ok(serde_json::Value::Null)
    })
}

fn list_invitations(asked: &Asked) -> Answer<'_> {
    Box::pin(async {
        asked.no_body()?;
        let all = invitations::list(&asked.ctx, &asked.actor, asked.team()).await?;
        asked.page(all.into_iter().map(|invitation| (invitation.id.0, Invited::from(invitation))).collect())
    })
}

fn invite(asked: &Asked) -> Answer<'_> {
    Box::pin(async {
        let New { role, email, days } = asked.body()?;
        let input = NewInvitation { team: asked.team().to_owned(), role, email, days };
        let link = invitations::create(&asked.ctx, &asked.actor, input).await?;
        Ok(shown(&Link::from(link)))
    })
}

fn revoke(asked: &Asked) -> Answer<'_> {
    Box::pin(async {
        asked.no_body()?;
        let id: InvitationId = asked.id("invitation")?;
        invitations::revoke(&asked.ctx, &asked.actor, asked.team(), id).await?;
        Ok(serde_json::Value::Null)
    })
}
