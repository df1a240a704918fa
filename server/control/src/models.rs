//! Models: the names clients send, each with its deployment. A model belongs to whoever owns its provider: a team, or the
//! whole instance. Their prices are in `prices.rs`.
//!
//! Changing them is in `models/change.rs`. Never here: arithmetic of costs.

mod change;

use domain::{
    error::FieldErrors,
    id::{DeploymentId, ModelId},
    model::{ModelSummary, NewModel, PriceText},
    permission::Permission,
    price::{Pico, PriceClass, PriceComponent, version::PriceSource},
    text,
};
use store::{
    models::{Model, PriceNow},
    pool::{self, Tx},
};

pub(crate) use change::aliases;
pub use change::{archive, update};

use crate::{
    Access, Actor, Context, Error, audit,
    prices::{self, Addition, Provenance},
    providers,
    stamps::Stamps,
};

/// What a team can call.
pub async fn list(ctx: &Context, actor: &Actor, team: &str) -> Result<Vec<ModelSummary>, Error> {
    let team = actor.team(ctx, team).await?;
    actor.require(Permission::ReadTeam, &team)?;
    let mut db = pool::connection(&ctx.pools.dashboard).await?;
    let models = store::models::list(&mut db, team.id).await?;
    let stamps = Stamps::of_reader(actor, &mut db).await?;
    Ok(models.into_iter().map(|model| summary(actor, &team, stamps, model)).collect())
}

/// Adds a model to a provider, with a price if one is given.
pub async fn create(ctx: &Context, actor: &Actor, input: NewModel) -> Result<ModelSummary, Error> {
    let team = actor.team(ctx, &input.team).await?;
    let mut tx = ctx.begin().await?;
    let provider = providers::in_service(&mut tx, &team, &input.provider).await?;
    // Without the provider nobody knows whose model it would be, so the weaker right is asked for first.
    require(actor, &team, provider.as_ref().is_some_and(|listed| listed.provider.team.is_none()))?;
    let mut errors = FieldErrors::default();
    let provider =
        errors.check("provider", provider.ok_or_else(|| "choose a provider that this team can use".to_owned()));
    let checked = check(&input, &mut errors);
    errors.finish()?;
    let provider = provider.ok_or(Error::NotFound)?;
    refuse_alias(&mut tx, &team, &checked.name).await?;
    let model = store::models::NewModel {
        id: ModelId::new(&*ctx.clock, &*ctx.entropy),
        team: provider.provider.team,
        name: &checked.name,
        aliases: &[],
        context_window: input.context_window,
        max_output: input.max_output,
        deployment: DeploymentId::new(&*ctx.clock, &*ctx.entropy),
        provider: provider.provider.id,
        credential: provider.credential.map(|stored| stored.id),
        upstream: &checked.upstream,
    };
    insert(ctx, actor, &mut tx, &model, &checked.price, Provenance::of(PriceSource::Typed)).await?;
    store::notify::config(&mut tx).await?;
    let id = model.id;
    finish(actor, tx, &team, id).await
}

pub async fn get(ctx: &Context, actor: &Actor, team: &str, model: ModelId) -> Result<ModelSummary, Error> {
    let team = actor.team(ctx, team).await?;
    actor.require(Permission::ReadTeam, &team)?;
    let mut db = pool::connection(&ctx.pools.dashboard).await?;
    let models = store::models::list(&mut db, team.id).await?;
    let model = models.into_iter().find(|listed| listed.id == model).ok_or(Error::NotFound)?;
    let stamps = Stamps::of_reader(actor, &mut db).await?;
    Ok(summary(actor, &team, stamps, model))
}

/// A name that is another model's alias here would hide that model.
pub(crate) async fn refuse_alias(tx: &mut Tx, team: &Access, name: &str) -> Result<(), Error> {
    let present = store::models::list(tx, team.id).await?;
    if present.iter().any(|model| model.aliases.iter().any(|alias| alias == name)) {
        return Err(Error::Taken { what: "model", field: "name", name: name.to_owned() });
    }
    Ok(())
}

/// The model with this id, if the team can use it and the actor may change it.
pub(crate) async fn editable(actor: &Actor, team: &Access, tx: &mut Tx, id: ModelId) -> Result<Model, Error> {
    let model = store::models::list(tx, team.id).await?.into_iter().find(|model| model.id == id);
    let model = model.ok_or(Error::NotFound)?;
    require(actor, team, model.team.is_none())?;
    Ok(model)
}

/// Inserts model, deployment and price with their audit row.
pub(crate) async fn insert(
    ctx: &Context,
    actor: &Actor,
    tx: &mut Tx,
    model: &store::models::NewModel<'_>,
    price: &[PriceComponent],
    provenance: Provenance<'_>,
) -> Result<(), Error> {
    store::models::insert(tx, model)
        .await
        .map_err(|error| Error::taken(error, store::models::NAME_KEY, "model", "name", model.name))?;
    if !price.is_empty() {
        let addition = Addition::now(model.deployment, price, provenance);
        prices::insert(ctx, actor, tx, &addition).await?;
    }
    let object = format!("model {}", model.name);
    let fields: &[&str] = if price.is_empty() { &["provider", "upstream"] } else { &["provider", "upstream", "price"] };
    let act = audit::Act { team: model.team, action: "model.create", object: &object, fields };
    audit::record(ctx, actor, tx, act).await
}

