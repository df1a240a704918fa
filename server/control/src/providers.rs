//! Providers and their credentials: connect, list, and the demo in one step.
//!
//! Credentials are write-only: they are sealed for the row, its owner and the destination before they are stored, and no
//! operation returns one. Changing one is in `providers/change.rs`, asking it for its models in `providers/offered.rs`.

mod change;
mod offered;

use auth::{Credential, Origin, SealContext};
use domain::{
    ApiError,
    destination::AllowList,
    error::FieldErrors,
    id::{CredentialId, DeploymentId, ModelId, ProviderId, TeamId},
    permission::Permission,
    price::version::PriceSource,
    provider::{AuthScheme, CredentialState, NewProvider, Preset, ProviderInfo, ProviderKind, ProviderSummary},
    text,
};
use store::{
    models::NewModel,
    pool::{self, Tx},
    providers::{Listed, Provider, Sealed, SealedCredential},
};
use url::Url;

use crate::{Access, Actor, Context, Error, audit, base_url, models, prices::Provenance, stamps::Stamps};

pub(crate) use change::change;
pub use change::{archive, update};
pub use offered::{import, offered, test, test_stored};

/// The kind that brings its own models.
const DEMO: &str = "demo";
const LONGEST_CREDENTIAL: usize = 4_096;

/// Which kinds the form offers.
pub async fn kinds(ctx: &Context, _actor: &Actor) -> Result<Vec<ProviderKind>, Error> {
    Ok(ctx.catalog.iter().map(|info| ProviderKind::from(*info)).collect())
}

/// What a team can use: its own providers and the instance's.
pub async fn list(ctx: &Context, actor: &Actor, team: &str) -> Result<Vec<ProviderSummary>, Error> {
    let team = actor.team(ctx, team).await?;
    actor.require(Permission::ReadTeam, &team)?;
    let mut db = pool::connection(&ctx.pools.dashboard).await?;
    let listed = store::providers::list(&mut db, team.id).await?;
    let stamps = Stamps::of_reader(actor, &mut db).await?;
    Ok(listed.into_iter().map(|provider| summary(ctx, actor, &team, stamps, provider)).collect())
}

/// Connects a provider for the team, or for the whole instance; a kind that brings models adds them.
pub async fn create(ctx: &Context, actor: &Actor, input: NewProvider) -> Result<ProviderSummary, Error> {
    let team = actor.team(ctx, &input.team).await?;
    require(actor, &team, input.shared)?;
    let mut tx = ctx.begin().await?;
    let allowed = allow_list(&mut tx).await?;
    let NewProvider { team: _, shared, slug, kind, preset, base_url, credential } = input;
    let typed = Typed { slug: &slug, kind: &kind, preset: &preset, base_url: &base_url, credential };
    let checked = check(ctx, &allowed, typed)?;
    if checked.credential.is_none() && checked.is_at_vendor() {
        return Err(ApiError::field("credential", "paste the API key: this vendor answers nobody without one").into());
    }
    let owner = (!shared).then_some(team.id);
    let provider = insert(ctx, &mut tx, owner, &checked).await?;
    let object = format!("provider {}", provider.slug);
    let act = audit::Act {
        team: owner,
        action: "provider.create",
        object: &object,
        fields: &["kind", "base_url", "credential"],
    };
    audit::record(ctx, actor, &mut tx, act).await?;
    add_built_in(ctx, actor, &mut tx, &team, &provider, checked.kind).await?;
    store::notify::config(&mut tx).await?;
    finish(ctx, actor, tx, &team, provider.id).await
}

