//! First run: a one-time code on the server's terminal makes the first owner, exactly once (`security.md` AC-7).
//!
//! No actor here: whoever holds the code is the owner to be. Once an owner exists, set-up is closed for ever.

use auth::{Password, digest};
use domain::{
    error::FieldErrors,
    id::{TeamId, UserId},
    role::{InstanceRole, TeamRole},
    team::StoreContent,
    text,
};
use store::{instance::Instance, pool, setup::Try, teams::Team, users::User};

use crate::{Context, Error, audit, stamps::zone};

/// What the set-up form sends.
#[derive(Clone)]
pub struct NewOwner {
    pub code: String,
    /// Name of the instance.
    pub instance: String,
    pub email: String,
    pub name: String,
    pub password: String,
    pub zone: String,
    /// Nothing is preselected: `None` is a field error.
    pub store_content: Option<StoreContent>,
    pub team_name: String,
}

/// The checked form of [`NewOwner`].
struct Founding {
    instance: Instance,
    user: User,
    password: Password,
    team: Team,
}

/// May somebody still become the owner?
pub async fn is_open(ctx: &Context) -> Result<bool, Error> {
    let mut db = pool::connection(&ctx.pools.auth).await?;
    Ok(!store::users::owner_exists(&mut db).await?)
}

/// A new one-time code to print, replacing the one before; `None` when there is an owner.
pub async fn ensure_code(ctx: &Context) -> Result<Option<String>, Error> {
    let mut tx = ctx.begin().await?;
    store::instance::lock(&mut tx).await?;
    if store::users::owner_exists(&mut tx).await? {
        store::setup::delete_code(&mut tx).await?;
        pool::commit(tx).await?;
        return Ok(None);
    }
    let token = digest::Token::make(&*ctx.entropy);
    store::setup::put_code(&mut tx, token.digest().as_bytes()).await?;
    pool::commit(tx).await?;
    Ok(Some(token.show_once()))
}

/// Makes the instance, its owner and the first team. Wrong fields cost no try of the code.
pub async fn create_owner(ctx: &Context, input: NewOwner, address: Option<&str>) -> Result<UserId, Error> {
    let code = digest::of(input.code.trim().as_bytes());
    let founding = checked(ctx, input)?;
    let mut tx = ctx.begin().await?;
    let tried = store::setup::take_try(&mut tx).await?;
    pool::commit(tx).await?;
    match tried {
        Try::Closed => return Err(Error::SetupClosed),
        Try::Throttled => return Err(Error::Throttled),
        Try::Hash(stored) if !code.matches(&stored) => return Err(Error::WrongCode),
        Try::Hash(_) => {}
    }
    let password_hash = ctx.passwords.hash(&founding.password).await?;
    found(ctx, founding, &password_hash, address).await
}

async fn found(ctx: &Context, founding: Founding, password_hash: &str, address: Option<&str>) -> Result<UserId, Error> {
    let Founding { mut instance, user, password: _, team } = founding;
    let mut tx = ctx.begin().await?;
    // Two simultaneous set-ups meet here: the second finds the owner of the first.
    store::instance::lock(&mut tx).await?;
    if store::users::owner_exists(&mut tx).await? {
        return Err(Error::SetupClosed);
    }
    if let Some(before) = store::instance::load(&mut tx).await? {
        instance.allow_private = before.allow_private;
    }
    store::instance::put(&mut tx, &instance).await?;
    store::users::insert(&mut tx, &user, password_hash)
        .await
        .map_err(|error| Error::taken(error, store::users::EMAIL_KEY, "an account for", "email", &user.email))?;
    store::teams::insert(&mut tx, &team)
        .await
        .map_err(|error| Error::taken(error, store::teams::SLUG_KEY, "team", "team_name", &team.slug))?;
    store::teams::put_member(&mut tx, team.id, user.id, TeamRole::Admin).await?;
    store::setup::delete_code(&mut tx).await?;
    let act = audit::Act {
        team: None,
        action: "instance.set_up",
        object: "instance",
        fields: &["name", "reporting_zone", "store_content"],
    };
    audit::record_as(ctx, &mut tx, &user.id.to_string(), address, act).await?;
    store::notify::config(&mut tx).await?;
    pool::commit(tx).await?;
    Ok(user.id)
}

fn checked(ctx: &Context, input: NewOwner) -> Result<Founding, Error> {
    let NewOwner { code, instance, email, name, password, zone: zone_name, store_content, team_name } = input;
    let mut errors = FieldErrors::default();
    if code.trim().is_empty() {
        errors.add("code", "enter the code that the server printed when it started");
    }
    let instance = errors.check("instance", text::name(&instance)).unwrap_or_default();
    let email = errors.check("email", text::email(&email)).unwrap_or_default();
    let name = errors.check("name", text::name(&name)).unwrap_or_default();
    let password = errors.check("password", Password::chosen(password, &email, &name));
    let reporting_zone = errors.check("zone", zone(&zone_name)).unwrap_or_default();
    let store_content =
        errors.check("store_content", store_content.ok_or_else(|| "choose what new teams store".to_owned()));
    let team_name = errors.check("team_name", text::name(&team_name)).unwrap_or_default();
    errors.finish()?;
    // Both are there when no field was wrong.
    let (Some(password), Some(store_content)) = (password, store_content) else { return Err(Error::NotFound) };
    let (clock, entropy) = (&*ctx.clock, &*ctx.entropy);
    let user = User { id: UserId::new(clock, entropy), email, name, role: InstanceRole::Owner, disabled: false };
    let team = Team { id: TeamId::new(clock, entropy), slug: slug_of(&team_name), name: team_name, store_content };
    let instance = Instance { revision: 1, name: instance, reporting_zone, store_content, allow_private: Vec::new() };
    Ok(Founding { instance, user, password, team })
}

/// A slug made of the ASCII letters and digits of a name; `team` when there are none.
pub(crate) fn slug_of(name: &str) -> String {
    let mut slug = String::new();
    for c in name.to_lowercase().chars() {
        if c.is_ascii_alphanumeric() {
            slug.push(c);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.truncate(40);
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() { "team".to_owned() } else { slug.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_is_made_of_any_name() {
        for (name, slug) in [
            ("Payments", "payments"),
            ("  R&D  Team 2 ", "r-d-team-2"),
            ("東京", "team"),
            ("--", "team"),
            (&"x-".repeat(50), &"x-".repeat(20)[..39]),
        ] {
            assert_eq!(slug_of(name), slug);
            assert!(text::slug(&slug_of(name)).is_ok());
        }
    }
}
