//! Everybody who may ask: people with a session, keys, tokens, links, and nobody.

use domain::{
    permission::Permission,
    role::{InstanceRole, TeamRole},
    token::TokenScope,
};
use tests::{
    Credential, Tenants, Visitor,
    tenants::{Issued, Person},
};

/// One principal.
pub struct Asker<'a> {
    pub name: String,
    pub visitor: Visitor,
    pub who: Who<'a>,
}

pub enum Who<'a> {
    /// No credential that opens anything: none at all, a dead one, or one for something else.
    Nobody,
    Person(&'a Person),
    /// A virtual key: its team, whether it may call models, whether it may tell how calls went, and its owner.
    Key {
        team: &'static str,
        may_call: bool,
        may_tell: bool,
        owner: Option<&'a Person>,
    },
    /// A live management token: its owner, its scopes, and the one team it is for.
    Token {
        owner: &'a Person,
        scopes: Vec<TokenScope>,
        team: Option<&'static str>,
    },
}

impl<'a> Asker<'a> {
    /// The person that a thing can belong to.
    pub fn person(&self) -> Option<&'a Person> {
        match &self.who {
            Who::Person(person) => Some(person),
            Who::Token { owner, .. } => Some(owner),
            Who::Key { owner, .. } => *owner,
            Who::Nobody => None,
        }
    }

    /// May an answer to this asker speak of this team?
    pub fn sees(&self, team: &str) -> bool {
        match &self.who {
            Who::Nobody => false,
            Who::Key { team: own, .. } => *own == team,
            Who::Person(person) => sees(person, team),
            Who::Token { owner, team: None, .. } => sees(owner, team),
            Who::Token { owner, team: Some(own), .. } => *own == team && sees(owner, team),
        }
    }
}

pub fn sees(person: &Person, team: &str) -> bool {
    Permission::ReadTeam.held_by(person.instance, role_in(person, team))
}

/// Somebody's role in a team; people have one team at most, and it begins their name.
pub fn role_in(person: &Person, team: &str) -> Option<TeamRole> {
    person.team.filter(|_| person.name.starts_with(&format!("{team}-")))
}

const SIGNED_IN: [&str; 9] = [
    "owner",
    "admin",
    "loner",
    "alpha-admin",
    "alpha-member",
    "alpha-viewer",
    "beta-admin",
    "beta-member",
    "beta-viewer",
];

/// All of them, once the gateway knows which keys work.
pub async fn askers(tenants: &Tenants) -> Vec<Asker<'_>> {
    let people = SIGNED_IN.iter().map(|name| {
        let person = &tenants[name];
        Asker { name: format!("person {name}"), visitor: person.visitor.clone(), who: Who::Person(person) }
    });
    let mut all: Vec<Asker<'_>> = people.collect();
    assert!(all.iter().any(|asker| asker.person().is_some_and(|person| person.instance == InstanceRole::Owner)));
    all.extend(nobody(tenants));
    all.extend(keys(tenants));
    all.extend(tokens(tenants));
    super::expected::known_keys(&all).await;
    all
}

fn bearer(tenants: &Tenants, name: impl Into<String>, secret: &str, who: Who<'static>) -> Asker<'static> {
    Asker { name: name.into(), visitor: tenants.stranger.bearer(secret), who }
}

fn nobody(tenants: &Tenants) -> Vec<Asker<'_>> {
    let alpha = tenants.alpha();
    let gone = &tenants["alpha-gone"];
    let dead = |name: &str, secret: &str| bearer(tenants, name, secret, Who::Nobody);
    let cookie = |name: &str, secret: &str| Asker {
        name: name.to_owned(),
        visitor: tenants.stranger.with(Credential::Cookie(format!("tg={secret}"))),
        who: Who::Nobody,
    };
    vec![
        Asker { name: "nobody".to_owned(), visitor: tenants.stranger.clone(), who: Who::Nobody },
        Asker { name: "a disabled admin's session".to_owned(), visitor: gone.visitor.clone(), who: Who::Nobody },
        dead("a disabled admin's key", gone.key.as_ref().map_or("", |key| &key.secret)),
        dead("a disabled admin's token", &gone.token.secret),
        dead("an expired key", &alpha.keys["expired"].secret),
        dead("a revoked key", &alpha.keys["revoked"].secret),
        dead("an expired token", &alpha.tokens["expired"].secret),
        dead("a revoked token", &alpha.tokens["revoked"].secret),
        dead("an invitation", &alpha.invitation.secret),
        dead("a reset link", &alpha.reset.secret),
        cookie("an invitation as a session", &alpha.invitation.secret),
        cookie("a reset link as a session", &alpha.reset.secret),
        cookie("a token as a session", &alpha.tokens["own"].secret),
    ]
}

/// The one key that has the scope for it, and no other.
const TELLING: &str = "a key of another scope";

fn keys(tenants: &Tenants) -> Vec<Asker<'_>> {
    let key = |name: &str, issued: &Issued, team, may_call, owner| Asker {
        name: name.to_owned(),
        visitor: tenants.stranger.bearer(&issued.secret),
        who: Who::Key { team, may_call, may_tell: name == TELLING, owner },
    };
    let (alpha, beta) = (tenants.alpha(), tenants.beta());
    let member = &tenants["alpha-member"];
    let mut all = vec![
        key("a service key", &alpha.key, "alpha", true, None),
        key(TELLING, &alpha.keys["narrow"], "alpha", false, None),
        key("a paused key", &alpha.keys["paused"], "alpha", false, None),
        key("a key of the other team", &beta.key, "beta", true, None),
    ];
    all.extend(member.key.iter().map(|issued| key("a personal key", issued, "alpha", true, Some(member))));
    all
}

fn tokens(tenants: &Tenants) -> Vec<Asker<'_>> {
    let everything = TokenScope::ALL.to_vec();
    let token = |name: String, issued: &Issued, owner, scopes, team| Asker {
        name,
        visitor: tenants.stranger.bearer(&issued.secret),
        who: Who::Token { owner, scopes, team },
    };
    let admin = &tenants["alpha-admin"];
    let mut all: Vec<Asker<'_>> = TokenScope::ALL
        .into_iter()
        .map(|scope| {
            let name = format!("a token for {}", scope.as_str());
            token(name, &tenants.alpha().tokens[scope.as_str()], admin, vec![scope], None)
        })
        .collect();
    for name in ["owner", "loner", "alpha-member", "alpha-viewer"] {
        let person = &tenants[name];
        all.push(token(format!("{name}'s token"), &person.token, person, everything.clone(), None));
    }
    all.push(token(
        "a token for the team".into(),
        &tenants.alpha().tokens["own"],
        admin,
        everything.clone(),
        Some("alpha"),
    ));
    let other = &tenants["beta-admin"];
    all.push(token(
        "a token of the other team".into(),
        &tenants.beta().tokens["own"],
        other,
        everything.clone(),
        Some("beta"),
    ));
    let owner = &tenants["owner"];
    all.push(token(
        "the owner's, for the team".into(),
        &tenants.alpha().tokens["bound"],
        owner,
        everything,
        Some("alpha"),
    ));
    all
}
