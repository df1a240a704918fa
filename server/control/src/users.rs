//! The people of the instance: who they are, their role, whether they may sign in, and new passwords by a link.
//!
//! Nobody touches the account of somebody above them, nobody gives a role above what they hold, and the last owner stays
//! (`product.md` TM-6). What people change of themselves is `profile.rs`; who is in which team is `members.rs`.

use std::collections::HashMap;

use auth::{Password, digest::Token};
use domain::{
    error::FieldErrors,
    id::{ResetId, UserId},
    permission::Permission,
    person::{NewLink, Person, TeamOfPerson},
    role::InstanceRole,
    text,
};
use store::{
    pool::{self, Tx},
    resets::{NewReset, Open},
    sessions::failures,
    users::{Listed, User},
};

use crate::{Actor, Context, Error, audit, invitations, links, members, stamps::Stamps, throttle};

/// What `tallygate admin create-user` asks for.
#[derive(Clone)]
pub struct NewUser {
    pub email: String,
    pub name: String,
    pub role: InstanceRole,
    pub password: String,
}

/// Everybody with an account.
pub async fn list(ctx: &Context, actor: &Actor) -> Result<Vec<Person>, Error> {
    actor.require_instance(Permission::ManageUsers)?;
    let mut db = pool::connection(&ctx.pools.dashboard).await?;
    let mut teams: HashMap<UserId, Vec<TeamOfPerson>> = HashMap::new();
    for (user, team) in store::members::of_everybody(&mut db).await? {
        teams.entry(user).or_default().push(team);
    }
    let stamps = Stamps::of_reader(actor, &mut db).await?;
    let people = store::users::list(&mut db).await?.into_iter().map(|listed| {
        let Listed { user, created_at, last_seen_at, sessions } = listed;
        Person {
            teams: teams.remove(&user.id).unwrap_or_default(),
            is_you: actor.user() == Some(user.id),
            id: user.id,
            email: user.email,
            name: user.name,
            role: user.role,
            disabled: user.disabled,
            created: stamps.of(created_at),
            last_seen: last_seen_at.map(|at| stamps.of(at)),
            sessions: u64::try_from(sessions).unwrap_or(0),
        }
    });
    Ok(people.collect())
}

/// Creates an account. Nobody gives a role above what they hold.
pub async fn create(ctx: &Context, actor: &Actor, input: NewUser) -> Result<UserId, Error> {
    actor.require_instance(Permission::ManageUsers)?;
    require_grant(actor, input.role)?;
    let NewUser { email, name, role, password } = input;
    let mut errors = FieldErrors::default();
    let email = errors.check("email", text::email(&email)).unwrap_or_default();
    let name = errors.check("name", text::name(&name)).unwrap_or_default();
    let password = errors.check("password", Password::chosen(password, &email, &name));
    errors.finish()?;
    let password_hash = ctx.passwords.hash(&password.ok_or(Error::NotFound)?).await?;
    let user = User { id: UserId::new(&*ctx.clock, &*ctx.entropy), email, name, role, disabled: false };
    let mut tx = ctx.begin().await?;
    store::instance::lock(&mut tx).await?;
    store::users::insert(&mut tx, &user, &password_hash)
        .await
        .map_err(|error| Error::taken(error, store::users::EMAIL_KEY, "an account for", "email", &user.email))?;
    if role == InstanceRole::Owner {
        // Set-up is closed from here on.
        store::setup::delete_code(&mut tx).await?;
    }
    note(ctx, actor, &mut tx, "user.create", user.id, &["email", "name", "role", "password"]).await?;
    pool::commit(tx).await?;
    Ok(user.id)
}

/// Gives somebody another role at the instance. It holds from their next request on.
pub async fn set_role(ctx: &Context, actor: &Actor, user: UserId, role: InstanceRole) -> Result<(), Error> {
    actor.require_instance(Permission::ManageUsers)?;
    let mut tx = ctx.begin().await?;
    store::instance::lock(&mut tx).await?;
    let before = store::users::lock(&mut tx, user).await?.ok_or(Error::NotFound)?;
    require_grant(actor, role.max(before.role))?;
    if before.role == role {
        return Ok(());
    }
    require_other_owner(&mut tx, &before).await?;
    store::users::set_role(&mut tx, user, role).await?;
    if role == InstanceRole::Owner {
        store::setup::delete_code(&mut tx).await?;
    }
    // A link that was made for the account it was must not open the account it becomes.
    store::resets::end_all(&mut tx, user).await?;
    invitations::end_unentitled(&mut tx, user).await?;
    note(ctx, actor, &mut tx, "user.set_role", user, &["role"]).await?;
    Ok(pool::commit(tx).await?)
}