/// Connects the demo provider and adds its models with their prices; what is connected already is returned as it is.
pub async fn connect_demo(ctx: &Context, actor: &Actor, team: &str) -> Result<ProviderSummary, Error> {
    let team = actor.team(ctx, team).await?;
    require(actor, &team, false)?;
    let info = ctx.provider_kind(DEMO).ok_or(Error::NotFound)?;
    let mut tx = ctx.begin().await?;
    // Two clicks at once meet here and connect it once.
    store::instance::lock(&mut tx).await?;
    let present = store::providers::list(&mut tx, team.id).await?;
    if let Some(demo) = present.into_iter().find(|listed| listed.provider.kind == DEMO) {
        return finish(ctx, actor, tx, &team, demo.provider.id).await;
    }
    let slug = match store::providers::by_slug(&mut tx, DEMO).await? {
        None => DEMO.to_owned(),
        Some(_) => format!("{DEMO}-{}", team.slug).chars().take(63).collect(),
    };
    let checked = Checked { slug, kind: info, preset: "", url: None, credential: None };
    let provider = insert(ctx, &mut tx, Some(team.id), &checked).await?;
    let object = format!("provider {}", provider.slug);
    let act = audit::Act { team: Some(team.id), action: "provider.create", object: &object, fields: &["kind"] };
    audit::record(ctx, actor, &mut tx, act).await?;
    add_built_in(ctx, actor, &mut tx, &team, &provider, info).await?;
    store::notify::config(&mut tx).await?;
    finish(ctx, actor, tx, &team, provider.id).await
}

/// The models a kind brings itself; a name that the team uses already stays what it is.
async fn add_built_in(
    ctx: &Context,
    actor: &Actor,
    tx: &mut Tx,
    team: &Access,
    provider: &Provider,
    info: &ProviderInfo,
) -> Result<(), Error> {
    let present = store::models::list(tx, team.id).await?;
    let is_free = |name: &str| !present.iter().any(|m| m.name == name || m.aliases.iter().any(|alias| alias == name));
    for built_in in info.models.iter().filter(|built_in| is_free(built_in.name)) {
        let model = NewModel {
            id: ModelId::new(&*ctx.clock, &*ctx.entropy),
            team: provider.team,
            name: built_in.name,
            aliases: &[],
            context_window: Some(built_in.context_window),
            max_output: Some(built_in.max_output),
            deployment: DeploymentId::new(&*ctx.clock, &*ctx.entropy),
            provider: provider.id,
            credential: None,
            upstream: built_in.name,
        };
        let price = domain::model::PriceText {
            input: built_in.input.to_owned(),
            cache_read: String::new(),
            output: built_in.output.to_owned(),
        };
        let mut errors = FieldErrors::default();
        let components = models::components(&price, &mut errors);
        errors.finish()?;
        let provenance = Provenance::of(PriceSource::BuiltIn);
        models::insert(ctx, actor, tx, &model, &components, provenance).await?;
    }
    Ok(())
}

fn require(actor: &Actor, team: &Access, shared: bool) -> Result<(), Error> {
    if shared {
        return actor.require_instance(Permission::ManageInstanceProviders);
    }
    actor.require(Permission::ManageTeamProviders, team)
}

/// Reads the new row as lists show it, then commits.
async fn finish(
    ctx: &Context,
    actor: &Actor,
    mut tx: Tx,
    team: &Access,
    id: ProviderId,
) -> Result<ProviderSummary, Error> {
    let stamps = Stamps::of_reader(actor, &mut tx).await?;
    let listed = store::providers::list(&mut tx, team.id).await?;
    let listed = listed.into_iter().find(|listed| listed.provider.id == id).ok_or(Error::NotFound)?;
    pool::commit(tx).await?;
    Ok(summary(ctx, actor, team, stamps, listed))
}

fn summary(ctx: &Context, actor: &Actor, team: &Access, stamps: Stamps, listed: Listed) -> ProviderSummary {
    let Listed { provider, credential, models } = listed;
    let credential = credential.map_or(CredentialState::None, |stored| match open(ctx, &provider, &stored) {
        Some(_) => CredentialState::Stored { last_four: stored.last_four },
        None => CredentialState::Unreadable { last_four: stored.last_four },
    });
    let Provider { id, team: owner, slug, kind, base_url, preset, created_at, revision } = provider;
    let title = ctx.provider_kind(&kind).map_or(kind.as_str(), |info| {
        let vendor = info.presets.iter().find(|known| known.id == preset);
        vendor.map_or(info.title, |vendor| vendor.title)
    });
    let title = title.to_owned();
    ProviderSummary {
        id,
        revision,
        slug,
        kind,
        preset,
        title,
        base_url,
        shared: owner.is_none(),
        credential,
        editable: require(actor, team, owner.is_none()).is_ok(),
        models: u64::try_from(models).unwrap_or(0),
        created: stamps.of(created_at),
    }
}

