//! Changing a model, and taking it out of service. Its price has versions of its own.

use domain::{
    error::FieldErrors,
    id::ModelId,
    model::{ModelChange, ModelSummary},
    text,
};
use store::{
    models::{Edit, Facts, Model},
    pool::{self, Tx},
};

use super::{editable, finish, tokens};
use crate::{Access, Actor, Context, Error, audit, prices, stamps::day};

/// Aliases that one model may have.
const MOST_ALIASES: usize = 20;

/// Changes names and facts at once. A save over somebody else's is refused with what theirs says.
pub async fn update(ctx: &Context, actor: &Actor, input: ModelChange) -> Result<ModelSummary, Error> {
    let team = actor.team(ctx, &input.team).await?;
    let mut tx = ctx.begin().await?;
    store::models::lock(&mut tx, input.model).await?;
    let before = editable(actor, &team, &mut tx, input.model).await?;
    let asked = checked(&mut tx, &team, &before, &input).await?;
    let (mine, theirs) = (pairs(&asked), pairs(&Asked::of(&before)));
    if before.revision != input.revision {
        return Err(Error::stale(&mine, &theirs));
    }
    let fields: Vec<&str> =
        mine.iter().zip(&theirs).filter(|(mine, theirs)| mine.1 != theirs.1).map(|(mine, _)| mine.0).collect();
    if !fields.is_empty() {
        let Asked { name, upstream, aliases, facts } = &asked;
        store::models::edit(&mut tx, before.team, &before, Edit { name, upstream, aliases, facts })
            .await
            .map_err(|error| Error::taken(error, store::models::NAME_KEY, "model", "name", name))?;
        if *name != before.name {
            store::keys::rename_model(&mut tx, before.team, &before.name, name).await?;
        }
        if *upstream != before.upstream {
            prices::doubt(ctx, actor, &mut tx, &before).await?;
        }
        let object = format!("model {}", before.name);
        let act = audit::Act { team: before.team, action: "model.update", object: &object, fields: &fields };
        audit::record(ctx, actor, &mut tx, act).await?;
        store::notify::config(&mut tx).await?;
    }
    finish(actor, tx, &team, before.id).await
}

/// Takes a model out of service. Calls and prices stay on record, and the name is free again.
pub async fn archive(ctx: &Context, actor: &Actor, team: &str, model: ModelId) -> Result<(), Error> {
    let team = actor.team(ctx, team).await?;
    let mut tx = ctx.begin().await?;
    store::models::lock(&mut tx, model).await?;
    let Model { id, team: owner, name, .. } = editable(actor, &team, &mut tx, model).await?;
    store::models::archive(&mut tx, owner, id).await?;
    let object = format!("model {name}");
    let act = audit::Act { team: owner, action: "model.archive", object: &object, fields: &["archived"] };
    audit::record(ctx, actor, &mut tx, act).await?;
    store::notify::config(&mut tx).await?;
    Ok(pool::commit(tx).await?)
}

/// A change whose every field is right.
struct Asked {
    name: String,
    upstream: String,
    aliases: Vec<String>,
    facts: Facts,
}

impl Asked {
    fn of(model: &Model) -> Self {
        Self {
            name: model.name.clone(),
            upstream: model.upstream.clone(),
            aliases: model.aliases.clone(),
            facts: Facts {
                context_window: model.context_window,
                max_output: model.max_output,
                capabilities: model.capabilities.clone(),
                retires_on: model.retires_on,
            },
        }
    }
}

async fn checked(tx: &mut Tx, team: &Access, before: &Model, input: &ModelChange) -> Result<Asked, Error> {
    let ModelChange { name, upstream, aliases, context_window, max_output, capabilities, retires_on, .. } = input;
    let mut errors = FieldErrors::default();
    let name = errors.check("name", text::model_name(name)).unwrap_or_default();
    let upstream = if upstream.trim().is_empty() { &before.upstream } else { upstream };
    let upstream = errors.check("upstream", text::model_name(upstream)).unwrap_or_default();
    let names = self::aliases(&name, aliases, &mut errors);
    let others = store::models::list(tx, team.id).await?;
    for other in others.iter().filter(|other| other.id != before.id) {
        let is_theirs = |name: &String| other.name == *name || other.aliases.contains(name);
        if is_theirs(&name) {
            errors.add("name", format!("{name:?} is a name of the model {:?}", other.name));
        }
        if let Some(alias) = names.iter().find(|alias| is_theirs(alias)) {
            errors.add("aliases", format!("{alias:?} is a name of the model {:?}", other.name));
        }
    }
    tokens("context_window", *context_window, &mut errors);
    tokens("max_output", *max_output, &mut errors);
    let retires_on = match retires_on.trim() {
        "" => None,
        text => errors.check("retires_on", day(text)),
    };
    errors.finish()?;
    let capabilities = match capabilities.as_slice() {
        // Nothing ticked where nothing was known: it stays unknown, which is not the same as nothing.
        [] if before.capabilities.is_none() => None,
        _ => Some(capabilities.clone()),
    };
    let facts = Facts { context_window: *context_window, max_output: *max_output, capabilities, retires_on };
    Ok(Asked { name, upstream, aliases: names, facts })
}

/// Other names of a model as they are stored: the same validation for form, API and bundle.
pub(crate) fn aliases(name: &str, typed: &[String], errors: &mut FieldErrors) -> Vec<String> {
    let mut names = Vec::with_capacity(typed.len());
    for alias in typed.iter().filter(|alias| !alias.trim().is_empty()) {
        let Some(alias) = errors.check("aliases", text::model_name(alias)) else { continue };
        if alias != name && !names.contains(&alias) {
            names.push(alias);
        }
    }
    if names.len() > MOST_ALIASES {
        errors.add("aliases", format!("use at most {MOST_ALIASES} aliases"));
    }
    names
}

/// Field and text of everything that somebody may change.
fn pairs(asked: &Asked) -> Vec<(&'static str, String)> {
    let Asked { name, upstream, aliases, facts } = asked;
    let tokens = |count: Option<u32>| count.map(|count| count.to_string()).unwrap_or_default();
    let mut capabilities: Vec<&str> = facts.capabilities.iter().flatten().map(|it| it.as_str()).collect();
    capabilities.sort_unstable();
    vec![
        ("name", name.clone()),
        ("upstream", upstream.clone()),
        ("aliases", aliases.join(", ")),
        ("context_window", tokens(facts.context_window)),
        ("max_output", tokens(facts.max_output)),
        ("capabilities", capabilities.join(", ")),
        ("retires_on", facts.retires_on.map(|day| day.to_string()).unwrap_or_default()),
    ]
}
