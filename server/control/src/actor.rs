//! Who acts: a person with the roles they hold right now, or the operator of the command line.
//!
//! Roles are read with every request, so a change of role, a disabled account or a lost membership acts at once. The
//! constructors live here and nowhere else. What a role may do stands in `domain::permission`.

use std::sync::Arc;

use domain::{
    id::{SessionId, TeamId, UserId},
    permission::Permission,
    role::{InstanceRole, TeamRole},
    team::StoreContent,
};
use store::{pool, teams::Team, users::User};

use crate::{Context, Error};

/// An authenticated person, or the operator. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Actor {
    who: Who,
    role: InstanceRole,
    memberships: Arc<[Access]>,
    address: Option<Arc<str>>,
    request_id: Option<Arc<str>>,
}

#[derive(Clone, Debug)]
enum Who {
    Person { user: Arc<User>, session: SessionId },
    Operator,
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
    let Some(user) = store::users::load(&mut db, user).await?.filter(|user| !user.disabled) else { return Ok(None) };
    let memberships = store::teams::memberships(&mut db, user.id).await?;
    Ok(Some(Actor {
        role: user.role,
        memberships: memberships.into_iter().map(|(team, role)| Access::new(team, Some(role))).collect(),
        who: Who::Person { user: Arc::new(user), session },
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
            address: None,
            request_id: None,
        }
    }

    /// Where this request comes from, for audit rows.
    #[must_use]
    pub fn at(self, address: Option<String>, request_id: Option<String>) -> Self {
        Self { address: address.map(Arc::from), request_id: request_id.map(Arc::from), ..self }
    }

    pub fn user(&self) -> Option<UserId> {
        self.person().map(|user| user.id)
    }

    pub fn session(&self) -> Option<SessionId> {
        match &self.who {
            Who::Person { session, .. } => Some(*session),
            Who::Operator => None,
        }
    }

    pub fn role(&self) -> InstanceRole {
        self.role
    }

    pub(crate) fn person(&self) -> Option<&User> {
        match &self.who {
            Who::Person { user, .. } => Some(user),
            Who::Operator => None,
        }
    }

    /// Teams this actor is a member of, by name.
    pub fn memberships(&self) -> &[Access] {
        &self.memberships
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
        if !Permission::ReadTeam.held_by(self.role, None) {
            return Err(Error::NotFound);
        }
        let mut db = pool::connection(&ctx.pools.dashboard).await?;
        let team = store::teams::by_slug(&mut db, slug).await?.ok_or(Error::NotFound)?;
        Ok(Access::new(team, None))
    }

    pub fn may(&self, permission: Permission, team: &Access) -> bool {
        permission.held_by(self.role, team.role)
    }

    pub fn require(&self, permission: Permission, team: &Access) -> Result<(), Error> {
        if self.may(permission, team) { Ok(()) } else { Err(Error::Forbidden { needs: permission.needs() }) }
    }

    /// For what belongs to the whole instance.
    pub fn require_instance(&self, permission: Permission) -> Result<(), Error> {
        if permission.held_by(self.role, None) { Ok(()) } else { Err(Error::Forbidden { needs: permission.needs() }) }
    }
}
