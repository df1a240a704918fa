//! Who acts: a person with the roles they hold right now, a token of theirs with less than that, or the operator of the
//! command line.
//!
//! Roles are read with every request, so a change of role, a disabled account or a lost membership acts at once. The
//! constructors live here and nowhere else. What a role may do stands in `domain::permission`, what a token lets through in
//! `domain::token`. Whoever asks for a right asks an [`Actor`], never a role: a role alone forgets the token.

use std::sync::Arc;

use auth::KeyDigest;
use domain::{
    id::{SessionId, TeamId, UserId},
    permission::Permission,
    role::{InstanceRole, TeamRole},
    team::StoreContent,
    token::TokenScope,
};
use store::{
    pool::{self, Connection},
    teams::Team,
    users::User,
};

use crate::{Context, Error};

/// An authenticated person, a token of theirs, or the operator. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Actor {
    who: Who,
    role: InstanceRole,
    memberships: Arc<[Access]>,
    /// The zone they want times in; empty: the instance's.
    zone: Arc<str>,
    address: Option<Arc<str>>,
    request_id: Option<Arc<str>>,
}

#[derive(Clone, Debug)]
enum Who {
    Person {
        user: Arc<User>,
        session: SessionId,
    },
    /// `public` is the token's handle in lists and logs.
    Token {
        user: Arc<User>,
        public: Arc<str>,
        limits: Limits,
    },
    Operator,
}

/// What a token takes away from what its owner may do.
#[derive(Clone, Debug)]
struct Limits {
    scopes: TokenScopes,
    team: Option<TeamId>,
}

/// The scopes of a management token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenScopes(Arc<[TokenScope]>);

impl TokenScopes {
    pub fn has(&self, scope: TokenScope) -> bool {
        self.0.contains(&scope)
    }

    fn let_through(&self, permission: Permission) -> bool {
        self.0.iter().any(|scope| scope.lets(permission))
    }
}

impl Limits {
    fn let_through(&self, permission: Permission) -> bool {
        self.scopes.let_through(permission) && (self.team.is_none() || permission.rule().team.is_some())
    }
}

/// A team that an actor may see, and their role in it. `role` is `None` when only their instance role lets them see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    pub id: TeamId,
    pub slug: String,
    pub name: String,
    pub store_content: StoreContent,
    pub role: Option<TeamRole>,
}

impl Access {
    fn new(team: Team, role: Option<TeamRole>) -> Self {
        let Team { id, slug, name, store_content } = team;
        Self { id, slug, name, store_content, role }
    }
}

/// The person behind a live session, with the roles of this moment. `None`: the account is gone or disabled.
pub async fn load(ctx: &Context, user: UserId, session: SessionId) -> Result<Option<Actor>, Error> {
    let mut db = pool::connection(&ctx.pools.auth).await?;
    acting(&mut db, user, None, |user| Who::Person { user, session }).await
}

/// What a management token lets its owner do, and its scopes, by which routes are chosen. `None`: not a token, unknown,
/// revoked or expired, or its owner's account is disabled.
pub async fn of_token(ctx: &Context, text: &str) -> Result<Option<(Actor, TokenScopes)>, Error> {
    let Ok(token) = auth::api_token::parse(text) else { return Ok(None) };
    let mut db = pool::connection(&ctx.pools.auth).await?;
    let Some(live) = store::tokens::live(&mut db, token.public()).await? else { return Ok(None) };
    if KeyDigest::from_stored(&live.digest) != Some(token.digest()) {
        return Ok(None);
    }
    if live.is_stale {
        store::tokens::touch(&mut db, live.id).await?;
    }
    let scopes = TokenScopes(live.scopes.into());
    let limits = Limits { scopes: scopes.clone(), team: live.team };
    let actor =
        acting(&mut db, live.user, live.team, |user| Who::Token { user, public: token.public().into(), limits })
            .await?;
    Ok(actor.map(|actor| (actor, scopes)))
}

/// An enabled account with the roles of this moment, in all of its teams or in the one given.
async fn acting(
    db: &mut Connection,
    user: UserId,
    only: Option<TeamId>,
    who: impl FnOnce(Arc<User>) -> Who,
) -> Result<Option<Actor>, Error> {
    let account = store::users::with_zone(db, user).await?.filter(|(user, _)| !user.disabled);
    let Some((user, zone)) = account else { return Ok(None) };
    let memberships = store::teams::memberships(db, user.id).await?.into_iter();
    let seen = memberships.filter(|(team, _)| only.is_none_or(|only| only == team.id));
    Ok(Some(Actor {
        role: user.role,
        memberships: seen.map(|(team, role)| Access::new(team, Some(role))).collect(),
        zone: zone.into(),
        who: who(Arc::new(user)),
        address: None,
        request_id: None,
    }))
}

impl Actor {
    /// Whoever runs the command line beside the database: an owner of the instance, a member of no team.
    pub fn operator() -> Self {
        Self {
            who: Who::Operator,
            role: InstanceRole::Owner,
            memberships: Arc::new([]),
            zone: Arc::from(""),
            address: None,
            request_id: None,
        }
    }

    /// Where this request comes from, for audit rows.
    #[must_use]
    pub fn at(self, address: Option<String>, request_id: Option<String>) -> Self {
        Self { address: address.map(Arc::from), request_id: request_id.map(Arc::from), ..self }
    }

    /// The person who acts, by themselves or through a token of theirs.
    pub fn user(&self) -> Option<UserId> {
        self.person().map(|user| user.id)
    }

