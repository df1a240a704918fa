//! What decides about a key besides its name: read from forms, scripts and bundles with one validation, and written back.

use chrono::{Days, SecondsFormat};
use domain::{
    error::FieldErrors,
    key::{AllowedModels, KeyRules, KeyScope, MOST_NETWORKS, MOST_TAGS},
    network::Network,
    text,
};
use store::{
    keys::{Key, Rules},
    models::Model,
    pool::Tx,
};

use crate::{Access, Error, models, stamps::Stamps};

/// The rules as they are stored. An expiry that does not change may lie in the past; a new one may not.
pub(crate) async fn checked(
    tx: &mut Tx,
    team: &Access,
    asked: &KeyRules,
    before: Option<&Rules>,
    errors: &mut FieldErrors,
) -> Result<Rules, Error> {
    let known = store::models::list(tx, team.id).await?;
    checked_among(tx, &known, asked, before, errors).await
}

/// The same for who knows already which models the team can call.
pub(crate) async fn checked_among(
    tx: &mut Tx,
    known: &[Model],
    asked: &KeyRules,
    before: Option<&Rules>,
    errors: &mut FieldErrors,
) -> Result<Rules, Error> {
    let KeyRules { models: asked_models, scopes, expires, networks, tags, task, max_output, store_content } = asked;
    let present = before.map_or(&AllowedModels::All, |rules| &rules.models);
    let allowed = errors.check("models", allowed(asked_models, known, present));
    let expires_at = match expiry(Stamps::within(tx).await?, expires) {
        Ok(at) if at == before.and_then(|rules| rules.expires_at) => at,
        Ok(Some(at)) if at <= store::instance::now(tx).await? => {
            errors.add("expires", "this is in the past: choose a later day, or leave it empty for never");
            None
        }
        Ok(at) => at,
        Err(message) => {
            errors.add("expires", message);
            None
        }
    };
    let scopes = errors.check("scopes", chosen(scopes)).unwrap_or_default();
    let networks = errors.check("networks", read_networks(networks)).unwrap_or_default();
    errors.check("tags", check_tags(tags));
    models::tokens("max_output", *max_output, errors);
    Ok(Rules {
        models: allowed.unwrap_or(AllowedModels::Only(Vec::new())),
        scopes,
        expires_at,
        networks,
        tags: tags.clone(),
        task: *task,
        max_output: *max_output,
        store_content: *store_content,
    })
}

/// The models a key may list: those of the team, by their public names. An alias is stored as the name it stands for.
fn allowed(asked: &AllowedModels, known: &[Model], before: &AllowedModels) -> Result<AllowedModels, String> {
    let AllowedModels::Only(names) = asked else { return Ok(AllowedModels::All) };
    if names.is_empty() {
        return Err("choose at least one model, or all".to_owned());
    }
    let mut models = Vec::with_capacity(names.len());
    for name in names {
        let found = known.iter().find(|model| model.name == *name || model.aliases.contains(name));
        // A name that the key holds already may be of a model that is gone: it stays until somebody takes it out.
        let is_held = matches!(before, AllowedModels::Only(held) if held.contains(name));
        if found.is_none() && is_held {
            models.push(name.clone());
            continue;
        }
        let Some(model) = found else {
            let names: Vec<&str> = known.iter().map(|model| model.name.as_str()).collect();
            return Err(match names.is_empty() {
                true => "this team has no models yet: add one first".to_owned(),
                false => format!("{name:?} is not a model of this team: choose among {}", names.join(", ")),
            });
        };
        if !models.contains(&model.name) {
            models.push(model.name.clone());
        }
    }
    Ok(AllowedModels::Only(models))
}

/// A day ends at its midnight in the instance's zone.
fn expiry(stamps: Stamps, text: &str) -> Result<Option<chrono::DateTime<chrono::Utc>>, String> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let end_of_day = crate::stamps::day(text).ok().and_then(|day| day.checked_add_days(Days::new(1)));
    let typed = end_of_day.map_or_else(|| text.to_owned(), |next| next.to_string());
    let rule = |_| "enter the last day such as 2027-01-31, or leave this empty for never".to_owned();
    stamps.moment(&typed).map(Some).map_err(rule)
}

fn chosen(scopes: &[KeyScope]) -> Result<Vec<KeyScope>, String> {
    let mut scopes = scopes.to_vec();
    scopes.sort();
    scopes.dedup();
    if scopes.is_empty() { Err("choose at least one scope, such as inference".to_owned()) } else { Ok(scopes) }
}

fn read_networks(entries: &[String]) -> Result<Vec<String>, String> {
    let entries: Vec<&str> = entries.iter().map(|entry| entry.trim()).filter(|entry| !entry.is_empty()).collect();
    if entries.len() > MOST_NETWORKS {
        return Err(format!("use at most {MOST_NETWORKS} networks"));
    }
    let mut networks = Vec::with_capacity(entries.len());
    for entry in entries {
        let network = Network::parse(entry)?.to_string();
        if !networks.contains(&network) {
            networks.push(network);
        }
    }
    Ok(networks)
}

fn check_tags(tags: &std::collections::BTreeMap<String, String>) -> Result<(), String> {
    if tags.len() > MOST_TAGS {
        return Err(format!("use at most {MOST_TAGS} tags"));
    }
    tags.iter().try_for_each(|(name, value)| text::tag(name, value))
}

/// The rules as forms, scripts and bundles know them. `zone` is the instance's: a key that ends with a day there says the day.
pub(crate) fn shown(rules: Rules, zone: Stamps) -> KeyRules {
    let Rules { models, scopes, expires_at, networks, tags, task, max_output, store_content } = rules;
    let expires = expires_at.map(|at| match zone.day_ending_at(at) {
        Some(day) => day.to_string(),
        None => at.to_rfc3339_opts(SecondsFormat::Micros, true),
    });
    let expires = expires.unwrap_or_default();
    KeyRules { models, scopes, expires, networks, tags, task, max_output, store_content }
}

/// Names of the fields in which a change differs from what is stored.
pub(crate) fn changed(name: &str, asked: &Rules, before: &Key) -> Vec<&'static str> {
    let (mine, theirs) = (pairs(name, asked), pairs(&before.name, &before.rules));
    mine.into_iter().zip(theirs).filter(|(mine, theirs)| mine.1 != theirs.1).map(|(mine, _)| mine.0).collect()
}

/// Field and text of everything that somebody may change.
pub(crate) fn pairs(name: &str, rules: &Rules) -> Vec<(&'static str, String)> {
    let Rules { models, scopes, expires_at, networks, tags, task, max_output, store_content } = rules;
    let models = match models {
        AllowedModels::All => "all".to_owned(),
        AllowedModels::Only(names) => names.join(", "),
    };
    let tags: Vec<String> = tags.iter().map(|(name, value)| format!("{name}={value}")).collect();
    vec![
        ("name", name.to_owned()),
        ("models", models),
        ("scopes", scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(", ")),
        ("expires", expires_at.map(|at| at.to_rfc3339_opts(SecondsFormat::Secs, true)).unwrap_or_default()),
        ("networks", networks.join(", ")),
        ("tags", tags.join(", ")),
        ("task", task.map_or("", |task| task.as_str()).to_owned()),
        ("max_output", max_output.map(|most| most.to_string()).unwrap_or_default()),
        ("store_content", store_content.map_or("", |policy| policy.as_str()).to_owned()),
    ]
}
