//! `[[users]]`: accounts by e-mail address. The password is the first one: a bundle never takes back what a person changed.

use auth::Password;
use domain::{ApiError, error::FieldErrors, id::UserId, role::InstanceRole, text};
use serde::Deserialize;
use store::users::User;

use super::{Action, Run, secret::Reference};
use crate::Error;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    email: String,
    name: String,
    #[serde(default = "user")]
    role: InstanceRole,
    password_env: Option<String>,
    password_file: Option<String>,
}

fn user() -> InstanceRole {
    InstanceRole::User
}

pub(super) async fn apply(run: &mut Run<'_>) -> Result<(), Error> {
    let had_owner = store::users::owners(&mut run.tx).await? > 0;
    for entry in &run.document.users {
        let result = one(run, entry).await;
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

async fn one(run: &mut Run<'_>, entry: &Entry) -> Result<(), Error> {
    let mut errors = FieldErrors::default();
    let email = errors.check("email", text::email(&entry.email)).unwrap_or_default();
    let name = errors.check("name", text::name(&entry.name)).unwrap_or_default();
    errors.finish()?;
    let Some(before) = store::users::by_email(&mut run.tx, &email).await? else {
        return create(run, entry, email, name).await;
    };
    let differs = [("name", before.name != name), ("role", before.role != entry.role)];
    let fields: Vec<&'static str> =
        differs.into_iter().filter_map(|(field, differs)| differs.then_some(field)).collect();
    if fields.is_empty() {
        return Ok(());
    }
    store::users::update(&mut run.tx, before.id, &name, entry.role).await?;
    run.note(Action::Change, "user", &email, &fields).await
}

async fn create(run: &mut Run<'_>, entry: &Entry, email: String, name: String) -> Result<(), Error> {
    let reference =
        Reference { field: "password", env: entry.password_env.as_deref(), file: entry.password_file.as_deref() };
    let typed = reference
        .resolve(run.secrets)?
        .ok_or_else(|| ApiError::field("password_env", "a new user needs password_env or password_file"))?;
    let password = Password::chosen(typed, &email, &name).map_err(|message| ApiError::field("password", message))?;
    let hash = run.ctx.passwords.hash(&password).await?;
    let id = UserId::new(&*run.ctx.clock, &*run.ctx.entropy);
    let user = User { id, email, name, role: entry.role, disabled: false };
    store::users::insert(&mut run.tx, &user, &hash).await?;
    run.note(Action::Create, "user", &user.email, &["name", "role", "password"]).await
}
