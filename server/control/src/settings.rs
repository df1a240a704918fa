//! Settings of the instance.

use domain::{destination::AllowList, error::FieldErrors, permission::Permission, settings::InstanceSettings};
use store::instance::Instance;

use crate::{Actor, Context, Error, audit, stamps::zone};

pub async fn get(ctx: &Context, actor: &Actor) -> Result<InstanceSettings, Error> {
    actor.require_instance(Permission::ManageInstance)?;
    let mut db = store::pool::connection(&ctx.pools.dashboard).await?;
    Ok(shown(store::instance::load(&mut db).await?.ok_or(Error::NotFound)?))
}

fn shown(instance: Instance) -> InstanceSettings {
    let Instance { revision, name, reporting_zone, store_content, allow_private } = instance;
    InstanceSettings { revision, name, reporting_zone, allow_private, store_content }
}

/// Changes all settings at once; the audit row names the ones that differ.
pub async fn update(ctx: &Context, actor: &Actor, input: InstanceSettings) -> Result<InstanceSettings, Error> {
    actor.require_instance(Permission::ManageInstance)?;
    let input = checked(input)?;
    let mut tx = ctx.begin().await?;
    store::instance::lock(&mut tx).await?;
    let before = store::instance::load(&mut tx).await?.ok_or(Error::NotFound)?;
    let InstanceSettings { revision, name, reporting_zone, allow_private, store_content } = input;
    let after = Instance { revision, name, reporting_zone, store_content, allow_private };
    if revision != before.revision {
        return Err(Error::stale(&pairs(&after), &pairs(&before)));
    }
    let fields = changed(&before, &after);
    if fields.is_empty() {
        return Ok(shown(before));
    }
    store::instance::put(&mut tx, &after).await?;
    let act = audit::Act { team: None, action: "instance.update", object: "instance", fields: &fields };
    audit::record(ctx, actor, &mut tx, act).await?;
    store::notify::config(&mut tx).await?;
    let now = store::instance::load(&mut tx).await?.ok_or(Error::NotFound)?;
    store::pool::commit(tx).await?;
    Ok(shown(now))
}

/// Names of the settings in which two states differ.
pub(crate) fn changed(before: &Instance, after: &Instance) -> Vec<&'static str> {
    let (mine, theirs) = (pairs(after), pairs(before));
    mine.into_iter().zip(theirs).filter(|(mine, theirs)| mine.1 != theirs.1).map(|(mine, _)| mine.0).collect()
}

/// Field and text of everything that somebody may change.
fn pairs(instance: &Instance) -> Vec<(&'static str, String)> {
    let Instance { revision: _, name, reporting_zone, store_content, allow_private } = instance;
    vec![
        ("name", name.clone()),
        ("reporting_zone", reporting_zone.clone()),
        ("store_content", store_content.as_str().to_owned()),
        ("allow_private", allow_private.join(", ")),
    ]
}

/// The same validation for form, API and bundle.
pub(crate) fn checked(input: InstanceSettings) -> Result<InstanceSettings, Error> {
    let InstanceSettings { revision, name, reporting_zone, allow_private, store_content } = input;
    let mut errors = FieldErrors::default();
    let name = errors.check("name", domain::text::name(&name));
    let reporting_zone = errors.check("reporting_zone", zone(&reporting_zone));
    let mut allow_private: Vec<String> =
        allow_private.iter().map(|entry| entry.trim().to_owned()).filter(|entry| !entry.is_empty()).collect();
    allow_private.dedup();
    errors.check("allow_private", AllowList::parse(allow_private.iter().map(String::as_str)).map(drop));
    errors.finish()?;
    Ok(InstanceSettings {
        revision,
        store_content,
        name: name.unwrap_or_default(),
        reporting_zone: reporting_zone.unwrap_or_default(),
        allow_private,
    })
}