/// A provider that the team can use, held in service until the end of the transaction.
pub(crate) async fn in_service(tx: &mut Tx, team: &Access, slug: &str) -> Result<Option<Listed>, Error> {
    let found = store::providers::list(tx, team.id).await?.into_iter().find(|listed| listed.provider.slug == slug);
    let Some(found) = found else { return Ok(None) };
    store::providers::lock(tx, found.provider.id).await?;
    let now = store::providers::list(tx, team.id).await?;
    Ok(now.into_iter().find(|listed| listed.provider.id == found.provider.id))
}

/// A provider as somebody typed it.
pub(crate) struct Typed<'a> {
    pub slug: &'a str,
    pub kind: &'a str,
    /// Empty: none.
    pub preset: &'a str,
    /// Empty: the one of the vendor or the preset.
    pub base_url: &'a str,
    /// Empty: none.
    pub credential: String,
}

/// A provider whose every field is right.
pub(crate) struct Checked {
    pub slug: String,
    pub kind: &'static ProviderInfo,
    /// Empty: none.
    pub preset: &'static str,
    /// `None` when the kind has no address at all.
    pub url: Option<Url>,
    pub credential: Option<Credential>,
}

impl Checked {
    /// As it is stored: without a trailing slash.
    pub fn base_url(&self) -> String {
        self.url.as_ref().map(|url| url.as_str().trim_end_matches('/').to_owned()).unwrap_or_default()
    }

    /// Is the address that of a vendor itself, and not of a proxy or of a server of one's own?
    fn is_at_vendor(&self) -> bool {
        let base = self.base_url();
        let vendors = self.kind.presets.iter().filter(|preset| !preset.is_local).map(|preset| preset.base_url);
        !base.is_empty() && vendors.chain([self.kind.base_url]).any(|own| own.trim_end_matches('/') == base)
    }
}

/// The private addresses this instance may call.
pub(crate) async fn allow_list(tx: &mut Tx) -> Result<AllowList, Error> {
    let entries = store::instance::load(tx).await?.map(|instance| instance.allow_private).unwrap_or_default();
    // Entries were checked when they were saved; a damaged list allows nothing.
    Ok(AllowList::parse(entries.iter().map(String::as_str)).unwrap_or_default())
}

/// The same validation for form, API and bundle.
pub(crate) fn check(ctx: &Context, allowed: &AllowList, typed: Typed<'_>) -> Result<Checked, Error> {
    let Typed { slug, kind, preset, base_url, credential } = typed;
    let mut errors = FieldErrors::default();
    let slug = errors.check("slug", text::slug(slug)).unwrap_or_default();
    let kinds: Vec<&str> = ctx.catalog.iter().map(|info| info.kind).collect();
    let kind =
        errors.check("kind", ctx.provider_kind(kind).ok_or_else(|| format!("choose one of {}", kinds.join(", "))));
    let preset = kind.and_then(|info| errors.check("preset", find_preset(info, preset))).flatten();
    let mut url = None;
    if let Some(info) = kind {
        let usual = preset.map_or(info.base_url, |preset| preset.base_url);
        match (has_address(info), base_url.trim()) {
            (true, "") if !usual.is_empty() => url = errors.check("base_url", base_url::parse(usual, allowed)),
            (true, typed) => url = errors.check("base_url", base_url::parse(typed, allowed)),
            (false, "") => {}
            (false, _) => errors.add("base_url", format!("{} has a fixed address: leave this empty", info.title)),
        }
    }
    let credential = credential.trim();
    if credential.len() > LONGEST_CREDENTIAL || !credential.bytes().all(|b| b.is_ascii_graphic()) {
        errors.add("credential", "paste the key alone: visible characters without spaces");
    }
    let takes_one = kind.is_none_or(|info| info.auth != AuthScheme::None);
    if !credential.is_empty() && !takes_one {
        errors.add("credential", "this kind of provider takes no credential: leave this empty");
    }
    errors.finish()?;
    let credential = (!credential.is_empty()).then(|| Credential::new(credential.to_owned()));
    let kind = kind.ok_or(Error::NotFound)?;
    Ok(Checked { slug, kind, preset: preset.map_or("", |preset| preset.id), url, credential })
}

