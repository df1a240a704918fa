//! Importing the community price file: a preview that writes nothing, then what an administrator accepts, in one transaction.
//!
//! The file is one JSON object of many vendors' models with dollars per token; `file` reads it. It is a default that people
//! made, not a price list, so what is accepted stays unconfirmed.

mod decimal;
mod entry;
mod file;

use std::collections::{BTreeSet, HashMap};

use chrono::NaiveDate;
use domain::{
    ApiError, ErrorKind,
    catalog::{Capability, ModelFacts},
    error::FieldErrors,
    permission::Permission,
    price::{
        PriceComponent,
        import::{ImportChange, ImportChoice, ImportChoices, ImportPreview, ImportReview, Imported, differences},
        version::PriceSource,
    },
    text::thousands,
};
use store::{
    models::Facts,
    pool::{self, Tx},
    prices::Deployment,
};

use self::file::File;
use super::{Addition, Provenance, address, filled, insert, note};
use crate::{Actor, Context, Error, audit, catalog::vendors, stamps::day};

/// The largest file that is read: several times what the community file has today.
pub const LARGEST_FILE: usize = 16 * 1024 * 1024;
const MOST_CHOICES: usize = 5_000;
/// Brings its own models and prices; no file knows them.
const DEMO: &str = "demo";

/// What the file would change on this instance. Nothing is written.
pub async fn preview(ctx: &Context, actor: &Actor, bytes: &[u8]) -> Result<ImportPreview, Error> {
    actor.require_instance(Permission::ManageInstanceProviders)?;
    if bytes.len() > LARGEST_FILE {
        return Err(ApiError::field("file", "the file is larger than 16 MiB").into());
    }
    let file = read(bytes)?;
    let mut db = pool::connection(&ctx.pools.dashboard).await?;
    let deployments = store::prices::deployments(&mut db).await?;
    Ok(preview_of(&file, &deployments))
}

fn read(bytes: &[u8]) -> Result<File<'_>, ApiError> {
    if bytes.len() > LARGEST_FILE {
        return Err(ApiError::field("file", "the file is larger than 16 MiB"));
    }
    File::read(bytes).map_err(|message| ApiError::field("file", message))
}

fn preview_of(file: &File<'_>, deployments: &[Deployment]) -> ImportPreview {
    let mut preview = ImportPreview::default();
    let mut matched = BTreeSet::new();
    let mut unknown = BTreeSet::new();
    for deployment in deployments.iter().filter(|deployment| deployment.provider_kind != DEMO) {
        let Some(proposal) = propose(file, deployment) else {
            unknown.insert(format!("{}/{}", deployment.provider_slug, deployment.upstream));
            continue;
        };
        if matched.insert(proposal.key) {
            preview.review.extend(proposal.review.iter().cloned());
        }
        let change = change(deployment, proposal);
        if change.lines.is_empty() && change.facts.is_empty() {
            preview.same += 1;
        } else {
            preview.changes.push(change);
        }
    }
    preview.unknown = unknown.into_iter().collect();
    preview.not_matched = u32::try_from(file.len() - matched.len()).unwrap_or(u32::MAX);
    preview
}

/// What the file says about a deployment.
struct Proposal<'a> {
    key: &'a str,
    /// The price in force where the entry has none that could be used.
    components: Vec<PriceComponent>,
    /// Only what is news.
    facts: Facts,
    source: String,
    notes: Vec<String>,
    review: Vec<ImportReview>,
}

/// `None` when the file does not know the model.
fn propose<'a>(file: &'a File<'_>, deployment: &Deployment) -> Option<Proposal<'a>> {
    let vendor = vendors::of(&deployment.provider_kind, &deployment.preset, &deployment.base_url)?;
    let key = file.find(vendor.community, &deployment.upstream)?;
    let entry::Entry { components, facts, source, review, doubted, notes } = entry::read(key, file.fields(key));
    let is_doubted = |it: &&PriceComponent| doubted.iter().any(|place| place.key() == it.key());
    let components = match components {
        // What the file says oddly is no reason to forget what we know.
        Some(mut read) => {
            let kept: Vec<_> = in_force(deployment).iter().filter(is_doubted).copied().collect();
            read.extend(
                kept.into_iter().filter(|it| read.iter().all(|other| other.key() != it.key())).collect::<Vec<_>>(),
            );
            read.sort_by_key(PriceComponent::key);
            read
        }
        None => in_force(deployment).to_vec(),
    };
    Some(Proposal { key, components, facts: news(&deployment.facts, facts), source, notes, review })
}

fn in_force(deployment: &Deployment) -> &[PriceComponent] {
    deployment.price.as_ref().map_or(&[], |price| &price.components)
}

/// What the file knows and we do not. Sizes and abilities that somebody has set stay; a vendor may move a retirement.
fn news(known: &Facts, file: ModelFacts) -> Facts {
    let retires_on = file.retires_on.as_deref().and_then(|text| day(text).ok());
    let capabilities = Some(file.capabilities).filter(|all| !all.is_empty());
    Facts {
        context_window: file.context_window.filter(|_| known.context_window.is_none()),
        max_output: file.max_output.filter(|_| known.max_output.is_none()),
        capabilities: capabilities.filter(|_| known.capabilities.is_none()),
        retires_on: retires_on.filter(|day| Some(day) != known.retires_on.as_ref()),
    }
}

