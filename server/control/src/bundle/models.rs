//! `[[models]]`: models by the name that clients send. A model belongs to the owner of its provider; a price that differs from
//! the one in force becomes a new version.

use std::collections::HashMap;

use chrono::NaiveDate;
use domain::{
    catalog::Capability,
    error::FieldErrors,
    id::{DeploymentId, ModelId, TeamId},
    model::PriceText,
    price::{
        PriceClass, PriceComponent, Variant,
        version::{self, PriceSource, RateText},
    },
    text,
};
use serde::{Deserialize, Serialize};
use store::{
    models::{Facts, Model, Named, NewModel},
    pool::Tx,
    prices::Deployment,
};

use super::{Action, Document, Run, providers};
use crate::{
    Error, models as operations,
    prices::{self, Addition, Provenance},
    stamps::day,
};

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    /// The name that clients send.
    slug: String,
    provider: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    upstream_model: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    context_window: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_output: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    capabilities: Option<Vec<Capability>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retires_on: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    aliases: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Rates::is_empty")]
    price: Rates,
}

/// Dollars per million tokens as decimal text.
#[derive(Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
struct Rates {
    #[serde(skip_serializing_if = "String::is_empty")]
    input: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    cache_read: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    output: String,
    /// What these three cannot say: other classes of tokens, long inputs, batches.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    more: Vec<RateText>,
}

impl Rates {
    fn is_empty(&self) -> bool {
        self.input.is_empty() && self.cache_read.is_empty() && self.output.is_empty() && self.more.is_empty()
    }

    fn read(&self, errors: &mut FieldErrors) -> Vec<PriceComponent> {
        let Self { input, cache_read, output, more } = self;
        let mut components = if more.is_empty() {
            let base = PriceText { input: input.clone(), cache_read: cache_read.clone(), output: output.clone() };
            operations::components(&base, errors)
        } else {
            let base = [(PriceClass::Input, input), (PriceClass::CacheRead, cache_read), (PriceClass::Output, output)];
            let base = base.map(|(class, rate)| RateText {
                class,
                variant: Variant::Standard,
                above_input_tokens: 0,
                rate: rate.clone(),
            });
            version::components(&[&base[..], more].concat(), errors)
        };
        components.sort_by_key(PriceComponent::key);
        components
    }

    fn of(components: &[PriceComponent]) -> Self {
        let mut rates = Self::default();
        for component in components {
            let is_base = component.variant == Variant::Standard && component.above_input_tokens == 0;
            let rate = component.rate.per_million();
            match component.class {
                PriceClass::Input if is_base => rates.input = rate,
                PriceClass::CacheRead if is_base => rates.cache_read = rate,
                PriceClass::Output if is_base => rates.output = rate,
                _ => rates.more.push(RateText::from(component)),
            }
        }
        rates
    }
}

pub(super) async fn apply(run: &mut Run<'_>) -> Result<(), Error> {
    let mut written = Vec::new();
    for entry in &run.document.models {
        let result = one(run, entry).await;
        written.extend(run.entry("models", &entry.slug, result)?);
    }
    check_names(run, &written).await
}