    pub fn session(&self) -> Option<SessionId> {
        match &self.who {
            Who::Person { session, .. } => Some(*session),
            Who::Token { .. } | Who::Operator => None,
        }
    }

    /// For comparing ranks. A right is asked for by [`Actor::may`] and its sisters, because a token has less than its owner.
    pub(crate) fn role(&self) -> InstanceRole {
        self.role
    }

    pub(crate) fn person(&self) -> Option<&User> {
        match &self.who {
            Who::Person { user, .. } | Who::Token { user, .. } => Some(user),
            Who::Operator => None,
        }
    }

    /// The person themselves, for what belongs to their account: no token of theirs may touch it.
    pub(crate) fn own(&self) -> Result<&User, Error> {
        match &self.who {
            Who::Person { user, .. } => Ok(user),
            Who::Token { .. } => Err(Error::Forbidden { needs: NOT_A_TOKEN.to_owned() }),
            Who::Operator => Err(Error::NeedsPerson),
        }
    }

    /// Teams this actor is a member of, by name.
    pub fn memberships(&self) -> &[Access] {
        &self.memberships
    }

    pub(crate) fn zone(&self) -> &str {
        &self.zone
    }

    /// The public part of the token that is used, if one is.
    pub(crate) fn token(&self) -> Option<&str> {
        match &self.who {
            Who::Token { public, .. } => Some(public),
            Who::Person { .. } | Who::Operator => None,
        }
    }

    /// The name that audit rows carry.
    pub(crate) fn audit_name(&self) -> String {
        self.user().map_or_else(|| "operator".to_owned(), |user| user.to_string())
    }

    pub(crate) fn address(&self) -> Option<&str> {
        self.address.as_deref()
    }

    pub(crate) fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }

    /// The team with this slug, if this actor may see it. A team of strangers and none at all are the same answer.
    pub async fn team(&self, ctx: &Context, slug: &str) -> Result<Access, Error> {
        if let Some(access) = self.memberships.iter().find(|access| access.slug == slug) {
            return Ok(access.clone());
        }
        // What is no slug is nobody's, and the database need not be asked what it thinks of it.
        if !Permission::ReadTeam.held_by(self.role, None) || domain::text::slug(slug).is_err() {
            return Err(Error::NotFound);
        }
        let mut db = pool::connection(&ctx.pools.dashboard).await?;
        let team = store::teams::by_slug(&mut db, slug).await?.filter(|team| self.reaches(team.id));
        Ok(Access::new(team.ok_or(Error::NotFound)?, None))
    }

    /// Is this team within the limits of the token, if there is one?
    pub(crate) fn reaches(&self, team: TeamId) -> bool {
        self.limits().and_then(|limits| limits.team).is_none_or(|only| only == team)
    }

    pub fn may(&self, permission: Permission, team: &Access) -> bool {
        self.limits().is_none_or(|limits| limits.let_through(permission)) && self.owner_may(permission, team)
    }

    pub fn require(&self, permission: Permission, team: &Access) -> Result<(), Error> {
        if self.may(permission, team) {
            Ok(())
        } else {
            Err(self.refusal(permission, self.owner_may(permission, team)))
        }
    }

    /// To look at what takes `permission` to change: a token needs no more than the scope that reads it.
    pub fn may_read(&self, permission: Permission, team: &Access, scope: TokenScope) -> bool {
        let is_let = self.limits().is_none_or(|limits| limits.scopes.has(scope) || limits.let_through(permission));
        is_let && self.owner_may(permission, team)
    }

    pub fn require_read(&self, permission: Permission, team: &Access, scope: TokenScope) -> Result<(), Error> {
        match self.may_read(permission, team, scope) {
            true => Ok(()),
            false => Err(self.refusal(permission, self.owner_may(permission, team))),
        }
    }

    /// For what belongs to the whole instance: a token for one team has no part in it.
    pub fn may_instance(&self, permission: Permission) -> bool {
        let is_let = |limits: &Limits| limits.team.is_none() && limits.let_through(permission);
        self.limits().is_none_or(is_let) && permission.held_by(self.role, None)
    }

    pub fn require_instance(&self, permission: Permission) -> Result<(), Error> {
        match self.may_instance(permission) {
            true => Ok(()),
            false => Err(self.refusal(permission, permission.held_by(self.role, None))),
        }
    }

    fn limits(&self) -> Option<&Limits> {
        match &self.who {
            Who::Token { limits, .. } => Some(limits),
            Who::Person { .. } | Who::Operator => None,
        }
    }

    /// Do the roles alone, without the limits of a token, suffice?
    fn owner_may(&self, permission: Permission, team: &Access) -> bool {
        permission.held_by(self.role, team.role)
    }

    /// Says what is missing: the role, or, when the roles suffice, what the token lacks.
    fn refusal(&self, permission: Permission, role_suffices: bool) -> Error {
        if !role_suffices {
            return Error::Forbidden { needs: permission.needs() };
        }
        let scopes = TokenScope::ALL.into_iter().filter(|scope| scope.lets(permission));
        let names: Vec<&str> = scopes.map(TokenScope::as_str).collect();
        let needs = match names.is_empty() {
            true => NOT_A_TOKEN.to_owned(),
            false if permission.rule().team.is_none() => {
                format!("a token for all teams with the scope {}", names.join(" or "))
            }
            false => format!("a token with the scope {}", names.join(" or ")),
        };
        Error::Forbidden { needs }
    }
}

const NOT_A_TOKEN: &str = "a person who is signed in, not a management token";
