//! Settings of the instance.

use domain::{destination::AllowList, error::FieldErrors, permission::Permission, settings::InstanceSettings};
use store::instance::Instance;

use crate::{Actor, Context, Error, audit, stamps::zone};

pub async fn get(ctx: &Context, actor: &Actor) -> Result<InstanceSettings, Error> {
    actor.require_instance(Permission::ManageInstance)?;
    let mut db = store::pool::connection(&ctx.pools.dashboard).await?;
    let Instance { name, reporting_zone, store_content: _, allow_private } =
        store::instance::load(&mut db).await?.ok_or(Error::NotFound)?;
    Ok(InstanceSettings { name, reporting_zone, allow_private })
}

/// Changes all settings at once; the audit row names the ones that differ.
pub async fn update(ctx: &Context, actor: &Actor, input: InstanceSettings) -> Result<InstanceSettings, Error> {
    actor.require_instance(Permission::ManageInstance)?;
    let input = checked(input)?;
    let mut tx = ctx.begin().await?;
    store::instance::lock(&mut tx).await?;
    let before = store::instance::load(&mut tx).await?.ok_or(Error::NotFound)?;
    let InstanceSettings { name, reporting_zone, allow_private } = input.clone();
    let after = Instance { name, reporting_zone, allow_private, store_content: before.store_content };
    let fields = changed(&before, &after);
    if !fields.is_empty() {
        store::instance::put(&mut tx, &after).await?;
        let act = audit::Act { team: None, action: "instance.update", object: "instance", fields: &fields };
        audit::record(ctx, actor, &mut tx, act).await?;
        store::notify::config(&mut tx).await?;
        store::pool::commit(tx).await?;
    }
    Ok(input)
}

/// Names of the settings in which two states differ.
pub(crate) fn changed(before: &Instance, after: &Instance) -> Vec<&'static str> {
    let Instance { name, reporting_zone, store_content, allow_private } = after;
    let differs = [
        ("name", *name != before.name),
        ("reporting_zone", *reporting_zone != before.reporting_zone),
        ("store_content", *store_content != before.store_content),
        ("allow_private", *allow_private != before.allow_private),
    ];
    differs.into_iter().filter_map(|(field, differs)| differs.then_some(field)).collect()
}

/// The same validation for form, API and bundle.
pub(crate) fn checked(input: InstanceSettings) -> Result<InstanceSettings, Error> {
    let InstanceSettings { name, reporting_zone, allow_private } = input;
    let mut errors = FieldErrors::default();
    let name = errors.check("name", domain::text::name(&name));
    let reporting_zone = errors.check("reporting_zone", zone(&reporting_zone));
    let mut allow_private: Vec<String> =
        allow_private.iter().map(|entry| entry.trim().to_owned()).filter(|entry| !entry.is_empty()).collect();
    allow_private.dedup();
    errors.check("allow_private", AllowList::parse(allow_private.iter().map(String::as_str)).map(drop));
    errors.finish()?;
    Ok(InstanceSettings {
        name: name.unwrap_or_default(),
        reporting_zone: reporting_zone.unwrap_or_default(),
        allow_private,
    })
}
