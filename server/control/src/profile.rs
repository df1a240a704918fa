//! What people change of themselves: name, zone, looks, password. No token may, and the operator has no profile.

use auth::{Password, password::Verdict};
use domain::{
    ApiError,
    error::FieldErrors,
    person::{PasswordChange, Profile},
    text,
};
use store::{pool, sessions::failures, users::User};

use crate::{Actor, Context, Error, audit, stamps::zone, throttle};

pub async fn get(ctx: &Context, actor: &Actor) -> Result<Profile, Error> {
    let user = actor.own()?.id;
    let mut db = pool::connection(&ctx.pools.dashboard).await?;
    store::users::profile(&mut db, user).await?.ok_or(Error::NotFound)
}

/// Changes the whole profile at once; the audit row names what differs.
pub async fn update(ctx: &Context, actor: &Actor, input: Profile) -> Result<Profile, Error> {
    let user = actor.own()?.id;
    let Profile { name, zone: zone_name, theme, density } = input;
    let mut errors = FieldErrors::default();
    let name = errors.check("name", text::name(&name)).unwrap_or_default();
    let zone = if zone_name.trim().is_empty() { Ok(String::new()) } else { zone(&zone_name) };
    let zone = errors.check("zone", zone).unwrap_or_default();
    errors.finish()?;
    let after = Profile { name, zone, theme, density };
    let mut tx = ctx.begin().await?;
    store::users::lock(&mut tx, user).await?.ok_or(Error::NotFound)?;
    let before = store::users::profile(&mut tx, user).await?.ok_or(Error::NotFound)?;
    let fields = changed(&before, &after);
    if !fields.is_empty() {
        store::users::set_profile(&mut tx, user, &after).await?;
        let object = format!("user {user}");
        let act = audit::Act { team: None, action: "profile.update", object: &object, fields: &fields };
        audit::record(ctx, actor, &mut tx, act).await?;
        pool::commit(tx).await?;
    }
    Ok(after)
}

fn changed(before: &Profile, after: &Profile) -> Vec<&'static str> {
    let Profile { name, zone, theme, density } = after;
    let differs = [
        ("name", *name != before.name),
        ("zone", *zone != before.zone),
        ("theme", *theme != before.theme),
        ("density", *density != before.density),
    ];
    differs.into_iter().filter_map(|(field, differs)| differs.then_some(field)).collect()
}

/// Sets a new password and ends all other sessions. A wrong current one counts like a failed sign-in.
pub async fn change_password(ctx: &Context, actor: &Actor, input: PasswordChange) -> Result<(), Error> {
    let person = actor.own()?;
    let PasswordChange { current, new } = input;
    if current == new {
        return Err(ApiError::field("new", "choose another password than the current one").into());
    }
    let new = Password::chosen(new, &person.email, &person.name).map_err(|message| ApiError::field("new", message))?;
    check(ctx, actor, person, current).await?;
    let password_hash = ctx.passwords.hash(&new).await?;
    let mut tx = ctx.begin().await?;
    store::users::set_password(&mut tx, person.id, &password_hash).await?;
    store::sessions::revoke_all(&mut tx, person.id, actor.session()).await?;
    store::resets::end_all(&mut tx, person.id).await?;
    let object = format!("user {}", person.id);
    let act = audit::Act { team: None, action: "profile.change_password", object: &object, fields: &["password"] };
    audit::record(ctx, actor, &mut tx, act).await?;
    Ok(pool::commit(tx).await?)
}

/// Is this the password of the person who is signed in? The try is counted before it is looked at.
async fn check(ctx: &Context, actor: &Actor, person: &User, current: String) -> Result<(), Error> {
    let address = throttle::parse(actor.address());
    let (account, network) = (throttle::account(&person.email, address), throttle::network(address));
    let mut tx = pool::begin(&ctx.pools.auth).await?;
    if !failures::take_network(&mut tx, &network).await? || !failures::take_account(&mut tx, &account).await? {
        return Err(Error::Throttled);
    }
    let stored = store::users::sign_in(&mut tx, &person.email).await?.map(|known| known.password_hash);
    pool::commit(tx).await?;
    let verdict = ctx.passwords.verify(&Password::typed(current), stored.as_deref()).await?;
    let mut tx = pool::begin(&ctx.pools.auth).await?;
    if let Verdict::Match { .. } = verdict {
        failures::give_back(&mut tx, &account, &network).await?;
        return Ok(pool::commit(tx).await?);
    }
    let object = format!("user {}", person.id);
    let act = audit::Act { team: None, action: "profile.change_password_failed", object: &object, fields: &[] };
    audit::record(ctx, actor, &mut tx, act).await?;
    pool::commit(tx).await?;
    Err(ApiError::field("current", "this is not your current password").into())
}