/// Ends everything of an account but what it wrote: sessions now, keys and tokens with the next configuration.
pub async fn disable(ctx: &Context, actor: &Actor, user: UserId) -> Result<(), Error> {
    actor.require_instance(Permission::ManageUsers)?;
    let mut tx = ctx.begin().await?;
    store::instance::lock(&mut tx).await?;
    // Teams before accounts, as everywhere.
    let led = store::members::lock_led_by(&mut tx, user).await?;
    let before = store::users::lock(&mut tx, user).await?.ok_or(Error::NotFound)?;
    require_rank(actor, &before)?;
    if before.disabled {
        return Ok(());
    }
    if actor.user() == Some(user) {
        return Err(Error::conflict("nobody disables their own account: ask another admin"));
    }
    require_other_owner(&mut tx, &before).await?;
    for (team, slug) in led {
        members::require_other_admin(&mut tx, team, user, &slug).await?;
    }
    store::users::disable(&mut tx, user).await?;
    store::sessions::revoke_all(&mut tx, user, None).await?;
    store::resets::end_all(&mut tx, user).await?;
    invitations::end_unentitled(&mut tx, user).await?;
    note(ctx, actor, &mut tx, "user.disable", user, &["disabled"]).await?;
    store::notify::config(&mut tx).await?;
    Ok(pool::commit(tx).await?)
}

pub async fn enable(ctx: &Context, actor: &Actor, user: UserId) -> Result<(), Error> {
    actor.require_instance(Permission::ManageUsers)?;
    let mut tx = ctx.begin().await?;
    store::instance::lock(&mut tx).await?;
    let before = store::users::lock(&mut tx, user).await?.ok_or(Error::NotFound)?;
    require_rank(actor, &before)?;
    if !before.disabled {
        return Ok(());
    }
    store::users::enable(&mut tx, user).await?;
    note(ctx, actor, &mut tx, "user.enable", user, &["disabled"]).await?;
    store::notify::config(&mut tx).await?;
    Ok(pool::commit(tx).await?)
}

/// Signs somebody out everywhere and ends their management tokens: whoever got in once could have made one.
pub async fn end_sessions(ctx: &Context, actor: &Actor, user: UserId) -> Result<(), Error> {
    actor.require_instance(Permission::ManageUsers)?;
    let mut tx = ctx.begin().await?;
    let target = store::users::lock(&mut tx, user).await?.ok_or(Error::NotFound)?;
    require_rank(actor, &target)?;
    let sessions = store::sessions::revoke_all(&mut tx, user, None).await?;
    let tokens = store::tokens::revoke_all(&mut tx, user).await?;
    if sessions > 0 || tokens > 0 {
        note(ctx, actor, &mut tx, "user.end_sessions", user, &["sessions", "tokens"]).await?;
        pool::commit(tx).await?;
    }
    Ok(())
}

/// A link with which somebody sets a new password, to be handed over by any channel. It replaces the ones before.
pub async fn reset_link(ctx: &Context, actor: &Actor, user: UserId) -> Result<NewLink, Error> {
    actor.require_instance(Permission::ManageUsers)?;
    let mut tx = ctx.begin().await?;
    // Two links made at once: the second ends the first.
    let target = store::users::lock(&mut tx, user).await?.ok_or(Error::NotFound)?;
    require_rank(actor, &target)?;
    if actor.user() == Some(user) {
        return Err(Error::conflict("change your own password on your profile: that asks for the current one"));
    }
    if target.disabled {
        return Err(Error::conflict("this account is disabled: enable it first"));
    }
    store::resets::end_all(&mut tx, user).await?;
    let token = Token::make(&*ctx.entropy);
    let digest = token.digest();
    let id = ResetId::new(&*ctx.clock, &*ctx.entropy);
    let reset = NewReset { id, user, token_hash: digest.as_bytes(), created_by: actor.user() };
    let expires_at = store::resets::insert(&mut tx, &reset).await?;
    note(ctx, actor, &mut tx, "user.reset_link", user, &["reset"]).await?;
    let expires = Stamps::of_reader(actor, &mut tx).await?.of(expires_at);
    pool::commit(tx).await?;
    Ok(NewLink { title: target.name, url: links::url(ctx, "reset", token), expires })
}

/// Sets the password that the holder of a reset link chose, and ends all sessions and management tokens of the account. The link
/// is used up.
pub async fn redeem_reset(
    ctx: &Context,
    token: &str,
    password: String,
    address: Option<&str>,
) -> Result<UserId, Error> {
    let network = throttle::network(throttle::parse(address));
    throttle::take(ctx, &network).await?;
    let done = redeem_once(ctx, token, password, address, &network).await;
    match &done {
        // A weak password is no guess at a link.
        Err(Error::Invalid(_)) => throttle::give_back(ctx, &network).await?,
        Err(Error::NoReset) => {
            let act =
                audit::Act { team: None, action: "user.redeem_reset_refused", object: "unknown reset", fields: &[] };
            let mut tx = pool::begin(&ctx.pools.auth).await?;
            audit::record_as(ctx, &mut tx, "anonymous", address, act).await?;
            pool::commit(tx).await?;
        }
        Ok(_) | Err(_) => {}
    }
    done
}

