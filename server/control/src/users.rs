//! Users from the command line: create one, set a password. Invitations join this file in a later round.

use auth::Password;
use domain::{error::FieldErrors, id::UserId, permission::Permission, role::InstanceRole, text};
use store::{pool, users::User};

use crate::{Actor, Context, Error, audit};

/// What `tallygate admin create-user` asks for.
#[derive(Clone)]
pub struct NewUser {
    pub email: String,
    pub name: String,
    pub role: InstanceRole,
    pub password: String,
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
    let object = format!("user {}", user.id);
    let act = audit::Act {
        team: None,
        action: "user.create",
        object: &object,
        fields: &["email", "name", "role", "password"],
    };
    audit::record(ctx, actor, &mut tx, act).await?;
    pool::commit(tx).await?;
    Ok(user.id)
}

/// Sets a new password and ends all sessions of the account. Nobody resets a role above their own.
pub async fn reset_password(ctx: &Context, actor: &Actor, email: &str, password: String) -> Result<(), Error> {
    actor.require_instance(Permission::ManageUsers)?;
    let email = text::email(email).map_err(|message| domain::ApiError::field("email", message))?;
    let mut db = pool::connection(&ctx.pools.auth).await?;
    let user = store::users::by_email(&mut db, &email).await?.ok_or(Error::NotFound)?;
    drop(db);
    if user.role > actor.role() {
        return Err(Error::Forbidden { needs: Permission::GrantInstanceAdmin.needs() });
    }
    let password = Password::chosen(password, &user.email, &user.name)
        .map_err(|message| domain::ApiError::field("password", message))?;
    let password_hash = ctx.passwords.hash(&password).await?;
    let mut tx = ctx.begin().await?;
    store::users::set_password(&mut tx, user.id, &password_hash).await?;
    store::sessions::revoke_all(&mut tx, user.id, None).await?;
    let object = format!("user {}", user.id);
    let act = audit::Act { team: None, action: "user.reset_password", object: &object, fields: &["password"] };
    audit::record(ctx, actor, &mut tx, act).await?;
    Ok(pool::commit(tx).await?)
}

fn require_grant(actor: &Actor, role: InstanceRole) -> Result<(), Error> {
    match role {
        InstanceRole::User => Ok(()),
        InstanceRole::Admin | InstanceRole::Owner => actor.require_instance(Permission::GrantInstanceAdmin),
    }
}
