//! The built-in catalogue: find a model, take it over with its price, its size and what it can do.
//!
//! What is taken over stays unconfirmed until somebody confirms it. Nothing is fetched: entries are data in
//! `catalog/models.toml`, each with its source and date. One more model is one entry there.

mod entries;
pub(crate) mod vendors;

use domain::{
    catalog::{CatalogEntry, CatalogPage, CatalogQuery, ModelFacts, NewCatalogModel},
    error::FieldErrors,
    id::{CredentialId, DeploymentId, ModelId},
    model::ModelSummary,
    permission::Permission,
    price::version::{PriceSource, RateText},
    text,
};
use store::{
    models::{Facts, Model},
    pool::{self, Tx},
    providers::{Listed, Provider},
};

use self::entries::Entry;
use self::vendors::Vendor;
use crate::{Actor, Context, Error, models, prices::Provenance, providers};

/// As many as a dialog shows; a longer search finds the rest.
const MOST_SHOWN: usize = 30;
/// The kind whose providers may serve anything when nothing tells their vendor.
const COMPATIBLE: &str = "openai-compatible";

/// Models whose vendor or name holds every word that was typed; those that the team's providers can serve come first.
pub async fn search(ctx: &Context, actor: &Actor, input: CatalogQuery) -> Result<CatalogPage, Error> {
    let team = actor.team(ctx, &input.team).await?;
    actor.require(Permission::ReadTeam, &team)?;
    let mut db = pool::connection(&ctx.pools.dashboard).await?;
    let mut providers = store::providers::list(&mut db, team.id).await?;
    providers.retain(|listed| models::may_edit(actor, &team, listed.provider.team.is_none()));
    let models = store::models::list(&mut db, team.id).await?;
    let text = input.text.to_lowercase();
    let words: Vec<&str> = text.split_whitespace().collect();
    let matches = |entry: &&Entry| {
        let name = format!("{} {} {}", entry.vendor.title, entry.vendor.id, entry.upstream).to_lowercase();
        words.iter().all(|word| name.contains(word))
    };
    let mut found: Vec<CatalogEntry> =
        entries::all()?.iter().filter(matches).map(|entry| summary(entry, &providers, &models)).collect();
    let total = u32::try_from(found.len()).unwrap_or(u32::MAX);
    found.sort_by_key(|entry| entry.providers.is_empty());
    found.truncate(MOST_SHOWN);
    Ok(CatalogPage { entries: found, total })
}

/// Adds a model of the catalogue to a provider of its vendor.
pub async fn add(ctx: &Context, actor: &Actor, input: NewCatalogModel) -> Result<ModelSummary, Error> {
    let team = actor.team(ctx, &input.team).await?;
    let mut tx = ctx.begin().await?;
    let listed = providers::in_service(&mut tx, &team, &input.provider).await?;
    models::require(actor, &team, listed.as_ref().is_some_and(|listed| listed.provider.team.is_none()))?;
    let is_asked = |entry: &&Entry| entry.vendor.id == input.vendor && entry.upstream == input.upstream;
    let entry = entries::all()?.iter().find(is_asked).ok_or(Error::NotFound)?;
    let mut errors = FieldErrors::default();
    let listed = listed
        .filter(|listed| serves(&listed.provider, entry.vendor))
        .ok_or_else(|| format!("choose a provider of this team that serves {}", entry.vendor.title));
    let listed = errors.check("provider", listed);
    let name = if input.name.trim().is_empty() { &entry.upstream } else { &input.name };
    let name = errors.check("name", text::model_name(name)).unwrap_or_default();
    errors.finish()?;
    let Listed { provider, credential, models: _ } = listed.ok_or(Error::NotFound)?;
    models::refuse_alias(&mut tx, &team, &name).await?;
    let id = insert(ctx, actor, &mut tx, &provider, credential.map(|stored| stored.id), entry, &name).await?;
    store::notify::config(&mut tx).await?;
    models::finish(actor, tx, &team, id).await
}

/// Inserts a model of the catalogue with its price and what is known about it.
pub(crate) async fn insert(
    ctx: &Context,
    actor: &Actor,
    tx: &mut Tx,
    provider: &Provider,
    credential: Option<CredentialId>,
    entry: &'static Entry,
    name: &str,
) -> Result<ModelId, Error> {
    let model = store::models::NewModel {
        id: ModelId::new(&*ctx.clock, &*ctx.entropy),
        team: provider.team,
        name,
        aliases: &[],
        context_window: entry.context_window,
        max_output: entry.max_output,
        deployment: DeploymentId::new(&*ctx.clock, &*ctx.entropy),
        provider: provider.id,
        credential,
        upstream: &entry.upstream,
    };
    models::insert(ctx, actor, tx, &model, &entry.components, provenance(entry)).await?;
    let capabilities = (!entry.capabilities.is_empty()).then(|| entry.capabilities.clone());
    let facts = Facts { capabilities, retires_on: entry.retires_on, ..Facts::default() };
    store::models::learn(tx, provider.team, model.id, &facts).await?;
    Ok(model.id)
}

/// What the catalogue knows about a model of a provider whose vendor can be told.
pub(crate) fn known(provider: &Provider, upstream: &str) -> Result<Option<&'static Entry>, Error> {
    let Some(vendor) = vendors::of(&provider.kind, &provider.preset, &provider.base_url) else { return Ok(None) };
    Ok(entries::all()?.iter().find(|entry| entry.vendor == vendor && entry.upstream == upstream))
}

/// A source that is no page is named in the note.
fn provenance(entry: &'static Entry) -> Provenance<'static> {
    let is_page = entry.source.starts_with("https://");
    let (url, file) = if is_page { (entry.source.as_str(), "") } else { ("", entry.source.as_str()) };
    let note = if entry.note.is_empty() { file } else { &entry.note };
    Provenance { source: PriceSource::Catalogue, url, date: Some(entry.source_date), note }
}

/// Can a provider serve a vendor's models? One whose vendor nobody can tell may.
fn serves(provider: &Provider, vendor: &Vendor) -> bool {
    match vendors::of(&provider.kind, &provider.preset, &provider.base_url) {
        Some(its) => its == vendor,
        None => provider.kind == COMPATIBLE && provider.preset.is_empty(),
    }
}

fn summary(entry: &Entry, providers: &[Listed], models: &[Model]) -> CatalogEntry {
    let fitting: Vec<&Provider> =
        providers.iter().map(|listed| &listed.provider).filter(|provider| serves(provider, entry.vendor)).collect();
    let is_same = |model: &&Model| {
        model.upstream == entry.upstream && fitting.iter().any(|provider| provider.id == model.provider)
    };
    CatalogEntry {
        vendor: entry.vendor.id.to_owned(),
        vendor_title: entry.vendor.title.to_owned(),
        upstream: entry.upstream.clone(),
        facts: ModelFacts {
            context_window: entry.context_window,
            max_output: entry.max_output,
            capabilities: entry.capabilities.clone(),
            retires_on: entry.retires_on.map(|day| day.to_string()),
        },
        rates: entry.components.iter().map(RateText::from).collect(),
        source: entry.source.clone(),
        source_date: entry.source_date.to_string(),
        providers: fitting.iter().map(|provider| provider.slug.clone()).collect(),
        present: models.iter().find(is_same).map(|model| model.name.clone()),
    }
}