/// Is it called over a network at all?
fn has_address(info: &ProviderInfo) -> bool {
    info.needs_base_url || !info.base_url.is_empty()
}

fn find_preset(info: &ProviderInfo, preset: &str) -> Result<Option<&'static Preset>, String> {
    if preset.is_empty() {
        return Ok(None);
    }
    let found = info.presets.iter().find(|known| known.id == preset);
    found.map(Some).ok_or_else(|| {
        let known: Vec<&str> = info.presets.iter().map(|known| known.id).collect();
        if known.is_empty() {
            format!("{} has no presets", info.title)
        } else {
            format!("choose one of {}", known.join(", "))
        }
    })
}

/// Inserts the provider and its sealed credential.
pub(crate) async fn insert(
    ctx: &Context,
    tx: &mut Tx,
    owner: Option<TeamId>,
    checked: &Checked,
) -> Result<Provider, Error> {
    let provider = Provider {
        id: ProviderId::new(&*ctx.clock, &*ctx.entropy),
        team: owner,
        slug: checked.slug.clone(),
        kind: checked.kind.kind.to_owned(),
        base_url: checked.base_url(),
        preset: checked.preset.to_owned(),
        created_at: ctx.clock.now(),
        revision: 1,
    };
    store::providers::insert(tx, &provider)
        .await
        .map_err(|error| Error::taken(error, store::providers::SLUG_KEY, "provider", "slug", &provider.slug))?;
    if let Some(credential) = &checked.credential {
        put_credential(ctx, tx, &provider, CredentialId::new(&*ctx.clock, &*ctx.entropy), credential).await?;
    }
    Ok(provider)
}

/// Seals a credential for this provider's destination and stores it under `id`.
pub(crate) async fn put_credential(
    ctx: &Context,
    tx: &mut Tx,
    provider: &Provider,
    id: CredentialId,
    credential: &Credential,
) -> Result<(), Error> {
    let origin = origin(&provider.base_url).ok_or(auth::vault::Error::Forged)?;
    let sealed = ctx.vault.seal(&context(id, provider.team, &origin), credential)?;
    let sealed = SealedCredential { id, team: provider.team, sealed, last_four: credential.last_four() };
    Ok(store::providers::put_credential(tx, provider.id, &sealed).await?)
}

/// The credential in clear, if it opens for this provider's present destination.
pub(crate) fn open(ctx: &Context, provider: &Provider, stored: &SealedCredential) -> Option<Credential> {
    let origin = origin(&provider.base_url)?;
    ctx.vault.open(&context(stored.id, stored.team, &origin), &stored.sealed).ok()
}

/// A stored credential under the newest master key: `Some(None)` when it is there already, `None` when it does not open.
pub(crate) fn rewrapped(ctx: &Context, row: &Sealed) -> Option<Option<Vec<u8>>> {
    let Sealed { credential, base_url } = row;
    let origin = origin(base_url)?;
    ctx.vault.rewrap(&context(credential.id, credential.team, &origin), &credential.sealed).ok()
}

fn origin(base_url: &str) -> Option<Origin> {
    Origin::of(&Url::parse(base_url).ok()?)
}

fn context(id: CredentialId, owner: Option<TeamId>, origin: &Origin) -> SealContext<'_> {
    SealContext { table: "credentials", row: id.0, owner, field: "secret", origin }
}