fn change(deployment: &Deployment, proposal: Proposal<'_>) -> ImportChange {
    let lines = differences(in_force(deployment), &proposal.components);
    let owner = deployment.team_slug.as_deref().map(|team| format!(" of team {team}")).unwrap_or_default();
    ImportChange {
        deployment: deployment.id,
        current: deployment.price.as_ref().map(|price| price.version),
        model: deployment.name.clone(),
        place: format!("{}/{}{owner}", deployment.provider_slug, deployment.upstream),
        entry: proposal.key.to_owned(),
        is_jump: lines.iter().any(|line| line.is_jump),
        lines,
        facts: words(&proposal.facts),
        notes: proposal.notes,
    }
}

fn words(facts: &Facts) -> Vec<String> {
    let Facts { context_window, max_output, capabilities, retires_on } = facts;
    let tokens = |tokens: &u32| thousands(u64::from(*tokens));
    let abilities = |all: &Vec<Capability>| all.iter().map(|it| it.as_str()).collect::<Vec<_>>().join(", ");
    [
        context_window.as_ref().map(|it| format!("context {} tokens", tokens(it))),
        max_output.as_ref().map(|it| format!("maximum output {} tokens", tokens(it))),
        capabilities.as_ref().map(|it| format!("can {}", abilities(it))),
        retires_on.map(|day| format!("retires on {day}")),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Writes what the file says about the chosen deployments, all or none. Refused when a price has changed since the
/// preview, and when a jump was not confirmed by name.
pub async fn accept(ctx: &Context, actor: &Actor, bytes: &[u8], input: ImportChoices) -> Result<Imported, Error> {
    actor.require_instance(Permission::ManageInstanceProviders)?;
    let ImportChoices { file: name, file_date, choices, confirmed_jumps } = input;
    let mut errors = FieldErrors::default();
    let name = errors.check("file", note(&name)).unwrap_or_default();
    let date = filled(&file_date).and_then(|text| errors.check("file_date", day(text)));
    if choices.is_empty() || choices.len() > MOST_CHOICES {
        errors.add("choices", format!("choose 1 to {MOST_CHOICES} models"));
    }
    errors.finish()?;
    let file = read(bytes)?;
    let mut tx = ctx.begin().await?;
    // Two imports at once would both compare with the price before either.
    store::instance::lock(&mut tx).await?;
    let deployments = store::prices::deployments(&mut tx).await?;
    let deployments: HashMap<_, _> = deployments.iter().map(|deployment| (deployment.id, deployment)).collect();
    let mut errors = FieldErrors::default();
    let mut done = Imported::default();
    let mut seen = BTreeSet::new();
    for ImportChoice { deployment, current } in choices {
        let is_sure = confirmed_jumps.contains(&deployment);
        let deployment = deployments.get(&deployment).ok_or_else(|| changed_since("a model"))?;
        let proposal = propose(&file, deployment).ok_or_else(|| changed_since(&deployment.name))?;
        if deployment.price.as_ref().map(|price| price.version) != current || !seen.insert(deployment.id) {
            return Err(changed_since(&deployment.name).into());
        }
        let lines = differences(in_force(deployment), &proposal.components);
        if !is_sure && lines.iter().any(|line| line.is_jump) {
            let message = format!("{} would change more than five times: confirm this jump by itself", deployment.name);
            errors.add("confirmed_jumps", message);
            continue;
        }
        let is_priced = !lines.is_empty();
        write(ctx, actor, &mut tx, deployment, &proposal, is_priced.then_some((name.as_str(), date))).await?;
        done.versions += u32::from(is_priced);
        done.models += u32::from(proposal.facts != Facts::default());
    }
    errors.finish()?;
    store::notify::config(&mut tx).await?;
    pool::commit(tx).await?;
    Ok(done)
}

/// `price`: the file's name and date, when its price differs from the one in force.
async fn write(
    ctx: &Context,
    actor: &Actor,
    tx: &mut Tx,
    deployment: &Deployment,
    proposal: &Proposal<'_>,
    price: Option<(&str, Option<NaiveDate>)>,
) -> Result<(), Error> {
    let mut fields = Vec::new();
    if let Some((file, date)) = price {
        // The file often names a page, and sometimes a remark.
        let url = address(&proposal.source).unwrap_or_default();
        let note = format!("{file}: {}", proposal.key);
        let provenance = Provenance { source: PriceSource::Import, url: &url, date, note: &note };
        let components = &proposal.components;
        let addition = Addition::now(deployment.id, components, provenance);
        insert(ctx, actor, tx, &addition).await?;
        fields.push("price");
    }
    if proposal.facts != Facts::default() {
        store::models::learn(tx, deployment.team, deployment.model, &proposal.facts).await?;
        fields.push("facts");
    }
    let object = format!("model {}", deployment.name);
    let act = audit::Act { team: deployment.team, action: "price.import", object: &object, fields: &fields };
    audit::record(ctx, actor, tx, act).await
}

fn changed_since(name: &str) -> ApiError {
    let message = format!("{name} has changed since the file was compared: read the file again");
    ApiError::new(ErrorKind::Conflict, message)
}

#[cfg(test)]
mod tests;
