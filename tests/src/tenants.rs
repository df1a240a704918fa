//! One instance with two equal teams, everybody who may or may not do something in them, and one of everything to do it to.
//!
//! What belongs to a team carries that team's [`mark`] in a text that no request has to name, so an answer that shows a mark
//! shows whose it is. Tests of access share it: the matrix, the twins, bad input. One more kind of person: a line in
//! [`PEOPLE`]; one more kind of thing: a field of [`Side`], made in `tenants/make.rs`.

#![expect(clippy::expect_used, reason = "the arrangement of a test: without it there is nothing to assert")]

use std::{collections::BTreeMap, ops::Index};

use domain::role::{InstanceRole, TeamRole};

use crate::{FakeUpstream, TestServer, Visitor, http_client, tables::Tables};

mod bundle;
mod make;

pub use make::{PICTURE, grid, of_link};

/// Short name, instance role, role in the team that the name begins with.
pub const PEOPLE: &[(&str, &str, Option<&str>)] = &[
    ("owner", "owner", None),
    ("second", "owner", None),
    ("admin", "admin", None),
    ("loner", "user", None),
    ("alpha-admin", "user", Some("admin")),
    ("alpha-member", "user", Some("member")),
    ("alpha-viewer", "user", Some("viewer")),
    ("alpha-spare", "user", Some("member")),
    ("alpha-deputy", "user", Some("admin")),
    ("alpha-gone", "user", Some("admin")),
    ("beta-admin", "user", Some("admin")),
    ("beta-member", "user", Some("member")),
    ("beta-viewer", "user", Some("viewer")),
    ("beta-spare", "user", Some("member")),
    ("beta-deputy", "user", Some("admin")),
    ("beta-gone", "user", Some("admin")),
];
pub const TEAMS: [&str; 2] = ["alpha", "beta"];
pub const PASSWORD: &str = "nine tall notebooks of lovelace";

pub fn email(name: &str) -> String {
    format!("{name}@example.com")
}

/// The text that tells whose something is: `zqxbeta` for everything of the team beta.
pub fn mark(name: &str) -> String {
    TEAMS.iter().find(|team| name.starts_with(**team)).map_or_else(|| "ofall".to_owned(), |team| format!("zqx{team}"))
}

/// A secret and the row it belongs to.
#[derive(Clone, Debug, Default)]
pub struct Issued {
    pub id: String,
    pub secret: String,
}

#[derive(Clone, Debug)]
pub struct Person {
    pub name: &'static str,
    pub id: String,
    pub email: String,
    pub instance: InstanceRole,
    pub team: Option<TeamRole>,
    /// Signed in; the sessions of the disabled were ended with them.
    pub visitor: Visitor,
    /// Another session of theirs.
    pub session: String,
    /// A management token of theirs with every scope.
    pub token: Issued,
    /// A personal key of theirs, where they may have one.
    pub key: Option<Issued>,
}

/// One of everything that a team has.
#[derive(Clone, Debug, Default)]
pub struct Side {
    pub slug: String,
    pub id: String,
    pub admin: String,
    pub member: String,
    pub spare: String,
    pub provider: String,
    pub provider_slug: String,
    pub model: String,
    pub model_name: String,
    pub deployment: String,
    pub price: String,
    /// A service key that clients use, and others by what is wrong with them: `narrow paused expired revoked`.
    pub key: Issued,
    pub keys: BTreeMap<&'static str, Issued>,
    /// An open invitation.
    pub invitation: Issued,
    /// A reset link of a person of this team.
    pub reset: Issued,
    /// Tokens of the team's admin by their one scope, and `expired revoked other` (bound to the other team).
    pub tokens: BTreeMap<&'static str, Issued>,
    /// A run of two columns, its first cell, and the request of that cell.
    pub run: String,
    pub cell: String,
    pub run_request: String,
    /// What the member keeps and shares with the team.
    pub case_set: String,
    pub view: String,
    pub image: String,
    /// A request made with the member's personal key, and its attempt.
    pub request: String,
    pub attempt: String,
}

