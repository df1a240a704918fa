//! `[[users]]`: accounts by e-mail address. The password is the first one: a bundle never takes back what a person changed.

use std::collections::HashSet;

use auth::Password;
use domain::{ApiError, error::FieldErrors, id::UserId, role::InstanceRole, text};
use serde::{Deserialize, Serialize};
use store::{pool::Tx, users::User};

use super::{
    Action, Document, Run, Secrets,
    secret::{self, Reference},
};
use crate::{Context, Error, invitations};

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    email: String,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<InstanceRole>,
    /// Whoever is disabled can neither sign in nor use a key.
    #[serde(skip_serializing_if = "Option::is_none")]
    disabled: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    password_env: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    password_file: Option<String>,
}

/// The hash of a new person's password. `None`: they have one already, or the entry is wrong anyway.
pub(super) type Ready = Option<Result<String, ApiError>>;

/// Hashes the passwords of those who have no account.
pub(super) async fn ready(ctx: &Context, entries: &[Entry], secrets: &dyn Secrets) -> Result<Vec<Ready>, Error> {
    let mut db = store::pool::connection(&ctx.pools.dashboard).await?;
    let present: HashSet<String> = store::users::all(&mut db).await?.into_iter().map(|user| user.email).collect();
    // A hash may wait in a queue, a connection must not.
    drop(db);
    let mut ready = Vec::with_capacity(entries.len());
    for entry in entries {
        let is_new = text::email(&entry.email).ok().filter(|email| !present.contains(email));
        ready.push(match is_new.zip(text::name(&entry.name).ok()) {
            None => None,
            Some((email, name)) => match password(entry, &email, &name, secrets) {
                Ok(password) => Some(Ok(ctx.passwords.hash(&password).await?)),
                Err(error) => Some(Err(error)),
            },
        });
    }
    Ok(ready)
}

fn password(entry: &Entry, email: &str, name: &str, secrets: &dyn Secrets) -> Result<Password, ApiError> {
    let reference =
        Reference { field: "password", env: entry.password_env.as_deref(), file: entry.password_file.as_deref() };
    let typed = reference
        .resolve(secrets)?
        .ok_or_else(|| ApiError::field("password_env", "a new user needs password_env or password_file"))?;
    Password::chosen(typed, email, name).map_err(|message| ApiError::field("password", message))
}

pub(super) async fn apply(run: &mut Run<'_>) -> Result<(), Error> {
    let had_owner = store::users::owners(&mut run.tx).await? > 0;
    for (entry, ready) in run.document.users.iter().zip(&run.ready.users) {
        let result = one(run, entry, ready).await;
        run.entry("users", &entry.email, result)?;
    }
    let has_owner = store::users::owners(&mut run.tx).await? > 0;
    if had_owner && !has_owner {
        run.errors.add("users", "the last owner of the instance stays one");
    }
    if has_owner {
        store::setup::delete_code(&mut run.tx).await?;
    }
    Ok(())
}

async fn one(run: &mut Run<'_>, entry: &Entry, ready: &Ready) -> Result<(), Error> {
    let mut errors = FieldErrors::default();
    let email = errors.check("email", text::email(&entry.email)).unwrap_or_default();
    let name = errors.check("name", text::name(&entry.name)).unwrap_or_default();
    errors.finish()?;
    run.once("users", email.clone())?;
    let Some(known) = store::users::by_email(&mut run.tx, &email).await? else {
        return create(run, entry, ready, email, name).await;
    };
    let before = store::users::lock(&mut run.tx, known.id).await?.ok_or(Error::NotFound)?;
    let (role, disabled) = (entry.role.unwrap_or(before.role), entry.disabled.unwrap_or(before.disabled));
    let differs = [("name", before.name != name), ("role", before.role != role)];
    let mut fields: Vec<&'static str> =
        differs.into_iter().filter_map(|(field, differs)| differs.then_some(field)).collect();
    if !fields.is_empty() {
        store::users::update(&mut run.tx, before.id, &name, role).await?;
    }
    if before.role != role {
        // A link that was made for the account it was must not open the account it becomes.
        store::resets::end_all(&mut run.tx, before.id).await?;
    }
    if before.disabled != disabled {
        set_disabled(run, before.id, disabled).await?;
        fields.push("disabled");
    }
    if fields.is_empty() {
        return Ok(());
    }
    invitations::end_unentitled(&mut run.tx, before.id).await?;
    run.note(Action::Change, ("user", &email), None, &fields).await
}

async fn create(run: &mut Run<'_>, entry: &Entry, ready: &Ready, email: String, name: String) -> Result<(), Error> {
    let gone = || Error::conflict("this account has changed meanwhile: try again");
    let hash = ready.as_ref().ok_or_else(gone)?.as_ref().map_err(Clone::clone)?;
    let id = UserId::new(&*run.ctx.clock, &*run.ctx.entropy);
    let user = User { id, email, name, role: entry.role.unwrap_or(InstanceRole::User), disabled: false };
    store::users::insert(&mut run.tx, &user, hash).await?;
    if entry.disabled == Some(true) {
        store::users::disable(&mut run.tx, user.id).await?;
    }
    run.note(Action::Create, ("user", &user.email), None, &["name", "role", "password"]).await
}

/// The teams that somebody leads who cannot sign in any more need another admin by the end of the run.
async fn set_disabled(run: &mut Run<'_>, user: UserId, disabled: bool) -> Result<(), Error> {
    if !disabled {
        return Ok(store::users::enable(&mut run.tx, user).await?);
    }
    if run.actor.user() == Some(user) {
        return Err(Error::conflict("nobody disables their own account: ask another admin"));
    }
    let led = store::members::lock_led_by(&mut run.tx, user).await?;
    run.stepped_down.extend(led.into_iter().map(|(team, slug)| (team, slug, user)));
    store::users::disable(&mut run.tx, user).await?;
    store::sessions::revoke_all(&mut run.tx, user, None).await?;
    store::resets::end_all(&mut run.tx, user).await?;
    Ok(())
}

pub(super) async fn export(tx: &mut Tx, out: &mut Document) -> Result<(), Error> {
    let users = store::users::all(tx).await?;
    let variables = secret::variables("PASSWORD", users.iter().map(|user| user.email.as_str()));
    for (User { id: _, email, name, role, disabled }, variable) in users.into_iter().zip(variables) {
        let (role, disabled, password_env) = (Some(role), disabled.then_some(true), Some(variable));
        out.users.push(Entry { email, name, role, disabled, password_env, password_file: None });
    }
    Ok(())
}
