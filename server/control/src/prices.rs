//! Price versions: add one, read them all, confirm one that came from the catalogue or a file. `import` reads price files.
//!
//! A version is added, never changed; the one in force is the newest that has begun. Never here: arithmetic of costs.

pub mod import;

use chrono::{DateTime, NaiveDate, Utc};
use domain::{
    ApiError, ErrorKind,
    error::FieldErrors,
    id::{DeploymentId, ModelId, PriceVersionId},
    model::ModelSummary,
    permission::Permission,
    price::{
        PriceComponent,
        version::{
            self, ConfirmPrice, Confirmation, NewPriceVersion, PriceHistory, PriceSource, PriceVersion, RateText,
            VersionState,
        },
    },
};
use store::{
    models::Model,
    pool::{self, Tx},
    prices::{Listed, PriceTarget},
};
use url::Url;

use crate::{
    Actor, Context, Error, audit, models,
    stamps::{Stamps, day},
};

/// Where a version comes from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Provenance<'a> {
    pub source: PriceSource,
    /// The page with the figures; may be empty.
    pub url: &'a str,
    /// When it said so.
    pub date: Option<NaiveDate>,
    pub note: &'a str,
}

impl Provenance<'static> {
    pub(crate) fn of(source: PriceSource) -> Self {
        Self { source, url: "", date: None, note: "" }
    }
}

/// A version about to be added to a deployment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Addition<'a> {
    pub deployment: DeploymentId,
    pub components: &'a [PriceComponent],
    /// `None`: from now on.
    pub effective_from: Option<DateTime<Utc>>,
    pub provenance: Provenance<'a>,
    /// Somebody has to look at it, whatever its source.
    pub is_doubted: bool,
}

impl<'a> Addition<'a> {
    pub(crate) fn now(deployment: DeploymentId, components: &'a [PriceComponent], provenance: Provenance<'a>) -> Self {
        Self { deployment, components, effective_from: None, provenance, is_doubted: false }
    }
}

/// Adds a version with all its rates, from now on or from a moment that is typed.
pub async fn create(ctx: &Context, actor: &Actor, input: NewPriceVersion) -> Result<ModelSummary, Error> {
    let team = actor.team(ctx, &input.team).await?;
    let mut tx = ctx.begin().await?;
    let model = models::editable(actor, &team, &mut tx, input.model).await?;
    let stamps = Stamps::of_reader(actor, &mut tx).await?;
    let NewPriceVersion { team: _, model: _, rates, effective_from, source_url, source_date, note } = &input;
    let mut errors = FieldErrors::default();
    let components = version::components(rates, &mut errors);
    let moment = filled(effective_from).and_then(|text| errors.check("effective_from", stamps.moment(text)));
    let url = filled(source_url).and_then(|text| errors.check("source_url", address(text)));
    let date = filled(source_date).and_then(|text| errors.check("source_date", day(text)));
    let note = errors.check("note", self::note(note)).unwrap_or_default();
    errors.finish()?;
    let url = url.unwrap_or_default();
    let provenance = Provenance { source: PriceSource::Typed, url: &url, date, note: &note };
    let addition = Addition { effective_from: moment, ..Addition::now(model.deployment, &components, provenance) };
    if let Some(moment) = moment {
        let versions = store::prices::history(&mut tx, team.id, model.deployment).await?;
        if let Some(other) = versions.iter().find(|other| other.effective_from == moment) {
            return Err(same_beginning(stamps, other).into());
        }
    }
    add(ctx, actor, &mut tx, &model, &addition).await?;
    models::finish(actor, tx, &team, model.id).await
}

/// The versions of a model's price, newest first.
pub async fn list(ctx: &Context, actor: &Actor, team: &str, model: ModelId) -> Result<PriceHistory, Error> {
    let team = actor.team(ctx, team).await?;
    actor.require(Permission::ReadTeam, &team)?;
    let mut db = pool::connection(&ctx.pools.dashboard).await?;
    let models = store::models::list(&mut db, team.id).await?;
    let model = models.into_iter().find(|listed| listed.id == model).ok_or(Error::NotFound)?;
    let versions = store::prices::history(&mut db, team.id, model.deployment).await?;
    let stamps = Stamps::of_reader(actor, &mut db).await?;
    let in_force = versions.iter().find(|version| !version.is_future).map(|version| version.id);
    Ok(PriceHistory {
        editable: models::may_edit(actor, &team, model.team.is_none()),
        model: model.name,
        versions: versions.into_iter().map(|version| listed(stamps, in_force, version)).collect(),
    })
}

/// Stands behind a version that was taken over from the catalogue or a file. What is confirmed already stays as it is.
pub async fn confirm(ctx: &Context, actor: &Actor, input: ConfirmPrice) -> Result<ModelSummary, Error> {
    let ConfirmPrice { team, model, version } = input;
    let team = actor.team(ctx, &team).await?;
    let mut tx = ctx.begin().await?;
    let model = models::editable(actor, &team, &mut tx, model).await?;
    let deployment = model.deployment;
    if store::prices::confirm(&mut tx, team.id, deployment, version, actor.user()).await? {
        let object = format!("model {}", model.name);
        let act = audit::Act { team: model.team, action: "price.confirm", object: &object, fields: &["confirmed"] };
        audit::record(ctx, actor, &mut tx, act).await?;
    } else {
        let versions = store::prices::history(&mut tx, team.id, deployment).await?;
        versions.iter().find(|known| known.id == version).ok_or(Error::NotFound)?;
    }
    models::finish(actor, tx, &team, model.id).await
}

