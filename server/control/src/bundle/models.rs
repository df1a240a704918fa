//! `[[models]]`: models by the name that clients send. A model belongs to the owner of its provider; a price that differs from
//! the one in force becomes a new version.

use domain::{
    error::FieldErrors,
    id::{DeploymentId, ModelId},
    model::PriceText,
    price::{Pico, PriceClass, PriceComponent, version::PriceSource},
    text,
};
use serde::Deserialize;
use store::models::{Model, NewModel, PriceNow};

use super::{Action, Run};
use crate::{
    Error, models as operations,
    prices::{self, Addition, Provenance},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    /// The name that clients send.
    slug: String,
    provider: String,
    upstream_model: Option<String>,
    context_window: Option<u32>,
    max_output: Option<u32>,
    #[serde(default)]
    price: PriceText,
    #[serde(default)]
    aliases: Vec<String>,
}

pub(super) async fn apply(run: &mut Run<'_>) -> Result<(), Error> {
    for entry in &run.document.models {
        let result = one(run, entry).await;
        run.entry("models", &entry.slug, result)?;
    }
    Ok(())
}

async fn one(run: &mut Run<'_>, entry: &Entry) -> Result<(), Error> {
    let Entry { slug, provider, upstream_model, context_window, max_output, price, aliases } = entry;
    let mut errors = FieldErrors::default();
    let name = errors.check("slug", text::model_name(slug)).unwrap_or_default();
    let upstream = upstream_model.as_deref().unwrap_or(slug);
    let upstream = errors.check("upstream_model", text::model_name(upstream)).unwrap_or_default();
    let aliases: Vec<String> =
        aliases.iter().filter_map(|alias| errors.check("aliases", text::model_name(alias))).collect();
    operations::tokens("context_window", *context_window, &mut errors);
    operations::tokens("max_output", *max_output, &mut errors);
    let price = operations::components(price, &mut errors);
    let provider = store::providers::by_slug(&mut run.tx, provider).await?;
    let provider = errors.check("provider", provider.ok_or_else(|| "there is no such provider".to_owned()));
    errors.finish()?;
    let provider = provider.ok_or(Error::NotFound)?;
    let credential = store::providers::credential(&mut run.tx, provider.id).await?;
    let before = store::models::by_name(&mut run.tx, provider.team, &name).await?;
    let (clock, entropy) = (&*run.ctx.clock, &*run.ctx.entropy);
    let ids = before.as_ref().map(|before| (before.id, before.deployment));
    let (id, deployment) = ids.unwrap_or_else(|| (ModelId::new(clock, entropy), DeploymentId::new(clock, entropy)));
    let asked = NewModel {
        id,
        team: provider.team,
        name: &name,
        aliases: &aliases,
        context_window: *context_window,
        max_output: *max_output,
        deployment,
        provider: provider.id,
        credential: credential.map(|stored| stored.id),
        upstream: &upstream,
    };
    match before {
        Some(before) => change(run, &before, &asked, &price).await,
        None => create(run, &asked, &price).await,
    }
}

async fn create(run: &mut Run<'_>, asked: &NewModel<'_>, price: &[PriceComponent]) -> Result<(), Error> {
    let inserted = store::models::insert(&mut run.tx, asked).await;
    inserted.map_err(|error| Error::taken(error, store::models::NAME_KEY, "model", "slug", asked.name))?;
    if !price.is_empty() {
        prices::insert(run.ctx, run.actor, &mut run.tx, &now(asked.deployment, price)).await?;
    }
    run.note(Action::Create, "model", asked.name, &[]).await
}

async fn change(
    run: &mut Run<'_>,
    before: &Model,
    asked: &NewModel<'_>,
    price: &[PriceComponent],
) -> Result<(), Error> {
    let mut fields = Vec::new();
    for (field, differs) in [
        ("provider", before.provider != asked.provider),
        ("upstream_model", before.upstream != asked.upstream),
        ("context_window", before.context_window != asked.context_window),
        ("max_output", before.max_output != asked.max_output),
        ("aliases", before.aliases != asked.aliases),
    ] {
        if differs {
            fields.push(field);
        }
    }
    if !fields.is_empty() {
        store::models::update(&mut run.tx, asked).await?;
    }
    // A bundle without a price says nothing about it, so the one in force stays.
    if !price.is_empty() && rates(price) != in_force(before.price.as_ref()) {
        prices::insert(run.ctx, run.actor, &mut run.tx, &now(asked.deployment, price)).await?;
        fields.push("price");
    }
    if fields.is_empty() { Ok(()) } else { run.note(Action::Change, "model", asked.name, &fields).await }
}

fn now(deployment: DeploymentId, components: &[PriceComponent]) -> Addition<'_> {
    Addition { deployment, components, effective_from: None, provenance: Provenance::of(PriceSource::Bundle) }
}

fn rates(price: &[PriceComponent]) -> [Option<Pico>; 3] {
    [PriceClass::Input, PriceClass::CacheRead, PriceClass::Output]
        .map(|class| price.iter().find(|component| component.class == class).map(|component| component.rate))
}

fn in_force(price: Option<&PriceNow>) -> [Option<Pico>; 3] {
    price.map_or([None; 3], |price| [price.input, price.cache_read, price.output])
}