async fn one(run: &mut Run<'_>, entry: &Entry) -> Result<ModelId, Error> {
    let mut errors = FieldErrors::default();
    let name = errors.check("slug", text::model_name(&entry.slug)).unwrap_or_default();
    operations::tokens("context_window", entry.context_window, &mut errors);
    operations::tokens("max_output", entry.max_output, &mut errors);
    let retires_on = entry.retires_on.as_ref().and_then(|text| errors.check("retires_on", day(text)));
    let price = entry.price.read(&mut errors);
    let provider = providers::held(run, &entry.provider).await?;
    let provider = errors.check("provider", provider.ok_or_else(|| "there is no such provider".to_owned()));
    let before = match &provider {
        Some(provider) => held(run, provider.team, &name).await?,
        None => None,
    };
    let stays = before.as_ref();
    let upstream = entry.upstream_model.as_deref().or(stays.map(|model| model.upstream.as_str()));
    let upstream = errors.check("upstream_model", text::model_name(upstream.unwrap_or(&name))).unwrap_or_default();
    let aliases = match &entry.aliases {
        Some(typed) => operations::aliases(&name, typed, &mut errors),
        None => stays.map(|model| model.aliases.clone()).unwrap_or_default(),
    };
    errors.finish()?;
    let provider = provider.ok_or(Error::NotFound)?;
    run.once("models", format!("{:?} {name}", provider.team))?;
    let credential = store::providers::credential(&mut run.tx, provider.id).await?;
    let (clock, entropy) = (&*run.ctx.clock, &*run.ctx.entropy);
    let model = NewModel {
        id: stays.map_or_else(|| ModelId::new(clock, entropy), |model| model.id),
        team: provider.team,
        name: &name,
        aliases: &aliases,
        context_window: entry.context_window.or(stays.and_then(|model| model.context_window)),
        max_output: entry.max_output.or(stays.and_then(|model| model.max_output)),
        deployment: stays.map_or_else(|| DeploymentId::new(clock, entropy), |model| model.deployment),
        provider: provider.id,
        credential: credential.map(|stored| stored.id),
        upstream: &upstream,
    };
    let asked = Asked { model, capabilities: entry.capabilities.clone(), retires_on, price };
    match &before {
        Some(before) => change(run, before, &asked).await?,
        None => create(run, &asked).await?,
    }
    Ok(model.id)
}

/// The model of this owner, if it is in service. Nobody changes it or takes it out of service until the run ends.
async fn held(run: &mut Run<'_>, owner: Option<TeamId>, name: &str) -> Result<Option<Model>, Error> {
    let Some(found) = store::models::by_name(&mut run.tx, owner, name).await? else { return Ok(None) };
    store::models::lock(&mut run.tx, found.id).await?;
    Ok(store::models::by_name(&mut run.tx, owner, name).await?)
}

/// Where some model is called, no other goes by one of its names. Looked at when all entries are written, because a name may
/// move from one to another.
async fn check_names(run: &mut Run<'_>, written: &[ModelId]) -> Result<(), Error> {
    if written.is_empty() {
        return Ok(());
    }
    let all = store::models::names(&mut run.tx).await?;
    let mut called = HashMap::<&str, Vec<&Named>>::new();
    for model in &all {
        for name in model.aliases.iter().chain([&model.name]) {
            called.entry(name).or_default().push(model);
        }
    }
    let with_name = |name: &str| called.get(name).into_iter().flatten().copied();
    for model in all.iter().filter(|model| written.contains(&model.id)) {
        // A team's own model hides one of the instance with the same name.
        let is_hidden = |other: &Named| {
            other.owner.is_none()
                && with_name(&other.name).any(|own| own.owner == model.owner && own.name == other.name)
        };
        let is_beside = |other: &&Named| {
            other.id != model.id
                && (other.owner == model.owner || model.owner.is_some() && other.owner.is_none() && !is_hidden(other))
        };
        for (field, name) in model.aliases.iter().map(|alias| ("aliases", alias)).chain([("slug", &model.name)]) {
            if let Some(other) = with_name(name).find(is_beside) {
                let message = format!("{name:?} is a name of the model {:?}", other.name);
                run.errors.add(&format!("models.{}.{field}", model.name), message);
            }
        }
    }
    Ok(())
}

/// An entry that is right.
struct Asked<'a> {
    model: NewModel<'a>,
    capabilities: Option<Vec<Capability>>,
    retires_on: Option<NaiveDate>,
    price: Vec<PriceComponent>,
}

impl Asked<'_> {
    /// Facts that the entry tells and the model does not know yet; the names of those that differ.
    fn news(&self, capabilities: Option<&Vec<Capability>>, retires_on: Option<NaiveDate>) -> Vec<&'static str> {
        let mut fields = Vec::new();
        if self.capabilities.as_ref().is_some_and(|asked| Some(asked) != capabilities) {
            fields.push("capabilities");
        }
        if self.retires_on.is_some_and(|asked| Some(asked) != retires_on) {
            fields.push("retires_on");
        }
        fields
    }

    async fn learn(&self, run: &mut Run<'_>) -> Result<(), Error> {
        let facts = Facts { capabilities: self.capabilities.clone(), retires_on: self.retires_on, ..Facts::default() };
        Ok(store::models::learn(&mut run.tx, self.model.team, self.model.id, &facts).await?)
    }
}