impl Side {
    /// What a request can name a thing of this team by, each under the name of its kind.
    pub fn handles(&self) -> Vec<(&'static str, String)> {
        let key = |name: &str| self.keys.get(name).map(|key| key.id.clone()).unwrap_or_default();
        let token = self.tokens.get("own").map(|token| token.id.clone()).unwrap_or_default();
        vec![
            ("team slug", self.slug.clone()),
            ("team", self.id.clone()),
            ("admin", self.admin.clone()),
            ("member", self.member.clone()),
            ("spare", self.spare.clone()),
            ("provider", self.provider.clone()),
            ("provider slug", self.provider_slug.clone()),
            ("model", self.model.clone()),
            ("model name", self.model_name.clone()),
            ("deployment", self.deployment.clone()),
            ("price", self.price.clone()),
            ("key", self.key.id.clone()),
            ("paused key", key("paused")),
            ("invitation", self.invitation.id.clone()),
            ("token", token),
            ("run", self.run.clone()),
            ("cell", self.cell.clone()),
            ("run request", self.run_request.clone()),
            ("case set", self.case_set.clone()),
            ("view", self.view.clone()),
            ("image", self.image.clone()),
            ("request", self.request.clone()),
            ("public request", format!("req_{}", self.request.replace('-', ""))),
            ("attempt", self.attempt.clone()),
        ]
    }

    /// A team that there is not, with nothing in it.
    pub fn nowhere() -> Self {
        let nothing = |number: u32| format!("0190b6a0-0000-7000-8000-{number:012x}");
        Self {
            slug: "no-such-team".to_owned(),
            id: nothing(1),
            admin: nothing(2),
            member: nothing(3),
            spare: nothing(4),
            provider: nothing(5),
            provider_slug: "no-such-provider".to_owned(),
            model: nothing(6),
            model_name: "no-such-model".to_owned(),
            deployment: nothing(7),
            price: nothing(8),
            key: Issued { id: nothing(9), secret: crate::virtual_key("nowhere") },
            invitation: Issued { id: nothing(10), secret: "no-such-invitation-0000000000".to_owned() },
            reset: Issued { id: nothing(11), secret: "no-such-reset-00000000000000".to_owned() },
            run: nothing(12),
            cell: nothing(13),
            run_request: nothing(18),
            case_set: nothing(19),
            view: nothing(20),
            image: nothing(21),
            request: nothing(14),
            attempt: nothing(15),
            keys: BTreeMap::from([("paused", Issued { id: nothing(16), ..Issued::default() })]),
            tokens: BTreeMap::from([("own", Issued { id: nothing(17), ..Issued::default() })]),
        }
    }
}

/// What a thing of the whole instance is called.
#[derive(Clone, Debug, Default)]
pub struct Shared {
    pub provider: String,
    pub model: String,
    pub deployment: String,
    pub price: String,
}

pub struct Tenants {
    pub upstream: FakeUpstream,
    pub server: TestServer,
    pub tables: Tables,
    pub stranger: Visitor,
    pub people: BTreeMap<&'static str, Person>,
    pub sides: [Side; 2],
    pub shared: Shared,
    /// Numbers of the last change, by id; that of the instance's settings by `instance`.
    pub revisions: BTreeMap<String, i64>,
    pub database: store::testing::TestDatabase,
}

impl Index<&str> for Tenants {
    type Output = Person;

    fn index(&self, name: &str) -> &Person {
        self.people.get(name).expect("a person of the list")
    }
}

impl Tenants {
    /// What goes to the provider and is shown to nobody.
    pub const PROVIDER_SECRET: &str = "sk-provider-secret-of-both-teams";

    /// Everything, through the product's own doors where it has one.
    pub async fn new() -> Self {
        let upstream = FakeUpstream::start().await.expect("a fake provider");
        let database = store::testing::database().await;
        let secrets = [("PEOPLE_PASSWORD", PASSWORD), ("LOCAL_KEY", Self::PROVIDER_SECRET)];
        let server = TestServer::start(&database.url, &bundle::text(&upstream), &secrets).await.expect("a server");
        let tables = Tables::connect(&database.url).await.expect("a view of the database");
        let stranger = Visitor::stranger(http_client(), server.url(""));
        let mut tenants = Self {
            upstream,
            server,
            tables,
            stranger,
            people: BTreeMap::new(),
            sides: [Side::default(), Side::default()],
            shared: Shared::default(),
            revisions: BTreeMap::new(),
            database,
        };
        make::all(&mut tenants).await.expect("one of everything");
        tenants
    }

    /// That of a row that does not exist is 1.
    pub fn revision(&self, id: &str) -> i64 {
        self.revisions.get(id).copied().unwrap_or(1)
    }

    pub fn alpha(&self) -> &Side {
        &self.sides[0]
    }

    pub fn beta(&self) -> &Side {
        &self.sides[1]
    }
}
