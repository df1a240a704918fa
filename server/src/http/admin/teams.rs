//! `/api/v1/teams`: where a token may go.

use domain::{role::TeamRole, team::TeamLink};
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    asked::{Asked, PAGE, Page},
    endpoint::{Answer, Content, Endpoint, Example, Group},
    shapes,
};

pub static GROUP: Group = Group {
    name: "Teams",
    about: "A team owns keys, models and members. Every other path begins with the slug of one.",
    endpoints: &[Endpoint {
        route: "GET /api/v1/teams",
        id: "listTeams",
        summary: "List teams",
        about: "The teams that the token's owner may see; a token that is bound to one team sees that one.",
        scope: None,
        query: PAGE,
        body: None,
        answer: Some(Content::of::<Page<Team>>()),
        run: list,
    }],
};

/// A team that the token's owner may see.
#[derive(Serialize, JsonSchema)]
struct Team {
    /// What stands in paths.
    slug: String,
    name: String,
    /// The role of the token's owner; null: seen through an instance role.
    #[schemars(schema_with = "shapes::optional_team_role")]
    role: Option<TeamRole>,
}

impl Example for Team {
    fn example() -> Self {
        Self { slug: "payments".to_owned(), name: "Payments".to_owned(), role: Some(TeamRole::Admin) }
    }
}

fn list(asked: &Asked) -> Answer<'_> {
    Box::pin(async {
        asked.no_body()?;
        let teams = control::teams::links(&asked.ctx, &asked.actor).await?;
        let teams = teams.into_iter().map(|TeamLink { id, slug, name, role }| (id.0, Team { slug, name, role }));
        asked.page(teams.collect())
    })
}