async fn create(run: &mut Run<'_>, asked: &Asked<'_>) -> Result<(), Error> {
    let model = &asked.model;
    let inserted = store::models::insert(&mut run.tx, model).await;
    inserted.map_err(|error| Error::taken(error, store::models::NAME_KEY, "model", "slug", model.name))?;
    if !asked.news(None, None).is_empty() {
        asked.learn(run).await?;
    }
    if !asked.price.is_empty() {
        prices::insert(run.ctx, run.actor, &mut run.tx, &now(model.deployment, &asked.price)).await?;
    }
    run.note(Action::Create, ("model", model.name), model.team, &[]).await
}

async fn change(run: &mut Run<'_>, before: &Model, asked: &Asked<'_>) -> Result<(), Error> {
    let model = &asked.model;
    let differs = [
        ("provider", before.provider != model.provider),
        ("upstream_model", before.upstream != model.upstream),
        ("context_window", before.context_window != model.context_window),
        ("max_output", before.max_output != model.max_output),
        ("aliases", before.aliases != model.aliases),
    ];
    let mut fields: Vec<&'static str> =
        differs.into_iter().filter_map(|(field, differs)| differs.then_some(field)).collect();
    if !fields.is_empty() {
        store::models::update(&mut run.tx, model).await?;
    }
    let news = asked.news(before.capabilities.as_ref(), before.retires_on);
    if !news.is_empty() {
        asked.learn(run).await?;
        fields.extend(news);
    }
    let is_another = before.provider != model.provider || before.upstream != model.upstream;
    if asked.price.is_empty() {
        // A bundle without a price says nothing about it, so the one in force stays; is it that of another model, in doubt.
        if is_another && before.price.is_some_and(|price| price.is_confirmed) {
            prices::doubt(run.ctx, run.actor, &mut run.tx, before).await?;
            fields.push("price");
        }
    } else if asked.price != in_force(run, before).await? {
        prices::insert(run.ctx, run.actor, &mut run.tx, &now(model.deployment, &asked.price)).await?;
        fields.push("price");
    }
    if fields.is_empty() { Ok(()) } else { run.note(Action::Change, ("model", model.name), model.team, &fields).await }
}

fn now(deployment: DeploymentId, components: &[PriceComponent]) -> Addition<'_> {
    Addition::now(deployment, components, Provenance::of(PriceSource::Bundle))
}

async fn in_force(run: &mut Run<'_>, model: &Model) -> Result<Vec<PriceComponent>, Error> {
    let Some(price) = model.price else { return Ok(Vec::new()) };
    let version = store::prices::version(&mut run.tx, price.version).await?;
    let mut components = version.map(|(price, _)| price.components).unwrap_or_default();
    components.sort_by_key(PriceComponent::key);
    Ok(components)
}

pub(super) async fn export(tx: &mut Tx, out: &mut Document) -> Result<(), Error> {
    let mut deployments = store::prices::deployments(tx).await?;
    deployments.sort_by(|a, b| (&a.team_slug, &a.name, a.id).cmp(&(&b.team_slug, &b.name, b.id)));
    // A bundle knows one deployment of a model: the first.
    deployments.dedup_by_key(|deployment| deployment.model);
    for deployment in deployments {
        let Deployment { name, aliases, upstream, provider_slug, facts, price, .. } = deployment;
        let mut components = price.map(|price| price.components).unwrap_or_default();
        components.sort_by_key(PriceComponent::key);
        out.models.push(Entry {
            upstream_model: Some(upstream).filter(|upstream| *upstream != name),
            slug: name,
            provider: provider_slug,
            context_window: facts.context_window,
            max_output: facts.max_output,
            capabilities: facts.capabilities,
            retires_on: facts.retires_on.map(|day| day.to_string()),
            aliases: Some(aliases).filter(|aliases| !aliases.is_empty()),
            price: Rates::of(&components),
        });
    }
    Ok(())
}