/// Adds a version with its audit row, and tells the gateways.
pub(crate) async fn add(
    ctx: &Context,
    actor: &Actor,
    tx: &mut Tx,
    model: &Model,
    addition: &Addition<'_>,
) -> Result<(), Error> {
    insert(ctx, actor, tx, addition).await?;
    let object = format!("model {}", model.name);
    let act = audit::Act { team: model.team, action: "price.create", object: &object, fields: &["price"] };
    audit::record(ctx, actor, tx, act).await?;
    store::notify::config(tx).await?;
    Ok(())
}

/// Inserts a version and nothing else. What was typed counts as confirmed by whoever typed it.
pub(crate) async fn insert(ctx: &Context, actor: &Actor, tx: &mut Tx, addition: &Addition<'_>) -> Result<(), Error> {
    let Addition { deployment, components, effective_from, provenance, is_doubted } = *addition;
    let Provenance { source, url, date, note } = provenance;
    let version = store::prices::NewVersion {
        id: PriceVersionId::new(&*ctx.clock, &*ctx.entropy),
        target: PriceTarget::Deployment(deployment),
        team: None,
        effective_from,
        source,
        source_url: url,
        source_date: date,
        note,
        created_by: actor.user(),
        is_confirmed: !is_doubted && !source.needs_confirmation(),
        components,
    };
    store::prices::insert_version(tx, &version).await.map_err(|error| {
        let moment = effective_from.map(|at| at.to_rfc3339()).unwrap_or_default();
        Error::taken(error, store::prices::VERSION_KEY, "price version from", "effective_from", &moment)
    })
}

/// The model behind a name is another one now: the price in force goes on as a version that nobody has confirmed.
pub(crate) async fn doubt(ctx: &Context, actor: &Actor, tx: &mut Tx, model: &Model) -> Result<(), Error> {
    let Some(now) = model.price.filter(|price| price.is_confirmed) else { return Ok(()) };
    let version = store::prices::version(tx, now.version).await?;
    let components = version.map(|(price, _)| price.components).unwrap_or_default();
    let note = "the same rates for another model: check them";
    let provenance = Provenance { note, ..Provenance::of(now.source) };
    let addition = Addition { is_doubted: true, ..Addition::now(model.deployment, &components, provenance) };
    insert(ctx, actor, tx, &addition).await
}

/// A remark of at most 500 characters on one line.
pub(crate) fn note(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.chars().count() > 500 || text.chars().any(char::is_control) {
        return Err("use at most 500 characters on one line".to_owned());
    }
    Ok(text.to_owned())
}

/// The address of a page: only what a browser may be sent to.
fn address(text: &str) -> Result<String, String> {
    let is_page = |url: &Url| matches!(url.scheme(), "https" | "http") && url.has_host();
    let url = Url::parse(text).ok().filter(is_page).filter(|url| url.as_str().len() <= 500);
    url.map(String::from).ok_or_else(|| "enter the address of a page, such as https://example.com/pricing".to_owned())
}

/// What was typed, if anything was.
fn filled(text: &str) -> Option<&str> {
    Some(text.trim()).filter(|text| !text.is_empty())
}

fn same_beginning(stamps: Stamps, other: &Listed) -> ApiError {
    let moment = stamps.of(other.effective_from).text;
    let author = other.author.as_deref().unwrap_or("the operator");
    let how = other.source.as_str();
    let message = format!("the version of {moment} ({how}, by {author}) begins at the same moment: choose another");
    ApiError { kind: ErrorKind::Conflict, ..ApiError::field("effective_from", message) }
}

fn listed(stamps: Stamps, in_force: Option<PriceVersionId>, version: Listed) -> PriceVersion {
    let state = match version.is_future {
        true => VersionState::Future,
        false if in_force == Some(version.id) => VersionState::InForce,
        false => VersionState::Past,
    };
    let operator = || "the operator".to_owned();
    let confirmer = version.confirmer;
    PriceVersion {
        id: version.id,
        state,
        effective_from: stamps.of(version.effective_from),
        until: version.until.map(|at| stamps.of(at)),
        source: version.source,
        source_url: version.source_url,
        source_date: version.source_date.map(|day| day.to_string()).unwrap_or_default(),
        note: version.note,
        author: version.author.unwrap_or_else(operator),
        confirmed: version
            .confirmed_at
            .map(|at| Confirmation { at: stamps.of(at), by: confirmer.unwrap_or_else(operator) }),
        rates: version.components.iter().map(RateText::from).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_address_of_a_page_is_a_source() {
        assert_eq!(address("https://example.com/pricing").as_deref(), Ok("https://example.com/pricing"));
        for wrong in ["javascript:alert(1)", "data:text/html,x", "pricing page", "file:///etc/passwd", "/pricing"] {
            assert!(address(wrong).is_err(), "{wrong}");
        }
        assert!(address(&format!("https://example.com/{}", "x".repeat(600))).is_err());
    }

    #[test]
    fn a_note_is_one_short_line() {
        assert_eq!(note(" list price ").as_deref(), Ok("list price"));
        assert!(note("a\nb").is_err());
        assert!(note(&"x".repeat(501)).is_err());
    }
}
