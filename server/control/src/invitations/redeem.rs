//! Using an invitation up, as somebody who has an account or as somebody new.

use auth::{Password, digest::TokenDigest};
use domain::{ApiError, ErrorKind, error::FieldErrors, id::UserId, role::InstanceRole, text};
use store::{invitations::Invitation, pool, sessions::failures, users::User};

use super::is_entitled;
use crate::{Actor, Context, Error, audit, links, throttle};

/// What the form behind a link sends. Whoever is signed in leaves all but the token empty.
#[derive(Clone)]
pub struct Redeem {
    pub token: String,
    pub name: String,
    pub email: String,
    pub password: String,
}

/// Who joined which team.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Joined {
    pub user: UserId,
    /// Slug.
    pub team: String,
    /// The account was made just now.
    pub is_new: bool,
}

/// Who is about to join.
enum Joiner {
    Known(UserId),
    New { user: User, password_hash: String },
}

impl Joiner {
    fn id(&self) -> UserId {
        match self {
            Self::Known(user) => *user,
            Self::New { user, .. } => user.id,
        }
    }
}

/// Makes whoever holds the link a member, and an account for them unless they are signed in.
///
/// `actor` is the person who is signed in, if one is. Tries are counted per network before anything is looked up.
pub async fn redeem(
    ctx: &Context,
    actor: Option<&Actor>,
    input: Redeem,
    address: Option<&str>,
) -> Result<Joined, Error> {
    let network = throttle::network(throttle::parse(address));
    throttle::take(ctx, &network).await?;
    let done = once(ctx, actor, input, Source { address, network: &network }).await;
    match &done {
        // Who holds a good link and mistypes a field guesses nothing; who is told that an address has an account might.
        Err(Error::Invalid(error)) if error.kind == ErrorKind::Invalid => throttle::give_back(ctx, &network).await?,
        Err(Error::NoInvitation) => {
            let name = actor.map_or_else(|| "anonymous".to_owned(), Actor::audit_name);
            let object = "unknown invitation";
            let act = audit::Act { team: None, action: "invitation.redeem_refused", object, fields: &[] };
            let mut tx = pool::begin(&ctx.pools.auth).await?;
            audit::record_as(ctx, &mut tx, &name, address, act).await?;
            pool::commit(tx).await?;
        }
        Ok(_) | Err(_) => {}
    }
    done
}

/// Where a try comes from, and what it was counted by.
#[derive(Clone, Copy)]
struct Source<'a> {
    address: Option<&'a str>,
    network: &'a str,
}

async fn once(ctx: &Context, actor: Option<&Actor>, input: Redeem, source: Source<'_>) -> Result<Joined, Error> {
    let digest = links::digest(&input.token).ok_or(Error::NoInvitation)?;
    let mut db = pool::connection(&ctx.pools.auth).await?;
    let invitation = usable(store::invitations::by_token(&mut db, digest.as_bytes()).await?)?;
    if !invitation.is_open() {
        return Err(Error::NoInvitation);
    }
    let joiner = match actor {
        Some(actor) => known(actor, &invitation)?,
        None => {
            let account = new_account(ctx, &invitation, input)?;
            let taken = store::users::by_email(&mut db, &account.user.email).await?.is_some();
            // A hash may wait in a queue, a connection must not.
            drop(db);
            if taken {
                return Err(has_account());
            }
            Joiner::New { password_hash: ctx.passwords.hash(&account.password).await?, user: account.user }
        }
    };
    join(ctx, &digest, joiner, source).await
}

/// One transaction: the account, the membership, the end of the link.
async fn join(ctx: &Context, digest: &TokenDigest, joiner: Joiner, source: Source<'_>) -> Result<Joined, Error> {
    let mut tx = pool::begin(&ctx.pools.auth).await?;
    let (user, is_new) = (joiner.id(), matches!(joiner, Joiner::New { .. }));
    if let Joiner::New { user, password_hash } = &joiner {
        store::users::insert(&mut tx, user, password_hash).await.map_err(|error| {
            match error.is_taken(store::users::EMAIL_KEY) {
                true => has_account(),
                false => error.into(),
            }
        })?;
    }
    if !store::invitations::redeem(&mut tx, digest.as_bytes(), user).await? {
        return Err(Error::NoInvitation);
    }
    // Read again now that nobody else can use it or take it back: what its inviter may give is what counts.
    let invitation = usable(store::invitations::by_token(&mut tx, digest.as_bytes()).await?)?;
    if !store::members::add(&mut tx, invitation.team, user, invitation.role).await? {
        return Err(Error::conflict("you are a member of this team already"));
    }
    let object = format!("invitation {}", invitation.id);
    let fields: &[&str] = if is_new { &["email", "name", "password", "role"] } else { &["role"] };
    let act = audit::Act { team: Some(invitation.team), action: "invitation.redeem", object: &object, fields };
    audit::record_as(ctx, &mut tx, &user.to_string(), source.address, act).await?;
    failures::give_back_network(&mut tx, source.network).await?;
    store::notify::config(&mut tx).await?;
    pool::commit(tx).await?;
    Ok(Joined { user, team: invitation.team_slug, is_new })
}

fn usable(found: Option<Invitation>) -> Result<Invitation, Error> {
    found.filter(is_entitled).ok_or(Error::NoInvitation)
}

fn known(actor: &Actor, invitation: &Invitation) -> Result<Joiner, Error> {
    let person = actor.own()?;
    require_address(invitation, &person.email)?;
    Ok(Joiner::Known(person.id))
}

/// An account to be, checked.
struct NewAccount {
    user: User,
    password: Password,
}

fn new_account(ctx: &Context, invitation: &Invitation, input: Redeem) -> Result<NewAccount, Error> {
    let Redeem { token: _, name, email, password } = input;
    let mut errors = FieldErrors::default();
    let email = errors.check("email", text::email(&email)).unwrap_or_default();
    let name = errors.check("name", text::name(&name)).unwrap_or_default();
    let password = errors.check("password", Password::chosen(password, &email, &name));
    errors.finish()?;
    require_address(invitation, &email)?;
    let id = UserId::new(&*ctx.clock, &*ctx.entropy);
    let user = User { id, email, name, role: InstanceRole::User, disabled: false };
    Ok(NewAccount { user, password: password.ok_or(Error::NoInvitation)? })
}

/// An invitation for one address is for nobody else.
fn require_address(invitation: &Invitation, email: &str) -> Result<(), Error> {
    if invitation.email.is_empty() || invitation.email == email {
        return Ok(());
    }
    Err(about_address("this invitation is for another e-mail address: sign in as the invited address"))
}

fn has_account() -> Error {
    about_address("an account with this address exists: sign in first, then open the link again")
}

fn about_address(message: &str) -> Error {
    let kind = ErrorKind::Conflict;
    ApiError { kind, ..ApiError::field("email", message) }.into()
}