async fn redeem_once(
    ctx: &Context,
    token: &str,
    password: String,
    address: Option<&str>,
    network: &str,
) -> Result<UserId, Error> {
    let digest = links::digest(token).ok_or(Error::NoReset)?;
    let mut db = pool::connection(&ctx.pools.auth).await?;
    let open = usable(store::resets::open(&mut db, digest.as_bytes()).await?)?;
    drop(db);
    let mut errors = FieldErrors::default();
    let password = errors.check("password", Password::chosen(password, &open.user.email, &open.user.name));
    errors.finish()?;
    let password_hash = ctx.passwords.hash(&password.ok_or(Error::NoReset)?).await?;
    let mut tx = pool::begin(&ctx.pools.auth).await?;
    // The account first, as everywhere: whoever disables it or changes its role goes before or after all of this.
    store::users::lock(&mut tx, open.user.id).await?;
    let open = usable(store::resets::open(&mut tx, digest.as_bytes()).await?)?;
    if !store::resets::redeem(&mut tx, digest.as_bytes()).await? {
        return Err(Error::NoReset);
    }
    let user = open.user.id;
    store::users::set_password(&mut tx, user, &password_hash).await?;
    store::sessions::revoke_all(&mut tx, user, None).await?;
    store::tokens::revoke_all(&mut tx, user).await?;
    let object = format!("user {user}");
    let act = audit::Act { team: None, action: "user.redeem_reset", object: &object, fields: &["password", "tokens"] };
    audit::record_as(ctx, &mut tx, &user.to_string(), address, act).await?;
    failures::give_back_network(&mut tx, network).await?;
    pool::commit(tx).await?;
    Ok(user)
}

/// An open link counts only while its maker may still make one for this account.
fn usable(open: Option<Open>) -> Result<Open, Error> {
    let still = |open: &Open| {
        open.maker.is_none_or(|maker| {
            !maker.disabled && Permission::ManageUsers.held_by(maker.role, None) && maker.role >= open.user.role
        })
    };
    open.filter(|open| !open.user.disabled && still(open)).ok_or(Error::NoReset)
}

/// Sets a new password and ends all sessions of the account. Nobody resets a role above their own.
pub async fn reset_password(ctx: &Context, actor: &Actor, email: &str, password: String) -> Result<(), Error> {
    actor.require_instance(Permission::ManageUsers)?;
    let email = text::email(email).map_err(|message| domain::ApiError::field("email", message))?;
    let mut db = pool::connection(&ctx.pools.auth).await?;
    let user = store::users::by_email(&mut db, &email).await?.ok_or(Error::NotFound)?;
    drop(db);
    require_rank(actor, &user)?;
    let password = Password::chosen(password, &user.email, &user.name)
        .map_err(|message| domain::ApiError::field("password", message))?;
    let password_hash = ctx.passwords.hash(&password).await?;
    let mut tx = ctx.begin().await?;
    store::users::set_password(&mut tx, user.id, &password_hash).await?;
    store::sessions::revoke_all(&mut tx, user.id, None).await?;
    store::tokens::revoke_all(&mut tx, user.id).await?;
    store::resets::end_all(&mut tx, user.id).await?;
    note(ctx, actor, &mut tx, "user.reset_password", user.id, &["password", "tokens"]).await?;
    Ok(pool::commit(tx).await?)
}

async fn note(
    ctx: &Context,
    actor: &Actor,
    tx: &mut Tx,
    action: &str,
    user: UserId,
    fields: &[&str],
) -> Result<(), Error> {
    let object = format!("user {user}");
    audit::record(ctx, actor, tx, audit::Act { team: None, action, object: &object, fields }).await
}

fn require_grant(actor: &Actor, role: InstanceRole) -> Result<(), Error> {
    match role {
        InstanceRole::User => Ok(()),
        InstanceRole::Admin | InstanceRole::Owner => actor.require_instance(Permission::GrantInstanceAdmin),
    }
}

/// Nobody acts on the account of somebody above them.
fn require_rank(actor: &Actor, user: &User) -> Result<(), Error> {
    match user.role > actor.role() {
        true => Err(Error::Forbidden { needs: Permission::GrantInstanceAdmin.needs() }),
        false => Ok(()),
    }
}

/// The last owner who can sign in stays one. Call it under the lock of the instance.
async fn require_other_owner(tx: &mut Tx, user: &User) -> Result<(), Error> {
    if user.role != InstanceRole::Owner {
        return Ok(());
    }
    let others = store::users::owners(tx).await? - i64::from(!user.disabled);
    match others {
        ..1 => Err(Error::conflict("the last owner of the instance stays one: make somebody else an owner first")),
        _ => Ok(()),
    }
}