/// The rates that were typed, exactly. Empty when nothing was: unknown is not zero.
pub(crate) fn components(price: &PriceText, errors: &mut FieldErrors) -> Vec<PriceComponent> {
    let PriceText { input, cache_read, output } = price;
    let typed = [
        (PriceClass::Input, "price.input", input.trim(), true),
        (PriceClass::CacheRead, "price.cache_read", cache_read.trim(), false),
        (PriceClass::Output, "price.output", output.trim(), true),
    ];
    let mut components = Vec::new();
    if typed.iter().all(|(_, _, text, _)| text.is_empty()) {
        return components;
    }
    for (class, field, text, is_needed) in typed {
        if text.is_empty() {
            if is_needed {
                errors.add(field, "a price needs both input and output; leave all empty when it is not known");
            }
            continue;
        }
        let rate = errors.check(field, Pico::parse_per_million(text));
        components.extend(rate.map(|rate| PriceComponent::base(class, rate)));
    }
    components
}

struct Checked {
    name: String,
    upstream: String,
    price: Vec<PriceComponent>,
}

fn check(input: &NewModel, errors: &mut FieldErrors) -> Checked {
    let NewModel { team: _, provider: _, name, upstream, context_window, max_output, price } = input;
    let name = errors.check("name", text::model_name(name)).unwrap_or_default();
    let upstream = if upstream.trim().is_empty() { &name } else { upstream };
    let upstream = errors.check("upstream", text::model_name(upstream)).unwrap_or_default();
    tokens("context_window", *context_window, errors);
    tokens("max_output", *max_output, errors);
    Checked { name, upstream, price: components(price, errors) }
}

/// Token counts that fit the column: 1 to 100 million.
pub(crate) fn tokens(field: &str, value: Option<u32>, errors: &mut FieldErrors) {
    if value.is_some_and(|tokens| !is_count(tokens)) {
        errors.add(field, "enter a number of tokens such as 128000, or leave this empty");
    }
}

pub(crate) fn is_count(tokens: u32) -> bool {
    (1..=100_000_000).contains(&tokens)
}

pub(crate) fn require(actor: &Actor, team: &Access, shared: bool) -> Result<(), Error> {
    if may_edit(actor, team, shared) {
        return Ok(());
    }
    match shared {
        true => actor.require_instance(Permission::ManageInstanceProviders),
        false => actor.require(Permission::ManageTeamProviders, team),
    }
}

pub(crate) fn may_edit(actor: &Actor, team: &Access, shared: bool) -> bool {
    match shared {
        true => actor.may_instance(Permission::ManageInstanceProviders),
        false => actor.may(Permission::ManageTeamProviders, team),
    }
}

/// Reads the model as lists show it, then commits.
pub(crate) async fn finish(actor: &Actor, tx: Tx, team: &Access, id: ModelId) -> Result<ModelSummary, Error> {
    finish_all(actor, tx, team, &[id]).await?.pop().ok_or(Error::NotFound)
}

pub(crate) async fn finish_all(
    actor: &Actor,
    mut tx: Tx,
    team: &Access,
    ids: &[ModelId],
) -> Result<Vec<ModelSummary>, Error> {
    let stamps = Stamps::of_reader(actor, &mut tx).await?;
    let models = store::models::list(&mut tx, team.id).await?;
    pool::commit(tx).await?;
    let wanted = models.into_iter().filter(|model| ids.contains(&model.id));
    Ok(wanted.map(|model| summary(actor, team, stamps, model)).collect())
}

fn summary(actor: &Actor, team: &Access, stamps: Stamps, model: Model) -> ModelSummary {
    let editable = may_edit(actor, team, model.team.is_none());
    let rate = |rate: Option<Pico>| rate.map(Pico::per_million).unwrap_or_default();
    let base = |price: PriceNow| PriceText {
        input: rate(price.input),
        cache_read: rate(price.cache_read),
        output: rate(price.output),
    };
    ModelSummary {
        id: model.id,
        revision: model.revision,
        name: model.name,
        aliases: model.aliases,
        upstream: model.upstream,
        provider: model.provider_slug,
        provider_kind: model.provider_kind,
        shared: model.team.is_none(),
        context_window: model.context_window,
        max_output: model.max_output,
        capabilities: model.capabilities.unwrap_or_default(),
        retires_on: model.retires_on.map(|day| day.to_string()),
        price: model.price.map(base),
        priced_since: model.price.map(|price| stamps.of(price.effective_from)),
        price_version: model.price.map(|price| price.version),
        price_source: model.price.map(|price| price.source),
        price_unconfirmed: model.price.is_some_and(|price| !price.is_confirmed),
        editable,
    }
}
